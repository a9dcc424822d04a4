//! All nodes of a system and what is between them: links, faults, the disk, the lease, the plan of requests.
//!
//! The same plumbing serves two drivers. A simulator gives inputs when its clock says so ([`World::give`],
//! [`World::deliver`], [`World::crash`], …) and carries out what nodes ask for through its [`Driver`]. A replay performs
//! the actions of a trace one by one ([`World::perform`]): nodes then choose what the action says, and nothing else.
//!
//! - [`links`]: what is on its way, who is down, what is cut. [`plan`]: what request each id is.
//! - `faults` and `sessions`: what PROTOCOL.md's "Connections lost and made" and "Sessions" say of the environment.
//! - [`driver`]: what a world asks of whoever runs it. [`recorder`]: what it tells, as steps of a trace.
//! - `guards` and `perform`: what a trace may ask for, and how it is done. [`abstraction`]: messages in a trace's words.

pub mod abstraction;
pub mod driver;
mod faults;
mod guards;
pub mod links;
mod perform;
pub mod plan;
pub mod recorder;
mod sessions;

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use spillway_traces::{Action, Node, Role};

use crate::config::{Config, Disk};
use crate::node::{Chooser, Context, Input, Never, Output, Store};
use crate::nodes::client::Client;
use crate::nodes::communication::Communication;
use crate::nodes::control::Control;
use crate::nodes::global::Global;
use crate::nodes::query::Query;
use crate::wire::Wire;

pub use driver::{Driver, Hand};
pub use links::Links;
pub use perform::{LINKS_ONLY, ONE_STEP};
pub use plan::{Plan, Planned, Wish};
pub use recorder::Recorder;

/// A system: its nodes, its links, and its environment.
#[derive(Clone, Debug)]
pub struct World {
    config: Arc<Config>,
    plan: Arc<Plan>,
    /// The clients, by index; so are the others.
    pub clients: Vec<Client>,
    /// The communication servers.
    pub communication: Vec<Communication>,
    /// The query servers.
    pub query: Vec<Query>,
    /// The global server.
    pub global: Global,
    /// The control servers.
    pub control: Vec<Control>,
    /// The links.
    pub links: Links,
    /// How many requests of the plan each client has issued.
    pub issued: Vec<u32>,
    /// The epoch of the lease.
    pub epoch: u32,
    /// What the global server's disk has.
    pub file: Vec<u8>,
    /// What the disk was asked for and has not done yet.
    pub storing: Option<Store>,
    /// A message that a node sent where no link is, with its sender and its receiver: a bug of that node.
    pub stray: Option<(Node, Node)>,
    /// Room for what a node does, so that it is not allocated for each input.
    room: Vec<Output>,
    /// While one step gives several inputs: the nodes that were given one, which choose once it is over.
    holding: Option<Vec<Node>>,
}

impl PartialEq for World {
    fn eq(&self, other: &World) -> bool {
        let nodes = |world: &World| {
            (&world.clients, &world.communication, &world.query, &world.global, &world.control)
                == (&self.clients, &self.communication, &self.query, &self.global, &self.control)
        };
        nodes(other)
            && self.links == other.links
            && (&self.issued, self.epoch, &self.file, &self.storing, self.stray)
                == (&other.issued, other.epoch, &other.file, &other.storing, other.stray)
            && (Arc::ptr_eq(&self.plan, &other.plan) || self.plan == other.plan)
    }
}

impl Eq for World {}

impl Hash for World {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        // The configuration, which every node has, and the plan are the same in all worlds that anybody compares.
        self.clients.hash(hasher);
        self.communication.hash(hasher);
        self.query.hash(hasher);
        self.global.hash(hasher);
        self.control.hash(hasher);
        self.links.hash(hasher);
        (&self.issued, self.epoch, &self.file).hash(hasher);
        match &self.storing {
            None => 0u8.hash(hasher),
            Some(Store::Append(bytes)) => (1u8, bytes).hash(hasher),
            Some(Store::Replace(bytes)) => (2u8, bytes).hash(hasher),
        }
        self.stray.hash(hasher);
    }
}

impl World {
    /// A system at its start: every node is up, every link stands, and nothing has been asked. `sessions` are the
    /// communication servers of the clients.
    ///
    /// # Panics
    /// There is not one session for each client, or a session names a server that is not there.
    pub fn new(config: Arc<Config>, plan: Arc<Plan>, sessions: &[u16]) -> World {
        let links = Links::new(&config, sessions);
        let own = || config.clone();
        let clients = sessions.iter().zip(0..).map(|(session, i)| Client::new(own(), i, *session));
        World {
            clients: clients.collect(),
            communication: (0..config.communication_servers)
                .map(|i| Communication::new(own(), i))
                .collect(),
            query: (0..config.query_servers).map(|i| Query::new(own(), i, 0)).collect(),
            global: Global::new(own(), &[]).expect("an empty file is not damaged"),
            control: (0..config.control_servers).map(|i| Control::new(own(), i, 0)).collect(),
            links,
            issued: vec![0; config.clients.into()],
            epoch: 0,
            file: Vec::new(),
            storing: None,
            stray: None,
            room: Vec::new(),
            holding: None,
            config,
            plan,
        }
    }

    /// What the operator set.
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// The plan of requests.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Gives a node, which is up, an input, and carries out what it does.
    pub fn give(&mut self, node: Node, input: Input, driver: &mut impl Driver) {
        debug_assert!(!self.links.is_down(node), "nothing reaches {node}, which is down");
        let mut out = std::mem::take(&mut self.room);
        debug_assert!(out.is_empty());
        let hand = driver.hand(node);
        let mut never = Never;
        let chooser: &mut dyn Chooser = match &mut self.holding {
            Some(nodes) => {
                nodes.push(node);
                &mut never
            }
            None => hand.chooser,
        };
        let (now_us, random) = (hand.now_us, hand.random);
        let mut context = Context { now_us, chooser, random, out: &mut out };
        let at = usize::from(node.index);
        match node.role {
            Role::Client => self.clients[at].handle(input, &mut context),
            Role::Communication => self.communication[at].handle(input, &mut context),
            Role::Query => self.query[at].handle(input, &mut context),
            Role::Global => self.global.handle(input, &mut context),
            Role::Control => self.control[at].handle(input, &mut context),
        }
        for output in out.drain(..) {
            self.carry_out(node, output, driver);
        }
        self.room = out;
    }

    /// One step that gives several inputs: what nodes then choose to do of themselves are steps that follow, not parts of
    /// it, so that they choose when all of it has happened.
    fn at_once<D: Driver>(&mut self, driver: &mut D, step: impl FnOnce(&mut World, &mut D)) {
        debug_assert!(self.holding.is_none(), "a step is no part of another");
        self.holding = Some(Vec::new());
        step(self, driver);
        let mut nodes = self.holding.take().unwrap_or_default();
        nodes.sort_unstable();
        nodes.dedup();
        for node in nodes {
            if !self.links.is_down(node) {
                self.give(node, Input::Turn, driver);
            }
        }
    }

    fn carry_out(&mut self, node: Node, output: Output, driver: &mut impl Driver) {
        match output {
            Output::Step(action) => driver.step(action),
            Output::Send { to, message } => self.send(node, to, message, driver),
            Output::Report { to, room } => driver.report(node, to, room),
            Output::Note(note) => driver.note(node, note),
            Output::Reply { request, reply } => driver.reply(node, request, reply),
            Output::Arm { timer, after_us } => driver.arm(node, timer, after_us),
            Output::Disarm(timer) => driver.disarm(node, timer),
            Output::Work(ask) => driver.work(node, &ask),
            Output::Store(store) => self.store(store, driver),
        }
    }

    /// Puts a message on its link. It is lost if nobody can hear it.
    fn send(&mut self, from: Node, to: Node, message: Wire, driver: &mut impl Driver) {
        if !self.links.is_link(from, to) {
            self.stray = self.stray.or(Some((from, to)));
            return driver.lost(from, to, &message);
        }
        if !self.links.passes(from, to) || !self.links.stands(from, to) {
            return driver.lost(from, to, &message);
        }
        driver.sent(from, to, &message);
        self.links.queue(from, to).push_back(message);
    }

    /// What the global server writes without waiting for it, since its disk is immediate, is there; anything else the driver
    /// sees to.
    fn store(&mut self, store: Store, driver: &mut impl Driver) {
        if self.global.storing.is_none() {
            debug_assert_eq!(self.config.knobs.disk, Disk::Immediate);
            return self.write(store);
        }
        debug_assert!(self.storing.is_none(), "the disk is asked for one thing at a time");
        driver.store(&store);
        self.storing = Some(store);
    }

    fn write(&mut self, store: Store) {
        match store {
            Store::Append(bytes) => self.file.extend_from_slice(&bytes),
            Store::Replace(bytes) => self.file = bytes,
        }
    }

    /// The disk has done what it was asked for, or could not.
    ///
    /// # Panics
    /// It was not asked for anything since the global server last began.
    pub fn stored(&mut self, done: bool, driver: &mut impl Driver) {
        let store = self.storing.take().expect("the disk was asked for something");
        if done {
            self.write(store);
        }
        self.give(Node::GLOBAL, Input::Stored { done }, driver);
    }

    /// The disk has written only the first bytes of what it was to append; a crash is to follow.
    pub fn tear(&mut self, bytes: usize) {
        if let Some(Store::Append(all)) = &self.storing {
            self.file.extend_from_slice(&all[..bytes.min(all.len())]);
            self.storing = None;
        }
    }

    /// The oldest message of a direction arrives.
    ///
    /// # Panics
    /// Nothing is on its way there.
    pub fn deliver(&mut self, from: Node, to: Node, driver: &mut impl Driver) {
        let message = self.links.queue(from, to).pop_front();
        let message = message.expect("a message is on its way");
        driver.step(Action::Deliver { from, to });
        driver.took(from, to, &message);
        self.give(to, Input::Message { from, message }, driver);
    }

    /// A report of a query server arrives, unless nothing does between the two.
    pub fn reported(&mut self, from: Node, to: Node, room: u32, driver: &mut impl Driver) {
        if self.links.passes(from, to) {
            self.give(to, Input::Report { from, room }, driver);
        }
    }

    /// A client issues the next request of its plan.
    ///
    /// # Panics
    /// There is none.
    pub fn issue(&mut self, client: u16, driver: &mut impl Driver) {
        let issued = &mut self.issued[usize::from(client)];
        let request = self.plan.next(client, *issued).expect("a request is left");
        *issued += 1;
        let command = self.plan.command(request);
        let node = Node::client(client);
        driver.step(Action::Issue { client: node, request });
        self.give(node, Input::Command(command), driver);
    }

    /// The lease passes to the other control server, which is up.
    pub fn lease(&mut self, driver: &mut impl Driver) {
        self.epoch += 1;
        let to = self.leader();
        driver.step(Action::Lease { to });
        self.give(to, Input::Lease { epoch: self.epoch }, driver);
    }

    /// The control server that has the lease.
    pub fn leader(&self) -> Node {
        Node::control((self.epoch % 2) as u16)
    }
}
