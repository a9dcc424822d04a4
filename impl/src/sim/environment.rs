//! What surrounds the nodes in a run: time, latency, clocks, the disk, who works on what. The [`Driver`] of a
//! [`World`](crate::world::World) in virtual time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rand_chacha::ChaCha8Rng;
use spillway_traces::{Action, Node, Note, RequestId, Role};

use super::choices::Choosing;
use super::clocks::Clock;
use super::disk::Disk;
use super::draw::{Draw, Stream, generator};
use super::engine::Engine;
use super::links::{Flight, Links};
use super::marks::{Mark, Marks};
use super::mishaps::Mishap;
use super::swarm::{Latencies, Shape, Span, Swarm};
use super::timers::{Alarm, Timers};
use crate::config::Links as Network;
use crate::node::{Chooser, Never, Store, Timer};
use crate::wire::{Ask, Wire};
use crate::world::{Driver, Hand, Recorder};

/// By how much a node that is slow takes longer.
const SLOW_FACTOR: u64 = 10;

/// So many times as long as a message usually takes, a sync is a slow one.
const SLOW_SYNC: u64 = 20;

/// What may happen in a run.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// A message arrives: the oldest of its link.
    Arrive(Flight),
    /// A report of a query server's room arrives.
    Report { from: Node, to: Node, room: u32 },
    /// A timer may have run out.
    Timer(Alarm<(Node, Timer)>),
    /// A query server has done its work, unless the number is not that of what it works on.
    Worked { server: u16, number: u64 },
    /// The disk has done its work, unless the number is not that of what it does.
    Stored { number: u64 },
    /// A client has thought.
    Ask { client: u16 },
    /// A client has waited long enough.
    GiveUp { client: u16, request: RequestId },
    /// Something goes wrong, or is right again.
    Mishap(Mishap),
    /// The global server takes what was held back for it.
    TakeHeld,
    /// A node that has put something off is asked again.
    Turn { node: Node },
    /// It is time to see whether all has settled.
    Look,
}

impl From<Alarm<(Node, Timer)>> for Event {
    fn from(alarm: Alarm<(Node, Timer)>) -> Event {
        Event::Timer(alarm)
    }
}

/// Counts of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Counts {
    /// Events.
    pub events: u64,
    /// Steps of the protocol.
    pub steps: u64,
    /// Messages that arrived.
    pub delivered: u64,
    /// Requests that were issued.
    pub issued: u64,
    /// Requests that were answered or acknowledged.
    pub given: u64,
    /// Requests that were refused.
    pub refused: u64,
    /// Tasks that were handed over.
    pub offered: u64,
}

/// What the disk is doing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Storing {
    pub(super) until_us: u64,
    pub(super) number: u64,
    pub(super) done: bool,
}

/// What a run keeps of each node.
#[derive(Clone, Debug)]
pub(super) struct Body {
    pub(super) clock: Clock,
    pub(super) slow_until_us: u64,
    pub(super) stalled_until_us: u64,
    /// The number of the work that a query server does.
    pub(super) work: Option<u64>,
}

pub(super) struct Environment {
    pub(super) engine: Engine<Event>,
    pub(super) links: Links,
    pub(super) timers: Timers<(Node, Timer)>,
    /// The nodes in their order; a node's number is its place.
    pub(super) nodes: Vec<Node>,
    pub(super) bodies: Vec<Body>,
    pub(super) marks: Marks,
    pub(super) counts: Counts,
    pub(super) disk: Disk,
    pub(super) storing: Option<Storing>,
    /// What the global server takes once its disk is done: until then it takes no input.
    pub(super) held: VecDeque<Event>,
    /// What goes wrong then, or is right again.
    pub(super) put_off: Vec<Mishap>,
    /// Whether the global server begins nothing of itself: something is going on that gives it several inputs.
    pub(super) pausing: bool,
    /// What each client waits for.
    pub(super) waiting: Vec<BTreeSet<RequestId>>,
    pub(super) recorder: Option<Recorder>,
    /// The first node of each role among `nodes`.
    firsts: BTreeMap<Role, usize>,
    fifo: bool,
    latencies: Latencies,
    service: Span,
    hot_factor: u64,
    /// From what time on a sync is a slow one.
    slow_sync_us: u64,
    network: Draw,
    working: Draw,
    numbers: u64,
    pub(super) choosing: Choosing,
    never: Never,
    random: ChaCha8Rng,
    /// Where each server sent a request last.
    routed: BTreeMap<(Node, RequestId), Node>,
}

impl Environment {
    pub(super) fn new(swarm: &Swarm, records: bool) -> Environment {
        let config = &swarm.config;
        let all = |count: u16, node: fn(u16) -> Node| (0..count).map(node);
        let nodes: Vec<Node> = all(config.clients, Node::client)
            .chain(all(config.communication_servers, Node::communication))
            .chain(all(config.query_servers, Node::query))
            .chain([Node::GLOBAL])
            .chain(all(config.control_servers, Node::control))
            .collect();
        let mut draw = Draw::new(swarm.seed, Stream::Clocks);
        let body = |_: &Node| Body {
            clock: Clock::drawn(&mut draw, swarm.faults.skew_per_million),
            slow_until_us: 0,
            stalled_until_us: 0,
            work: None,
        };
        let bodies: Vec<Body> = nodes.iter().map(body).collect();
        let mut firsts = BTreeMap::new();
        for (at, node) in nodes.iter().enumerate() {
            firsts.entry(node.role).or_insert(at);
        }
        let mut marks = Marks::default();
        bodies.iter().filter(|body| body.clock.is_skewed()).for_each(|_| marks.hit(Mark::Skew));
        Environment {
            engine: Engine::new(),
            links: Links::new((nodes.len() * nodes.len()) as u32),
            timers: Timers::new(),
            waiting: vec![BTreeSet::new(); config.clients.into()],
            nodes,
            bodies,
            marks,
            counts: Counts::default(),
            disk: Disk::new(swarm.disk.clone(), Draw::new(swarm.seed, Stream::Disk)),
            storing: None,
            held: VecDeque::new(),
            put_off: Vec::new(),
            pausing: false,
            recorder: records.then(|| Recorder::new(config.clone().into())),
            firsts,
            fifo: config.knobs.links == Network::Fifo,
            latencies: swarm.latencies,
            service: swarm.service,
            hot_factor: swarm.hot_factor,
            slow_sync_us: (SLOW_SYNC * swarm.latencies.global.mean_us()).max(1),
            network: Draw::new(swarm.seed, Stream::Network),
            working: Draw::new(swarm.seed, Stream::Service),
            numbers: 0,
            choosing: Choosing::of(swarm),
            never: Never,
            random: generator(swarm.seed, Stream::Timers),
            routed: BTreeMap::new(),
        }
    }

    /// A node's number.
    fn number(&self, node: Node) -> usize {
        self.firsts[&node.role] + usize::from(node.index)
    }

    pub(super) fn body(&mut self, node: Node) -> &mut Body {
        let number = self.number(node);
        &mut self.bodies[number]
    }

    fn link(&self, from: Node, to: Node) -> u32 {
        (self.number(from) * self.nodes.len() + self.number(to)) as u32
    }

    /// Between whom a message is.
    pub(super) fn ends(&self, flight: Flight) -> (Node, Node) {
        let (link, nodes) = (flight.link as usize, self.nodes.len());
        (self.nodes[link / nodes], self.nodes[link % nodes])
    }

    /// Something is on its way from now on: it takes its time, and where order is kept it waits for what is before it.
    pub(super) fn send(&mut self, from: Node, to: Node) {
        let (now_us, latency_us) = (self.engine.now_us(), self.latency_us(from, to));
        let link = self.link(from, to);
        let (mut at_us, flight) = self.links.send(link, now_us, latency_us);
        if !self.fifo {
            at_us = now_us + latency_us;
        }
        self.engine.at(at_us, Event::Arrive(flight));
    }

    /// How long something takes that is sent now.
    fn latency_us(&mut self, from: Node, to: Node) -> u64 {
        let span = match from.role.min(to.role) {
            Role::Client => self.latencies.client,
            Role::Communication => self.latencies.query,
            _ if from.role.max(to.role) == Role::Global => self.latencies.global,
            _ => self.latencies.control,
        };
        let now_us = self.engine.now_us();
        let mut latency_us = span.draw(&mut self.network);
        if is_spike(span, latency_us) {
            self.marks.hit(Mark::Spike);
        }
        if self.body(to).slow_until_us > now_us {
            latency_us *= SLOW_FACTOR;
        }
        latency_us
    }

    pub(super) fn next_number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn mark_step(&mut self, action: &Action) {
        let mark = match *action {
            Action::Retry { .. } => Mark::Retry,
            Action::Offer { .. } => Mark::Offer,
            Action::Assign { .. } => Mark::Assign,
            Action::GiveBack { .. } => Mark::GiveBack,
            Action::PullBack { .. } => Mark::PullBack,
            Action::Resend { .. } => Mark::Resend,
            Action::Cancel { .. } => Mark::Cancel,
            Action::Move { .. } => Mark::Move,
            Action::Leave { .. } => Mark::Leave,
            Action::Lease { .. } => Mark::Lease,
            Action::Compact {} => Mark::Compact,
            Action::Flush {} => Mark::Flush,
            Action::Slow { .. } => Mark::Late,
            Action::Calm { .. } => Mark::Calm,
            Action::Reset { .. } => Mark::Reset,
            Action::Cut { .. } => Mark::Cut,
            Action::Heal { .. } => Mark::Heal,
            Action::Stop { .. } => Mark::Stop,
            Action::Restart { .. } => Mark::Restart,
            Action::Drop { .. } => Mark::Drop,
            Action::Duplicate { .. } => Mark::Duplicate,
            Action::Reorder { .. } => Mark::Reorder,
            Action::Crash { node } => match node.role {
                Role::Communication => Mark::CrashCommunication,
                Role::Query => Mark::CrashQuery,
                Role::Global => Mark::CrashGlobal,
                _ => Mark::CrashControl,
            },
            Action::Route { server, request, to } => {
                match self.routed.insert((server, request), to) {
                    Some(before) if before != to => Mark::Reroute,
                    _ => return,
                }
            }
            _ => return,
        };
        self.marks.hit(mark);
    }
}

/// Whether a time is one of the long ones of its span.
fn is_spike(span: Span, us: u64) -> bool {
    let usual_us = match span.shape {
        Shape::Constant { us } => us,
        Shape::Uniform { from_us, .. } => from_us,
        Shape::Exponential { .. } => 0,
    };
    span.spikes_per_million > 0 && us >= usual_us + span.spike_us
}

impl Driver for Environment {
    fn hand(&mut self, node: Node) -> Hand<'_> {
        let now_us = self.engine.now_us();
        let now_us = self.body(node).clock.shows_us(now_us);
        let chooser: &mut dyn Chooser = match self.pausing && node == Node::GLOBAL {
            true => &mut self.never,
            false => self.choosing.of_node(node),
        };
        Hand { now_us, chooser, random: &mut self.random }
    }

    fn step(&mut self, action: Action) {
        self.counts.steps += 1;
        self.counts.offered += u64::from(matches!(action, Action::Offer { .. }));
        self.mark_step(&action);
        if let Some(recorder) = &mut self.recorder {
            recorder.step(action);
        }
    }

    fn took(&mut self, _from: Node, _to: Node, message: &Wire) {
        self.counts.delivered += 1;
        if let Some(recorder) = &mut self.recorder {
            recorder.took(message);
        }
    }

    fn sent(&mut self, from: Node, to: Node, message: &Wire) {
        let mark = match message {
            Wire::Reject { .. } => Some(Mark::Reject),
            Wire::Return { .. } => Some(Mark::Return),
            Wire::Finish { .. } => Some(Mark::Finish),
            Wire::Withdraw { .. } => Some(Mark::Withdraw),
            Wire::Snapshot { .. } => Some(Mark::Snapshot),
            Wire::Update { entries } if entries.len() > 1 => Some(Mark::Batch),
            Wire::Reply { info: Some(_), .. } => Some(Mark::Shown),
            _ => None,
        };
        if let Some(mark) = mark {
            self.marks.hit(mark);
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.sent(from, to, message);
        }
        self.send(from, to);
    }

    fn lost(&mut self, from: Node, to: Node, message: &Wire) {
        self.marks.hit(Mark::Lost);
        if let Some(recorder) = &mut self.recorder {
            recorder.lost(from, to, message);
        }
    }

    fn emptied(&mut self, from: Node, to: Node) {
        let link = self.link(from, to);
        self.links.reset(link);
    }

    fn note(&mut self, node: Node, note: Note) {
        let settled = match note {
            Note::Given { request, .. } => {
                self.counts.given += 1;
                Some(request)
            }
            Note::Refused { request } => {
                self.counts.refused += 1;
                self.marks.hit(Mark::Refused);
                Some(request)
            }
            Note::Dropped => {
                self.marks.hit(Mark::Dropped);
                None
            }
            _ => None,
        };
        if let Some(request) = settled {
            self.waiting[usize::from(node.index)].remove(&request);
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.note(note);
        }
    }

    fn begun(&mut self, node: Node) {
        let (first, last) = (Timer::Retry(RequestId(0)), Timer::Report);
        self.timers.disarm_range((node, first)..=(node, last));
        self.body(node).work = None;
        if node == Node::GLOBAL {
            self.storing = None;
        }
        self.routed.retain(|(server, _), _| *server != node);
    }

    fn arm(&mut self, node: Node, timer: Timer, after_us: u64) {
        let wait_us = self.body(node).clock.wait_us(after_us);
        let due_us = self.engine.now_us().saturating_add(wait_us);
        self.timers.arm(&mut self.engine, (node, timer), due_us);
    }

    fn disarm(&mut self, node: Node, timer: Timer) {
        self.timers.disarm((node, timer));
    }

    fn work(&mut self, server: Node, _ask: &Ask) {
        let mut lasts_us = self.service.draw(&mut self.working);
        if server.index == 0 {
            lasts_us *= self.hot_factor;
        }
        let (number, now_us) = (self.next_number(), self.engine.now_us());
        let body = self.body(server);
        if body.slow_until_us > now_us {
            lasts_us *= SLOW_FACTOR;
        }
        body.work = Some(number);
        self.engine.after(lasts_us, Event::Worked { server: server.index, number });
    }

    fn report(&mut self, from: Node, to: Node, room: u32) {
        let wait_us = self.latency_us(from, to);
        self.engine.after(wait_us, Event::Report { from, to, room });
    }

    fn store(&mut self, _store: &Store) {
        let doing = self.disk.begin(&mut self.marks);
        if doing.lasts_us >= self.slow_sync_us {
            self.marks.hit(Mark::SlowSync);
        }
        let number = self.next_number();
        let until_us = self.engine.now_us() + doing.lasts_us;
        self.storing = Some(Storing { until_us, number, done: doing.done });
        self.engine.at(until_us, Event::Stored { number });
    }
}
