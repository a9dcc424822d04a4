//! Sessions that end and requests that are given up: how whoever no longer waits is forgotten, server by server.
//!
//! None of these messages is answered, and none is repeated: one that is lost costs work for nobody, nothing else.

use spillway_traces::{HandOver, Message, Node, RequestId};

use crate::mutant::Mutant;
use crate::rows::{Handed, Task};
use crate::size::{Num, Size, Table};
use crate::state::Budget;
use crate::step::{Observe, Step};

impl<S: Size, O: Observe> Step<'_, S, O> {
    /// A client ends its session and asks the other communication server for all it waits for, as it asked first.
    pub(super) fn move_to(&mut self, client: Node, to: Node) {
        self.spend(Budget::Move);
        self.end_session(client, u32::from(to.index) + 1);
        if self.protocol.has(Mutant::TokenLeftBehind) {
            for at in 0..self.state.waiting.len() {
                let mut row = self.state.waiting.get(at);
                row.token = S::Num::of(0);
                self.state.waiting.set(at, row);
            }
        }
        if !self.protocol.has(Mutant::MovedSilently) {
            self.ask_again(client);
        }
    }

    /// A client ends its session and waits for nothing any more.
    pub(super) fn leave(&mut self, client: Node) {
        self.spend(Budget::Leave);
        self.end_session(client, 0);
        let protocol = self.protocol;
        let own = |id| protocol.planned(RequestId::of(id)).client == client.index;
        self.state.waiting.retain(|w| !own(w.request.get()));
    }

    /// The connection is closed, and both ends know. What the communication server had pending for the client it
    /// forgets, and takes back where it can.
    fn end_session(&mut self, client: Node, next: u32) {
        let at = usize::from(client.index);
        let mut row = self.state.clients.get(at);
        let server = self.protocol.current_session(self.state, client.index);
        let server = server.expect("who ends a session has one");
        row.session = S::Num::of(next);
        self.state.clients.set(at, row);
        self.cut(client, server);
        if self.protocol.has(Mutant::SessionKept) {
            return;
        }
        let mut at = 0;
        while at < self.state.pending.len() {
            let row = self.state.pending.get(at);
            let owner = self.protocol.planned(RequestId::of(row.request.get())).client;
            if (row.server.get(), owner) == (server.index.into(), client.index) {
                self.forget_pending(at);
            } else {
                at += 1;
            }
        }
    }

    /// A client gives a request up: it takes no reply to it any more.
    pub(super) fn give_up(&mut self, client: Node, request: RequestId) {
        self.spend(Budget::Cancel);
        let at = self.state.waiting.position(|w| w.request.get() == request.number());
        let at = at.expect("a client gives up what it waits for");
        if !self.protocol.has(Mutant::GivenUpAwaited) {
            self.state.waiting.remove(at);
        }
        let session = self.protocol.current_session(self.state, client.index);
        let session = session.expect("who waits has a session");
        self.send(client, session, Message::Cancel { request });
    }

    pub(super) fn pending_given_up(&mut self, server: Node, request: RequestId) {
        let Some(at) = self.pending_at(server, request) else { return self.drop_message() };
        let row = self.state.pending.get(at);
        self.forget_pending(at);
        if self.protocol.has(Mutant::GivenUpPending) {
            let fits = self.state.pending.insert(at, row);
            self.must_fit(fits);
        }
    }

    /// Forgets a pending request. A query is taken back from the query server it was sent to; a publish cannot be.
    fn forget_pending(&mut self, at: usize) {
        let row = self.state.pending.remove(at);
        let request = RequestId::of(row.request.get());
        if let Some(to) = row.at.get().checked_sub(1)
            && !self.protocol.planned(request).is_publish()
        {
            let server = Node::communication(row.server.get() as u16);
            self.send(server, Node::query(to as u16), Message::Cancel { request });
        }
    }

    /// A communication server waits no longer for a query. One that nobody waits for is dropped, unless it runs; one
    /// that is handed over is withdrawn.
    pub(super) fn query_cancelled(&mut self, server: Node, from: Node, request: RequestId) {
        let gone = self.protocol.asker(from);
        let left = |askers: S::Num| match self.protocol.has(Mutant::CancelledForAll) {
            true => 0,
            false => askers.get() & !gone,
        };
        if let Some(at) = self.queued_at(server, request) {
            let mut task = self.state.queue.get(at);
            task.sessions = S::Num::of(left(task.sessions));
            let wanted = task.sessions.get() != 0 || self.wanted_at_source(task);
            if wanted || task.is_running() {
                self.state.queue.set(at, task);
            } else {
                self.state.queue.remove(at);
            }
        } else if let Some(at) = self.handed_at(server, request) {
            let mut row = self.state.handed.get(at);
            row.sessions = S::Num::of(left(row.sessions));
            self.state.handed.set(at, row);
            if row.sessions.get() == 0 {
                self.withdraw(at);
            }
        } else {
            self.drop_message();
        }
    }

    fn wanted_at_source(&self, task: Task<S::Num>) -> bool {
        task.carried.get() != 0 && !self.protocol.has(Mutant::SourceForgotten)
    }

    /// Forgets a hand-over and says so. Whatever still names its id matches nothing from now on.
    fn withdraw(&mut self, at: usize) {
        let row: Handed<S::Num> = match self.protocol.has(Mutant::WithdrawnHeld) {
            true => self.state.handed.get(at),
            false => self.state.handed.remove(at),
        };
        let source = Node::query(row.server.get() as u16);
        let hand_over =
            HandOver { source, incarnation: row.incarnation.get(), sequence: row.sequence.get() };
        let request = RequestId::of(row.request.get());
        let leader = self.leader(source);
        self.send(source, leader, Message::Withdraw { request, hand_over });
    }

    /// The control server forgets a hand-over that is withdrawn, and tells the server it is assigned to.
    pub(super) fn control_withdraws(&mut self, control: Node, request: RequestId, id: HandOver) {
        let Some((at, true)) = self.entry_at(control, request, id) else {
            return self.drop_message();
        };
        let entry = self.state.ledger.remove(at);
        if let Some(to) = entry.assignee() {
            let withdraw = Message::Withdraw { request, hand_over: id };
            self.send(control, Node::query(to), withdraw);
        }
    }

    /// A foreign task that its source no longer wants is dropped, or stays as a local one for those who asked here.
    pub(super) fn withdrawn(&mut self, server: Node, request: RequestId, id: HandOver) {
        let unmatched = self.protocol.has(Mutant::WithdrawUnmatched);
        let key = (u32::from(id.source.index) + 1, id.incarnation, id.sequence);
        let same = |t: Task<S::Num>| {
            unmatched || (t.source.get(), t.incarnation.get(), t.sequence.get()) == key
        };
        let at = self.queued_at(server, request);
        let found = at.map(|at| (at, self.state.queue.get(at)));
        let Some((at, mut task)) = found.filter(|(_, t)| same(*t) && !t.is_running()) else {
            return self.drop_message();
        };
        if task.sessions.get() == 0 || self.protocol.has(Mutant::WithdrawnForAll) {
            self.state.queue.remove(at);
            return;
        }
        let none = S::Num::of(0);
        (task.source, task.incarnation, task.sequence, task.carried) = (none, none, none, none);
        self.state.queue.set(at, task);
    }
}
