//! The nodes that one process runs, their mail and their timers: what a simulator does with virtual time, done for real
//! time. No clock, no socket and no disk: whoever calls says what time it is, and carries out what is asked of the disk.
//!
//! Nodes of one process are linked by one queue of mail, first in first out, so each link is; such links are never lost.
//! What is for nodes elsewhere comes out as [`Post`], and what comes from there, changes of links included, goes into the
//! same queue. A user's client is a node like the others, next to its communication server: what a chat client says on its
//! stream becomes its commands.

mod users;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};
use spillway_traces::live::Change;
use spillway_traces::{Node, Note, RequestId, Role};

use super::joining::Joining;
use super::metrics::{Gauge, Metrics};
use super::teller::Teller;
use super::timers::Timers;
use crate::config::Config;
use crate::node::{Chooser, Context, Input, Never, Output, Refused, Shown, Store};
use crate::nodes::client::Client;
use crate::nodes::communication::Communication;
use crate::nodes::control::Control;
use crate::nodes::global::Global;
use crate::nodes::global::file::Damaged;
use crate::nodes::query::Query;
use crate::profile::Record;
use crate::strategy::Configured;
use crate::wire::Wire;
use crate::world::links::peers;

/// Inputs that are given in one call at most, so that sockets get their turn.
const INPUTS_MAX: usize = 100_000;

/// What came of a request, for whoever asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Whose client asked.
    pub user: u16,
    /// What it asked for.
    pub request: RequestId,
    /// What it is told.
    pub reply: Result<Shown, Refused>,
}

/// An input under way.
#[derive(Clone, Debug)]
enum Mail {
    Message { from: Node, to: Node, message: Wire },
    Worked(Node),
    Report { from: Node, to: Node, room: u32 },
    Link { node: Node, peer: Node, incarnation: u32, change: Change },
}

impl Mail {
    fn is_for_global(&self) -> bool {
        match self {
            Mail::Message { to, .. } => *to == Node::GLOBAL,
            Mail::Link { node, .. } => *node == Node::GLOBAL,
            Mail::Worked(_) | Mail::Report { .. } => false,
        }
    }
}

/// What is for a node elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// Who sends it.
    pub from: Node,
    /// For whom it is.
    pub to: Node,
    /// For which of its incarnations: no other one is to get it.
    pub incarnation: u32,
    /// What it is.
    pub content: Content,
    /// The Lamport clock of the sender's process.
    pub clock: u64,
}

/// What travels between processes for the nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    /// A message of the protocol.
    Message(Wire),
    /// A report of a query server's room.
    Report(u32),
}

/// Which nodes a process runs.
#[derive(Clone, Debug, Default)]
pub struct Crew {
    /// The communication servers with their clients; one at most.
    pub communication: Option<u16>,
    /// The query servers.
    pub query: Vec<u16>,
    /// The global server, with what its file holds.
    pub global: Option<Vec<u8>>,
    /// The control server.
    pub control: bool,
    /// How often the process has begun before.
    pub incarnation: u32,
}

impl Crew {
    /// All nodes of a system.
    pub fn whole(config: &Config, file: Vec<u8>, incarnation: u32) -> Crew {
        Crew {
            communication: Some(0),
            query: (0..config.query_servers).collect(),
            global: Some(file),
            control: true,
            incarnation,
        }
    }

    /// The nodes, in order, clients left out.
    pub fn nodes(&self) -> Vec<Node> {
        let communication = self.communication.map(Node::communication);
        let query = self.query.iter().copied().map(Node::query);
        let global = self.global.as_ref().map(|_| Node::GLOBAL);
        let control = self.control.then_some(Node::CONTROL);
        communication.into_iter().chain(query).chain(global).chain(control).collect()
    }
}

/// What is known of a user whose client is away, so that its next session goes on from there.
#[derive(Clone, Debug)]
struct Kept {
    token: u32,
    version: u32,
    record: Record,
    /// Whether the token is as new as it has to be.
    is_renewed: bool,
}

/// What the global server has stored of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recalled {
    /// The newest version; 0 if there is none.
    pub version: u32,
    /// The record of that version.
    pub record: Option<Record>,
    /// How many lives of communication servers may have changes of the user under way, this one not counted.
    pub before: u32,
    /// Whether nobody has ever stored anything, nor asked for it.
    pub is_first: bool,
}

/// The nodes of a process.
pub struct Host {
    config: Arc<Config>,
    communication: Option<Communication>,
    /// By index; none of those that run elsewhere.
    query: Vec<Option<Query>>,
    global: Option<Global>,
    control: Option<Control>,
    clients: BTreeMap<u16, Client>,
    kept: BTreeMap<u16, Kept>,
    /// How many had the seat of each user who has it here before.
    before: BTreeMap<u16, u32>,
    joining: Joining,
    mail: VecDeque<Mail>,
    post: Vec<Post>,
    /// Nodes elsewhere that are connected, as far as the nodes here have taken note, with their incarnations.
    connected: BTreeMap<Node, u32>,
    timers: Timers,
    chooser: Configured,
    random: ChaCha8Rng,
    /// What request ids of this process begin with, so that they are not those of another one.
    request_base: u64,
    last_request: u64,
    incarnation: u32,
    outcomes: Vec<Outcome>,
    /// What the global server asks of its disk, until somebody takes it.
    store: Option<Store>,
    /// Mail for the global server.
    for_global: usize,
    /// Whether the disk is at work: until then the global server's mail waits.
    is_storing: bool,
    /// Mail of the global server that waits for its disk.
    waiting: VecDeque<Mail>,
    /// Who writes down what the nodes do, if anybody does.
    teller: Option<Teller>,
    out: Vec<Output>,
    /// What is counted.
    pub metrics: Metrics,
}

/// Bits of a request id that count. Above them are those of the life and of the communication server, so that no two have the
/// same; and above these those of how many had the user's seat before, so that those of a user are in order.
const COUNT_BITS: u32 = 40;
const INCARNATION_BITS: u32 = 10;
const SERVER_BITS: u32 = 2;
const BEFORE_BITS: u32 = u64::BITS - SERVER_BITS - INCARNATION_BITS - COUNT_BITS;

fn request_base(communication: u16, incarnation: u32) -> u64 {
    let life = u64::from(incarnation % (1 << INCARNATION_BITS));
    (u64::from(communication) << INCARNATION_BITS | life) << COUNT_BITS
}

impl Host {
    /// Nodes that begin, or begin again. With `tells` what they do is written down: [`Host::take_told`].
    ///
    /// # Errors
    /// The file of the global server is damaged where no crash damages it.
    pub fn new(config: Config, crew: &Crew, seed: u64, tells: bool) -> Result<Host, Damaged> {
        let config = Arc::new(config);
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let chooser = Configured::new(config.knobs.strategy, ChaCha8Rng::from_rng(&mut random));
        let (own, incarnation) = (|| config.clone(), crew.incarnation);
        let query =
            |index| crew.query.contains(&index).then(|| Query::new(own(), index, incarnation));
        let global = crew.global.as_ref().map(|file| Global::restart(own(), file)).transpose()?;
        let on_disk = global.as_ref().map_or((0, 0), |global| (global.base, global.durable()));
        let communication = crew.communication.unwrap_or_default();
        let mut host = Host {
            communication: crew.communication.map(|index| Communication::new(own(), index)),
            query: (0..config.query_servers).map(query).collect(),
            global,
            control: crew.control.then(|| Control::new(own(), 0, 0)),
            clients: BTreeMap::new(),
            kept: BTreeMap::new(),
            before: BTreeMap::new(),
            joining: Joining::default(),
            mail: VecDeque::new(),
            post: Vec::new(),
            connected: BTreeMap::new(),
            timers: Timers::default(),
            chooser,
            random,
            request_base: request_base(communication, incarnation),
            last_request: 0,
            incarnation,
            outcomes: Vec::new(),
            store: None,
            for_global: 0,
            is_storing: false,
            waiting: VecDeque::new(),
            teller: tells.then(|| Teller::new(config.clone(), crew, on_disk)),
            out: Vec::new(),
            metrics: Metrics::new(config.query_servers),
            config,
        };
        host.begin(&crew.nodes(), incarnation);
        Ok(host)
    }

    /// Who begins reaches nobody at first; then the nodes that are here are connected.
    fn begin(&mut self, nodes: &[Node], incarnation: u32) {
        for &node in nodes {
            for peer in peers(&self.config, node) {
                self.give_half(node, Input::Reachable { peer, reachable: false }, 0);
            }
        }
        for &node in nodes {
            let here = peers(&self.config, node).into_iter().filter(|peer| self.is_here(*peer));
            for peer in here.filter(|peer| *peer > node).collect::<Vec<_>>() {
                for (node, peer) in [(peer, node), (node, peer)] {
                    self.link_changed(node, peer, incarnation, Change::Made, 0);
                }
            }
        }
    }

    /// Whether a node runs in this process. A client runs with its communication server.
    fn is_here(&self, node: Node) -> bool {
        match node.role {
            Role::Client => true,
            Role::Communication => {
                self.communication.as_ref().is_some_and(|here| here.index == node.index)
            }
            Role::Query => self.query.get(usize::from(node.index)).is_some_and(Option::is_some),
            Role::Global => self.global.is_some(),
            Role::Control => self.control.is_some(),
        }
    }

    /// Whether the global server is here, and so everything that is known of users.
    pub fn has_global(&self) -> bool {
        self.global.is_some()
    }

    /// What the operator set.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Does what there is to do, and what is due by now. True if there is more to do at once.
    pub fn run(&mut self, now_us: u64) -> bool {
        while let Some((node, timer)) = self.timers.take_due(now_us) {
            self.give_or_wait(node, Input::Timer(timer), now_us);
        }
        while let Some(user) = self.joining.take_due(now_us) {
            self.renew(user, now_us);
        }
        for _ in 0..INPUTS_MAX {
            let Some(mail) = self.mail.pop_front() else { return false };
            let is_for_global = mail.is_for_global();
            self.for_global -= usize::from(is_for_global);
            if is_for_global && self.is_storing {
                self.waiting.push_back(mail);
                continue;
            }
            match mail {
                Mail::Message { from, to, message } => {
                    self.give(to, Input::Message { from, message }, now_us);
                }
                Mail::Worked(server) => self.give(server, Input::Worked, now_us),
                Mail::Report { from, to, room } => {
                    self.give(to, Input::Report { from, room }, now_us)
                }
                Mail::Link { node, peer, incarnation, change } => {
                    self.link_changed(node, peer, incarnation, change, now_us);
                }
            }
        }
        true
    }

    /// Something has come from a node elsewhere, whose process had this clock.
    pub fn arrive(&mut self, post: Post) {
        let Post { from, to, content, clock, .. } = post;
        if !self.is_here(to) {
            return; // for whom it was meant has never been here
        }
        if let Some(teller) = &mut self.teller {
            teller.hear(clock);
        }
        self.put(match content {
            Content::Message(message) => Mail::Message { from, to, message },
            Content::Report(room) => Mail::Report { from, to, room },
        });
    }

    /// A node elsewhere is gone, has begun anew, or is connected: the nodes here that have a link to it take note of that
    /// after all that came before.
    pub fn noticed(&mut self, peer: Node, incarnation: u32, change: Change) {
        for node in peers(&self.config, peer) {
            if self.is_here(node) {
                self.put(Mail::Link { node, peer, incarnation, change });
            }
        }
    }

    /// What is for nodes elsewhere, in order.
    pub fn take_post(&mut self) -> Vec<Post> {
        std::mem::take(&mut self.post)
    }

    /// What the nodes have done since the last time, as lines of their files: it is to be written before what they have
    /// sent leaves the process, and before the disk is asked for anything.
    pub fn take_told(&mut self) -> Vec<(Node, Vec<u8>)> {
        self.teller.as_mut().map(Teller::take).unwrap_or_default()
    }

    /// Nothing more will be done: the files end.
    pub fn end_told(&mut self) {
        if let Some(teller) = &mut self.teller {
            teller.end();
        }
    }

    /// Nothing is written down any more.
    pub fn stop_telling(&mut self) {
        self.teller = None;
    }

    fn put(&mut self, mail: Mail) {
        self.for_global += usize::from(mail.is_for_global());
        self.mail.push_back(mail);
    }

    /// A timer of the global server waits for its disk like its mail.
    fn give_or_wait(&mut self, node: Node, input: Input, now_us: u64) {
        if let (true, Input::Timer(timer)) = (node == Node::GLOBAL && self.is_storing, &input) {
            self.timers.arm(node, *timer, now_us + 1_000);
            return;
        }
        self.give(node, input, now_us);
    }

    /// What the disk is to do, if anything; [`Host::stored_done`] says that it has.
    pub fn take_store(&mut self) -> Option<Store> {
        self.store.take()
    }

    /// The disk has done what it was asked for: synced, or it could not.
    ///
    /// # Panics
    /// It was not asked for anything.
    pub fn stored_done(&mut self, done: bool, now_us: u64) {
        assert!(std::mem::take(&mut self.is_storing), "the disk was asked for something");
        self.give(Node::GLOBAL, Input::Stored { done }, now_us);
        // What came meanwhile comes before what comes now.
        self.for_global += self.waiting.len();
        debug_assert!(self.waiting.iter().all(Mail::is_for_global));
        while let Some(mail) = self.waiting.pop_back() {
            self.mail.push_front(mail);
        }
    }

    /// What came of requests since the last time.
    pub fn take_outcomes(&mut self) -> Vec<Outcome> {
        std::mem::take(&mut self.outcomes)
    }

    /// When the next timer runs out.
    pub fn next_due_us(&self) -> Option<u64> {
        self.timers.next_due_us().into_iter().chain(self.joining.next_due_us()).min()
    }

    /// Whether nothing is under way: no mail, and nothing for the disk.
    pub fn is_idle(&self) -> bool {
        self.mail.is_empty() && self.waiting.is_empty() && !self.is_storing && self.store.is_none()
    }

    /// Of each query server: tasks that it holds, queued or handed over.
    pub fn queue_lengths(&self) -> Vec<usize> {
        self.query.iter().flatten().map(|query| query.queue.len() + query.handed.len()).collect()
    }

    /// A node takes note of a change of a link. What is several inputs to it is one step.
    fn link_changed(
        &mut self,
        node: Node,
        peer: Node,
        incarnation: u32,
        change: Change,
        now_us: u64,
    ) {
        if let Some(teller) = &mut self.teller {
            teller.link(node, peer, incarnation, change);
        }
        let reachable = |reachable| Input::Reachable { peer, reachable };
        let (half, last) = match change {
            Change::Gone => (vec![reachable(false), Input::Lost { peer }], Input::Turn),
            Change::Born => (vec![], reachable(false)),
            Change::Made => (vec![reachable(true), Input::Lost { peer }], Input::Made { peer }),
        };
        match change {
            Change::Made => self.connected.insert(peer, incarnation),
            Change::Gone | Change::Born => self.connected.remove(&peer),
        };
        for input in half {
            self.give_half(node, input, now_us);
        }
        self.give(node, last, now_us);
    }

    /// How each query server stands.
    pub fn gauges(&self) -> Vec<Gauge> {
        let newest = self.newest_known();
        let gauge = |query: &Query| Gauge {
            server: query.node(),
            queued: query.queue.len(),
            handed_over: query.handed.len(),
            threshold: self.config.knobs.threshold[usize::from(query.index)],
            lag: newest.saturating_sub(query.applied),
        };
        self.query.iter().flatten().map(gauge).collect()
    }

    /// The newest revision that is known here.
    fn newest_known(&self) -> u32 {
        let applied = self.query.iter().flatten().map(|query| query.applied);
        self.global
            .as_ref()
            .map(Global::newest_revision)
            .into_iter()
            .chain(applied)
            .max()
            .unwrap_or(0)
    }

    fn give(&mut self, node: Node, input: Input, now_us: u64) {
        // The disk is asked once for all publishes that have come: the global server waits with that for the last of them.
        let waits =
            node == Node::GLOBAL && self.for_global > 0 && matches!(input, Input::Message { .. });
        self.take(node, input, waits, now_us);
        if let Some(teller) = &mut self.teller {
            teller.done(node);
        }
    }

    /// Gives an input that another one follows at once: until then the node chooses nothing.
    fn give_half(&mut self, node: Node, input: Input, now_us: u64) {
        self.take(node, input, true, now_us);
    }

    fn take(&mut self, node: Node, input: Input, is_waiting: bool, now_us: u64) {
        if let Some(teller) = &mut self.teller {
            teller.input(node, &input);
        }
        let mut out = std::mem::take(&mut self.out);
        let chooser: &mut dyn Chooser = if is_waiting { &mut Never } else { &mut self.chooser };
        let context = &mut Context { now_us, chooser, random: &mut self.random, out: &mut out };
        let at = usize::from(node.index);
        let is_there = match node.role {
            Role::Client => {
                self.clients.get_mut(&node.index).map(|client| client.handle(input, context))
            }
            Role::Communication => {
                self.communication.as_mut().map(|server| server.handle(input, context))
            }
            Role::Query => self.query[at].as_mut().map(|server| server.handle(input, context)),
            Role::Global => self.global.as_mut().map(|server| server.handle(input, context)),
            Role::Control => self.control.as_mut().map(|server| server.handle(input, context)),
        };
        if is_there.is_none() {
            // A reply that comes when the client has gone.
            debug_assert_eq!(node.role, Role::Client);
            out.push(Output::Note(Note::Dropped));
        }
        for output in out.drain(..) {
            self.carry_out(node, output, now_us);
        }
        self.out = out;
    }

    fn carry_out(&mut self, node: Node, output: Output, now_us: u64) {
        match output {
            Output::Send { to, message } => self.send(node, to, message),
            Output::Report { to, room } => self.report(node, to, room),
            Output::Reply { request, reply } => {
                let (user, is_refused) = (node.index, reply.is_err());
                if !self.joining.replied(user, request, is_refused, now_us) {
                    self.outcomes.push(Outcome { user, request, reply });
                }
            }
            Output::Arm { timer, after_us } => self.timers.arm(node, timer, now_us + after_us),
            Output::Disarm(timer) => self.timers.disarm(node, timer),
            // The work is to look into the replica, which is done when the task is served.
            Output::Work(_) => self.mail.push_back(Mail::Worked(node)),
            Output::Store(store) => {
                assert!(!std::mem::replace(&mut self.is_storing, true), "one thing at a time");
                self.store = Some(store);
            }
            Output::Step(action) => {
                self.metrics.step(&action, now_us);
                if let Some(teller) = &mut self.teller {
                    teller.step(action);
                }
            }
            Output::Note(note) => {
                if let Note::Queued { request } = note {
                    let server = self.query[usize::from(node.index)].as_ref();
                    let length = server.map_or(0, |server| server.queue.len());
                    self.metrics.queued(node, request, length, now_us);
                }
                if let Some(teller) = &mut self.teller {
                    teller.note(note);
                }
            }
        }
    }

    /// Sends a message. It is lost if it is for a node elsewhere that is not connected.
    fn send(&mut self, from: Node, to: Node, message: Wire) {
        let is_here = self.is_here(to);
        let is_lost = !is_here && !self.connected.contains_key(&to);
        if let Some(teller) = &mut self.teller {
            teller.sent(from, to, &message, is_lost);
        }
        if is_here {
            self.put(Mail::Message { from, to, message });
        } else {
            self.post(from, to, Content::Message(message));
        }
    }

    fn report(&mut self, from: Node, to: Node, room: u32) {
        if self.is_here(to) {
            self.put(Mail::Report { from, to, room });
        } else {
            self.post(from, to, Content::Report(room));
        }
    }

    fn post(&mut self, from: Node, to: Node, content: Content) {
        let Some(&incarnation) = self.connected.get(&to) else { return };
        let clock = self.teller.as_ref().map_or(0, Teller::clock);
        self.post.push(Post { from, to, incarnation, content, clock });
    }

    /// The communication server that is here.
    fn server(&self) -> Node {
        self.communication.as_ref().map_or(Node::communication(0), Communication::node)
    }
}
