//! Merges the files of live nodes by cause. See the module above for what is assumed, and why.

mod links;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::Arc;

use spillway_impl::config::Config;
use spillway_impl::world::Plan;
use spillway_impl::world::links::peers;
use spillway_model::scope::limits::RECORDED_BOUND;
use spillway_traces::live::{Change, Entry, NodeFile, Step, line_of};
use spillway_traces::{
    Action, Header, Message, Node, Note, Observed, Recorder, RequestId, Sent, Source, Spillway,
    Trace, Verdict,
};

use super::heads::{Lives, Reading};
use super::names::{Asks, Names};
use crate::refinement::scope_of::scope_of;
use crate::refinement::setting::Setting;

/// Where an event of a merged trace was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which of the files.
    pub file: usize,
    /// The line.
    pub line: u64,
}

/// One trace of what several nodes have written.
pub struct Merged {
    /// The trace. It has an end if every node has ended in order.
    pub trace: Trace<Spillway>,
    /// For each event where it was written; nothing of what is assumed.
    pub places: Vec<Option<Place>>,
}

/// Why files cannot be merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// One of them contradicts itself or the others, at this line.
    At(Place, String),
    /// As a whole they are not what a system wrote.
    All(String),
    /// No order was found of what is said from this line on. In the model all nodes notice at once that another one is gone;
    /// where two have noticed that of two others in different orders it is not decided whether there is one.
    Undecided(Place, String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::At(_, what) | Trouble::All(what) | Trouble::Undecided(_, what) => {
                f.write_str(what)
            }
        }
    }
}

/// Merges the files of all nodes of a system.
///
/// # Errors
/// They are of different systems, of a node there is none, or there is no order in which all that they say could have
/// happened.
pub fn merge(files: &[NodeFile]) -> Result<Merged, Trouble> {
    let config = Arc::new(config(files)?);
    let mut merger = Merger::new(config.clone(), files)?;
    merger.begin();
    while merger.go_on()? {}
    merger.finish(&config, files)
}

/// What all nodes were told, which is one thing.
fn config(files: &[NodeFile]) -> Result<Config, Trouble> {
    let first = files.first().ok_or_else(|| Trouble::All("there is no file".to_owned()))?;
    for (at, file) in files.iter().enumerate() {
        if file.header.scope_hash != first.header.scope_hash {
            let what = "its node was told something else than that of the first file; expected one configuration";
            return Err(Trouble::At(Place { file: at, line: 1 }, what.to_owned()));
        }
    }
    serde_json::from_value(first.header.scope.clone()).map_err(|error| {
        Trouble::At(Place { file: 0, line: 1 }, format!("its `scope` is no configuration: {error}"))
    })
}

type Direction = (Node, Node);

/// The lives of nodes in which they were connected to somebody.
fn met(files: &[NodeFile]) -> BTreeSet<(Node, u32)> {
    let mut met = BTreeSet::new();
    for file in files {
        for entry in &file.entries {
            if let Entry::Link(link) = entry
                && link.change == Change::Made
            {
                met.insert((link.peer, link.incarnation));
                met.insert((file.origin.node, file.origin.incarnation));
            }
        }
    }
    met
}

struct Merger {
    config: Arc<Config>,
    names: Names,
    lives: BTreeMap<Node, Lives>,
    recorder: Recorder<Spillway>,
    events: Vec<spillway_traces::Event<Spillway>>,
    places: Vec<Option<Place>>,
    /// What is on its way, in live names.
    flights: BTreeMap<Direction, VecDeque<Message>>,
    /// Links that are cut, by their two ends in order.
    cut: BTreeSet<Direction>,
    /// What clients wait for, in live names.
    waiting: BTreeSet<(Node, RequestId)>,
    /// The session of each client, in which life of the communication server it last asked for something.
    sessions: BTreeMap<Node, (Node, u32)>,
    /// The session that each client begins with.
    first_sessions: BTreeMap<Node, Node>,
    /// Which control server has noticed that whom is gone, and not yet that it has begun anew.
    missed: BTreeSet<(Node, Node)>,
    /// The token of each client that has one.
    tokens: BTreeMap<Node, u32>,
    /// Clients whose process has begun anew, until they are acknowledged for what they state anew.
    renewing: BTreeSet<Node>,
    time: u64,
    /// Of the global server's log, as far as the events go.
    stored: u32,
    durable: u32,
    base: u32,
}

impl Merger {
    fn new(config: Arc<Config>, files: &[NodeFile]) -> Result<Merger, Trouble> {
        let of = |count: u16, node: fn(u16) -> Node| (0..count).map(node);
        let nodes = of(config.communication_servers, Node::communication)
            .chain(of(config.query_servers, Node::query))
            .chain([Node::GLOBAL])
            .chain(of(config.control_servers, Node::control));
        let met = met(files);
        let mut lives = BTreeMap::new();
        for node in nodes {
            let own = files.iter().enumerate().filter(|(_, file)| file.origin.node == node);
            let mut own: Vec<Reading> = own.map(|(at, file)| Reading::new(at, file)).collect();
            own.sort_by_key(|reading| reading.origin.incarnation);
            // Of a life in which it was connected to nobody nobody knows, and nothing came of it.
            let all = own.len();
            let mut at = 0;
            own.retain(|reading| {
                at += 1;
                at == all || met.contains(&(node, reading.origin.incarnation))
            });
            if let Some(twice) =
                own.windows(2).find(|two| two[0].origin.incarnation == two[1].origin.incarnation)
            {
                let what = format!("another file is of the same incarnation of {node}");
                return Err(Trouble::At(Place { file: twice[1].file, line: 1 }, what));
            }
            let mut own = VecDeque::from(own);
            let Some(now) = own.pop_front() else {
                let what = format!("there is no file of {node}; expected one of each server");
                return Err(Trouble::All(what));
            };
            if now.origin.durable > 0 {
                let what = "the global server had stored something before the first file; expected files of all that a system did";
                return Err(Trouble::At(Place { file: now.file, line: 1 }, what.to_owned()));
            }
            lives.insert(node, Lives { now, later: own, is_up: true });
        }
        Ok(Merger {
            names: Names::of(files, &lives),
            config,
            lives,
            recorder: Recorder::new(),
            events: Vec::new(),
            places: Vec::new(),
            flights: BTreeMap::new(),
            cut: BTreeSet::new(),
            waiting: BTreeSet::new(),
            sessions: BTreeMap::new(),
            first_sessions: BTreeMap::new(),
            missed: BTreeSet::new(),
            tokens: BTreeMap::new(),
            renewing: BTreeSet::new(),
            time: 0,
            stored: 0,
            durable: 0,
            base: 0,
        })
    }

    fn nodes(&self) -> Vec<Node> {
        self.lives.keys().copied().collect()
    }

    fn peers(&self, node: Node) -> Vec<Node> {
        peers(&self.config, node)
    }

    /// In the model all links stand at the start. Live nodes connect one after the other.
    fn begin(&mut self) {
        for node in self.nodes() {
            self.cut_off(node);
        }
    }

    /// Takes one step further. False at the end.
    fn go_on(&mut self) -> Result<bool, Trouble> {
        if let Some(node) = self.next_ready() {
            self.take_step(node)?;
            return Ok(true);
        }
        for node in self.nodes() {
            if self.link_changes(node) {
                return Ok(true);
            }
        }
        match self.stuck() {
            None => Ok(false),
            Some(node) => Err(self.undecided(node)),
        }
    }

    /// The node whose next step is the earliest of those that can be next.
    fn next_ready(&self) -> Option<Node> {
        let ready = self.lives.iter().filter(|(_, lives)| lives.is_up);
        let ready = ready.filter_map(|(node, lives)| match lives.now.head()? {
            Entry::Event(step) => self.is_ready(*node, step).then_some((step.time, *node)),
            Entry::Link(_) => None,
        });
        ready.min().map(|(_, node)| node)
    }

    /// Whether what a step takes has been sent; and of a request that the client's session elsewhere is over.
    fn is_ready(&self, node: Node, step: &Step) -> bool {
        match step.action {
            Action::Deliver { from, to } => {
                self.flights.get(&(from, to)).is_some_and(|flight| !flight.is_empty())
            }
            Action::Issue { client, .. } => match self.sessions.get(&client) {
                Some((server, life)) if *server != node => {
                    let lives = &self.lives[server];
                    !lives.is_up || lives.now.origin.incarnation != *life
                }
                _ => true,
            },
            _ => true,
        }
    }

    /// A client asks for something at a communication server. If its session was elsewhere, it has moved.
    fn meet(&mut self, client: Node, server: Node) {
        let life = self.lives[&server].now.origin.incarnation;
        let before = self.sessions.insert(client, (server, life));
        self.first_sessions.entry(client).or_insert(server);
        if before.is_some_and(|(before, _)| before != server) {
            self.assume(Action::Move { client, to: server }, Vec::new(), Vec::new());
        }
    }

    fn take_step(&mut self, node: Node) -> Result<(), Trouble> {
        let lives = self.lives.get_mut(&node).expect("it was found");
        let file = lives.now.file;
        let Some(Entry::Event(step)) = lives.now.take() else { return Ok(()) };
        let place = Place { file, line: line_of(step.index) };
        self.heed(node, &step, place)?;
        self.add(step.time, step.action, step.observed, Some(place));
        Ok(())
    }

    /// What is kept in mind of a step.
    fn heed(&mut self, node: Node, step: &Step, place: Place) -> Result<(), Trouble> {
        match step.action {
            Action::Issue { client, request } => {
                let asks = step.asks.as_ref().and_then(Asks::read).ok_or_else(|| {
                    Trouble::At(
                        place,
                        "the issue of a request does not say what it asks for".into(),
                    )
                })?;
                self.meet(client, node);
                let forgets = asks.is_change() && self.renewing.contains(&client);
                self.names.issue(&asks);
                if forgets {
                    let token = self.tokens.get(&client).copied().unwrap_or_default();
                    self.names.forgets(request, token);
                }
                self.waiting.insert((client, request));
            }
            Action::Cancel { client, request } => {
                self.waiting.remove(&(client, request));
            }
            Action::Deliver { from, to } => {
                if let Some(flight) = self.flights.get_mut(&(from, to)) {
                    flight.pop_front();
                }
            }
            Action::Flush {} => self.durable = self.stored,
            Action::Compact {} => self.base = self.durable,
            _ => {}
        }
        for note in &step.observed.notes {
            match *note {
                Note::Given { request, revision, .. } => {
                    self.waiting.remove(&(step.node, request));
                    self.renewing.remove(&step.node);
                    let token = self.tokens.entry(step.node).or_default();
                    *token = revision.max(*token);
                }
                Note::Refused { request } => {
                    self.waiting.remove(&(step.node, request));
                }
                Note::Stored { revision, .. } => self.stored = self.stored.max(revision),
                Note::Queued { .. } | Note::Dropped => {}
            }
        }
        Ok(())
    }

    /// Adds an event, given in live names.
    fn add(
        &mut self,
        time: u64,
        action: Action,
        observed: Observed<Spillway>,
        place: Option<Place>,
    ) {
        for sent in &observed.sent {
            self.flights.entry((sent.from, sent.to)).or_default().push_back(sent.message);
        }
        self.time = self.time.max(time);
        let mut told = self.names.observed(&observed);
        told.assumed = place.is_none();
        let event = self.recorder.event_at(self.time, self.names.action(&action), told);
        self.events.push(event);
        self.places.push(place);
    }

    /// A step of the environment, with what was sent at it.
    fn assume(&mut self, action: Action, sent: Vec<Sent<Spillway>>, lost: Vec<Sent<Spillway>>) {
        self.add(self.time, action, Observed { sent, lost, ..Observed::default() }, None);
    }

    /// A node that has more to say, when nothing can be next: that with the earliest.
    fn stuck(&self) -> Option<Node> {
        let left = self.lives.iter().filter_map(|(node, lives)| {
            let head = lives.now.head().or_else(|| lives.later.front()?.head());
            head.map(|entry| (entry.time(), *node))
        });
        left.min().map(|(_, node)| node)
    }

    /// That there is no order in which all that is left could have happened, as far as was found.
    fn undecided(&self, node: Node) -> Trouble {
        let lives = &self.lives[&node];
        let reading = if lives.now.is_over() { &lives.later[0] } else { &lives.now };
        let index = reading.head().map_or(0, Entry::index);
        let place = Place { file: reading.file, line: line_of(index) };
        let without_end: Vec<String> = self
            .lives
            .iter()
            .filter(|(_, lives)| !lives.last().is_complete)
            .map(|(node, _)| node.to_string())
            .collect();
        let why = match without_end.is_empty() {
            true => "servers that are lost at nearly the same time, and noticed in different orders, can do that".to_owned(),
            false => format!("what came later is missing in files without an end: of {}", without_end.join(", ")),
        };
        let what =
            format!("from here on no order was found of what {node} and the others say; {why}");
        Trouble::Undecided(place, what)
    }

    fn finish(self, config: &Arc<Config>, files: &[NodeFile]) -> Result<Merged, Trouble> {
        let clients = self.names.clients().max(1);
        let mut own = (**config).clone();
        own.clients = clients;
        let mut sessions = vec![0; usize::from(clients)];
        for (client, server) in &self.first_sessions {
            sessions[usize::from(self.names.node(*client).index)] = server.index;
        }
        let bug = own.bug;
        let plan = Plan::new(clients, self.names.plan, 1);
        let setting = Setting { config: Arc::new(own), plan: Arc::new(plan), sessions };
        let mut scope = scope_of("live", "A run of the live system.", &setting);
        scope.knobs.link_max = *RECORDED_BOUND.end();
        let mut header = Header::new::<Spillway>(Source::Live, 0, scope.to_json());
        header.mutant = bug.map(|bug| bug.name().to_owned());
        let trace = Trace::new(header, self.events);
        let last = |node: &Node| {
            let own = files.iter().filter(|file| file.origin.node == *node);
            own.max_by_key(|file| file.origin.incarnation).is_some_and(|file| file.is_complete)
        };
        let trace = match self.lives.keys().all(last) {
            true => Trace { end: Some(ended(trace.events.len() as u64)), ..trace },
            false => trace,
        };
        Ok(Merged { trace, places: self.places })
    }
}

/// That every node ended in order. The digest is that of no file.
fn ended(count: u64) -> spillway_traces::End {
    let digest = "0000000000000000".to_owned();
    spillway_traces::End { count, verdict: Verdict::Holds, property: None, digest }
}
