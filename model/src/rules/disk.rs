//! The global server's disk, where it is one that must be flushed: what is written is durable later than it is
//! written, and nobody may hear of it before.

use spillway_traces::{Message, Node, RequestId};

use crate::guards::{Guard, guard};
use crate::mutant::Mutant;
use crate::protocol::Protocol;
use crate::rows::Awaited;
use crate::scope::Disk;
use crate::size::{Num, Size, Table};
use crate::state::State;
use crate::step::{Observe, Step};

impl<S: Size> Protocol<S> {
    /// Whether the disk has something to do.
    pub(crate) fn may_flush(&self, state: &State<S>) -> bool {
        state.unflushed.get() > 0
    }

    pub(crate) fn allows_flush(&self, state: &State<S>) -> Result<(), Guard> {
        guard(self.may_flush(state), "unflushed", || "the disk has all that was written".into())
    }

    /// The newest revision that query servers may be sent.
    pub(crate) fn syncable(&self, state: &State<S>) -> usize {
        match self.has(Mutant::SyncedBeforeFlushed) {
            true => state.revisions(),
            false => state.durable(),
        }
    }
}

impl<S: Size, O: Observe> Step<'_, S, O> {
    /// A revision was put at the end of the log.
    pub(super) fn written(&mut self) {
        if self.protocol.scope().knobs.disk == Disk::Flushed {
            self.state.unflushed = S::Num::of(self.state.unflushed.get() + 1);
        }
    }

    /// Whether an acknowledgement that names a revision must wait for the disk. One of a publish that changed
    /// nothing must as well: what it would name, or rely on, may still be lost.
    pub(super) fn must_await(&self, revision: u32, new: bool) -> bool {
        let early = match new {
            true => self.protocol.has(Mutant::AcknowledgedBeforeFlushed),
            false => self.protocol.has(Mutant::DuplicateBeforeFlushed),
        };
        revision as usize > self.state.durable() && !early
    }

    pub(super) fn await_flush(&mut self, from: Node, request: RequestId) {
        let row = Awaited {
            server: S::Num::of(from.index.into()),
            request: S::Num::of(request.number()),
        };
        if self.state.awaited.position(|a| a == row).is_none() {
            let end = self.state.awaited.len();
            let fits = self.state.awaited.insert(end, row);
            self.must_fit(fits);
        }
    }

    /// The disk has all that was written, and what waited for that is acknowledged.
    pub(super) fn flush(&mut self) {
        self.state.unflushed = S::Num::of(0);
        while !self.state.awaited.is_empty() {
            let row = self.state.awaited.remove(0);
            let request = RequestId::of(row.request.get());
            let (_, revision) = self.state.stored(self.protocol.planned(request).user);
            if !self.protocol.has(Mutant::FlushUnacknowledged) {
                let to = Node::query(row.server.get() as u16);
                self.send(Node::GLOBAL, to, Message::Published { request, revision });
            }
        }
    }

    /// Whoever lost its connection sends again what is not acknowledged.
    pub(super) fn forget_awaited(&mut self, server: Node) {
        let own = S::Num::of(server.index.into());
        if !self.state.awaited.is_empty() && !self.protocol.has(Mutant::AwaitedKept) {
            self.state.awaited.retain(|a| a.server != own);
        }
    }

    /// A crash loses what the disk does not have.
    pub(super) fn lose_unflushed(&mut self) {
        let durable = self.state.durable();
        self.state.truncate(durable);
        self.state.unflushed = S::Num::of(0);
        if !self.protocol.has(Mutant::AwaitedKept) {
            self.state.awaited.remove_range(0, self.state.awaited.len());
        }
        self.state.base = self.state.base.min(S::Num::of(durable as u32));
    }
}
