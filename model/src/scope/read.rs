//! Reads a scope file: TOML in, a checked [`Scope`] or the place of what is wrong out.

use toml::de::DeTable;

use super::error::ScopeError;
use super::limits::{
    BOUND, CLIENTS, COMMUNICATION_SERVERS, CONTROL_SERVERS, FAULT, FILE_BYTES_MAX, LINK_MAX,
    LINK_MAX_DEFAULT, OVERTAKEN, QUERY_SERVERS, REQUESTS, ROUNDS, THRESHOLD, WEIGHT,
};
use super::names::{
    CLASSES, DISKS, KINDS, Kind, LINKS, RETURNEDS, ROUTINGS, RULES, STRATEGIES, UNITS, quoted,
};
use super::notes::Notes;
use super::table::{Field, Table, integer_in};
use super::{
    Body, Class, Disk, Faults, Knobs, Links, Nodes, Request, Returned, Routing, Rule, Scope,
    Strategy, Unit, Users,
};

impl Scope {
    /// Reads a scope file's text. `known_sometimes` are the names that `expect.sometimes` may list.
    ///
    /// # Errors
    /// The first fault in the order of the file.
    pub fn parse(
        file_name: &str,
        text: &str,
        known_sometimes: &[&str],
    ) -> Result<Scope, ScopeError> {
        Self::parse_all(file_name, text, known_sometimes)
            .map_err(|mut errors| errors.swap_remove(0))
    }

    /// Like [`parse`](Self::parse), for whoever wants to show every fault at once.
    ///
    /// # Errors
    /// All faults in the order of the file, at least one. A fault of syntax stands alone, and combinations that
    /// cannot be are looked for only when everything else is well.
    pub fn parse_all(
        file_name: &str,
        text: &str,
        known_sometimes: &[&str],
    ) -> Result<Scope, Vec<ScopeError>> {
        let notes = Notes::new(file_name, text);
        if text.len() > FILE_BYTES_MAX {
            let message = format!("the file has {} bytes", text.len());
            return Err(vec![notes.error(
                0..0,
                message,
                format!("at most {FILE_BYTES_MAX} bytes"),
                None,
            )]);
        }
        let root =
            DeTable::parse(text).map_err(|error| vec![syntax_error(&notes, text, &error)])?;
        if root.get_ref().is_empty() {
            let expected =
                "`name`, `about`, `[nodes]`, `[knobs]` and at least one `[[request]]`".to_owned();
            return Err(vec![notes.error(0..0, "the scope is empty".to_owned(), expected, None)]);
        }
        let scope = read_scope(Table::root(&notes, root.get_ref()), known_sometimes);
        let impossible =
            scope.as_ref().map(|scope| impossible_errors(&notes, scope)).unwrap_or_default();
        let mut errors = notes.into_errors();
        if errors.is_empty() {
            errors = impossible;
        }
        match scope {
            Some(scope) if errors.is_empty() => Ok(scope),
            _ => Err(errors),
        }
    }
}

/// What the TOML parser found, in our words where its own are bare.
fn syntax_error(notes: &Notes<'_>, text: &str, error: &toml::de::Error) -> ScopeError {
    let span = error.span().unwrap_or(0..0);
    let (message, expected) =
        error.message().split_once(", expected ").unwrap_or((error.message(), ""));
    if message == "duplicate key" {
        let key = text.get(span.clone()).unwrap_or_default();
        return notes.error(
            span,
            format!("{} is there twice", quoted(key)),
            "each key once".to_owned(),
            None,
        );
    }
    notes.error(span, message.to_owned(), expected.to_owned(), None)
}

/// The combinations that cannot be, each at the key that the file has for it.
fn impossible_errors(notes: &Notes<'_>, scope: &Scope) -> Vec<ScopeError> {
    let error = |impossible: super::Impossible| {
        let (found, span) = notes.place(&impossible.path);
        // One number for all query servers stands in the file without an index.
        let found_key = found
            .rsplit('.')
            .next()
            .filter(|found| impossible.key().split('[').next() == Some(found));
        let message = format!("`{}` {}", found_key.unwrap_or(impossible.key()), impossible.message);
        notes.error(span, message, impossible.expected, None)
    };
    let mut errors: Vec<ScopeError> = scope.impossibilities().into_iter().map(error).collect();
    errors.sort_by_key(|error| error.span.start);
    errors.dedup_by_key(|error| error.span.clone());
    errors
}

/// The scope, as far as it could be read: what was noted on the way decides whether it counts.
fn read_scope(mut root: Table<'_>, known_sometimes: &[&str]) -> Option<Scope> {
    let name = root.need("name").text("the scope's name, that of its file");
    let about = root.need("about").text("a sentence that says what the scope is there for");
    let rounds = root.may("rounds").int(&ROUNDS).unwrap_or(1);
    let nodes = root.need_section("nodes", "nodes").table().and_then(read_nodes);
    let requests = read_request_list(&root.need_section("request", "requests"));
    let query_servers =
        nodes.as_ref().map_or(*QUERY_SERVERS.start(), |nodes| u32::from(nodes.query_servers));
    let knobs = root
        .need_section("knobs", "knobs")
        .table()
        .and_then(|table| read_knobs(table, query_servers));
    // When the knobs are at fault, the requests are read leniently: one fault, one message.
    let routing = knobs.as_ref().map_or(Routing::Any, |knobs| knobs.routing);
    let requests: Vec<Option<Request>> = requests
        .iter()
        .map(|request| request.table().and_then(|table| read_request(table, routing)))
        .collect();
    let faults = root.may("faults").table().map(read_faults).unwrap_or_default();
    let sometimes = root
        .may_section_without_path("expect")
        .table()
        .map(|table| read_expect(table, known_sometimes));
    root.finish();
    let requests = requests.into_iter().collect::<Option<Vec<Request>>>()?;
    let sometimes = sometimes.unwrap_or_default();
    Some(Scope {
        name: name?,
        about: about?,
        nodes: nodes?,
        knobs: knobs?,
        requests,
        rounds,
        faults,
        sometimes,
    })
}

fn read_nodes(mut table: Table<'_>) -> Option<Nodes> {
    let clients = table.need("clients").int(&CLIENTS);
    let communication_servers =
        table.may("communication-servers").int(&COMMUNICATION_SERVERS).unwrap_or(1);
    let query_servers = table.need("query-servers").int(&QUERY_SERVERS);
    let control_servers = table.may("control-servers").int(&CONTROL_SERVERS).unwrap_or(1);
    let sessions =
        table.may("sessions").list("a list with one communication server for each client");
    table.finish();
    let clients = u16::try_from(clients?).ok()?;
    let sessions = match sessions {
        None => vec![0; usize::from(clients)],
        Some(sessions) => sessions
            .iter()
            .map(|session| session.index("communication server"))
            .collect::<Option<_>>()?,
    };
    let communication_servers = u16::try_from(communication_servers).ok()?;
    Some(Nodes {
        clients,
        communication_servers,
        query_servers: u16::try_from(query_servers?).ok()?,
        sessions,
        control_servers: u16::try_from(control_servers).ok()?,
    })
}

/// The bounds default to the largest there is, so that a scope names only those that it is about.
fn read_knobs(mut table: Table<'_>, query_servers: u32) -> Option<Knobs> {
    let threshold = read_threshold(&table.need("threshold"), query_servers);
    let mut bound = |key| table.may(key).int(&BOUND).unwrap_or(*BOUND.end());
    let queue_max = bound("queue-max");
    let pending_max = bound("pending-max");
    let relay_max = bound("relay-max");
    let ledger_max = bound("ledger-max");
    let window_max = bound("window-max");
    let link_max = table.may("link-max").int(&LINK_MAX).unwrap_or(LINK_MAX_DEFAULT);
    let routing = table.may("routing").choice(ROUTINGS).unwrap_or(Routing::Home);
    let returned = table.may("returned").choice(RETURNEDS).unwrap_or(Returned::Queue);
    let give_back = table.may("give-back").flag().unwrap_or(false);
    let links = table.may("links").choice(LINKS).unwrap_or(Links::Fifo);
    let strategy = table.may("strategy").choice(STRATEGIES).unwrap_or(Strategy::Any);
    let rooms = read_rooms(&table.may("rooms"));
    let ledger_rooms = read_rooms(&table.may("ledger-rooms"));
    let accepts = read_accepts(&table.may("accepts"));
    let weights = read_weights(&table.may("weights"));
    let unit = table.may("unit").choice(UNITS).unwrap_or(Unit::Count);
    let overtaken_max = table.may("overtaken-max").int(&OVERTAKEN).unwrap_or(0);
    let disk = table.may("disk").choice(DISKS).unwrap_or(Disk::Immediate);
    let sharing = table.may("sharing").choice(RULES).unwrap_or(Rule::Everyone);
    table.finish();
    let threshold = threshold?;
    Some(Knobs {
        threshold,
        queue_max,
        rooms,
        pending_max,
        relay_max,
        ledger_max,
        ledger_rooms,
        window_max,
        link_max,
        routing,
        returned,
        give_back,
        links,
        strategy,
        accepts,
        weights,
        unit,
        overtaken_max,
        disk,
        sharing,
    })
}

/// One list of classes for each query server.
fn read_accepts(field: &Field<'_>) -> Vec<Vec<Class>> {
    let expected = "a list with one list of classes for each query server";
    let lists = field.list(expected).unwrap_or_default();
    let classes = |list: &Field<'_>| {
        let classes = list.list("a list of classes").unwrap_or_default();
        classes.iter().filter_map(|class| class.choice(CLASSES)).collect()
    };
    lists.iter().map(classes).collect()
}

/// One number for each class; how many there have to be is for [`super::check`] to say.
fn read_rooms(field: &Field<'_>) -> Vec<u32> {
    let expected = "a list with one number of tasks for each class: interactive, normal, bulk";
    let rooms = field.list(expected).unwrap_or_default();
    rooms.iter().filter_map(|room| room.int(&BOUND)).collect()
}

fn read_weights(field: &Field<'_>) -> Vec<u32> {
    let expected = "a list with one weight for each query server";
    let weights = field.list(expected).unwrap_or_default();
    weights.iter().filter_map(|weight| weight.int(&WEIGHT)).collect()
}

/// One number for all query servers, or a list with one for each.
fn read_threshold(field: &Field<'_>, query_servers: u32) -> Option<Vec<u32>> {
    let expected = format!("{}, or a list with one for each query server", integer_in(&THRESHOLD));
    if field.is_list() {
        return field.list(&expected)?.iter().map(|threshold| threshold.int(&THRESHOLD)).collect();
    }
    let threshold = field.int_as(&THRESHOLD, &expected)?;
    Some((0..query_servers).map(|_| threshold).collect())
}

fn read_request_list<'a>(field: &Field<'a>) -> Vec<Field<'a>> {
    let expected =
        format!("{} to {} tables, each written `[[request]]`", REQUESTS.start(), REQUESTS.end());
    let list = field.list(&expected).unwrap_or_default();
    let count = u32::try_from(list.len()).unwrap_or(u32::MAX);
    if field.is_list() && !REQUESTS.contains(&count) {
        field.refuse(format!("there are {count} requests"), &expected);
    }
    list
}

fn read_request(mut table: Table<'_>, routing: Routing) -> Option<Request> {
    let client = table.need("client").index("client");
    let kind = table.need("kind").choice(KINDS);
    let body = match kind {
        Some(Kind::Query) => read_query(table.need("user"), table.need("class")),
        Some(Kind::Publish) => {
            refuse_query_keys(&mut table, "a publish");
            Some(Body::Publish)
        }
        Some(Kind::Delete) => {
            refuse_query_keys(&mut table, "a deletion");
            Some(Body::Delete)
        }
        Some(Kind::Share) => {
            let rule = table.need("rule").choice(RULES);
            rule.map(|rule| Body::Share { rule })
        }
        Some(Kind::Contacts) => {
            read_contacts(&table.need("contacts")).map(|contacts| Body::Contacts { contacts })
        }
        Some(Kind::Restate) => read_restate(&mut table),
        // The kind is at fault; whether these two should be there cannot be told.
        None => read_query(table.may("user"), table.may("class")),
    };
    let home = match routing {
        Routing::Home => table.need("home").index("query server"),
        Routing::Any => Some(table.may("home").index("query server").unwrap_or(0)),
    };
    table.finish();
    Some(Request { client: client?, body: body?, home: home? })
}

fn refuse_query_keys(table: &mut Table<'_>, what: &str) {
    for key in ["user", "class"] {
        let reason = format!("does not belong to {what}");
        table.refuse(key, &reason, "`client`, `kind` and `home` only");
    }
}

fn read_restate(table: &mut Table<'_>) -> Option<Body> {
    let information = table.need("information").flag();
    let rule = table.need("rule").choice(RULES);
    let contacts = read_contacts(&table.need("contacts"));
    Some(Body::Restate { information: information?, rule: rule?, contacts: contacts? })
}

fn read_contacts(field: &Field<'_>) -> Option<Users> {
    let list = field.list("a list of the indices of clients")?;
    let mut contacts = Users::default();
    for contact in &list {
        let expected = "the index of a client, from 0, each once";
        let user = contact.int_as(&(0..=*CLIENTS.end() - 1), expected)?;
        if contacts.0 & (1 << user) != 0 {
            contact.refuse(format!("{user} is there twice"), expected);
            return None;
        }
        contacts.0 |= 1 << user;
    }
    Some(contacts)
}

fn read_query(user: Field<'_>, class: Field<'_>) -> Option<Body> {
    let (user, class): (Option<u16>, Option<Class>) = (user.index("client"), class.choice(CLASSES));
    Some(Body::Query { user: user?, class: class? })
}

fn read_faults(mut table: Table<'_>) -> Faults {
    let faults = Faults::from_keys(|key| table.may(key).int(&FAULT).unwrap_or(0));
    table.finish();
    faults
}

fn read_expect(mut table: Table<'_>, known_sometimes: &[&str]) -> Vec<String> {
    let list = table
        .may("sometimes")
        .list("a list of the names of \"sometimes\" properties")
        .unwrap_or_default();
    table.finish();
    list.iter().filter_map(|name| name.word(known_sometimes)).collect()
}
