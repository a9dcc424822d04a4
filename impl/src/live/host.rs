//! The nodes that one process runs, their mail and their timers: what a simulator does with virtual time, done for real
//! time. No clock, no socket and no disk: whoever calls says what time it is, and carries out what is asked of the disk.
//!
//! Nodes of one process are linked by one queue of mail, first in first out, so each link is; such links are never lost.
//! A user's client is a node like the others, next to its communication server: what a chat client says on its stream
//! becomes its commands.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use spillway_traces::{Node, RequestId, Role};

use super::timers::Timers;
use crate::config::{Class, Config};
use crate::node::{Change, Chooser, Command, Context, Input, Never, Output, Refused, Shown, Store};
use crate::nodes::client::Client;
use crate::nodes::communication::Communication;
use crate::nodes::control::Control;
use crate::nodes::global::Global;
use crate::nodes::global::file::Damaged;
use crate::nodes::query::Query;
use crate::profile::Record;
use crate::search::Search;
use crate::strategy::Configured;
use crate::wire::Wire;

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
}

/// What is known of a user whose client is away, so that its next session goes on from there.
#[derive(Clone, Debug)]
struct Kept {
    token: u32,
    version: u32,
    record: Record,
}

/// All nodes of a system in one process.
pub struct Host {
    config: Arc<Config>,
    communication: Communication,
    query: Vec<Query>,
    global: Global,
    control: Control,
    clients: BTreeMap<u16, Client>,
    kept: BTreeMap<u16, Kept>,
    mail: VecDeque<Mail>,
    timers: Timers,
    chooser: Configured,
    random: ChaCha8Rng,
    last_request: u32,
    outcomes: Vec<Outcome>,
    /// What the global server asks of its disk, until somebody takes it.
    store: Option<Store>,
    /// Messages for the global server among the mail.
    for_global: usize,
    /// Whether the disk is at work: until then the global server's mail waits.
    is_storing: bool,
    /// Mail of the global server that waits for its disk.
    waiting: VecDeque<Mail>,
    out: Vec<Output>,
}

impl Host {
    /// A system that begins, or begins again, with what the global server's file holds.
    ///
    /// # Errors
    /// The file is damaged where no crash damages it.
    pub fn new(config: Config, file: &[u8], seed: u64) -> Result<Host, Damaged> {
        let config = Arc::new(config);
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let chooser = Configured::new(config.knobs.strategy, ChaCha8Rng::from_rng(&mut random));
        let own = || config.clone();
        let mut host = Host {
            communication: Communication::new(own(), 0),
            query: (0..config.query_servers).map(|index| Query::new(own(), index, 0)).collect(),
            global: Global::restart(own(), file)?,
            control: Control::new(own(), 0, 0),
            clients: BTreeMap::new(),
            kept: BTreeMap::new(),
            mail: VecDeque::new(),
            timers: Timers::default(),
            chooser,
            random,
            last_request: 0,
            outcomes: Vec::new(),
            store: None,
            for_global: 0,
            is_storing: false,
            waiting: VecDeque::new(),
            out: Vec::new(),
            config,
        };
        // Connections are made: each query server says how far its replica is, and is fed.
        for index in 0..host.config.query_servers {
            host.give(Node::query(index), Input::Made { peer: Node::GLOBAL }, 0);
        }
        Ok(host)
    }

    /// What the operator set.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// A user's client begins its session.
    pub fn attach(&mut self, user: u16) {
        if self.clients.contains_key(&user) {
            return;
        }
        let mut client = Client::new(self.config.clone(), user, 0);
        if let Some(kept) = self.kept.remove(&user).or_else(|| self.stored(user)) {
            (client.token, client.version, client.record) = (kept.token, kept.version, kept.record);
            client.issued = client.version; // each change was a request
        }
        self.clients.insert(user, client);
    }

    /// What the global server has stored of a user: the beginning of who has no past in this process.
    fn stored(&self, user: u16) -> Option<Kept> {
        let of_user = |entry: &&crate::wire::Entry| entry.user == user;
        let entry = self.global.log.iter().rev().find(of_user);
        let entry = entry.or_else(|| self.global.checkpoint.get(&user))?;
        let record = (*entry.record).clone();
        Some(Kept { token: entry.revision, version: entry.version, record })
    }

    /// A user's client ends its session: what it waits for is given up, but for changes, which cannot be taken back.
    pub fn detach(&mut self, user: u16, now_us: u64) {
        if !self.clients.contains_key(&user) {
            return;
        }
        let node = Node::client(user);
        self.give(Node::communication(0), Input::Closed { client: node }, now_us);
        self.give(node, Input::Command(Command::Leave), now_us);
        let Some(client) = self.clients.remove(&user) else { return };
        self.timers.forget(node);
        let Client { token, version, record, .. } = client;
        self.kept.insert(user, Kept { token, version, record });
    }

    /// Whether a user's client has a session.
    pub fn is_attached(&self, user: u16) -> bool {
        self.clients.contains_key(&user)
    }

    /// A user's own record as its client has it: the newest change that was asked for, acknowledged or not.
    pub fn record(&self, user: u16) -> Option<&Record> {
        self.clients.get(&user).map(|client| &client.record)
    }

    /// A user asks for another one's information.
    ///
    /// # Panics
    /// The user's client has no session.
    pub fn query(&mut self, asker: u16, user: u16, class: Class, now_us: u64) -> RequestId {
        self.ask(asker, user, class, None, now_us)
    }

    /// A user searches: a query of its own information that finds others besides.
    ///
    /// # Panics
    /// The user's client has no session.
    pub fn search(&mut self, asker: u16, search: Search, now_us: u64) -> RequestId {
        self.ask(asker, asker, Class::Normal, Some(Arc::new(search)), now_us)
    }

    fn ask(
        &mut self,
        asker: u16,
        user: u16,
        class: Class,
        search: Option<Arc<Search>>,
        now_us: u64,
    ) -> RequestId {
        let request = self.next_request();
        let home = user % self.config.query_servers;
        self.command(asker, Command::Query { request, user, class, search, home }, now_us);
        request
    }

    /// A user changes its own record.
    ///
    /// # Panics
    /// The user's client has no session.
    pub fn change(&mut self, user: u16, change: Change, now_us: u64) -> RequestId {
        let request = self.next_request();
        let home = user % self.config.query_servers;
        self.command(user, Command::Change { request, change, home }, now_us);
        request
    }

    /// A user does not wait for a request any more.
    pub fn cancel(&mut self, user: u16, request: RequestId, now_us: u64) {
        if self.clients.contains_key(&user) {
            self.command(user, Command::Cancel(request), now_us);
        }
    }

    fn next_request(&mut self) -> RequestId {
        // After 2^32 it begins anew: what had the same id then is settled long since.
        self.last_request = self.last_request.wrapping_add(1);
        RequestId(self.last_request)
    }

    fn command(&mut self, user: u16, command: Command, now_us: u64) {
        assert!(self.clients.contains_key(&user), "user {user} has a session");
        self.give(Node::client(user), Input::Command(command), now_us);
    }

    /// Does what there is to do, and what is due by now. True if there is more to do at once.
    pub fn run(&mut self, now_us: u64) -> bool {
        while let Some((node, timer)) = self.timers.take_due(now_us) {
            self.give_or_wait(node, Input::Timer(timer), now_us);
        }
        for _ in 0..INPUTS_MAX {
            let Some(mail) = self.mail.pop_front() else { return false };
            match mail {
                Mail::Message { from, to, message } => {
                    self.for_global -= usize::from(to == Node::GLOBAL);
                    if to == Node::GLOBAL && self.is_storing {
                        self.waiting.push_back(Mail::Message { from, to, message });
                    } else {
                        self.give(to, Input::Message { from, message }, now_us);
                    }
                }
                Mail::Worked(server) => self.give(server, Input::Worked, now_us),
                Mail::Report { from, to, room } => {
                    self.give(to, Input::Report { from, room }, now_us)
                }
            }
        }
        true
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
        self.timers.next_due_us()
    }

    /// Whether nothing is under way: no mail, and nothing for the disk.
    pub fn is_idle(&self) -> bool {
        self.mail.is_empty() && self.waiting.is_empty() && !self.is_storing && self.store.is_none()
    }

    /// Of each query server: tasks that it holds, queued or handed over.
    pub fn queue_lengths(&self) -> Vec<usize> {
        self.query.iter().map(|query| query.queue.len() + query.handed.len()).collect()
    }

    fn give(&mut self, node: Node, input: Input, now_us: u64) {
        let mut out = std::mem::take(&mut self.out);
        // The disk is asked once for all publishes that have come: the global server waits with that for the last of them.
        let waits =
            node == Node::GLOBAL && self.for_global > 0 && matches!(input, Input::Message { .. });
        let chooser: &mut dyn Chooser = if waits { &mut Never } else { &mut self.chooser };
        let context = &mut Context { now_us, chooser, random: &mut self.random, out: &mut out };
        let at = usize::from(node.index);
        match node.role {
            // A reply may come when the client has gone.
            Role::Client => {
                if let Some(client) = self.clients.get_mut(&node.index) {
                    client.handle(input, context);
                }
            }
            Role::Communication => self.communication.handle(input, context),
            Role::Query => self.query[at].handle(input, context),
            Role::Global => self.global.handle(input, context),
            Role::Control => self.control.handle(input, context),
        }
        for output in out.drain(..) {
            self.carry_out(node, output, now_us);
        }
        self.out = out;
    }

    fn carry_out(&mut self, node: Node, output: Output, now_us: u64) {
        match output {
            Output::Send { to, message } => {
                self.for_global += usize::from(to == Node::GLOBAL);
                self.mail.push_back(Mail::Message { from: node, to, message });
            }
            Output::Report { to, room } => {
                self.mail.push_back(Mail::Report { from: node, to, room })
            }
            Output::Reply { request, reply } => {
                self.outcomes.push(Outcome { user: node.index, request, reply });
            }
            Output::Arm { timer, after_us } => self.timers.arm(node, timer, now_us + after_us),
            Output::Disarm(timer) => self.timers.disarm(node, timer),
            // The work is to look into the replica, which is done when the task is served.
            Output::Work(_) => self.mail.push_back(Mail::Worked(node)),
            Output::Store(store) => {
                assert!(!std::mem::replace(&mut self.is_storing, true), "one thing at a time");
                self.store = Some(store);
            }
            // What a trace would tell.
            Output::Step(_) | Output::Note(_) => {}
        }
    }
}
