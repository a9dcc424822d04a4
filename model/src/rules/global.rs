//! The global server: it stores user information in a log and feeds the log to every query server.

use spillway_traces::{Message, Node, Note, RequestId};

use crate::mutant::Mutant;
use crate::rows::Feed;
use crate::size::{Num, Size, Table};
use crate::step::{Observe, Step};

impl<S: Size, O: Observe> Step<'_, S, O> {
    pub(super) fn global_takes(&mut self, from: Node, message: Message) {
        match message {
            Message::Publish { request } => self.store(from, request),
            Message::Hello { applied } if !self.protocol.has(Mutant::HelloIgnored) => {
                self.set_cursor(from.index, applied);
            }
            Message::Hello { .. } => {}
            _ => self.misdirected(Node::GLOBAL, message),
        }
    }

    /// Stores first, acknowledges then. A version that is not newer is acknowledged as what is stored already.
    fn store(&mut self, from: Node, request: RequestId) {
        let planned = *self.protocol.planned(request);
        let stored = self.newest_known(planned.user);
        if planned.version > stored || self.protocol.has(Mutant::OlderStored) {
            let fits = self.state.append(planned.user, planned.version);
            self.must_fit(fits);
            self.written();
            self.note(Note::Stored { request, revision: self.state.revisions() as u32 });
        } else if self.protocol.has(Mutant::DuplicateUnacknowledged) {
            return;
        }
        let (_, newest) = self.state.stored(planned.user);
        if self.must_await(newest, planned.version > stored) {
            return self.await_flush(from, request);
        }
        let low = u32::from(self.protocol.has(Mutant::AcknowledgedTooLow));
        let revision = newest - low;
        self.send(Node::GLOBAL, from, Message::Published { request, revision });
    }

    /// Sends a query server the next revision. How many, and when, is open.
    pub(super) fn sync(&mut self, server: Node) {
        let cursor = self.state.feeds.get(server.index.into()).cursor.get() - 1;
        if cursor < self.state.base.get() {
            return self.send_snapshot(server);
        }
        let stale = self.protocol.has(Mutant::UpdateStale) && cursor > 0;
        let next = self.state.log_after(cursor as usize).next();
        let row = next.expect("what is sent is in the log");
        let version = match stale {
            true => self.state.log_to(cursor as usize).last().map_or(row.version, |r| r.version),
            false => row.version,
        };
        let update =
            Message::Update { revision: cursor + 1, user: row.user.get(), version: version.get() };
        self.set_cursor(server.index, cursor + 1);
        self.send(Node::GLOBAL, server, update);
    }

    pub(super) fn set_cursor(&mut self, server: u16, revision: u32) {
        self.state.feeds.set(server.into(), Feed { cursor: S::Num::of(revision + 1) });
    }

    /// After a reset the global server sends nothing until the query server has said what it has.
    pub(super) fn global_loses(&mut self, server: Node) {
        let blind =
            self.protocol.has(Mutant::GapApplied) || self.protocol.has(Mutant::HelloIgnored);
        if !blind {
            self.state.feeds.set(server.index.into(), Feed { cursor: S::Num::of(0) });
        }
        self.forget_awaited(server);
    }

    /// The log survives a crash as far as it is durable; what it knows of the query servers does not.
    pub(super) fn global_crashes(&mut self) {
        self.lose_unflushed();
        if self.protocol.has(Mutant::StoredInMemory) {
            let newest = self.state.revisions();
            self.state.truncate(newest.saturating_sub(1));
        }
        if self.protocol.is_datagram() {
            // On connections it forgets them as it loses its links.
            self.protocol.query_servers().for_each(|c| self.global_loses(Node::query(c)));
        }
    }
}
