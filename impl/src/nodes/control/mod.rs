//! The control server K: the ledger of what is handed over, and who takes it.
//!
//! `ledger` is what sources and receivers tell, `eligible` who may take a task, `rooms` who has room for one, `lease` who
//! leads, `timers` what is sent again on datagram links.

mod eligible;
mod lease;
mod ledger;
mod rooms;
mod timers;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use spillway_traces::{Action, HandOver, Node, Note, RequestId, Role, Sessions};

use crate::config::{Config, Strategy};
use crate::node::{Candidate, Context, Input, Output};
use crate::nodes::aside::{Aside, Running};
use crate::wire::{Asked, Wire};
use rooms::Rooms;

/// A control server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Control {
    /// What the operator set.
    pub config: Arc<Config>,
    /// Its index among the control servers.
    pub index: u16,
    /// *Standby*: the highest epoch that it knows of.
    pub epoch: u32,
    /// What is handed over, by the index of the source and the request.
    pub ledger: BTreeMap<(u16, RequestId), Entry>,
    /// `round-robin`: the query server that it assigned to last; none in every other strategy.
    pub last: Option<u16>,
    /// Query servers that are down: the connection to them is lost, and nothing says that they are back.
    pub lost: BTreeSet<u16>,
    /// A connection was lost just now, and no connection made since: what has no eligible server left goes back unless
    /// the very next input makes it anew, which is a reset.
    pub returns_due: bool,
    /// The timers that run.
    pub running: Aside<Running>,
    /// What it knows of the room of query servers.
    pub rooms: Aside<Rooms>,
    /// How many offers it has taken, so that entries are assigned in the order of their arrival.
    pub taken: Aside<u64>,
}

/// A hand-over that the ledger holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The query and its token.
    pub asked: Asked,
    /// The name of the hand-over.
    pub hand_over: HandOver,
    /// The communication servers that asked at the source.
    pub askers: Sessions,
    /// The query server that it is assigned to.
    pub assigned: Option<u16>,
    /// The query servers that have refused it.
    pub refused: BTreeSet<u16>,
    /// Its number among the offers that were taken.
    pub number: Aside<u64>,
}

impl Control {
    /// A control server that starts, or starts again, while the lease is of this epoch.
    pub fn new(config: Arc<Config>, index: u16, epoch: u32) -> Control {
        Control {
            config,
            index,
            epoch,
            ledger: BTreeMap::new(),
            last: None,
            lost: BTreeSet::new(),
            returns_due: false,
            running: Aside::default(),
            rooms: Aside::default(),
            taken: Aside(0),
        }
    }

    /// Its name.
    pub fn node(&self) -> Node {
        Node::control(self.index)
    }

    /// Takes one input, and then does of itself what the chooser chooses.
    ///
    /// A connection that is lost and made anew by the very next input was reset, and nobody counts as down. After a loss
    /// that lasts, the driver gives [`Input::Turn`] at once, so that what nobody can take any more goes back.
    pub fn handle(&mut self, input: Input, context: &mut Context<'_>) {
        let is_half = input.is_half();
        self.after_loss(&input, context);
        self.take(input, context);
        while !is_half && !context.chooser.declines() {
            if context.chooser.only_due() && !self.may_assign(context.now_us) {
                break; // a full ledger is long, and is looked through only for somebody who has room
            }
            let candidates = self.candidates(context.now_us);
            let Some(place) = context.chooser.choose(&candidates) else { break };
            let Some(candidate) = candidates.get(place) else { break };
            self.perform(candidate.action, context);
        }
        self.arm_timers(context);
        self.check();
    }

    /// Every step that the server may do next of itself.
    pub fn candidates(&self, now_us: u64) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        self.assign_candidates(now_us, &mut candidates);
        self.give_back_candidates(now_us, &mut candidates);
        self.resend_candidates(&mut candidates);
        candidates
    }

    fn take(&mut self, input: Input, context: &mut Context<'_>) {
        match input {
            Input::Message { from, message } => self.receive(from, message, context),
            Input::Lost { peer } => self.connection_lost(peer),
            Input::Made { peer } => self.connection_made(peer, context),
            Input::Reachable { peer, .. } => self.is_up(peer),
            Input::Timer(timer) => self.ran_out(timer, context),
            Input::Lease { epoch } => self.lease(epoch, context),
            Input::Report { from, room } => self.rooms.0.reported(from.index, room, context.now_us),
            Input::Turn
            | Input::Closed { .. }
            | Input::Command(_)
            | Input::Worked
            | Input::Stored { .. } => {}
        }
    }

    /// One message; one that is in no row of the table is ignored.
    fn receive(&mut self, from: Node, message: Wire, context: &mut Context<'_>) {
        self.heard_from(from);
        match message {
            Wire::Offer { asked, hand_over, askers } => {
                self.offer(asked, hand_over, askers, context);
            }
            Wire::Accept { request, hand_over } => {
                self.rooms.0.taken_on(from.index);
                self.accept(request, hand_over);
            }
            Wire::Reject { request, hand_over } => {
                self.rooms.0.rejected(from.index, context.now_us);
                self.reject(from, request, hand_over, context);
            }
            Wire::Done { request, hand_over } => self.done(request, hand_over, context),
            Wire::Withdraw { request, hand_over } => self.withdraw(request, hand_over, context),
            Wire::Lead { epoch } => self.lead(epoch, context),
            _ => debug_assert!(false, "{from} sent {message:?} to {}", self.node()),
        }
    }

    /// Does a step that is legal.
    fn perform(&mut self, action: Action, context: &mut Context<'_>) {
        context.out.push(Output::Step(action));
        match action {
            Action::Assign { source, request, to, .. } => {
                self.assign((source.index, request), to, context);
            }
            Action::GiveBack { source, request, .. } => {
                self.give_back((source.index, request), context);
            }
            Action::Resend { to, .. } => self.resend(to, context),
            _ => debug_assert!(false, "{action:?} is no step of a control server"),
        }
    }

    /// Its bound, and what every entry keeps: checked after each input while assertions are on.
    fn check(&self) {
        debug_assert!(self.ledger.len() <= self.config.knobs.ledger_max as usize);
        debug_assert!(self.leads() || self.ledger.is_empty());
        debug_assert!(self.config.knobs.strategy == Strategy::RoundRobin || self.last.is_none());
        debug_assert!(self.ledger.iter().all(|(&(source, request), entry)| {
            entry.hand_over.source == Node::query(source) && entry.asked.ask.request == request
        }));
    }
}

impl Entry {
    /// Where the ledger holds it.
    fn key(request: RequestId, hand_over: HandOver) -> (u16, RequestId) {
        debug_assert_eq!(hand_over.source.role, Role::Query);
        (hand_over.source.index, request)
    }
}

fn send(context: &mut Context<'_>, to: Node, message: Wire) {
    context.out.push(Output::Send { to, message });
}

fn dropped(context: &mut Context<'_>) {
    context.out.push(Output::Note(Note::Dropped));
}
