//! Who leads: the lease, and what is heard of it.

use spillway_traces::Node;

use super::{Control, Rooms, dropped, send};
use crate::bug::Bug;
use crate::node::Context;
use crate::wire::Wire;

impl Control {
    /// Whether the highest epoch that it knows of is one of its own.
    pub fn leads(&self) -> bool {
        let servers = u32::from(self.config.control_servers.max(1));
        self.epoch % servers == u32::from(self.index)
    }

    /// Whether it has to say that it leads: everybody knows it of epoch 0.
    pub(super) fn says_so(&self) -> bool {
        self.leads() && self.epoch > 0
    }

    /// It gets the lease.
    pub(super) fn lease(&mut self, epoch: u32, context: &mut Context<'_>) {
        debug_assert!(epoch > self.epoch, "each lease is of a higher epoch");
        self.begin(epoch);
        debug_assert!(self.leads());
        if self.config.has(Bug::LeadUnsaid) {
            return;
        }
        for server in 0..self.config.query_servers {
            send(context, Node::query(server), Wire::Lead { epoch });
        }
    }

    /// A query server has heard that somebody leads.
    pub(super) fn lead(&mut self, epoch: u32, context: &mut Context<'_>) {
        if epoch <= self.epoch {
            return dropped(context);
        }
        if !self.config.has(Bug::SupersededGoesOn) {
            self.begin(epoch);
        }
    }

    /// An epoch begins, its own or another's: nothing of the one before is kept.
    fn begin(&mut self, epoch: u32) {
        self.epoch = epoch;
        self.ledger.clear();
        self.last = None;
        self.rooms.0 = Rooms::default();
    }

    /// The connection to a query server is made anew.
    pub(super) fn connection_made(&mut self, peer: Node, context: &mut Context<'_>) {
        self.lost.remove(&peer.index);
        if self.says_so() {
            send(context, peer, Wire::Lead { epoch: self.epoch });
        }
    }
}
