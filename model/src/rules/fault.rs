//! Faults: a node crashes and restarts in one step; a link is reset, which both ends notice in the same step.

use spillway_traces::{Node, Role};

use crate::scope::limits::FAULT_ANY;
use crate::size::{Size, Table};
use crate::state::Budget;
use crate::step::{Observe, Step};

impl<S: Size, O: Observe> Step<'_, S, O> {
    pub(super) fn spend(&mut self, budget: Budget) {
        let left = &mut self.state.budgets[budget as usize];
        assert!(*left > 0, "a fault happens only within its budget");
        if u32::from(*left) != FAULT_ANY {
            *left -= 1;
        }
    }

    pub(super) fn crash(&mut self, node: Node) {
        self.spend(Budget::of_crash(node.role).expect("a client does not crash in this model"));
        self.lose_memory(node);
        if self.protocol.is_datagram() {
            return; // no connection breaks, so that nobody notices; timers mend it
        }
        let own = |(a, b): &&(Node, Node)| *a == node || *b == node;
        for (a, b) in self.protocol.links().iter().filter(own) {
            let stands = self.protocol.stands(self.state, *a, *b);
            match self.state.is_whole(*a, *b) {
                true if stands => self.reconnect(*a, *b),
                true => {}
                false => self.lose(*a, *b),
            }
        }
    }

    /// Loses what a node does not keep on disk.
    pub(super) fn lose_memory(&mut self, node: Node) {
        match node.role {
            Role::Client => unreachable!("clients have no crash budget"),
            Role::Communication => {
                self.state.pending.retain(|p| Node::communication(index(p.server)) != node);
            }
            Role::Query => self.query_crashes(node),
            Role::Global => self.global_crashes(),
            Role::Control => self.control_crashes(node),
        }
    }

    pub(super) fn reset(&mut self, a: Node, b: Node) {
        self.spend(Budget::of_reset(a.role, b.role).expect("only links are reset"));
        self.reconnect(a, b);
    }

    /// Loses what is in flight between the two, then lets each end do what it does on a new connection.
    pub(super) fn reconnect(&mut self, a: Node, b: Node) {
        self.cut(a, b);
        match (a.role, b.role) {
            (Role::Client, Role::Communication) => self.client_reconnects(a),
            (Role::Communication, Role::Query) => self.communication_reconnects(a, b),
            (Role::Query, Role::Global) => {
                self.global_loses(a);
                self.query_greets_global(a);
            }
            (Role::Query, Role::Control) => {
                self.control_loses(b, a);
                self.control_leads_again(b, a);
                self.query_reconnects_control(a, b);
            }
            _ => unreachable!("no link joins {a} and {b}"),
        }
    }
}

fn index<N: crate::size::Num>(cell: N) -> u16 {
    cell.get() as u16
}
