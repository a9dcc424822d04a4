//! The communication server B: the requests of its clients, until they are answered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use spillway_traces::{Action, Node, Note, RequestId, Role};

use crate::bug::Bug;
use crate::config::{Config, Links, Routing};
use crate::node::{Candidate, Context, Input, Output, Timer};
use crate::nodes::aside::{Aside, Running};
use crate::wire::{Asked, Body, Wire};

/// When a client that was refused for want of room here should ask again, in microseconds.
pub const BUSY_RETRY_AFTER_US: u64 = 100_000;

/// A communication server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Communication {
    /// What the operator set.
    pub config: Arc<Config>,
    /// Its index among the communication servers.
    pub index: u16,
    /// The requests that it has taken and not answered.
    pub pending: BTreeMap<RequestId, Pending>,
    /// Query servers that the connection to is lost.
    pub lost: BTreeSet<u16>,
    /// Query servers that are up and out of reach.
    pub unreachable: BTreeSet<u16>,
    /// Requests for which it is time to try another query server.
    pub reroute_due: Aside<BTreeSet<RequestId>>,
    /// The timers that run.
    pub running: Aside<Running>,
}

/// A request that a communication server has taken.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pending {
    /// The request and the token that it came with.
    pub asked: Asked,
    /// The query server that it was sent to last; none before one is chosen.
    pub at: Option<u16>,
}

impl Pending {
    fn is_publish(&self) -> bool {
        matches!(self.asked.ask.body, Body::Publish { .. })
    }
}

impl Communication {
    /// A communication server that starts, or starts again: nothing survives.
    pub fn new(config: Arc<Config>, index: u16) -> Communication {
        Communication {
            config,
            index,
            pending: BTreeMap::new(),
            lost: BTreeSet::new(),
            unreachable: BTreeSet::new(),
            reroute_due: Aside::default(),
            running: Aside::default(),
        }
    }

    fn node(&self) -> Node {
        Node::communication(self.index)
    }

    /// Takes an input, then does what the chooser picks.
    pub fn handle(&mut self, input: Input, context: &mut Context<'_>) {
        match input {
            Input::Message { from, message } => self.receive(from, message, context),
            Input::Lost { peer } if peer.role == Role::Query => self.query_lost(peer, context),
            Input::Made { peer } if peer.role == Role::Query => self.query_made(peer, context),
            Input::Reachable { peer, reachable } if peer.role == Role::Query => {
                self.lost.remove(&peer.index);
                match reachable {
                    true => self.unreachable.remove(&peer.index),
                    false => self.unreachable.insert(peer.index),
                };
            }
            Input::Closed { client } => self.session_ended(client, context),
            Input::Timer(timer) => self.ran_out(timer, context),
            Input::Lost { .. }
            | Input::Made { .. }
            | Input::Reachable { .. }
            | Input::Command(_)
            | Input::Worked
            | Input::Stored { .. }
            | Input::Lease { .. }
            | Input::Turn => {}
        }
        while !context.chooser.declines() {
            let candidates = self.candidates(context.now_us);
            let Some(place) = context.chooser.choose(&candidates) else { break };
            self.perform(candidates[place].action, context);
        }
        self.keep_timers(context);
        let unbounded = self.config.has(Bug::PendingUnbounded);
        debug_assert!(unbounded || self.pending.len() <= self.config.knobs.pending_max as usize);
    }

    /// What it may do next of itself: choose a query server, or another one; on datagram links, send again.
    pub fn candidates(&self, _now_us: u64) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        if self.config.knobs.routing == Routing::Any {
            for (request, pending) in &self.pending {
                self.route_candidates(*request, pending, &mut candidates);
            }
        }
        if self.on_datagrams() {
            let from = self.node();
            let waits = |at: &u16| self.pending.values().any(|pending| pending.at == Some(*at));
            candidates.extend((0..self.config.query_servers).filter(waits).map(|at| Candidate {
                action: Action::Resend { from, to: Node::query(at) },
                due: false,
                cost: 0,
            }));
        }
        candidates
    }

    /// A request that was sent nowhere may go anywhere; one whose query server is out of reach to one that is not.
    fn route_candidates(&self, request: RequestId, pending: &Pending, to: &mut Vec<Candidate>) {
        let stranded = pending.at.is_some_and(|at| !self.reaches(at));
        if pending.at.is_some() && !stranded {
            return;
        }
        let none_reached = (0..self.config.query_servers).all(|at| !self.reaches(at));
        for at in 0..self.config.query_servers {
            let reached = self.reaches(at);
            if stranded && !reached {
                continue;
            }
            let there = self.pending.values().filter(|pending| pending.at == Some(at)).count();
            to.push(Candidate {
                action: Action::Route { server: self.node(), request, to: Node::query(at) },
                due: match stranded {
                    true => self.reroute_due.0.contains(&request),
                    false => reached || none_reached,
                },
                cost: there as u64,
            });
        }
    }

    fn on_datagrams(&self) -> bool {
        self.config.knobs.links == Links::Datagram
    }

    fn reaches(&self, server: u16) -> bool {
        !self.lost.contains(&server) && !self.unreachable.contains(&server)
    }

    fn perform(&mut self, action: Action, context: &mut Context<'_>) {
        context.out.push(Output::Step(action));
        match action {
            Action::Route { request, to, .. } => {
                self.reroute_due.0.remove(&request);
                let pending = self.pending.get_mut(&request).expect("what is routed is pending");
                pending.at = Some(to.index);
                forward(pending, context);
            }
            Action::Resend { to, .. } => self.forward_where(context, |p| p.at == Some(to.index)),
            other => unreachable!("no communication server lists {other}"),
        }
    }

    fn receive(&mut self, from: Node, message: Wire, context: &mut Context<'_>) {
        match message {
            Wire::Request(asked) => self.admit(from, asked, context),
            Wire::Answer { request, revision, info } => {
                let Some(pending) = self.settle(request, context) else { return };
                let version = info.as_ref().map_or(0, |info| info.version);
                let reply = Wire::Reply { request, revision, version, info };
                send(Node::client(pending.asked.ask.client), reply, context);
            }
            Wire::Published { request, revision } => {
                let Some(pending) = self.settle(request, context) else { return };
                let Body::Publish { version, .. } = pending.asked.ask.body else {
                    debug_assert!(false, "{request} is no publish");
                    return;
                };
                let reply = Wire::Reply { request, revision, version, info: None };
                send(Node::client(pending.asked.ask.client), reply, context);
            }
            Wire::Busy { request, retry_after_us } => {
                let Some(pending) = self.settle(request, context) else { return };
                let busy = Wire::Busy { request, retry_after_us };
                send(Node::client(pending.asked.ask.client), busy, context);
            }
            Wire::Cancel { request } => match self.pending.contains_key(&request) {
                true => self.give_up(request, context),
                false => dropped(context),
            },
            other => debug_assert!(false, "no communication server is sent {other:?}"),
        }
    }

    fn admit(&mut self, from: Node, asked: Asked, context: &mut Context<'_>) {
        let request = asked.ask.request;
        if let Some(pending) = self.pending.get(&request) {
            // On datagram links each hop repeats for itself: passed on, repetitions would pile up.
            return match self.on_datagrams() {
                true => dropped(context),
                false => forward(pending, context),
            };
        }
        let full = self.pending.len() >= self.config.knobs.pending_max as usize;
        if full && !self.config.has(Bug::PendingUnbounded) {
            if !self.config.has(Bug::RefusalUnsaid) {
                let retry_after_us = BUSY_RETRY_AFTER_US;
                send(from, Wire::Busy { request, retry_after_us }, context);
            }
            return;
        }
        let at = (self.config.knobs.routing == Routing::Home).then_some(asked.ask.home);
        let pending = Pending { asked, at };
        forward(&pending, context);
        self.pending.insert(request, pending);
    }

    /// Takes a request out of the table, since it is answered. None if it is not there.
    fn settle(&mut self, request: RequestId, context: &mut Context<'_>) -> Option<Pending> {
        let pending = match self.config.has(Bug::AnswerKeptPending) {
            true => self.pending.get(&request).cloned(),
            false => self.pending.remove(&request),
        };
        if pending.is_none() {
            dropped(context);
        }
        pending
    }

    /// Forgets a request that nobody waits for any more. A publish cannot be taken back.
    fn give_up(&mut self, request: RequestId, context: &mut Context<'_>) {
        let Some(pending) = self.pending.remove(&request) else { return };
        if let (Some(at), false) = (pending.at, pending.is_publish()) {
            send(Node::query(at), Wire::Cancel { request }, context);
        }
    }

    fn session_ended(&mut self, client: Node, context: &mut Context<'_>) {
        if self.config.has(Bug::SessionKept) {
            return;
        }
        let own = self.pending.iter().filter(|(_, p)| p.asked.ask.client == client.index);
        let own: Vec<RequestId> = own.map(|(request, _)| *request).collect();
        own.into_iter().for_each(|request| self.give_up(request, context));
    }

    /// Queries that were sent to others may have been handed over to the one that is lost.
    fn query_lost(&mut self, peer: Node, context: &mut Context<'_>) {
        self.lost.insert(peer.index);
        if !self.config.has(Bug::PendingNotResent) {
            let elsewhere = |p: &Pending| p.at.is_some_and(|at| at != peer.index);
            self.forward_where(context, |p| elsewhere(p) && !p.is_publish());
        }
    }

    fn query_made(&mut self, peer: Node, context: &mut Context<'_>) {
        self.lost.remove(&peer.index);
        self.unreachable.remove(&peer.index);
        self.forward_where(context, |p| p.at == Some(peer.index));
    }

    fn forward_where(&self, context: &mut Context<'_>, which: impl Fn(&Pending) -> bool) {
        self.pending.values().filter(|pending| which(pending)).for_each(|p| forward(p, context));
    }

    fn ran_out(&mut self, timer: Timer, context: &mut Context<'_>) {
        let Some(attempts) = self.running.0.ran_out(timer) else { return };
        match timer {
            Timer::Resend(to) if self.pending.values().any(|p| p.at == Some(to.index)) => {
                self.perform(Action::Resend { from: self.node(), to }, context);
                let first_us = self.config.timers.resend_us;
                self.running.0.arm(timer, attempts, first_us, &self.config.timers, context);
            }
            Timer::Reroute(request) => {
                self.reroute_due.0.insert(request);
            }
            _ => {}
        }
    }

    fn keep_timers(&mut self, context: &mut Context<'_>) {
        let timers = &self.config.timers;
        let any = self.config.knobs.routing == Routing::Any;
        let strands = any && !(self.lost.is_empty() && self.unreachable.is_empty());
        if !self.on_datagrams() && !strands && self.running.0.is_empty() {
            self.reroute_due.0.clear();
            return;
        }
        let mut wanted = BTreeSet::new();
        let mut due = BTreeSet::new();
        for (request, pending) in &self.pending {
            let Some(at) = pending.at else { continue };
            if self.on_datagrams() {
                wanted.insert(Timer::Resend(Node::query(at)));
            } else if any && !self.reaches(at) && timers.reroute_us > 0 {
                match self.reroute_due.0.contains(request) {
                    true => due.insert(*request),
                    false => wanted.insert(Timer::Reroute(*request)),
                };
            }
        }
        self.reroute_due.0 = due;
        let first_us = |timer| match timer {
            Timer::Reroute(_) => timers.reroute_us,
            _ => timers.resend_us,
        };
        self.running.0.only(&wanted, first_us, timers, context);
    }
}

/// Sends a request to the query server that was chosen for it, if one was.
fn forward(pending: &Pending, context: &mut Context<'_>) {
    let Some(at) = pending.at else { return };
    let message = match pending.is_publish() {
        true => Wire::Publish(pending.asked.ask.clone()),
        false => Wire::Query(pending.asked.clone()),
    };
    send(Node::query(at), message, context);
}

fn send(to: Node, message: Wire, context: &mut Context<'_>) {
    context.out.push(Output::Send { to, message });
}

fn dropped(context: &mut Context<'_>) {
    context.out.push(Output::Note(Note::Dropped));
}
