//! Two control servers: the one with the lease leads; the other may still think that it does.
//!
//! Each lease has an epoch, and every message of a control server carries its own. Query servers heed none of a lower
//! epoch than they have heard of, and offer what they hold to the new leader: so it needs nothing of the old one.

use spillway_traces::{Message, Node};

use crate::mutant::Mutant;
use crate::rows::Control;
use crate::scope::Strategy;
use crate::size::{Num, Size, Table};
use crate::state::Budget;
use crate::step::{Observe, Step};

impl<S: Size, O: Observe> Step<'_, S, O> {
    /// The lease passes on: its new holder begins a new epoch with an empty ledger, and says so to all.
    pub(super) fn lease(&mut self, to: Node) {
        self.spend(Budget::Lease);
        if !self.protocol.has(Mutant::EpochNotRaised) {
            let kept = self.protocol.has(Mutant::LedgerKeptAtLease);
            self.enter_epoch(to, self.protocol.lease(self.state), kept);
        }
        if self.protocol.has(Mutant::LeadUnsaid) {
            return;
        }
        let epoch = self.epoch(to);
        for server in self.protocol.query_servers() {
            self.send(to, Node::query(server), Message::Lead { epoch });
        }
    }

    /// A control server knows of a new epoch, its own or one that supersedes it; either way its ledger is void.
    fn enter_epoch(&mut self, control: Node, epoch: u32, ledger_kept: bool) {
        let row = Control { epoch: S::Num::of(epoch), turn: S::Num::of(0) };
        self.state.controls.set(control.index.into(), row);
        if !ledger_kept {
            self.state.ledger.retain(|e| e.control.get() != u32::from(control.index));
        }
    }

    /// The highest epoch that a control server knows of: its own, whenever it has anything to say.
    pub(super) fn epoch(&self, control: Node) -> u32 {
        self.state.controls.get(control.index.into()).epoch.get()
    }

    /// The control server that leads, as far as a query server knows.
    pub(super) fn leader(&self, server: Node) -> Node {
        self.protocol.leader_of(self.state.servers.get(server.index.into()).epoch.get())
    }

    /// The same, or with this seeded bug the first one.
    pub(super) fn leader_unless(&self, mutant: Mutant, server: Node) -> Node {
        if self.protocol.has(mutant) { Node::CONTROL } else { self.leader(server) }
    }

    /// Where servers take turns, the next one is that after this.
    pub(super) fn takes_turn(&mut self, control: Node, to: Node) {
        let turns = self.protocol.scope().knobs.strategy == Strategy::RoundRobin;
        if !turns || self.protocol.has(Mutant::TurnKept) {
            return;
        }
        let mut row = self.state.controls.get(control.index.into());
        row.turn = S::Num::of(u32::from(to.index) + 1);
        self.state.controls.set(control.index.into(), row);
    }

    /// Whether a query server heeds a message: not if it knows that the control server that sent it is superseded.
    /// A higher epoch than it has heard of it takes on at once; on FIFO links a Lead has told it before.
    pub(super) fn heeds(&mut self, server: Node, message: Message) -> bool {
        let epoch = match message {
            Message::Assign { epoch, .. }
            | Message::Finish { epoch, .. }
            | Message::Return { epoch, .. } => epoch,
            _ => return true, // a Lead says nothing but its epoch
        };
        let heard = self.state.servers.get(server.index.into()).epoch.get();
        if epoch > heard {
            self.query_hears(server, epoch);
        }
        epoch >= heard || self.protocol.has(Mutant::EpochUnchecked)
    }

    /// A query server hears who leads. At a new epoch it tells the other control server, which may think that it
    /// leads itself, and offers the new leader all that it still has handed over.
    pub(super) fn query_hears(&mut self, server: Node, epoch: u32) {
        let mut row = self.state.servers.get(server.index.into());
        if epoch <= row.epoch.get() {
            return self.drop_message();
        }
        row.epoch = S::Num::of(epoch);
        self.state.servers.set(server.index.into(), row);
        if !self.protocol.has(Mutant::SupersededUntold) {
            self.send(server, self.protocol.leader_of(epoch + 1), Message::Lead { epoch });
        }
        if !self.protocol.has(Mutant::NotOfferedToNewLeader) {
            self.query_offers_again(server);
        }
    }

    /// At a reset a query server offers again what it holds, if this control server leads; else it says who does.
    pub(super) fn query_reconnects_control(&mut self, server: Node, control: Node) {
        if self.leader(server) == control {
            return self.query_offers_again(server);
        }
        let epoch = self.state.servers.get(server.index.into()).epoch.get();
        if epoch > 0 && !self.protocol.has(Mutant::SupersededUntoldAtReset) {
            self.send(server, control, Message::Lead { epoch });
        }
    }

    /// At a reset a control server that leads says so first.
    pub(super) fn control_leads_again(&mut self, control: Node, server: Node) {
        let epoch = self.epoch(control);
        let leads = self.protocol.leads(self.state, control.index);
        if leads && epoch > 0 && !self.protocol.has(Mutant::LeadUnsaidAtReset) {
            self.send(control, server, Message::Lead { epoch });
        }
    }

    /// A control server that is superseded acts no more, and forgets what others will take care of.
    pub(super) fn control_hears(&mut self, control: Node, epoch: u32) {
        if epoch <= self.epoch(control) || self.protocol.has(Mutant::SupersededGoesOn) {
            return self.drop_message();
        }
        let kept = self.protocol.has(Mutant::SupersededKeepsLedger);
        self.enter_epoch(control, epoch, kept);
    }

    /// A crash loses the ledger. The restarted control server asks for the lease's epoch, which is kept elsewhere.
    pub(super) fn control_crashes(&mut self, control: Node) {
        let epoch = match self.protocol.has(Mutant::EpochLostInCrash) {
            true => 0,
            false => self.protocol.lease(self.state),
        };
        self.enter_epoch(control, epoch, false);
    }
}
