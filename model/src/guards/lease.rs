//! Which control server leads: the lease passes from one to the other, each time with the next epoch.
//!
//! The first control server begins with epoch 0, so the even epochs are its own and the odd ones those of the other.

use spillway_traces::{Action, Node};

use super::{Guard, guard};
use crate::protocol::Protocol;
use crate::size::{Num, Size, Table};
use crate::state::{Budget, State};

impl<S: Size> Protocol<S> {
    /// The epoch of the lease, as the environment has it.
    pub fn lease(&self, state: &State<S>) -> u32 {
        u32::from(self.happened(state, Budget::Lease))
    }

    /// The control server whose epoch this is.
    pub fn leader_of(&self, epoch: u32) -> Node {
        Node::control((epoch % 2) as u16)
    }

    /// Whether a control server leads, as far as it knows.
    pub fn leads(&self, state: &State<S>, control: u16) -> bool {
        let epoch = state.controls.get(control.into()).epoch.get();
        self.leader_of(epoch).index == control
    }

    pub(super) fn allows_lease(&self, state: &State<S>, to: Node) -> Result<(), Guard> {
        let next = self.leader_of(self.lease(state) + 1);
        guard(to == next, "other", || format!("{to} has the lease"))?;
        self.is_up(state, to)?;
        self.allows_fault(state, Some(Budget::Lease))
    }

    /// Appends that the lease may pass on.
    pub(crate) fn leases(&self, state: &State<S>, actions: &mut Vec<Action>) {
        let to = self.leader_of(self.lease(state) + 1);
        if state.budget(Budget::Lease) > 0 && state.full().is_none() && !state.is_down(to) {
            actions.push(Action::Lease { to });
        }
    }

    /// Whether a control server has nothing to lose in a crash, nor to learn by it.
    pub(crate) fn control_has_nothing(&self, state: &State<S>, control: u16) -> bool {
        let row = state.controls.get(control.into());
        (row.epoch.get(), row.turn.get()) == (self.lease(state), 0)
            && state.ledger.position(|e| e.control.get() == u32::from(control)).is_none()
    }

    /// Whether either of the two tells the other an epoch when their link is made anew.
    pub(crate) fn epoch_is_said(&self, state: &State<S>, server: Node, control: Node) -> bool {
        let heard = state.servers.get(server.index.into()).epoch.get();
        let led = state.controls.get(control.index.into()).epoch.get();
        let leads = self.leads(state, control.index);
        (leads && led > 0) || (heard > 0 && self.leader_of(heard) != control)
    }
}
