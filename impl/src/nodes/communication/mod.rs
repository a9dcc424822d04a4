//! The communication server B: passes requests on, remembers them until they are settled, and sends them again when they
//! may have been lost.

mod route;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use spillway_traces::{Action, Node, Note, RequestId, Role};

use crate::bug::Bug;
use crate::config::{Config, Links, Routing};
use crate::node::{Candidate, Context, Input, Output, Timer};
use crate::nodes::aside::{Aside, Running};
use crate::nodes::query::BUSY_RETRY_AFTER_US;
use crate::wire::{Asked, Body, Wire};

/// A communication server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Communication {
    /// What the operator set.
    pub config: Arc<Config>,
    /// Its index among the communication servers.
    pub index: u16,
    /// The requests that are not settled.
    pub pending: BTreeMap<RequestId, Pending>,
    /// Query servers that the connection to is lost.
    pub lost: BTreeSet<Node>,
    /// Query servers that nothing is heard from, or that hear nothing, while the connection stands.
    pub unreachable: BTreeSet<Node>,
    /// The timers that run.
    pub running: Aside<Running>,
}

/// A request that is not settled.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pending {
    /// The request, and its token.
    pub asked: Asked,
    /// The query server that it was sent to last; none while none is chosen (*any routing*).
    pub at: Option<u16>,
}

impl Communication {
    /// A communication server that starts, or starts again: nothing survives a crash.
    pub fn new(config: Arc<Config>, index: u16) -> Communication {
        Communication {
            config,
            index,
            pending: BTreeMap::new(),
            lost: BTreeSet::new(),
            unreachable: BTreeSet::new(),
            running: Aside::default(),
        }
    }

    /// Its name.
    pub fn node(&self) -> Node {
        Node::communication(self.index)
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
        self.check();
    }

    /// Every step that the server may do next of itself. Of the query servers that a request may go to one is due.
    pub fn candidates(&self, _now_us: u64) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        self.route_candidates(&mut candidates);
        let from = self.node();
        candidates.extend(self.resend_peers().map(|to| Candidate {
            action: Action::Resend { from, to },
            due: false,
            cost: 0,
        }));
        candidates
    }

    fn take(&mut self, input: Input, context: &mut Context<'_>) {
        match input {
            Input::Message { from, message } => self.receive(from, message, context),
            Input::Lost { peer } if peer.role == Role::Query => self.server_lost(peer, context),
            Input::Made { peer } if peer.role == Role::Query => self.server_made(peer, context),
            Input::Reachable { peer, reachable } if peer.role == Role::Query => {
                match reachable {
                    true => self.unreachable.remove(&peer),
                    false => self.unreachable.insert(peer),
                };
            }
            Input::Closed { client } => self.session_ended(client, context),
            Input::Timer(timer) => self.ran_out(timer, context),
            // Clients ask again themselves; the rest concerns other nodes.
            Input::Lost { .. }
            | Input::Made { .. }
            | Input::Reachable { .. }
            | Input::Command(_)
            | Input::Worked
            | Input::Stored { .. }
            | Input::Report { .. }
            | Input::Lease { .. }
            | Input::Turn => {}
        }
    }

    /// One message; one that is in no row of the table is ignored.
    fn receive(&mut self, from: Node, message: Wire, context: &mut Context<'_>) {
        self.running.0.calm_down(Timer::Resend(from));
        match message {
            Wire::Request(asked) => self.request(from, asked, context),
            Wire::Answer { request, revision, info, found } => {
                let version = info.as_ref().map_or(0, |info| info.version);
                let reply = Wire::Reply { request, revision, version, info, found };
                self.settle(request, reply, context);
            }
            Wire::Published { request, revision } => {
                let version = self.version_made(request);
                let (info, found) = (None, None);
                let reply = Wire::Reply { request, revision, version, info, found };
                self.settle(request, reply, context);
            }
            Wire::Busy { request, .. } => self.settle(request, message, context),
            Wire::Cancel { request } => self.cancel(request, context),
            _ => debug_assert!(false, "{from} sent {message:?} to {}", self.node()),
        }
    }

    /// A client asks, for the first time or again.
    fn request(&mut self, from: Node, asked: Asked, context: &mut Context<'_>) {
        let request = asked.ask.request;
        if let Some(pending) = self.pending.get(&request) {
            // On datagram links each hop repeats for itself: else the client's timer would fill this one while it is slow.
            match self.on_datagrams() {
                true => dropped(context),
                false => pass_on(pending, context),
            }
        } else if self.has_room() {
            let home = self.config.knobs.routing == Routing::Home;
            let pending = Pending { at: home.then_some(asked.ask.home), asked };
            pass_on(&pending, context);
            if !(pending.is_publish() && self.config.has(Bug::PublishNotPending)) {
                self.pending.insert(request, pending);
            }
        } else if !self.config.has(Bug::RefusalUnsaid) {
            send(context, from, Wire::Busy { request, retry_after_us: BUSY_RETRY_AFTER_US });
        }
    }

    fn has_room(&self) -> bool {
        self.pending.len() < self.config.knobs.pending_max as usize
            || self.config.has(Bug::PendingUnbounded)
    }

    /// The client gets this reply, if the request is pending.
    fn settle(&mut self, request: RequestId, reply: Wire, context: &mut Context<'_>) {
        let Some(pending) = self.pending.remove(&request) else { return dropped(context) };
        send(context, Node::client(pending.asked.ask.client), reply);
    }

    /// The version that a publish makes; 0 of what is not pending.
    fn version_made(&self, request: RequestId) -> u32 {
        match self.pending.get(&request).map(|pending| &pending.asked.ask.body) {
            Some(Body::Publish { version, .. }) => *version,
            Some(Body::Query { .. }) | None => 0,
        }
    }

    fn cancel(&mut self, request: RequestId, context: &mut Context<'_>) {
        if self.config.has(Bug::GivenUpPending) {
            return;
        }
        match self.pending.contains_key(&request) {
            true => self.give_up(request, context),
            false => dropped(context),
        }
    }

    /// Forgets a request. Its query server is told; a publish cannot be taken back.
    fn give_up(&mut self, request: RequestId, context: &mut Context<'_>) {
        let Some(pending) = self.pending.remove(&request) else { return };
        if let (Some(at), false) = (pending.at, pending.is_publish()) {
            send(context, Node::query(at), Wire::Cancel { request });
        }
    }

    /// A client has moved or left.
    fn session_ended(&mut self, client: Node, context: &mut Context<'_>) {
        if self.config.has(Bug::SessionKept) {
            return;
        }
        let of_client = |pending: &Pending| pending.asked.ask.client == client.index;
        let requests: Vec<RequestId> = self
            .pending
            .iter()
            .filter(|(_, p)| of_client(p))
            .map(|(&request, _)| request)
            .collect();
        for request in requests {
            self.give_up(request, context);
        }
    }

    /// What was sent to another query server may have been handed over to the lost one, and its answer with it.
    fn server_lost(&mut self, peer: Node, context: &mut Context<'_>) {
        self.lost.insert(peer);
        if self.config.has(Bug::SameLinkOnlyResent) {
            return;
        }
        for pending in self.pending.values().filter(|pending| !pending.is_publish()) {
            if pending.at != Some(peer.index) {
                pass_on(pending, context);
            }
        }
    }

    fn server_made(&mut self, peer: Node, context: &mut Context<'_>) {
        self.lost.remove(&peer);
        self.unreachable.remove(&peer);
        if !self.config.has(Bug::PendingNotResent) {
            self.send_again(peer, context);
        }
    }

    /// All that was sent there last, once more.
    fn send_again(&self, peer: Node, context: &mut Context<'_>) {
        for pending in self.pending.values().filter(|pending| pending.at == Some(peer.index)) {
            pass_on(pending, context);
        }
    }

    /// Does a step that is legal.
    fn perform(&mut self, action: Action, context: &mut Context<'_>) {
        context.out.push(Output::Step(action));
        match action {
            Action::Route { request, to, .. } => self.route(request, to, context),
            Action::Resend { to, .. } => self.send_again(to, context),
            _ => debug_assert!(false, "{action:?} is no step of a communication server"),
        }
    }

    fn on_datagrams(&self) -> bool {
        self.config.knobs.links == Links::Datagram
    }

    /// The query servers that it sends to again of itself, on datagram links.
    fn resend_peers(&self) -> impl Iterator<Item = Node> {
        let repeats = self.on_datagrams() && !self.config.has(Bug::PendingNotRepeated);
        let peers: BTreeSet<u16> = match repeats {
            true => self.pending.values().filter_map(|pending| pending.at).collect(),
            false => BTreeSet::new(),
        };
        peers.into_iter().map(Node::query)
    }

    /// A timer has run out: what it stands for is done, if it is still legal.
    fn ran_out(&mut self, timer: Timer, context: &mut Context<'_>) {
        let (from, attempts) = (self.node(), self.running.0.ran_out(timer).unwrap_or(1));
        let timers = &self.config.timers;
        match timer {
            Timer::Resend(to) if self.resend_peers().any(|peer| peer == to) => {
                self.running.0.arm(timer, attempts, timers.resend_us, timers, context);
                self.perform(Action::Resend { from, to }, context);
            }
            Timer::Reroute(request) => match self.other_way(request) {
                Some(to) => self.perform(Action::Route { server: from, request, to }, context),
                None if self.reroutes() && self.is_stranded(request) => {
                    self.running.0.arm(timer, attempts, timers.reroute_us, timers, context);
                }
                None => {}
            },
            _ => {}
        }
    }

    fn arm_timers(&mut self, context: &mut Context<'_>) {
        let mut wanted: BTreeSet<Timer> = self.resend_peers().map(Timer::Resend).collect();
        if self.config.timers.reroute_us > 0 && self.reroutes() {
            let stranded = self.pending.keys().filter(|&&request| self.is_stranded(request));
            wanted.extend(stranded.map(|&request| Timer::Reroute(request)));
        }
        let timers = &self.config.timers;
        let first_us = |timer| match timer {
            Timer::Reroute(_) => timers.reroute_us,
            _ => timers.resend_us,
        };
        self.running.0.only(&wanted, first_us, timers, context);
    }

    /// The bound, and that what goes home has gone: checked after each input while assertions are on.
    fn check(&self) {
        let knobs = &self.config.knobs;
        let bounded = self.pending.len() <= knobs.pending_max as usize;
        debug_assert!(bounded || self.config.has(Bug::PendingUnbounded));
        let sent = || self.pending.values().all(|pending| pending.at.is_some());
        debug_assert!(knobs.routing == Routing::Any || sent());
    }
}

impl Pending {
    /// Whether it is a publish: it is not taken back, and not handed over.
    pub fn is_publish(&self) -> bool {
        matches!(self.asked.ask.body, Body::Publish { .. })
    }
}

/// Sends a request to its query server, once that is chosen.
fn pass_on(pending: &Pending, context: &mut Context<'_>) {
    let Some(at) = pending.at else { return };
    let message = match pending.is_publish() {
        true => Wire::Publish(pending.asked.ask.clone()),
        false => Wire::Query(pending.asked.clone()),
    };
    send(context, Node::query(at), message);
}

fn send(context: &mut Context<'_>, to: Node, message: Wire) {
    context.out.push(Output::Send { to, message });
}

fn dropped(context: &mut Context<'_>) {
    context.out.push(Output::Note(Note::Dropped));
}
