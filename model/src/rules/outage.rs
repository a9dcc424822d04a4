//! Outages: nodes that stay down, directions of links that stay cut, and what nodes do about them.

use spillway_traces::{Node, RequestId, Role};

use crate::mutant::Mutant;
use crate::rows::REFUSED;
use crate::size::{Num, Size, Table};
use crate::state::Budget;
use crate::step::{Observe, Step};

impl<S: Size, O: Observe> Step<'_, S, O> {
    /// The node loses what a crash loses, and everybody it has a link to notices; nobody can reach it until it
    /// restarts.
    pub(super) fn stop(&mut self, node: Node) {
        self.spend(Budget::of_stop(node.role).expect("a client does not stop in this model"));
        self.lose_memory(node);
        let fits = self.state.begin_outage(node, node);
        self.must_fit(fits);
        let protocol = self.protocol;
        let own = |(a, b): &&(Node, Node)| *a == node || *b == node;
        for (a, b) in protocol.links().iter().filter(own) {
            self.lose(*a, *b);
        }
    }

    /// Every link of the node that is whole now is made anew.
    pub(super) fn restart(&mut self, node: Node) {
        self.state.end_outage(node, node);
        if node.role == Role::Control {
            self.control_crashes(node); // the lease may have passed on in the meantime
        }
        let protocol = self.protocol;
        let own = |(a, b): &&(Node, Node)| *a == node || *b == node;
        for (a, b) in protocol.links().iter().filter(own) {
            if protocol.stands(self.state, *a, *b) && self.state.is_whole(*a, *b) {
                self.greet(*a, *b);
            }
        }
    }

    /// Nobody notices: what is on its way is lost, and so is what is sent from now on.
    pub(super) fn cut_direction(&mut self, from: Node, to: Node) {
        self.spend(Budget::of_cut(from.role, to.role).expect("only links are cut"));
        self.empty(from, to);
        let fits = self.state.begin_outage(from, to);
        self.must_fit(fits);
    }

    /// Once the link is whole, its ends find out that they have lost something: it is reset.
    pub(super) fn heal(&mut self, from: Node, to: Node) {
        self.state.end_outage(from, to);
        let (a, b) = (from.min(to), from.max(to));
        let stands = self.protocol.stands(self.state, a, b) && self.state.is_whole(a, b);
        if stands && !self.protocol.has(Mutant::HealUnnoticed) {
            self.reconnect(a, b);
        }
    }

    /// Loses what is in flight between the two, and lets each end do what it does when it loses the other.
    pub(super) fn lose(&mut self, a: Node, b: Node) {
        self.cut(a, b);
        match (a.role, b.role) {
            (Role::Client, Role::Communication) => {}
            (Role::Communication, Role::Query) => self.communication_loses(a, b),
            (Role::Query, Role::Global) => self.global_loses(a),
            (Role::Query, Role::Control) => self.control_loses(b, a),
            _ => unreachable!("no link joins {a} and {b}"),
        }
    }

    /// Lets each end do what it does when it reaches the other again.
    fn greet(&mut self, a: Node, b: Node) {
        match (a.role, b.role) {
            (Role::Client, Role::Communication) => self.client_reconnects(a),
            (Role::Communication, Role::Query) => self.communication_greets(a, b),
            (Role::Query, Role::Global) => self.query_greets_global(a),
            (Role::Query, Role::Control) => {
                self.control_leads_again(b, a);
                self.query_reconnects_control(a, b);
            }
            _ => unreachable!("no link joins {a} and {b}"),
        }
    }

    /// Takes a task back that was handed over: it stays here now, as one that came back refused does, since the
    /// control server may still move it.
    pub(super) fn pull_back(&mut self, server: Node, request: RequestId) {
        let key = (u32::from(server.index), request.number());
        let at = self.state.handed.position(|h| (h.server.get(), h.request.get()) == key);
        let row = self.state.handed.remove(at.expect("what is pulled back is handed over"));
        if self.protocol.has(Mutant::PulledBackLost) {
            return;
        }
        let unmarked = self.protocol.has(Mutant::PulledBackUnmarked);
        let flags = if unmarked { 0 } else { REFUSED };
        self.enqueue(server, request, row.token.get(), flags, None, row.sessions.get());
    }
}
