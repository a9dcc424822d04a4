//! Which control server leads, as far as this server has heard.

use spillway_traces::Node;

use super::{Query, dropped, send};
use crate::bug::Bug;
use crate::node::Context;
use crate::wire::Wire;

impl Query {
    /// The control server that tasks are offered to.
    pub fn leader(&self) -> Node {
        self.control_of(self.epoch)
    }

    /// The control server that does not lead, where there are two.
    pub(super) fn other_control(&self) -> Option<Node> {
        (self.config.control_servers > 1).then(|| self.control_of(self.epoch + 1))
    }

    fn control_of(&self, epoch: u32) -> Node {
        let servers = u32::from(self.config.control_servers.max(1));
        Node::control((epoch % servers) as u16)
    }

    /// Whether the link to a control server is out of order, as far as can be seen from here.
    pub(super) fn is_out_of_order(&self, control: Node) -> bool {
        self.lost.contains(&control) || self.unreachable.contains(&control)
    }

    /// Whether what a control server of this epoch says counts. A higher one is taken on first.
    pub(super) fn heed(&mut self, epoch: u32, context: &mut Context<'_>) -> bool {
        if epoch < self.epoch && !self.config.has(Bug::EpochUnchecked) {
            dropped(context);
            return false;
        }
        if epoch > self.epoch {
            self.follow(epoch, context);
        }
        true
    }

    /// A control server says that it leads.
    pub(super) fn lead(&mut self, epoch: u32, context: &mut Context<'_>) {
        match epoch > self.epoch {
            true => self.follow(epoch, context),
            false => dropped(context),
        }
    }

    fn follow(&mut self, epoch: u32, context: &mut Context<'_>) {
        debug_assert!(epoch > self.epoch);
        self.epoch = epoch;
        if let Some(other) = self.other_control() {
            send(context, other, Wire::Lead { epoch });
        }
        self.offer_again(context);
    }

    /// A connection to a control server is made anew.
    pub(super) fn control_made(&mut self, peer: Node, context: &mut Context<'_>) {
        self.lost.remove(&peer);
        self.unreachable.remove(&peer);
        self.reported.0 = None; // it may have begun anew
        if peer == self.leader() {
            if !self.config.has(Bug::NotOfferedAgain) {
                self.offer_again(context);
            }
        } else {
            self.tell_leader(peer, context);
        }
    }

    /// Tells a control server that another one leads, if it may not know.
    pub(super) fn tell_leader(&self, peer: Node, context: &mut Context<'_>) {
        if self.epoch > 0 {
            send(context, peer, Wire::Lead { epoch: self.epoch });
        }
    }
}
