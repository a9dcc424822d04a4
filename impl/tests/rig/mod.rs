//! What the tests of single nodes share: a node under one's hand, and what it does as one line of text.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)] // each test uses a part

use std::sync::Arc;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use spillway_impl::bug::Bug;
use spillway_impl::config::{Class, Config, Knobs, Timers};
use spillway_impl::node::{
    Change, Chooser, Command, Context, Force, Input, Never, Output, Refused, Store, Timer,
};
use spillway_impl::nodes::client::Client;
use spillway_impl::nodes::communication::Communication;
use spillway_impl::nodes::control::Control;
use spillway_impl::nodes::global::Global;
use spillway_impl::nodes::query::Query;
use spillway_impl::profile::{Info, Profile, Record, Rule};
use spillway_impl::wire::{Ask, Asked, Body, Entry, Wire};
use spillway_traces::{Action, HandOver, Node, RequestId, Sessions};

pub use Class::{Bulk, Interactive, Normal};

/// The bounds are small, so that tests reach them.
pub fn config() -> Config {
    Config {
        clients: 4,
        communication_servers: 2,
        query_servers: 3,
        control_servers: 1,
        knobs: Knobs {
            threshold: vec![1, 1, 1],
            unit: Default::default(),
            queue_max: 4,
            rooms: Vec::new(),
            pending_max: 4,
            relay_max: 2,
            ledger_max: 3,
            ledger_rooms: Vec::new(),
            window_max: 4,
            routing: Default::default(),
            returned: Default::default(),
            give_back: false,
            links: Default::default(),
            strategy: Default::default(),
            binding: Default::default(),
            weights: vec![1, 1, 1],
            accepts: vec![vec![Interactive, Normal, Bulk]; 3],
            overtaken_max: 0,
            disk: Default::default(),
            sharing: Rule::Everyone,
            sessions: true,
            sync_batch_max: 1,
            compact_after: 0,
        },
        timers: Timers::default(),
        bug: None,
    }
}

/// The small configuration with something changed.
pub fn with(change: impl FnOnce(&mut Config)) -> Config {
    let mut config = config();
    change(&mut config);
    config
}

/// The small configuration with a seeded bug.
pub fn buggy(bug: Bug) -> Config {
    with(|config| config.bug = Some(bug))
}

pub fn a(index: u16) -> Node {
    Node::client(index)
}

pub fn b(index: u16) -> Node {
    Node::communication(index)
}

pub fn c(index: u16) -> Node {
    Node::query(index)
}

pub fn k(index: u16) -> Node {
    Node::control(index)
}

pub const G: Node = Node::GLOBAL;

/// The hand-over of a query server that has not crashed.
pub fn id(source: u16, sequence: u32) -> HandOver {
    HandOver { source: c(source), incarnation: 0, sequence }
}

/// A set of communication servers by their bits.
pub fn askers(bits: u32) -> Sessions {
    Sessions::from_bits(bits)
}

/// Client 0 asks about user 1.
pub fn asked(request: u32, class: Class, token: u32) -> Asked {
    let body = Body::Query { user: 1, class, search: None };
    Asked { ask: Ask { request: RequestId::of(request), client: 0, home: 0, body }, token }
}

pub fn query(request: u32, class: Class) -> Wire {
    Wire::Query(asked(request, class, 0))
}

pub fn publish(request: u32) -> Wire {
    let body = Body::Publish { version: 1, record: Arc::default() };
    Wire::Publish(Ask { request: RequestId::of(request), client: 1, home: 0, body })
}

pub fn offer(request: u32, class: Class, hand_over: HandOver) -> Wire {
    Wire::Offer { asked: asked(request, class, 0), hand_over, askers: askers(1) }
}

pub fn assign(request: u32, hand_over: HandOver) -> Wire {
    Wire::Assign { asked: asked(request, Normal, 0), hand_over, askers: askers(1), epoch: 0 }
}

pub fn finish(request: u32, hand_over: HandOver) -> Wire {
    Wire::Finish { request: RequestId::of(request), hand_over, epoch: 0 }
}

pub fn returned(request: u32, hand_over: HandOver) -> Wire {
    Wire::Return { request: RequestId::of(request), hand_over, epoch: 0 }
}

pub fn reject(request: u32, hand_over: HandOver) -> Wire {
    Wire::Reject { request: RequestId::of(request), hand_over }
}

pub fn accept(request: u32, hand_over: HandOver) -> Wire {
    Wire::Accept { request: RequestId::of(request), hand_over }
}

pub fn done(request: u32, hand_over: HandOver) -> Wire {
    Wire::Done { request: RequestId::of(request), hand_over }
}

pub fn withdraw(request: u32, hand_over: HandOver) -> Wire {
    Wire::Withdraw { request: RequestId::of(request), hand_over }
}

pub fn cancel(request: u32) -> Wire {
    Wire::Cancel { request: RequestId::of(request) }
}

/// A client asks about user 1.
pub fn ask(request: u32, client: u16, home: u16) -> Wire {
    let body = Body::Query { user: 1, class: Normal, search: None };
    Wire::Request(Asked {
        ask: Ask { request: RequestId::of(request), client, home, body },
        token: 5,
    })
}

/// A client publishes its version 3.
pub fn change(request: u32, client: u16, home: u16) -> Wire {
    let body = Body::Publish { version: 3, record: Arc::default() };
    Wire::Request(Asked {
        ask: Ask { request: RequestId::of(request), client, home, body },
        token: 5,
    })
}

pub fn reply(request: u32, revision: u32) -> Wire {
    Wire::Reply { request: RequestId::of(request), revision, version: 0, info: None, found: None }
}

pub fn busy(request: u32) -> Wire {
    Wire::Busy { request: RequestId::of(request), retry_after_us: 1 }
}

pub fn published(request: u32, revision: u32) -> Wire {
    Wire::Published { request: RequestId::of(request), revision }
}

/// A record of information that version `info` published, if any.
pub fn record(info: Option<u32>, rule: Rule, contacts: &[u16]) -> Arc<Record> {
    let info = info.map(|version| Arc::new(Info { version, profile: Profile::default() }));
    Arc::new(Record { info, rule, contacts: contacts.iter().copied().collect() })
}

/// What user 1 published as this version, and G stored as this revision.
pub fn entry(revision: u32, version: u32) -> Entry {
    Entry { revision, user: 1, version, record: record(Some(version), Rule::Everyone, &[]) }
}

pub fn update(entries: Vec<Entry>) -> Wire {
    Wire::Update { entries }
}

/// A node, whichever.
pub trait Handles {
    fn handle(&mut self, input: Input, context: &mut Context<'_>);
    fn node(&self) -> Node;
}

impl Handles for Query {
    fn handle(&mut self, input: Input, context: &mut Context<'_>) {
        Query::handle(self, input, context);
    }
    fn node(&self) -> Node {
        Query::node(self)
    }
}

impl Handles for Control {
    fn handle(&mut self, input: Input, context: &mut Context<'_>) {
        Control::handle(self, input, context);
    }
    fn node(&self) -> Node {
        Control::node(self)
    }
}

impl Handles for Client {
    fn handle(&mut self, input: Input, context: &mut Context<'_>) {
        Client::handle(self, input, context);
    }
    fn node(&self) -> Node {
        Client::node(self)
    }
}

impl Handles for Communication {
    fn handle(&mut self, input: Input, context: &mut Context<'_>) {
        Communication::handle(self, input, context);
    }
    fn node(&self) -> Node {
        Communication::node(self)
    }
}

impl Handles for Global {
    fn handle(&mut self, input: Input, context: &mut Context<'_>) {
        Global::handle(self, input, context);
    }
    fn node(&self) -> Node {
        Global::node(self)
    }
}

/// A node under one's hand.
pub struct Rig<N> {
    pub node: N,
    pub now_us: u64,
    pub random: ChaCha8Rng,
    /// What it did last, in full.
    pub out: Vec<Output>,
}

/// The query server C0.
pub fn query_server(config: Config) -> Rig<Query> {
    rig(Query::new(Arc::new(config), 0, 0))
}

/// The control server K.
pub fn control_server(config: Config) -> Rig<Control> {
    rig(Control::new(Arc::new(config), 0, 0))
}

/// The client A1, with its session at B0.
pub fn client(config: Config) -> Rig<Client> {
    rig(Client::new(Arc::new(config), 1, 0))
}

/// The communication server B0.
pub fn communication_server(config: Config) -> Rig<Communication> {
    rig(Communication::new(Arc::new(config), 0))
}

/// The global server at the start.
pub fn global_server(config: Config) -> Rig<Global> {
    rig(Global::new(Arc::new(config), &[]).unwrap())
}

pub fn rig<N>(node: N) -> Rig<N> {
    Rig { node, now_us: 0, random: ChaCha8Rng::seed_from_u64(0), out: Vec::new() }
}

impl<N: Handles> Rig<N> {
    /// What the node does on this input, asked of this chooser.
    pub fn run(&mut self, input: Input, chooser: &mut dyn Chooser) -> String {
        self.out.clear();
        let (now_us, random) = (self.now_us, &mut self.random);
        let mut context = Context { now_us, chooser, random, out: &mut self.out };
        self.node.handle(input, &mut context);
        self.out.iter().filter_map(told).collect::<Vec<String>>().join("; ")
    }

    /// What the node does on this input alone.
    pub fn on(&mut self, input: Input) -> String {
        self.run(input, &mut Never)
    }

    /// What the node does on this message.
    pub fn gets(&mut self, from: Node, message: Wire) -> String {
        self.on(Input::Message { from, message })
    }

    /// What the node does when it takes this step; `illegal` if it may not.
    pub fn step(&mut self, action: Action) -> String {
        let mut force = Force::new(action);
        let text = self.run(Input::Turn, &mut force);
        if force.was_done() { text } else { "illegal".to_owned() }
    }

    pub fn start(&mut self, request: u32) -> String {
        self.step(Action::Start { server: self.node.node(), request: RequestId::of(request) })
    }

    pub fn serve(&mut self, request: u32) -> String {
        self.step(Action::Serve { server: self.node.node(), request: RequestId::of(request) })
    }

    pub fn offer(&mut self, request: u32) -> String {
        self.step(Action::Offer { server: self.node.node(), request: RequestId::of(request) })
    }

    pub fn assign(&mut self, source: u16, request: u32, to: u16) -> String {
        let (source, request, to) = (c(source), RequestId::of(request), c(to));
        self.step(Action::Assign { source, request, to, by: self.node.node() })
    }

    pub fn give_back(&mut self, source: u16, request: u32) -> String {
        let (source, request) = (c(source), RequestId::of(request));
        self.step(Action::GiveBack { source, request, by: self.node.node() })
    }

    pub fn reset(&mut self, peer: Node) -> String {
        let lost = self.on(Input::Lost { peer });
        let made = self.on(Input::Made { peer });
        [lost, made].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("; ")
    }
}

impl Rig<Client> {
    /// The user asks about user 2.
    pub fn asks(&mut self, request: u32) -> String {
        let request = RequestId::of(request);
        let command = Command::Query { request, user: 2, class: Normal, search: None, home: 0 };
        self.on(Input::Command(command))
    }

    /// The user changes its own record.
    pub fn changes(&mut self, request: u32, change: Change) -> String {
        let request = RequestId::of(request);
        self.on(Input::Command(Command::Change { request, change, home: 0 }))
    }
}

impl Rig<Global> {
    /// A query server publishes a version of a user's record, which has information if `info`.
    pub fn publish(
        &mut self,
        from: u16,
        request: u32,
        user: u16,
        version: u32,
        info: bool,
    ) -> String {
        let record = record(info.then_some(version), Rule::Everyone, &[]);
        let body = Body::Publish { version, record };
        let ask = Ask { request: RequestId::of(request), client: user, home: 0, body };
        self.gets(c(from), Wire::Publish(ask))
    }

    pub fn sync(&mut self, server: u16) -> String {
        self.step(Action::Sync { server: c(server) })
    }

    /// Takes a step of the disk, which does what it is asked for.
    pub fn stores(&mut self, action: Action) -> String {
        let asked = self.step(action);
        let told = self.on(Input::Stored { done: true });
        [asked, told].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("; ")
    }
}

impl Rig<Query> {
    /// The requests of its queue, in order.
    pub fn queued(&self) -> Vec<u32> {
        self.node.queue.iter().map(|task| task.request().number()).collect()
    }
}

/// An output in words; none for those that only steer a driver.
fn told(output: &Output) -> Option<String> {
    match output {
        Output::Step(_) | Output::Work(_) => None,
        Output::Arm { timer, after_us } => Some(format!("arm {} {after_us}", timer_name(timer))),
        Output::Disarm(timer) => Some(format!("disarm {}", timer_name(timer))),
        Output::Note(note) => Some(format!("{note:?}").to_lowercase())
            .map(|text| text.replace("queued { request: ", "queued ").replace(" }", "")),
        Output::Send { to, message } => Some(format!("{to} {}", message_text(message))),
        Output::Report { to, room } => Some(format!("{to} report {room}")),
        Output::Reply { request, reply: Err(Refused::NotAsked) } => {
            Some(format!("user: {request} not asked"))
        }
        Output::Reply { request, reply: Err(Refused::Busy { retry_after_us }) } => {
            Some(format!("user: {request} busy, again after {retry_after_us}us"))
        }
        Output::Reply { request, reply: Ok(shown) } => {
            let (version, revision) = (shown.version, shown.revision);
            Some(format!("user: {request} v{version} at {revision}"))
        }
        Output::Store(Store::Append(_)) => Some("append".to_owned()),
        Output::Store(Store::Replace(_)) => Some("replace".to_owned()),
    }
}

fn timer_name(timer: &Timer) -> String {
    match timer {
        Timer::Resend(node) => format!("resend {node}"),
        Timer::PullBack(request) => format!("pull-back {request}"),
        other => format!("{other:?}").to_lowercase(),
    }
}

fn message_text(message: &Wire) -> String {
    let epoch_text = |epoch: u32| if epoch > 0 { format!(" epoch {epoch}") } else { String::new() };
    match message {
        Wire::Busy { request, .. } => format!("Busy {request}"),
        Wire::Request(asked) => request_text("Request", asked),
        Wire::Query(asked) => request_text("Query", asked),
        Wire::Reply { request, revision, version, .. } => {
            format!("Reply {request} v{version} at {revision}")
        }
        Wire::Update { entries } => format!("Update {}", entries_text(entries)),
        Wire::Snapshot { revision, entries } => {
            format!("Snapshot {revision} {}", entries_text(entries))
        }
        Wire::Cancel { request } => format!("Cancel {request}"),
        Wire::Answer { request, revision, info, .. } => {
            let version = info.as_ref().map_or(0, |info| info.version);
            format!("Answer {request} v{version} at {revision}")
        }
        Wire::Publish(ask) => format!("Publish {}", ask.request),
        Wire::Published { request, revision } => format!("Published {request} at {revision}"),
        Wire::Hello { applied } => format!("Hello {applied}"),
        Wire::Offer { asked, hand_over, askers } => {
            format!("Offer {} as {hand_over} for {askers}", asked.ask.request)
        }
        Wire::Assign { asked, hand_over, askers, epoch } => {
            let request = asked.ask.request;
            format!("Assign {request} as {hand_over} for {askers}{}", epoch_text(*epoch))
        }
        Wire::Accept { request, hand_over } => format!("Accept {request} as {hand_over}"),
        Wire::Reject { request, hand_over } => format!("Reject {request} as {hand_over}"),
        Wire::Done { request, hand_over } => format!("Done {request} as {hand_over}"),
        Wire::Finish { request, hand_over, epoch } => {
            format!("Finish {request} as {hand_over}{}", epoch_text(*epoch))
        }
        Wire::Return { request, hand_over, epoch } => {
            format!("Return {request} as {hand_over}{}", epoch_text(*epoch))
        }
        Wire::Withdraw { request, hand_over } => format!("Withdraw {request} as {hand_over}"),
        Wire::Lead { epoch } => format!("Lead {epoch}"),
    }
}

fn request_text(name: &str, asked: &Asked) -> String {
    let made = match &asked.ask.body {
        Body::Publish { version, .. } => format!(" v{version}"),
        Body::Query { .. } => String::new(),
    };
    format!("{name} {}{made} token {}", asked.ask.request, asked.token)
}

fn entries_text(entries: &[Entry]) -> String {
    let text = |entry: &Entry| {
        let Entry { revision, user, version, record } = entry;
        format!("{revision}:u{user}v{version}{}", if record.info.is_none() { "-" } else { "" })
    };
    entries.iter().map(text).collect::<Vec<_>>().join(" ")
}
