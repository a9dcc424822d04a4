//! A process without sockets, and what one hears in a system that works: the conversations that tests break.

#![allow(unreachable_pub, clippy::unwrap_used)]

pub mod broken;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use spillway_impl::config::{Class, Config};
use spillway_impl::live::aside::{Account, Accounts, Answer, Ask, Seat};
use spillway_impl::live::control::credentials;
use spillway_impl::live::host::{Crew, Host};
use spillway_impl::live::links::asides::{Asides, pass_on};
use spillway_impl::live::links::frame::write;
use spillway_impl::live::links::neighbours::Line;
use spillway_impl::live::links::news::Life;
use spillway_impl::live::links::{Aside, Between, Deed, Frame, Neighbours};
use spillway_impl::live::seats::claims::Claimed;
use spillway_impl::live::seats::{Claims, Parcel};
use spillway_impl::node::{Change, Store};
use spillway_impl::profile::{Profile, Rule};
use spillway_impl::world::links::peers;
use spillway_traces::{Node, Role};

/// What all processes of the system are told, as a hash.
pub const TOLD: u64 = 7;
/// Users; few, so that they meet.
pub const USERS: u16 = 4;
/// Microseconds that pass with each thing that happens.
const STEP_US: u64 = 1_000;
/// Inputs of the nodes until one has to have come to rest.
const RUNS_MAX: usize = 100;

/// Something that happens to a process.
#[derive(Clone, Debug)]
pub enum Happening {
    /// A connection stands that it has begun.
    Dialed(Line, Node),
    /// A connection stands that somebody else has begun.
    Accepted(Line),
    /// Bytes come.
    Came(Line, Vec<u8>),
    /// All has come that had been said by then: it works.
    Turn,
    /// A connection is lost.
    Lost(Line),
    /// A user comes, or wants something.
    User(u16, Wish),
}

#[derive(Clone, Copy, Debug)]
pub enum Wish {
    Come,
    Share,
    Publish,
    Ask(u16),
    /// To say something to somebody at the other communication server.
    Tell,
}

pub fn config() -> Config {
    let mut config = spillway_impl::live::configuration(3, 1);
    config.communication_servers = 2;
    config.knobs.queue_max = 4;
    config.knobs.rooms = vec![4, 3, 2];
    config.knobs.ledger_max = 3;
    config.knobs.compact_after = 8;
    config
}

/// A process with one node.
pub struct Process {
    pub node: Node,
    pub now_us: u64,
    host: Host,
    neighbours: Neighbours,
    asides: Asides,
    between: Between,
    /// Users whose seat is here.
    seated: BTreeSet<u16>,
    claims: Claims,
    has_asked: bool,
}

impl Process {
    pub fn new(node: Node, incarnation: u32) -> Process {
        let mut crew = Crew { incarnation, ..Crew::default() };
        match node.role {
            Role::Communication => crew.communication = Some(node.index),
            Role::Query => crew.query = vec![node.index],
            Role::Global => crew.global = Some(Vec::new()),
            _ => crew.control = true,
        }
        let (config, me) = (config(), (node, incarnation));
        Process {
            node,
            now_us: 0,
            neighbours: Neighbours::new(me, TOLD, peers(&config, node)),
            host: Host::new(config, &crew, 1, true).unwrap(),
            asides: Asides::new(me),
            between: Between::new(me),
            seated: BTreeSet::new(),
            claims: Claims::default(),
            has_asked: false,
        }
    }

    pub fn missing(&self) -> Vec<Node> {
        self.neighbours.missing()
    }

    pub fn dialed(&mut self, line: Line, to: Node) -> Vec<Deed> {
        self.neighbours.dialed(line, to);
        self.work()
    }

    pub fn accepted(&mut self, line: Line) -> Vec<Deed> {
        self.neighbours.accepted(line);
        self.work()
    }

    /// Something has come; it works when all has.
    pub fn heard(&mut self, line: Line, frame: Frame) {
        self.neighbours.heard(line, frame);
    }

    pub fn lost(&mut self, line: Line) -> Vec<Deed> {
        self.neighbours.lost(line);
        self.work()
    }

    pub fn wish(&mut self, user: u16, wish: Wish) -> Vec<Deed> {
        let (now_us, is_there) = (self.now_us, self.host.is_attached(user));
        match wish {
            Wish::Come if self.seated.contains(&user) => self.host.attach(user, now_us),
            Wish::Come => drop(self.asides.ask(Ask::Seat(user))),
            Wish::Tell => {
                let stanza = b"<message/>".to_vec();
                self.between.put((Node::communication(1), 0), Parcel::Stanza { user, stanza });
            }
            _ if !is_there => {}
            Wish::Share => drop(self.host.publish(user, Change::Share(Rule::Everyone), now_us)),
            Wish::Publish => {
                let fields = [("name".to_owned(), format!("at {now_us}"))].into();
                self.host.publish(user, Change::Publish(Profile { fields }), now_us);
            }
            Wish::Ask(of) if !self.host.is_joining(user) => {
                self.host.query(user, of, Class::Normal, now_us);
            }
            Wish::Ask(_) => {}
        }
        self.work()
    }

    /// Does what there is to do, and what is for others comes out.
    pub fn work(&mut self) -> Vec<Deed> {
        self.now_us += STEP_US;
        let mut deeds = Vec::new();
        for _ in 0..RUNS_MAX {
            self.neighbours.deliver(&mut self.host);
            while self.host.run(self.now_us) {}
            self.ask();
            let store: Option<Store> = self.host.take_store();
            self.host.take_told();
            self.host.take_outcomes();
            self.host.take_joined();
            let new = self.neighbours.collect(&mut self.host);
            if new.is_empty() && store.is_none() {
                return deeds;
            }
            for deed in new {
                match deed {
                    Deed::Aside(by, aside) => self.aside(by, aside),
                    deed => deeds.push(deed),
                }
            }
            if store.is_some() {
                self.host.stored_done(true, self.now_us);
            }
        }
        panic!("it does not come to rest");
    }

    fn ask(&mut self) {
        if self.node.role == Role::Communication && !std::mem::replace(&mut self.has_asked, true) {
            self.asides.ask(Ask::Accounts { after: 0 });
            self.asides.ask(Ask::Where(vec![1, 2]));
            self.asides.ask(Ask::Roster { user: 1, bytes: b"a roster".to_vec() });
        }
        self.asides.say(&mut self.neighbours, self.now_us);
        self.between.say(&mut self.neighbours, self.now_us);
        let neighbours = &self.neighbours;
        self.between.take_gone(|life| neighbours.may_live(life));
    }

    /// What a server does with what is beside the protocol.
    fn aside(&mut self, by: Node, aside: Aside) {
        match pass_on(self.node, &mut self.neighbours, aside) {
            Some(Aside::Ask { from, number, ask }) if self.node == Node::GLOBAL => {
                let answer = self.answer(from, ask);
                self.neighbours.aside(by, Aside::Answer { to: from, number, answer });
            }
            Some(Aside::Answer { to, number, answer }) => {
                let answered = self.asides.answered(to, number, answer);
                if let Some((_, Answer::Seat(user, Seat::Here { recalled, .. }))) = answered
                    && self.seated.insert(user)
                {
                    self.host.seat(user, recalled);
                    self.host.attach(user, self.now_us);
                }
            }
            Some(Aside::Between { from, number, taken, parcels, to }) if to.0 == self.node => {
                let parcels = self.between.heard(from, number, taken, parcels, self.now_us);
                if self.node.index == 1 {
                    let heeded = |n: usize| Parcel::Heeded { id: n as u64 };
                    for n in 0..parcels.len() {
                        self.between.put(from, heeded(n));
                    }
                }
            }
            _ => {}
        }
    }

    fn answer(&mut self, from: Life, ask: Ask) -> Answer {
        match ask {
            Ask::Seat(user) => {
                let neighbours = &self.neighbours;
                let seat = match self.claims.claim(user, from, |life| neighbours.may_live(life)) {
                    Claimed::Held(life) => Seat::There(life),
                    Claimed::Granted(claim) | Claimed::Store(claim) => {
                        self.claims.stored(user, claim);
                        let recalled = self.host.recall(user, claim.before);
                        Seat::Here { recalled, roster: Some(b"a roster".to_vec()) }
                    }
                };
                Answer::Seat(user, seat)
            }
            Ask::Where(users) => {
                Answer::Where(users.into_iter().map(|user| (user, None)).collect())
            }
            Ask::Accounts { .. } => {
                let credentials = credentials("secret", |bytes| bytes.fill(1)).unwrap();
                let alice = Account { name: "alice".to_owned(), number: 1, credentials };
                Answer::Accounts(Accounts { is_all: true, known: vec![alice], revision: 3 })
            }
            Ask::Roster { .. } => Answer::Roster(Ok(())),
        }
    }
}

/// A system that works, and what happens to each of its processes.
struct System {
    alive: BTreeMap<Node, Process>,
    heard: BTreeMap<Node, Vec<Happening>>,
    /// Who is at the ends of a connection.
    ends: BTreeMap<Line, (Node, Node)>,
    on_its_way: VecDeque<(Node, Line, Frame)>,
    lines: Line,
}

/// What happens to each process in a system in which users publish and ask more than there is room for, and in which a
/// query server is lost and comes back.
pub fn conversations() -> BTreeMap<Node, Vec<Happening>> {
    let query = (0..3).map(Node::query);
    let communication = (0..2).map(Node::communication);
    let nodes: Vec<Node> =
        query.chain([Node::GLOBAL, Node::CONTROL]).chain(communication).collect();
    let mut system = System {
        alive: nodes.iter().map(|node| (*node, Process::new(*node, 0))).collect(),
        heard: BTreeMap::new(),
        ends: BTreeMap::new(),
        on_its_way: VecDeque::new(),
        lines: 0,
    };
    system.connect();
    system.users();
    system.lose(Node::query(1));
    system.alive.insert(Node::query(1), Process::new(Node::query(1), 1));
    system.connect();
    system.users();
    system.heard
}

impl System {
    fn note(&mut self, node: Node, happening: Happening) {
        self.heard.entry(node).or_default().push(happening);
    }

    fn connect(&mut self) {
        for node in self.alive.keys().copied().collect::<Vec<_>>() {
            for to in self.alive[&node].missing() {
                self.lines += 1;
                let line = self.lines;
                self.ends.insert(line, (node, to));
                self.note(to, Happening::Accepted(line));
                self.note(node, Happening::Dialed(line, to));
                let deeds = self.alive.get_mut(&to).unwrap().accepted(line);
                self.carry_out(to, deeds);
                let deeds = self.alive.get_mut(&node).unwrap().dialed(line, to);
                self.carry_out(node, deeds);
                self.settle();
            }
        }
    }

    fn users(&mut self) {
        let everybody = || (0..USERS).flat_map(|user| [(user, Wish::Publish), (user, Wish::Share)]);
        let asks = (0..12).map(|n| (n % USERS, Wish::Ask((n + 1) % USERS)));
        let come = (0..USERS).map(|user| (user, Wish::Come));
        for (user, wish) in come.chain(everybody()).chain([(0, Wish::Tell), (1, Wish::Tell)]) {
            self.wish(user, wish);
            self.settle();
        }
        // All of these at once.
        asks.for_each(|(user, wish)| self.wish(user, wish));
        self.settle();
    }

    fn wish(&mut self, user: u16, wish: Wish) {
        let server = Node::communication(0);
        self.note(server, Happening::User(user, wish));
        let deeds = self.alive.get_mut(&server).unwrap().wish(user, wish);
        self.carry_out(server, deeds);
    }

    fn lose(&mut self, node: Node) {
        self.alive.remove(&node);
        self.on_its_way.retain(|(to, ..)| *to != node);
        let of_it = |(from, to): &(Node, Node)| *from == node || *to == node;
        let (lost, left) = std::mem::take(&mut self.ends).into_iter().partition(|(_, e)| of_it(e));
        self.ends = left;
        let lost: BTreeMap<Line, (Node, Node)> = lost;
        for (line, (from, to)) in lost {
            let other = if from == node { to } else { from };
            self.note(other, Happening::Lost(line));
            let deeds = self.alive.get_mut(&other).unwrap().lost(line);
            self.carry_out(other, deeds);
        }
        self.settle();
    }

    fn carry_out(&mut self, node: Node, deeds: Vec<Deed>) {
        for deed in deeds {
            if let Deed::Say(line, frame) = deed
                && let Some((from, to)) = self.ends.get(&line)
            {
                let other = if *from == node { *to } else { *from };
                self.on_its_way.push_back((other, line, frame));
            }
        }
    }

    /// All that is said comes, and all that is said because of it. What comes to a process at the same time comes before it
    /// works, so that there are more tasks at once than it takes.
    fn settle(&mut self) {
        while let Some((node, ..)) = self.on_its_way.front() {
            let node = *node;
            let (now, later): (VecDeque<_>, _) =
                self.on_its_way.drain(..).partition(|(to, ..)| *to == node);
            self.on_its_way = later;
            for (_, line, frame) in now {
                let mut bytes = Vec::new();
                assert!(write(&frame, &mut bytes));
                self.note(node, Happening::Came(line, bytes));
                self.alive.get_mut(&node).unwrap().heard(line, frame);
            }
            self.note(node, Happening::Turn);
            let deeds = self.alive.get_mut(&node).unwrap().work();
            self.carry_out(node, deeds);
        }
    }
}
