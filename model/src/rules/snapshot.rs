//! Compaction of the global server's log, and the snapshots that query servers get from then on in place of what is
//! no longer there.
//!
//! The rows that the log has forgotten stay in the state: they say what the checkpoint adds up to, and guarantees are
//! judged by them. No rule looks at them but for the newest of each user, which is what a checkpoint keeps.

use spillway_traces::{Message, Node};

use crate::guards::{Guard, guard};
use crate::mutant::Mutant;
use crate::protocol::Protocol;
use crate::rows::Replica;
use crate::size::{Num, Size, Table};
use crate::state::{Budget, State};
use crate::step::{Observe, Step};

impl<S: Size> Protocol<S> {
    /// The revision up to which the log can be forgotten.
    fn compactable(&self, state: &State<S>) -> usize {
        match self.has(Mutant::UndurableCompacted) {
            true => state.revisions(),
            false => state.durable(),
        }
    }

    /// Whether there is something to forget.
    pub(crate) fn may_compact(&self, state: &State<S>) -> bool {
        self.compactable(state) > state.base.get() as usize && !state.is_down(Node::GLOBAL)
    }

    pub(crate) fn allows_compact(&self, state: &State<S>) -> Result<(), Guard> {
        self.is_up(state, Node::GLOBAL)?;
        guard(self.may_compact(state), "compactable", || {
            "the log has nothing durable to forget".into()
        })?;
        self.allows_fault(state, Some(Budget::Compact))
    }
}

impl<S: Size, O: Observe> Step<'_, S, O> {
    /// The log is forgotten up to its newest durable revision; the checkpoint keeps what it adds up to.
    pub(super) fn compact(&mut self) {
        self.spend(Budget::Compact);
        self.state.base = S::Num::of(self.protocol.compactable(self.state) as u32);
    }

    /// The newest version that the global server knows of a user. It outlives the information: of a user who has
    /// deleted it, the checkpoint keeps nothing else.
    pub(super) fn newest_known(&self, user: u16) -> u32 {
        let (version, revision) = self.state.stored(user);
        let compacted = revision <= self.state.base.get();
        let deleted = self.protocol.document(user, version).data == 0;
        match compacted && deleted && self.protocol.has(Mutant::TombstoneForgotten) {
            true => 0,
            false => version,
        }
    }

    /// The checkpoint, in place of revisions that the log no longer has.
    pub(super) fn send_snapshot(&mut self, server: Node) {
        let revision = self.state.base.get();
        self.set_cursor(server.index, revision);
        let skipped =
            self.protocol.has(Mutant::SnapshotSkipped) || self.protocol.has(Mutant::GapCompacted);
        if !skipped {
            self.send(Node::GLOBAL, server, Message::Snapshot { revision });
        }
    }

    /// A snapshot takes the place of the whole replica: what it does not have is gone.
    pub(super) fn install(&mut self, server: Node, revision: u32) {
        let mut row = self.state.servers.get(server.index.into());
        if revision <= row.applied.get() {
            return self.drop_message();
        }
        if !self.protocol.has(Mutant::SnapshotUncounted) {
            row.applied = S::Num::of(revision);
            self.state.servers.set(server.index.into(), row);
        }
        for user in self.protocol.clients() {
            let (version, _) = self.state.stored_at(user, revision as usize);
            let absent = self.protocol.document(user, version).data == 0;
            if absent && self.protocol.has(Mutant::SnapshotMerged) {
                continue;
            }
            let cell = self.cell(server, user);
            self.state.replicas.set(cell, Replica { version: S::Num::of(version) });
        }
    }

    /// Whether a query server takes a revision for the next although what came between was compacted.
    pub(super) fn is_gap_compacted(&self, next: u32, revision: u32) -> bool {
        let first = self.state.base.get() + 1;
        self.protocol.has(Mutant::GapCompacted) && revision > next && revision == first
    }
}
