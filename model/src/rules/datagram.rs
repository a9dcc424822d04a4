//! Datagram links: what the network does to messages, and what timers send again.

use spillway_traces::{Node, Role};

use crate::rows::Envelope;
use crate::size::{Size, Table};
use crate::state::{Budget, Full};
use crate::step::{Observe, Step};
use crate::wire;

impl<S: Size, O: Observe> Step<'_, S, O> {
    /// A timer: the node sends to the other what it would send on a new connection, and the control server what it
    /// has assigned there, since a server that has crashed does not tell.
    pub(super) fn resend(&mut self, from: Node, to: Node) {
        if !self.protocol.repeats(from, to) {
            return;
        }
        match (from.role, to.role) {
            (Role::Client, Role::Communication) => self.client_reconnects(from),
            (Role::Communication, Role::Query) => self.communication_greets(from, to),
            (Role::Query, Role::Global) => self.query_greets_global(from),
            (Role::Query, Role::Control) => self.query_reconnects_control(from, to),
            (Role::Control, Role::Query) => {
                self.control_leads_again(from, to);
                self.control_assigns_again(from, to);
            }
            _ => unreachable!("{from} has nothing for {to}"),
        }
    }

    pub(super) fn drop_oldest(&mut self, from: Node, to: Node) {
        self.spend(Budget::Drop);
        let at = self.state.link(from, to).start;
        let envelope = self.state.flight.remove(at);
        self.observer.lost(from, to, wire::open(envelope));
    }

    /// The copy is not told as sent: nobody sent it.
    pub(super) fn double_oldest(&mut self, from: Node, to: Node) {
        self.spend(Budget::Duplicate);
        let link = self.state.link(from, to);
        let envelope: Envelope<S::Num> = self.state.flight.get(link.start);
        if link.len() >= self.protocol.scope().knobs.link_max as usize {
            self.state.set_full(Full::Link { from, to });
        } else if !self.state.flight.insert(link.end, envelope) {
            self.state.set_full(Full::Flight);
        }
    }

    pub(super) fn overtake_oldest(&mut self, from: Node, to: Node) {
        self.spend(Budget::Reorder);
        let link = self.state.link(from, to);
        let envelope: Envelope<S::Num> = self.state.flight.remove(link.start);
        let fits = self.state.flight.insert(link.end - 1, envelope);
        assert!(fits, "there is room for what was just taken out");
    }
}
