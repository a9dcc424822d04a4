//! The actions of a state, in a fixed order, and which of them exploration may leave out.
//!
//! Left out are a fault that loses nothing and tells nobody anything, and, while two interchangeable query servers
//! are in mirrored states, whatever the second of them could do: the first does the same under another name.

use spillway_traces::{Action, Node, RequestId, Role};

use crate::protocol::Protocol;
use crate::size::{Num, Size, Table};
use crate::state::{Budget, State};

/// A set of query servers, as bits.
pub(crate) type Servers = u32;

impl<S: Size> Protocol<S> {
    /// Appends every action of the state: progress first, then faults.
    pub fn actions_of(&self, state: &State<S>, actions: &mut Vec<Action>) {
        self.progress(state, actions);
        self.faults(state, actions);
        self.delays(state, actions);
        self.leases(state, actions);
    }

    /// Appends every action but the faults. A state without any is final: only the environment could go on.
    pub fn progress(&self, state: &State<S>, actions: &mut Vec<Action>) {
        if state.full().is_some() {
            return;
        }
        let mirrored = self.mirrored(state);
        for client in self.clients() {
            if let Some(request) = self.next_issue(state, client) {
                actions.push(Action::Issue { client: Node::client(client), request });
            }
        }
        if self.routes_anywhere() {
            self.routes(state, actions);
        }
        self.deliveries(state, mirrored, actions);
        for server in self.query_servers().filter(|c| !has(mirrored, *c)) {
            self.work(state, server, actions);
        }
        for control in self.control_servers().filter(|k| self.leads(state, *k)) {
            self.assignments(state, control, mirrored, actions);
            self.returns(state, control, actions);
        }
        for server in self.query_servers().filter(|c| !has(mirrored, *c)) {
            if self.may_sync(state, server) {
                actions.push(Action::Sync { server: Node::query(server) });
            }
        }
        if self.may_flush(state) {
            actions.push(Action::Flush {});
        }
        if !state.outages.is_empty() {
            self.outage_progress(state, actions);
        }
        if self.is_datagram() {
            self.timers(state, |node| names(mirrored, node), actions);
        }
    }

    fn routes(&self, state: &State<S>, actions: &mut Vec<Action>) {
        for row in state.pending.iter() {
            let server = Node::communication(row.server.get() as u16);
            let request = RequestId::of(row.request.get());
            let at = row.at.get().checked_sub(1).map(|at| Node::query(at as u16));
            for to in self.query_servers().map(Node::query) {
                if at.is_none_or(|at| self.may_reroute(state, server, at, to)) {
                    actions.push(Action::Route { server, request, to });
                }
            }
        }
    }

    fn deliveries(&self, state: &State<S>, mirrored: Servers, actions: &mut Vec<Action>) {
        let mut last = None;
        for envelope in state.flight.iter() {
            let link = (envelope.from, envelope.to);
            if last == Some(link) {
                continue; // behind another message of the same link
            }
            last = Some(link);
            let (from, to) = (envelope.from.node(), envelope.to.node());
            if !names(mirrored, from) && !names(mirrored, to) {
                actions.push(Action::Deliver { from, to });
            }
        }
    }

    /// What a query server can do of itself: start a task, finish one, hand one over.
    fn work(&self, state: &State<S>, server: u16, actions: &mut Vec<Action>) {
        let node = Node::query(server);
        if let Some(request) = self.next_start(state, server) {
            actions.push(Action::Start { server: node, request });
        }
        let own = |at: &usize| state.queue.get(*at).server.get() == u32::from(server);
        for at in (0..state.queue.len()).filter(own) {
            let task = state.queue.get(at);
            let request = RequestId::of(task.request.get());
            if task.is_running() {
                actions.push(Action::Serve { server: node, request });
            }
        }
        for at in (0..state.queue.len()).filter(own) {
            if self.is_redundant(state, at) {
                let request = RequestId::of(state.queue.get(at).request.get());
                actions.push(Action::Offer { server: node, request });
            }
        }
    }

    fn assignments(
        &self,
        state: &State<S>,
        control: u16,
        mirrored: Servers,
        actions: &mut Vec<Action>,
    ) {
        let Some(class) = self.class_to_assign(state, control) else { return };
        for entry in state.ledger.iter().filter(|e| e.to.get() == 0) {
            if entry.control.get() != u32::from(control) || self.class(entry.request) != class {
                continue;
            }
            let source = Node::query(entry.source.get() as u16);
            let request = RequestId::of(entry.request.get());
            for to in self.query_servers().filter(|c| !has(mirrored, *c)) {
                let eligible = self.may_receive(state, entry, to);
                if eligible && self.strategy_allows(state, entry, to) {
                    let by = Node::control(control);
                    actions.push(Action::Assign { source, request, to: Node::query(to), by });
                }
            }
        }
    }

    /// What a control server may give back of itself.
    fn returns(&self, state: &State<S>, control: u16, actions: &mut Vec<Action>) {
        if !self.scope().knobs.give_back {
            return;
        }
        for entry in state.ledger.iter().filter(|e| self.may_give_back(*e, control)) {
            let source = Node::query(entry.source.get() as u16);
            let request = RequestId::of(entry.request.get());
            actions.push(Action::GiveBack { source, request, by: Node::control(control) });
        }
    }

    /// Appends the faults whose budget is not spent and that change more than the budget.
    fn faults(&self, state: &State<S>, actions: &mut Vec<Action>) {
        if state.full().is_some() || state.budgets.iter().all(|left| *left == 0) {
            return;
        }
        let mirrored = self.mirrored(state);
        if state.budget(Budget::Retry) > 0 {
            for row in state.waiting.iter() {
                let request = RequestId::of(row.request.get());
                let client = Node::client(self.planned(request).client);
                actions.push(Action::Retry { client, request });
            }
        }
        if state.budget(Budget::Compact) > 0 && self.may_compact(state) {
            actions.push(Action::Compact {});
        }
        for (node, peers) in self.servers().iter().filter(|(node, _)| !names(mirrored, *node)) {
            let budget = Budget::of_crash(node.role).map_or(0, |b| state.budget(b));
            if budget > 0 && !state.is_down(*node) && self.crash_matters(state, *node, peers) {
                actions.push(Action::Crash { node: *node });
            }
        }
        self.session_steps(state, actions);
        self.resets(state, mirrored, actions);
        self.outage_faults(state, |node| names(mirrored, node), actions);
        if self.is_datagram() {
            self.disturbances(state, |node| names(mirrored, node), actions);
        }
    }

    fn resets(&self, state: &State<S>, mirrored: Servers, actions: &mut Vec<Action>) {
        if state.budgets[Budget::ResetClient as usize..=Budget::ResetControl as usize] == [0; 4] {
            return;
        }
        for &(a, b) in self.links() {
            let budget = Budget::of_reset(a.role, b.role).map_or(0, |r| state.budget(r));
            let hidden = names(mirrored, a) || names(mirrored, b);
            let stands = self.stands(state, a, b) && state.is_whole(a, b);
            if budget > 0 && !hidden && stands && self.link_matters(state, a, b) {
                actions.push(Action::Reset { a, b });
            }
        }
    }

    pub(crate) fn is_quiet(&self, state: &State<S>, a: Node, b: Node) -> bool {
        state.link(a, b).is_empty() && state.link(b, a).is_empty()
    }

    /// Whether a crash loses anything, or makes anybody send anything but the Hello of one that has applied nothing.
    fn crash_matters(&self, state: &State<S>, node: Node, peers: &[Node]) -> bool {
        let own = u32::from(node.index);
        let empty = match node.role {
            Role::Client => return false,
            Role::Communication => state.pending.position(|p| p.server.get() == own).is_none(),
            Role::Query => {
                let row = state.servers.get(node.index.into());
                (row.applied.get(), row.late.get(), row.epoch.get()) == (0, 0, 0)
                    && state.queue.position(|t| t.server.get() == own).is_none()
                    && state.handed.position(|h| h.server.get() == own).is_none()
                    && state.relay.position(|r| r.server.get() == own).is_none()
            }
            Role::Global if self.is_datagram() => {
                state.feeds.iter().all(|f| f.cursor.get() == 0)
                    && state.unflushed.get() == 0
                    && state.awaited.is_empty()
            }
            Role::Global => state.log.is_empty(),
            Role::Control => self.control_has_nothing(state, node.index),
        };
        // On datagram links a crash loses no message, and nobody notices it.
        !empty
            || !self.is_datagram() && peers.iter().any(|peer| self.link_matters(state, node, *peer))
    }

    /// Whether a reset of the link between two nodes, in either order, loses anything or has anything sent again
    /// but a Hello of a query server that has applied nothing.
    fn link_matters(&self, state: &State<S>, a: Node, b: Node) -> bool {
        let (a, b) = if a < b { (a, b) } else { (b, a) };
        if !self.is_quiet(state, a, b) {
            return true;
        }
        let (low, high) = (u32::from(a.index), u32::from(b.index));
        match (a.role, b.role) {
            (Role::Client, _) => {
                let own = |id| u32::from(self.planned(RequestId::of(id)).client) == low;
                self.stands(state, a, b)
                    && state.waiting.position(|w| own(w.request.get())).is_some()
            }
            (Role::Communication, _) => {
                let sent_again = |p: crate::rows::Pending<S::Num>| {
                    let publish = self.planned(RequestId::of(p.request.get())).is_publish();
                    let at = p.at.get();
                    p.server.get() == low && at != 0 && (!publish || at == high + 1)
                };
                state.pending.position(sent_again).is_some()
            }
            (_, Role::Global) => {
                let cursor = state.feeds.get(low as usize).cursor.get();
                let applied = state.servers.get(low as usize).applied.get();
                applied > 0
                    || cursor != 1
                    || state.relay.position(|r| r.server.get() == low).is_some()
            }
            _ => {
                let assigned = |e: crate::rows::Entry<S::Num>| {
                    (e.control.get(), e.to.get()) == (high, low + 1)
                };
                state.handed.position(|h| h.server.get() == low).is_some()
                    || state.ledger.position(assigned).is_some()
                    || self.epoch_is_said(state, a, b)
            }
        }
    }

    /// The query servers whose interchangeable predecessor is in the mirrored state.
    pub(crate) fn mirrored(&self, state: &State<S>) -> Servers {
        let mut servers = 0;
        if !state.outages.is_empty() {
            return servers; // what is out of order tells them apart
        }
        for &(server, twin) in self.twins() {
            if self.mirrors(state, twin, server) {
                servers |= 1 << server;
            }
        }
        servers
    }

    /// Whether exchanging two query servers leaves the state as it is.
    fn mirrors(&self, state: &State<S>, i: u16, j: u16) -> bool {
        let (a, b) = (usize::from(i), usize::from(j));
        let users = self.clients().len();
        let cells = |c: usize| &state.replicas.raw()[c * users..(c + 1) * users];
        state.servers.get(a) == state.servers.get(b)
            && state.feeds.get(a) == state.feeds.get(b)
            && cells(a) == cells(b)
            && self.idle_in_tables(state, i)
            && self.idle_in_tables(state, j)
            && state.ledger.iter().all(|e| e.was_refused_by(i) == e.was_refused_by(j))
            && self.same_links(state, Node::query(i), Node::query(j))
    }

    /// Whether no table names the query server. (Tables that name both alike would mirror too; that is rare.)
    fn idle_in_tables(&self, state: &State<S>, server: u16) -> bool {
        let (own, plus) = (u32::from(server), u32::from(server) + 1);
        let named = |t: crate::rows::Task<S::Num>| t.server.get() == own || t.source.get() == plus;
        state.queue.position(named).is_none()
            && state.handed.position(|h| h.server.get() == own).is_none()
            && state.relay.position(|r| r.server.get() == own).is_none()
            && state.pending.position(|p| p.at.get() == plus).is_none()
            && state.ledger.position(|e| e.source.get() == own || e.to.get() == plus).is_none()
    }

    fn same_links(&self, state: &State<S>, i: Node, j: Node) -> bool {
        let peers = |(node, _): &&(Node, Vec<Node>)| *node == i;
        let peers = self.servers().iter().find(peers).map_or(&[][..], |(_, peers)| peers);
        peers.iter().copied().all(|peer| {
            let out = (state.link(i, peer), state.link(j, peer));
            let back = (state.link(peer, i), state.link(peer, j));
            [out, back].into_iter().all(|(x, y)| {
                x.len() == y.len()
                    && x.zip(y).all(|(x, y)| {
                        let (mut x, y) = (state.flight.get(x), state.flight.get(y));
                        (x.from, x.to) = (y.from, y.to);
                        x == y
                    })
            })
        })
    }
}

pub(crate) fn has(servers: Servers, server: u16) -> bool {
    servers & (1 << server) != 0
}

fn names(servers: Servers, node: Node) -> bool {
    servers != 0 && node.role == Role::Query && has(servers, node.index)
}
