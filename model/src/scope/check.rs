//! Which combinations cannot be, whichever way a scope came: from a file, a trace's header or a test.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::RangeInclusive;

use super::limits::{
    ABOUT_CHARS_MAX, BOUND, CLIENTS, COMMUNICATION_SERVERS, CONTROL_SERVERS, FAULT, FAULT_ANY,
    LEASES_MAX, LINK_MAX, NAME_CHARS_MAX, OVERTAKEN, QUERY_SERVERS, RECORDED_BOUND,
    RECORDED_CLIENTS, RECORDED_REQUESTS, REQUESTS, ROUNDS, SOMETIMES_MAX, THRESHOLD, WEIGHT,
};
use super::names::{CLASSES, STRATEGIES, word_for};
use super::table::integer_in;
use super::{Body, Knobs, Links, Request, Scope, Strategy, Unit};

/// A combination that cannot be.
///
/// It displays as one sentence that begins with the path of the key, ``"`requests[2].home` is 5; expected …"``.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impossible {
    /// The key at fault, as a path such as `requests[2].home`.
    pub path: String,
    /// What is wrong with it: the rest of a sentence that begins with the key.
    pub message: String,
    /// What was expected.
    pub expected: String,
}

impl Impossible {
    /// The last key of the path.
    pub fn key(&self) -> &str {
        self.path.rsplit('.').next().unwrap_or_default()
    }
}

impl fmt::Display for Impossible {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` {}; expected {}", self.path, self.message, self.expected)
    }
}

impl std::error::Error for Impossible {}

impl Scope {
    /// Whether the scope can be: every number within its limits, every index of something that is there.
    ///
    /// # Errors
    /// The first combination that cannot be.
    pub fn check(&self) -> Result<(), Impossible> {
        self.impossibilities().into_iter().next().map_or(Ok(()), Err)
    }

    /// All that cannot be, in the order of the keys.
    pub(super) fn impossibilities(&self) -> Vec<Impossible> {
        let mut found = Findings::default();
        self.check_words(&mut found);
        self.check_nodes(&mut found);
        self.check_knobs(&mut found);
        let requests = if self.is_recorded() { &RECORDED_REQUESTS } else { &REQUESTS };
        let (least, most) = (*requests.start() as usize, *requests.end() as usize);
        found.count("requests", self.requests.len(), least, most);
        found.number("rounds", self.rounds, &ROUNDS);
        for (place, request) in self.requests.iter().enumerate() {
            self.check_request(&mut found, place, request);
        }
        self.check_faults(&mut found);
        self.check_sometimes(&mut found);
        found.0
    }

    /// Whether it is the scope of a recorded run, which has no budgets. None is explored.
    fn is_recorded(&self) -> bool {
        self.faults.by_key().iter().any(|(_, often)| *often == FAULT_ANY)
    }

    fn check_words(&self, found: &mut Findings) {
        let is_plain =
            |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        let length = self.name.chars().count();
        if length == 0 || length > NAME_CHARS_MAX || !self.name.chars().all(is_plain) {
            let expected = format!("1 to {NAME_CHARS_MAX} of the characters a to z, 0 to 9 and -");
            found.add("name", format!("is {:?}", self.name), expected);
        }
        let length = self.about.chars().count();
        if length > ABOUT_CHARS_MAX {
            found.add(
                "about",
                format!("has {length} characters"),
                format!("at most {ABOUT_CHARS_MAX}"),
            );
        }
    }

    fn check_nodes(&self, found: &mut Findings) {
        let nodes = &self.nodes;
        let clients = if self.is_recorded() { &RECORDED_CLIENTS } else { &CLIENTS };
        found.number("nodes.clients", nodes.clients.into(), clients);
        found.number(
            "nodes.communication-servers",
            nodes.communication_servers.into(),
            &COMMUNICATION_SERVERS,
        );
        found.number("nodes.query-servers", nodes.query_servers.into(), &QUERY_SERVERS);
        found.number("nodes.control-servers", nodes.control_servers.into(), &CONTROL_SERVERS);
        found.one_for_each("nodes.sessions", nodes.sessions.len(), nodes.clients, "client");
        for (client, session) in nodes.sessions.iter().enumerate() {
            let path = format!("nodes.sessions[{client}]");
            found.index(&path, *session, nodes.communication_servers, "communication server");
        }
    }

    fn check_knobs(&self, found: &mut Findings) {
        let knobs = &self.knobs;
        let recorded = self.is_recorded();
        let bounds = |usual| if recorded { &RECORDED_BOUND } else { usual };
        found.one_for_each(
            "knobs.threshold",
            knobs.threshold.len(),
            self.nodes.query_servers,
            "query server",
        );
        for (server, threshold) in knobs.threshold.iter().enumerate() {
            let path = format!("knobs.threshold[{server}]");
            found.number(&path, *threshold, bounds(&THRESHOLD));
            if *threshold > knobs.queue_max {
                // Such a server refuses before it overflows: whoever wrote this did not mean it.
                let message = format!(
                    "is {threshold}, above a `queue-max` of {}: it never overflows",
                    knobs.queue_max
                );
                found.add(
                    &path,
                    message,
                    format!("at most {}, or a larger `queue-max`", knobs.queue_max),
                );
            }
        }
        for (key, bound) in knobs.bounds_by_key() {
            found.number(&format!("knobs.{key}"), bound, bounds(&BOUND));
        }
        let room = bounds(&BOUND);
        check_rooms(found, "knobs.rooms", &knobs.rooms, ("queue-max", knobs.queue_max), room);
        let ledger = ("ledger-max", knobs.ledger_max);
        check_rooms(found, "knobs.ledger-rooms", &knobs.ledger_rooms, ledger, room);
        found.number("knobs.link-max", knobs.link_max, bounds(&LINK_MAX));
        found.number("knobs.overtaken-max", knobs.overtaken_max, bounds(&OVERTAKEN));
        self.check_strategy(found);
    }

    /// A strategy's list is there when the strategy needs it, and only then.
    fn check_strategy(&self, found: &mut Findings) {
        let (knobs, servers) = (&self.knobs, self.nodes.query_servers);
        for (key, entries, strategy) in [
            ("accepts", knobs.accepts.len(), Strategy::Classes),
            ("weights", knobs.weights.len(), Strategy::Weighted),
        ] {
            let path = format!("knobs.{key}");
            if knobs.strategy == strategy {
                found.one_for_each(&path, entries, servers, "query server");
            } else if entries > 0 {
                let strategy = word_for(STRATEGIES, &strategy);
                found.add(
                    &path,
                    "does not belong there".to_owned(),
                    format!("it only with `strategy = \"{strategy}\"`"),
                );
            }
        }
        for (server, weight) in knobs.weights.iter().enumerate() {
            found.number(&format!("knobs.weights[{server}]"), *weight, &WEIGHT);
        }
    }

    /// A budget is there only for what can happen in the scope.
    fn check_faults(&self, found: &mut Findings) {
        let faults = &self.faults;
        for (key, often) in faults.by_key() {
            let endless = if key == "lease" { LEASES_MAX } else { FAULT_ANY };
            if often != endless {
                found.number(&format!("faults.{key}"), often, &FAULT);
            }
        }
        let datagram = self.knobs.links == Links::Datagram;
        let needs = [
            ("drop", faults.drop, datagram, "`links = \"datagram\"`"),
            ("duplicate", faults.duplicate, datagram, "`links = \"datagram\"`"),
            ("reorder", faults.reorder, datagram, "`links = \"datagram\"`"),
            ("slow", faults.slow, self.knobs.unit == Unit::Delay, "`unit = \"delay\"`"),
            ("lease", faults.lease, self.nodes.control_servers == 2, "two control servers"),
            (
                "moves",
                faults.moves,
                self.nodes.communication_servers > 1,
                "two communication servers",
            ),
        ];
        for (key, often, possible, needed) in needs {
            if often > 0 && !possible {
                let message = format!("is {often}, and it cannot happen in this scope");
                found.add(&format!("faults.{key}"), message, format!("0, or {needed}"));
            }
        }
        let resets =
            faults.reset_client + faults.reset_query + faults.reset_global + faults.reset_control;
        if datagram && resets > 0 {
            found.add(
                "knobs.links",
                "is \"datagram\", and resets are budgeted".to_owned(),
                "no resets: a datagram link has no connection to reset".to_owned(),
            );
        }
        self.check_outages(found);
    }

    /// Outages are noticed, or mended, by what connections do.
    fn check_outages(&self, found: &mut Findings) {
        let is_outage = |key: &str| key.starts_with("stop-") || key.starts_with("cut-");
        let budgeted = self.faults.by_key();
        let outage = budgeted.iter().find(|(key, often)| is_outage(key) && *often > 0);
        if let Some((key, often)) = outage
            && self.knobs.links == Links::Datagram
        {
            found.add(
                &format!("faults.{key}"),
                format!("is {often}, and a datagram link has no connection that could be lost"),
                "0, or `links = \"fifo\"`".to_owned(),
            );
        }
    }

    fn check_request(&self, found: &mut Findings, place: usize, request: &Request) {
        let path = |key: &str| format!("requests[{place}].{key}");
        found.index(&path("client"), request.client, self.nodes.clients, "client");
        if let Body::Query { user, .. } = request.body {
            found.index(&path("user"), user, self.nodes.clients, "client");
        }
        if let Body::Contacts { contacts } | Body::Restate { contacts, .. } = request.body {
            for contact in contacts.iter() {
                found.index(&path("contacts"), contact, self.nodes.clients, "client");
            }
        }
        found.index(&path("home"), request.home, self.nodes.query_servers, "query server");
    }

    fn check_sometimes(&self, found: &mut Findings) {
        found.count("sometimes", self.sometimes.len(), 0, SOMETIMES_MAX);
        let mut seen = BTreeSet::new();
        for (place, name) in self.sometimes.iter().enumerate() {
            if !seen.insert(name) {
                let path = format!("sometimes[{place}]");
                found.add(&path, format!("is {name:?} once more"), "each name once".to_owned());
            }
        }
    }
}

/// A room for each class, if there are any: within the bound of all, and none smaller than that of a lower class.
fn check_rooms(
    found: &mut Findings,
    path: &str,
    rooms: &[u32],
    (bound, max): (&str, u32),
    range: &RangeInclusive<u32>,
) {
    if rooms.is_empty() {
        return;
    }
    found.one_for_each(path, rooms.len(), CLASSES.len() as u16, "class");
    let mut most = (max, format!("a `{bound}` of"));
    for (class, room) in rooms.iter().enumerate() {
        let path = format!("{path}[{class}]");
        found.number(&path, *room, range);
        if *room > most.0 {
            let message = format!("is {room}, above {} {}", most.1, most.0);
            found.add(&path, message, format!("at most {}", most.0));
        }
        most = (*room, "the room of a higher class,".to_owned());
    }
}

impl Knobs {
    /// The bounds that share one range, by the key of a scope file.
    pub(super) fn bounds_by_key(&self) -> [(&'static str, u32); 5] {
        [
            ("queue-max", self.queue_max),
            ("pending-max", self.pending_max),
            ("relay-max", self.relay_max),
            ("ledger-max", self.ledger_max),
            ("window-max", self.window_max),
        ]
    }
}

/// What was found, and the few forms that it takes.
#[derive(Default)]
struct Findings(Vec<Impossible>);

impl Findings {
    fn add(&mut self, path: &str, message: String, expected: String) {
        self.0.push(Impossible { path: path.to_owned(), message, expected });
    }

    fn number(&mut self, path: &str, number: u32, range: &std::ops::RangeInclusive<u32>) {
        if !range.contains(&number) {
            self.add(path, format!("is {number}"), integer_in(range));
        }
    }

    fn count(&mut self, path: &str, count: usize, least: usize, most: usize) {
        if !(least..=most).contains(&count) {
            self.add(path, format!("has {count} entries"), format!("{least} to {most}"));
        }
    }

    fn one_for_each(&mut self, path: &str, entries: usize, nodes: u16, of: &str) {
        if entries != usize::from(nodes) {
            let entries = counted(entries, "entry", "entries");
            self.add(path, format!("has {entries}"), format!("{nodes}, one for each {of}"));
        }
    }

    fn index(&mut self, path: &str, index: u16, nodes: u16, of: &str) {
        if index >= nodes {
            let there_are = counted(usize::from(nodes), of, &format!("{of}s"));
            let message = format!("is {index}, and there is no such {of}");
            self.add(path, message, format!("an index below {nodes}, for {there_are}"));
        }
    }
}

/// "1 entry", "2 entries".
fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
