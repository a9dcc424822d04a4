//! The query server C: a replica that answers queries, and a bounded queue of which the redundant tasks are handed over.
//!
//! `tasks` are the tasks of the queue, `queue` what enters it and is served from it, `hand_over` what leaves it and comes back, `leader` who is
//! offered to, `replica` what G feeds and who sees it, `relay` the publishes on their way, `report` what it says of its
//! room, `timers` the rest.

mod hand_over;
mod leader;
mod queue;
mod relay;
mod replica;
mod report;
mod tasks;
mod timers;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use spillway_traces::{Action, HandOver, Node, Note, RequestId, Role, Sessions};

use crate::bug::Bug;
use crate::config::{Class, Config, Unit};
use crate::node::{Candidate, Context, Input, Output};
use crate::nodes::aside::{Aside, Running};
use crate::nodes::askers;
use crate::profile::Record;
use crate::wire::{Ask, Asked, Wire};

pub use tasks::Tasks;

/// What a refusal for want of room says about when to ask again.
pub const BUSY_RETRY_AFTER_US: u64 = 100_000;

/// A query server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Query {
    /// What the operator set.
    pub config: Arc<Config>,
    /// Its index among the query servers.
    pub index: u16,
    /// How often it has started again. It alone survives a crash.
    pub incarnation: u32,
    /// How many hand-overs it has named in this incarnation; the first is 1.
    pub sequence: u32,
    /// *Standby*: the highest epoch that it has heard of.
    pub epoch: u32,
    /// *Delay*: whether it is late.
    pub late: bool,
    /// The revision up to which the replica is complete.
    pub applied: u32,
    /// The replica, by user.
    pub replica: BTreeMap<u16, Held>,
    /// The queue, in order of arrival.
    pub queue: Tasks,
    /// What is handed over.
    pub handed: BTreeMap<RequestId, Handed>,
    /// Publishes on their way to G.
    pub relayed: BTreeMap<RequestId, Relayed>,
    /// Control servers that the connection to is lost.
    pub lost: BTreeSet<Node>,
    /// Control servers that nothing is heard from, or that hear nothing, while the connection stands.
    pub unreachable: BTreeSet<Node>,
    /// The timers that run.
    pub running: Aside<Running>,
    /// When the timer of the delay runs out, if it runs.
    pub delay_due_us: Aside<Option<u64>>,
    /// What it reported last, and to whom.
    pub reported: Aside<Option<(Node, u32)>>,
}

/// What the replica holds of a user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Held {
    /// The version of the record.
    pub version: u32,
    /// The record; one without information is a deletion, or only a rule or contacts so far.
    pub record: Arc<Record>,
}

/// A task of the queue.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Task {
    /// The query and its token.
    pub asked: Asked,
    /// Whether it is worked on.
    pub running: bool,
    /// Whether it came back, so that it is never offered again.
    pub refused: bool,
    /// The communication servers that asked for it here.
    pub asked_here: Sessions,
    /// What makes it a task of another query server; none if it is local.
    pub foreign: Option<Foreign>,
    /// *Ageing*: how often it was overtaken; 0 while the feature is off.
    pub overtaken: u32,
    /// When it was queued, by the clock of this server.
    pub arrived_us: Aside<u64>,
}

/// What a foreign task has beside.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Foreign {
    /// The newest hand-over of its source that it goes by.
    pub hand_over: HandOver,
    /// The communication servers that asked for it at the source.
    pub asked_there: Sessions,
}

/// A task that is handed over.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Handed {
    /// The query and its token.
    pub asked: Asked,
    /// The name of the hand-over.
    pub hand_over: HandOver,
    /// The communication servers to be told.
    pub askers: Sessions,
    /// Whether it was asked for again since.
    pub again: bool,
}

/// A publish on its way to G.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Relayed {
    /// The publish.
    pub ask: Ask,
    /// The communication servers to be told.
    pub askers: Sessions,
}

impl Query {
    /// A query server that starts: for the first time in incarnation 0, after each crash in the next one.
    pub fn new(config: Arc<Config>, index: u16, incarnation: u32) -> Query {
        let incarnation = if config.has(Bug::IncarnationReused) { 0 } else { incarnation };
        Query {
            config,
            index,
            incarnation,
            sequence: 0,
            epoch: 0,
            late: false,
            applied: 0,
            replica: BTreeMap::new(),
            queue: Tasks::default(),
            handed: BTreeMap::new(),
            relayed: BTreeMap::new(),
            lost: BTreeSet::new(),
            unreachable: BTreeSet::new(),
            running: Aside::default(),
            delay_due_us: Aside(None),
            reported: Aside(None),
        }
    }

    /// Its name.
    pub fn node(&self) -> Node {
        Node::query(self.index)
    }

    /// Takes one input, and then does of itself what the chooser chooses.
    pub fn handle(&mut self, input: Input, context: &mut Context<'_>) {
        let is_half = input.is_half();
        self.take(input, context);
        while !is_half && !context.chooser.declines() {
            let candidates = self.candidates(context.now_us);
            let Some(place) = context.chooser.choose(&candidates) else { break };
            let Some(candidate) = candidates.get(place) else { break };
            self.perform(candidate.action, context);
        }
        self.arm_timers(context);
        self.report(context);
        self.check();
    }

    /// Every step that the server may do next of itself. Where several are due, the first to be done comes first: a task
    /// that can be started here is not handed over.
    pub fn candidates(&self, now_us: u64) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        self.delay_candidates(now_us, &mut candidates);
        self.queue_candidates(&mut candidates);
        self.hand_over_candidates(&mut candidates);
        self.resend_candidates(&mut candidates);
        candidates
    }

    fn take(&mut self, input: Input, context: &mut Context<'_>) {
        match input {
            Input::Message { from, message } => self.receive(from, message, context),
            Input::Lost { peer } => self.connection_lost(peer),
            Input::Made { peer } => self.connection_made(peer, context),
            Input::Reachable { peer, reachable } => self.reachable(peer, reachable),
            Input::Timer(timer) => self.ran_out(timer, context),
            Input::Worked => {
                // The work may be for a task that is gone: a crash of the driver's worker is no concern of the queue.
                if let Some(request) = self.working_on() {
                    self.perform(Action::Serve { server: self.node(), request }, context);
                }
            }
            Input::Turn
            | Input::Closed { .. }
            | Input::Command(_)
            | Input::Stored { .. }
            | Input::Report { .. }
            | Input::Lease { .. } => {}
        }
    }

    /// One message; one that is in no row of the table is ignored.
    fn receive(&mut self, from: Node, message: Wire, context: &mut Context<'_>) {
        self.heard_from(from);
        match message {
            Wire::Query(asked) => self.query(from, asked, context),
            Wire::Publish(ask) => self.publish(from, ask, context),
            Wire::Cancel { request } => self.cancel(from, request, context),
            Wire::Published { request, revision } => self.published(request, revision, context),
            Wire::Update { entries } => self.update(from, entries, context),
            Wire::Snapshot { revision, entries } => self.snapshot(revision, entries, context),
            Wire::Lead { epoch } => self.lead(epoch, context),
            Wire::Assign { asked, hand_over, askers, epoch } => {
                if self.heed(epoch, context) {
                    self.assign(from, asked, Foreign { hand_over, asked_there: askers }, context);
                }
            }
            Wire::Finish { request, hand_over, epoch } => {
                if self.heed(epoch, context) {
                    self.finish(request, hand_over, context);
                }
            }
            Wire::Return { request, hand_over, epoch } => {
                if self.heed(epoch, context) {
                    self.returned(request, hand_over, context);
                }
            }
            Wire::Withdraw { request, hand_over } => self.withdraw(request, hand_over, context),
            _ => debug_assert!(false, "{from} sent {message:?} to {}", self.node()),
        }
    }

    /// Does a step that is legal.
    fn perform(&mut self, action: Action, context: &mut Context<'_>) {
        context.out.push(Output::Step(action));
        match action {
            Action::Start { request, .. } => self.start(request, context),
            Action::Serve { request, .. } => self.serve(request, context),
            Action::Offer { request, .. } => self.offer(request, context),
            Action::PullBack { request, .. } => self.pull_back(request, context),
            Action::Resend { to, .. } => self.resend(to, context),
            Action::Slow { .. } => self.late = true,
            Action::Calm { .. } => self.late = false,
            _ => debug_assert!(false, "{action:?} is no step of a query server"),
        }
    }

    fn connection_lost(&mut self, peer: Node) {
        if peer.role == Role::Control {
            self.lost.insert(peer);
        }
    }

    fn connection_made(&mut self, peer: Node, context: &mut Context<'_>) {
        match peer.role {
            Role::Control => self.control_made(peer, context),
            Role::Global => self.global_made(context),
            _ => {}
        }
    }

    fn reachable(&mut self, peer: Node, reachable: bool) {
        if peer.role != Role::Control {
            return;
        }
        match reachable {
            true => self.unreachable.remove(&peer),
            false => self.unreachable.insert(peer),
        };
    }

    /// Every bound, and that no request is in two tables: checked after each input while assertions are on.
    fn check(&self) {
        let knobs = &self.config.knobs;
        debug_assert!(self.queue.len() + self.handed.len() <= knobs.queue_max as usize);
        debug_assert!(self.relayed.len() <= knobs.relay_max as usize);
        self.queue.check(knobs.overtaken_max);
        debug_assert!(self.queue.iter().all(|task| !self.handed.contains_key(&task.request())));
        debug_assert!(!self.late || knobs.unit == Unit::Delay);
    }
}

impl Task {
    /// The task's request.
    pub fn request(&self) -> RequestId {
        self.asked.ask.request
    }

    /// Its class.
    pub fn class(&self) -> Class {
        queue::class(&self.asked.ask)
    }

    /// Whether a replica that is complete up to this revision is new enough for it.
    pub fn is_ready(&self, applied: u32) -> bool {
        applied >= self.asked.token
    }

    /// Everybody who is to be answered.
    pub fn askers(&self) -> Sessions {
        match &self.foreign {
            None => self.asked_here,
            Some(foreign) => askers::union(self.asked_here, foreign.asked_there),
        }
    }
}

fn send(context: &mut Context<'_>, to: Node, message: Wire) {
    context.out.push(Output::Send { to, message });
}

fn dropped(context: &mut Context<'_>) {
    context.out.push(Output::Note(Note::Dropped));
}

/// Tells each asker that there was no room.
fn refuse(askers: Sessions, request: RequestId, context: &mut Context<'_>) {
    for asker in askers.nodes() {
        send(context, asker, Wire::Busy { request, retry_after_us: BUSY_RETRY_AFTER_US });
    }
}
