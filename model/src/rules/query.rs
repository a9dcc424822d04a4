//! Query servers: a replica, a queue of tasks, and the tasks handed over until they are settled.

use spillway_traces::{HandOver, Message, Node, Note, RequestId, Sessions};

use crate::mutant::Mutant;
use crate::rows::{Handed, REFUSED, RUNNING, Relay, Replica, Task};
use crate::scope::{Class, Returned};
use crate::size::{Num, Size, Table};
use crate::state::Full;
use crate::step::{Observe, Step};

impl<S: Size, O: Observe> Step<'_, S, O> {
    pub(super) fn query_takes(&mut self, server: Node, from: Node, message: Message) {
        if !self.heeds(server, message) {
            return self.drop_message();
        }
        match message {
            Message::Query { request, token } => self.admit_query(server, from, request, token),
            Message::Publish { request } => self.relay_publish(server, from, request),
            Message::Published { request, revision } => self.published(server, request, revision),
            Message::Update { revision, user, version } => {
                self.apply(server, revision, user, version);
            }
            Message::Snapshot { revision } => self.install(server, revision),
            Message::Assign { request, token, hand_over, sessions, .. } => {
                self.assigned(server, from, request, token, hand_over, sessions.bits());
            }
            Message::Lead { epoch } => self.query_hears(server, epoch),
            Message::Finish { request, hand_over, .. } => self.finished(server, request, hand_over),
            Message::Return { request, hand_over, .. } => self.returned(server, request, hand_over),
            Message::Cancel { request } => self.query_cancelled(server, from, request),
            Message::Withdraw { request, hand_over } => self.withdrawn(server, request, hand_over),
            _ => self.misdirected(server, message),
        }
    }

    pub(super) fn queued_at(&self, server: Node, request: RequestId) -> Option<usize> {
        let key = (u32::from(server.index), request.number());
        self.state.queue.position(|t| (t.server.get(), t.request.get()) == key)
    }

    pub(super) fn handed_at(&self, server: Node, request: RequestId) -> Option<usize> {
        let key = (u32::from(server.index), request.number());
        self.state.handed.position(|h| (h.server.get(), h.request.get()) == key)
    }

    /// A new query is queued; a known one is not queued twice.
    fn admit_query(&mut self, server: Node, from: Node, request: RequestId, token: u32) {
        let asker = self.protocol.asker(from);
        if let Some(at) = self.queued_at(server, request)
            && !self.protocol.has(Mutant::QueuedUnrecognised)
        {
            self.asked_again_while_queued(server, request);
            let mut task = self.state.queue.get(at);
            let askers = task.sessions.get() | asker;
            if askers == task.sessions.get() || self.protocol.has(Mutant::AskerForgotten) {
                return self.drop_message();
            }
            task.sessions = S::Num::of(askers);
            return self.state.queue.set(at, task);
        }
        if let Some(at) = self.handed_at(server, request)
            && !self.protocol.has(Mutant::HandedUnrecognised)
        {
            // Its answer may be lost: once the hand-over is finished it must be answered once more.
            let mut row = self.state.handed.get(at);
            row.again = S::Num::of(u32::from(!self.protocol.has(Mutant::AgainUnmarked)));
            if !self.protocol.has(Mutant::AgainForTheFirst) {
                row.sessions = S::Num::of(row.sessions.get() | asker);
            }
            return self.state.handed.set(at, row);
        }
        let held = self.state.load(server.index) + self.state.handed_count(server.index);
        let full = held >= self.room_for(request);
        if full && !self.protocol.has(Mutant::QueueUnbounded) {
            if !self.protocol.has(Mutant::QueueFullSilently) {
                self.send(server, from, Message::Busy { request });
            }
            return;
        }
        self.enqueue(server, request, token, 0, None, asker);
    }

    /// How many tasks a query server holds when it refuses a new query.
    fn room_for(&self, request: RequestId) -> usize {
        let knobs = &self.protocol.scope().knobs;
        let room = match self.protocol.planned(request).class {
            _ if self.protocol.has(Mutant::RoomsIgnored) => knobs.queue_max,
            _ if self.protocol.has(Mutant::SmallestRoomKept) => knobs.room(Class::Bulk),
            class => knobs.room(class),
        };
        room as usize
    }

    pub(super) fn enqueue(
        &mut self,
        server: Node,
        request: RequestId,
        token: u32,
        flags: u32,
        id: Option<HandOver>,
        askers: u32,
    ) {
        let (sessions, carried) = if id.is_some() { (0, askers) } else { (askers, 0) };
        let row = Task {
            server: S::Num::of(server.index.into()),
            request: S::Num::of(request.number()),
            token: S::Num::of(token),
            flags: S::Num::of(flags),
            source: S::Num::of(id.map_or(0, |id| u32::from(id.source.index) + 1)),
            incarnation: S::Num::of(id.map_or(0, |id| id.incarnation)),
            sequence: S::Num::of(id.map_or(0, |id| id.sequence)),
            sessions: S::Num::of(sessions),
            carried: S::Num::of(carried),
            ..Task::default()
        };
        let end = self.state.queue.position(|t| t.server > row.server);
        let end = end.unwrap_or(self.state.queue.len());
        let fits = self.state.queue.insert(end, row);
        self.must_fit(fits);
        self.note(Note::Queued { request });
    }

    pub(super) fn start(&mut self, server: Node, request: RequestId) {
        let key = (u32::from(server.index), request.number());
        let queued = |t: Task<S::Num>| !t.is_running() && (t.server.get(), t.request.get()) == key;
        let at = self.state.queue.position(queued).expect("what is started is queued");
        self.overtake(server, at);
        let mut task = self.state.queue.get(at);
        task.overtaken = S::Num::of(0);
        task.flags = S::Num::of(task.flags.get() | RUNNING);
        self.state.queue.set(at, task);
    }

    /// Answers from the replica as it is now.
    pub(super) fn serve(&mut self, server: Node, request: RequestId) {
        let key = (u32::from(server.index), request.number());
        let running = |t: Task<S::Num>| t.is_running() && (t.server.get(), t.request.get()) == key;
        let at = self.state.queue.position(running).expect("what is served runs");
        let task = self.state.queue.remove(at);
        let planned = *self.protocol.planned(request);
        let user = match self.protocol.has(Mutant::WrongUserAnswered) {
            true => planned.client,
            false => planned.user,
        };
        let revision = match self.protocol.has(Mutant::RevisionUnderstated) {
            true => 0,
            false => self.state.servers.get(server.index.into()).applied.get(),
        };
        let (revision, version) = self.disclosed(server, user, planned.client, revision);
        if self.protocol.has(Mutant::AnsweredDirectly) {
            let reply = Message::Reply { request, revision, version };
            self.send(server, Node::client(planned.client), reply);
        } else {
            let answer = Message::Answer { request, revision, version };
            let askers = task.sessions.get() | task.carried.get();
            let first = askers & askers.wrapping_neg();
            let only_first = self.protocol.has(Mutant::FirstAskerAnswered);
            self.tell(server, if only_first { first } else { askers }, request, answer);
        }
        if let Some(source) = task.source.get().checked_sub(1)
            && !self.protocol.has(Mutant::DoneUnsaid)
        {
            let hand_over = HandOver {
                source: Node::query(source as u16),
                incarnation: task.incarnation.get(),
                sequence: task.sequence.get(),
            };
            let leader = self.leader_unless(Mutant::DoneToFirst, server);
            self.send(server, leader, Message::Done { request, hand_over });
        }
    }

    /// Tells every communication server that asked.
    fn tell(&mut self, server: Node, askers: u32, request: RequestId, message: Message) {
        for session in self.protocol.askers(request, askers).nodes() {
            self.send(server, session, message);
        }
    }

    /// Hands a redundant task over under a new id and holds it until it is settled.
    pub(super) fn offer(&mut self, server: Node, request: RequestId) {
        let at = self.protocol.redundant_at(self.state, server, request);
        let at = at.expect("what is offered is redundant");
        let mut row = self.state.servers.get(server.index.into());
        if row.sequence.get() == S::Num::MAX {
            return self.state.set_full(Full::Sequence);
        }
        let task = self.state.queue.remove(at);
        row.sequence = S::Num::of(row.sequence.get() + 1);
        self.state.servers.set(server.index.into(), row);
        let handed = Handed {
            server: task.server,
            request: task.request,
            token: task.token,
            incarnation: row.incarnation,
            sequence: row.sequence,
            again: S::Num::of(0),
            sessions: S::Num::of(task.sessions.get() | task.carried.get()),
        };
        if !self.protocol.has(Mutant::ForgottenAfterOffer) {
            let key = (handed.server, handed.request);
            let place = self.state.handed.position(|h| (h.server, h.request) > key);
            let place = place.unwrap_or(self.state.handed.len());
            let fits = self.state.handed.insert(place, handed);
            self.must_fit(fits);
        }
        self.send_offer(handed);
    }

    fn send_offer(&mut self, row: Handed<S::Num>) {
        let source = Node::query(row.server.get() as u16);
        let unsaid = self.protocol.has(Mutant::TokenNotOffered);
        let offer = Message::Offer {
            request: RequestId::of(row.request.get()),
            token: if unsaid { 0 } else { row.token.get() },
            hand_over: HandOver {
                source,
                incarnation: row.incarnation.get(),
                sequence: row.sequence.get(),
            },
            sessions: match self.protocol.has(Mutant::AskersNotOffered) {
                true => Sessions::default(),
                false => Sessions::from_bits(row.sessions.get()),
            },
        };
        let leader = self.leader_unless(Mutant::OfferedToFirst, source);
        self.send(source, leader, offer);
    }

    /// A task that is here already takes on the hand-over's id, unless it is here under another source's or is
    /// itself handed over; a new one is taken while there is room below the threshold. The receiver decides by
    /// its own load: what the control server knows may be stale.
    fn assigned(
        &mut self,
        server: Node,
        control: Node,
        request: RequestId,
        token: u32,
        id: HandOver,
        askers: u32,
    ) {
        let source = S::Num::of(u32::from(id.source.index) + 1);
        let accept = match self.queued_at(server, request) {
            Some(at) => {
                let mut task = self.state.queue.get(at);
                let same = !task.is_foreign()
                    || task.source == source
                    || self.protocol.has(Mutant::SecondSourceAdopted);
                if same {
                    task.source = source;
                    task.incarnation = S::Num::of(id.incarnation);
                    task.sequence = S::Num::of(id.sequence);
                    task.carried = S::Num::of(task.carried.get() | askers);
                    self.state.queue.set(at, task);
                }
                same
            }
            None => {
                let room = self.has_room(server) && self.handed_at(server, request).is_none();
                if room {
                    self.enqueue(server, request, token, 0, Some(id), askers);
                }
                room
            }
        };
        let reply = match accept {
            true => Message::Accept { request, hand_over: id },
            false => Message::Reject { request, hand_over: id },
        };
        self.send(server, control, reply);
    }

    fn has_room(&self, server: Node) -> bool {
        let load = self.state.load(server.index);
        let held = load + self.state.handed_count(server.index);
        let bounded = held < self.protocol.scope().knobs.queue_max as usize;
        let slack = usize::from(self.protocol.has(Mutant::LoadMiscounted));
        let below = self.protocol.may_take_on(self.state, server.index, load, slack);
        bounded && (below || self.protocol.has(Mutant::LoadUnchecked))
    }

    /// Takes a handed-over task out if it is of this very hand-over.
    fn take_handed(
        &mut self,
        server: Node,
        request: RequestId,
        id: HandOver,
    ) -> Option<Handed<S::Num>> {
        let at = self.handed_at(server, request)?;
        let row = self.state.handed.get(at);
        let same = (row.incarnation.get(), row.sequence.get()) == (id.incarnation, id.sequence);
        (same || self.protocol.has(Mutant::FinishUnmatched)).then(|| self.state.handed.remove(at))
    }

    fn finished(&mut self, server: Node, request: RequestId, id: HandOver) {
        let Some(row) = self.take_handed(server, request, id) else {
            return self.drop_message();
        };
        if row.again.get() != 0 && !self.protocol.has(Mutant::AgainForgotten) {
            self.enqueue(server, request, row.token.get(), 0, None, row.sessions.get());
        }
    }

    fn returned(&mut self, server: Node, request: RequestId, id: HandOver) {
        let held = self.handed_at(server, request);
        let row = match self.take_handed(server, request, id) {
            None if self.protocol.has(Mutant::ReturnUnmatched) => {
                held.map(|at| self.state.handed.remove(at))
            }
            row => row,
        };
        let Some(row) = row else { return self.drop_message() };
        if self.protocol.has(Mutant::ReturnedLost) {
            return;
        }
        match self.protocol.scope().knobs.returned {
            Returned::Queue => {
                let unmarked = self.protocol.has(Mutant::ReturnedUnmarked);
                let flags = if unmarked { 0 } else { REFUSED };
                let askers = row.sessions.get();
                self.enqueue(server, request, row.token.get(), flags, None, askers);
            }
            Returned::Busy => {
                self.tell(server, row.sessions.get(), request, Message::Busy { request });
            }
        }
    }

    fn relay_publish(&mut self, server: Node, from: Node, request: RequestId) {
        let key = (u32::from(server.index), request.number());
        let asker = self.protocol.asker(from);
        let known = self.state.relay.position(|r| (r.server.get(), r.request.get()) == key);
        if let Some(at) = known {
            let mut row = self.state.relay.get(at);
            let askers = row.sessions.get() | asker;
            if askers == row.sessions.get() || self.protocol.has(Mutant::PublisherForgotten) {
                return self.drop_message();
            }
            row.sessions = S::Num::of(askers);
            return self.state.relay.set(at, row);
        }
        let held = self.state.relay.count(|r| r.server.get() == key.0);
        let full = held >= self.protocol.scope().knobs.relay_max as usize;
        if full && !self.protocol.has(Mutant::RelayUnbounded) {
            if !self.protocol.has(Mutant::RelayFullSilently) {
                self.send(server, from, Message::Busy { request });
            }
            return;
        }
        let row = Relay {
            server: S::Num::of(key.0),
            request: S::Num::of(key.1),
            sessions: S::Num::of(asker),
        };
        let place = self.state.relay.position(|r| (r.server.get(), r.request.get()) > key);
        let place = place.unwrap_or(self.state.relay.len());
        let fits = self.state.relay.insert(place, row);
        self.must_fit(fits);
        self.send(server, Node::GLOBAL, Message::Publish { request });
        if self.protocol.has(Mutant::AcknowledgedBeforeStored) {
            let revision = self.state.revisions() as u32 + 1;
            self.send(server, from, Message::Published { request, revision });
        }
    }

    fn published(&mut self, server: Node, request: RequestId, revision: u32) {
        let key = (u32::from(server.index), request.number());
        let at = self.state.relay.position(|r| (r.server.get(), r.request.get()) == key);
        let Some(at) = at else { return self.drop_message() };
        let row = self.state.relay.remove(at);
        self.tell(server, row.sessions.get(), request, Message::Published { request, revision });
    }

    pub(super) fn cell(&self, server: Node, user: u16) -> usize {
        usize::from(server.index) * self.protocol.clients().len() + usize::from(user)
    }

    /// Applies the next revision and no other.
    fn apply(&mut self, server: Node, revision: u32, user: u32, version: u32) {
        let mut row = self.state.servers.get(server.index.into());
        let next = row.applied.get() + 1;
        let gap = self.protocol.has(Mutant::GapApplied) && revision > next
            || self.is_gap_compacted(next, revision);
        let copy = self.protocol.has(Mutant::OlderApplied) && revision < next;
        if revision != next && !gap && !copy {
            return self.drop_message();
        }
        row.applied = S::Num::of(revision);
        self.state.servers.set(server.index.into(), row);
        let cell = self.cell(server, user as u16);
        let deleted = self.protocol.document(user as u16, version).data == 0;
        if deleted && self.protocol.has(Mutant::DeletionNotApplied) {
            return;
        }
        self.state.replicas.set(cell, Replica { version: S::Num::of(version) });
    }

    pub(super) fn query_greets_global(&mut self, server: Node) {
        let mut row = self.state.servers.get(server.index.into());
        if self.protocol.has(Mutant::AppliedRewound) {
            row.applied = S::Num::of(row.applied.get().saturating_sub(1));
            self.state.servers.set(server.index.into(), row);
        }
        self.send(server, Node::GLOBAL, Message::Hello { applied: row.applied.get() });
        if self.protocol.has(Mutant::RelayNotResent) {
            return;
        }
        for at in 0..self.state.relay.len() {
            let row = self.state.relay.get(at);
            if row.server.get() == u32::from(server.index) {
                let request = RequestId::of(row.request.get());
                self.send(server, Node::GLOBAL, Message::Publish { request });
            }
        }
    }

    pub(super) fn query_offers_again(&mut self, server: Node) {
        if self.protocol.has(Mutant::NotOfferedAgain) {
            return;
        }
        for at in 0..self.state.handed.len() {
            let row = self.state.handed.get(at);
            if row.server.get() == u32::from(server.index) {
                self.send_offer(row);
            }
        }
    }

    /// Nothing survives but the incarnation, which keeps the ids of later hand-overs apart from earlier ones.
    pub(super) fn query_crashes(&mut self, server: Node) {
        let own = S::Num::of(server.index.into());
        self.state.queue.retain(|t| t.server != own);
        self.state.handed.retain(|h| h.server != own);
        self.state.relay.retain(|r| r.server != own);
        let mut row = self.state.servers.get(server.index.into());
        if !self.protocol.has(Mutant::AppliedKeptInCrash) {
            row.applied = S::Num::of(0);
        }
        if !self.protocol.has(Mutant::IncarnationReused) {
            row.incarnation = S::Num::of(row.incarnation.get() + 1);
        }
        row.sequence = S::Num::of(0);
        row.epoch = S::Num::of(0);
        row.late = S::Num::of(0);
        self.state.servers.set(server.index.into(), row);
        for user in self.protocol.clients() {
            let cell = self.cell(server, user);
            self.state.replicas.set(cell, Replica { version: S::Num::of(0) });
        }
    }
}
