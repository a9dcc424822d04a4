//! History that properties need and the protocol does not keep: all of it, in one place.
//!
//! Without a seeded bug nearly all of it follows from the state: it adds a few per cent of states, by what was handed
//! over before a crash. It is kept apart from what the protocol itself remembers, since that is where a bug would be.

use std::hash::{Hash, Hasher};

use spillway_model::pack::{put_table, take_table};
use spillway_model::rows::{Entry, Task};
use spillway_model::scope::Strategy;
use spillway_model::size::{Num, Size, Table};
use spillway_model::{State, rows, wire};
use spillway_traces::{Action, HandOver, Message, Node, Note, RequestId};

use crate::judged::Stepped;

mod control;

rows! {
    /// What a client knows: row i is client i.
    Known [2] {
        /// The newest revision it was acknowledged for or has seen.
        revision,
        /// The newest version of its own information that was acknowledged.
        acknowledged,
    }

    /// What the client of a request knew when it asked, in the order of request ids; until it is settled.
    Floor [2] {
        /// The request.
        request,
        /// The newest revision its client was acknowledged for or had seen.
        revision,
    }

    /// A query that was handed over at least once, in the order of request ids; until it is settled.
    Moved [1] {
        /// The query.
        request,
    }

    /// Who refused a hand-over that a control server holds, since it last started; in the order of control
    /// servers, sources and ids.
    Refusals [6] {
        /// The control server's index.
        control,
        /// The source's query server index.
        source,
        /// The task.
        request,
        /// Incarnation of the hand-over.
        incarnation,
        /// Sequence of the hand-over.
        sequence,
        /// The query servers that refused it, as a bit set.
        servers,
    }

    /// A task in a queue that came back refused, or was taken back, in the order of servers and ids.
    CameBack [2] {
        /// The query server's index.
        server,
        /// The task.
        request,
    }

    /// How often a queued task was overtaken while it was ready, in the order of servers and ids; where classes age.
    Overtaken [3] {
        /// The query server's index.
        server,
        /// The task.
        request,
        /// How often.
        times,
    }

    /// The highest epoch that a query server has heard of since it started, in the order of servers; from 1.
    Heard [2] {
        /// The query server's index.
        server,
        /// The epoch.
        epoch,
    }

    /// The query server that a control server assigned to last since it started, in the order of control servers;
    /// where servers take turns.
    Turn [2] {
        /// The control server's index.
        control,
        /// The query server's index.
        server,
    }
}

/// The history.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // each table is described at its row
pub struct Ghost<S: Size> {
    pub known: S::Nodes<Known<S::Num>>,
    pub floors: S::Held<Floor<S::Num>>,
    pub moved: S::Held<Moved<S::Num>>,
    pub refusals: S::Held<Refusals<S::Num>>,
    pub came_back: S::Held<CameBack<S::Num>>,
    pub overtaken: S::Held<Overtaken<S::Num>>,
    pub heard: S::Nodes<Heard<S::Num>>,
    pub turns: S::Nodes<Turn<S::Num>>,
}

impl<S: Size> Ghost<S> {
    /// The history of a run that has not begun.
    pub fn new(clients: u16) -> Self {
        let mut ghost = Ghost::<S> {
            known: Default::default(),
            floors: Default::default(),
            moved: Default::default(),
            refusals: Default::default(),
            came_back: Default::default(),
            overtaken: Default::default(),
            heard: Default::default(),
            turns: Default::default(),
        };
        let zero = S::Num::of(0);
        for at in 0..clients.into() {
            let fits = ghost.known.insert(at, Known { revision: zero, acknowledged: zero });
            assert!(fits, "the ghost state has room for every client");
        }
        ghost
    }

    /// Appends the history.
    pub fn pack(&self, bytes: &mut Vec<u8>) {
        put_table(&self.known, bytes);
        put_table(&self.floors, bytes);
        put_table(&self.moved, bytes);
        put_table(&self.refusals, bytes);
        put_table(&self.came_back, bytes);
        put_table(&self.overtaken, bytes);
        put_table(&self.heard, bytes);
        put_table(&self.turns, bytes);
    }

    /// Takes a history off the front.
    ///
    /// # Panics
    /// If these are not the bytes of one of this size.
    pub fn unpack(bytes: &mut &[u8]) -> Self {
        let mut ghost = Ghost::new(0);
        take_table(&mut ghost.known, bytes);
        take_table(&mut ghost.floors, bytes);
        take_table(&mut ghost.moved, bytes);
        take_table(&mut ghost.refusals, bytes);
        take_table(&mut ghost.came_back, bytes);
        take_table(&mut ghost.overtaken, bytes);
        take_table(&mut ghost.heard, bytes);
        take_table(&mut ghost.turns, bytes);
        ghost
    }

    /// The revision that a client knew when it asked.
    pub fn floor(&self, request: u32) -> Option<u32> {
        let row = self.floors.iter().find(|f| f.request.get() == request)?;
        Some(row.revision.get())
    }

    /// The history after a step.
    pub(crate) fn after(mut self, step: &Stepped<'_, S>) -> Self {
        match step.action {
            Action::Issue { client, request } => {
                let revision = self.known.get(client.index.into()).revision;
                let row = Floor { request: S::Num::of(request.number()), revision };
                let place = self.floors.position(|f| f.request > row.request);
                let place = place.unwrap_or(self.floors.len());
                let fits = self.floors.insert(place, row);
                assert!(fits, "there are as many floors as requests waited for");
            }
            Action::Offer { request, .. } if self.floor(request.number()).is_some() => {
                let row = Moved { request: S::Num::of(request.number()) };
                if self.moved.position(|m| m == row).is_none() {
                    let place = self.moved.position(|m| m.request > row.request);
                    let place = place.unwrap_or(self.moved.len());
                    let fits = self.moved.insert(place, row);
                    assert!(fits, "there are at most as many moved queries as floors");
                }
            }
            Action::Deliver { from, to } => self.delivered(step, from, to),
            Action::Start { server, request } => self.started(step, server, request),
            Action::Cancel { request, .. } => self.no_longer_awaited(request),
            Action::Leave { client } => {
                // Not all that it ever asked: a long run has asked much.
                let own =
                    |request| step.protocol.planned(RequestId::of(request)).client == client.index;
                self.floors.retain(|floor| !own(floor.request.get()));
                self.moved.retain(|moved| !own(moved.request.get()));
            }
            Action::PullBack { server, request } => self.comes_back(server, request),
            _ => {}
        }
        if step.protocol.scope().nodes.control_servers > 1 {
            self.hear(step);
        }
        if step.protocol.scope().knobs.strategy == Strategy::RoundRobin {
            self.take_turns(step);
        }
        self.forget(step.after);
        if let Some(note) = step.outcome {
            self.settle(step, note);
        }
        self
    }

    fn delivered(&mut self, step: &Stepped<'_, S>, from: Node, to: Node) {
        let head = step.before.flight.get(step.before.link(from, to).start);
        match wire::open(head) {
            Message::Reject { request, hand_over: id } => {
                self.refused(step, from, to, request, id);
            }
            Message::Return { request, hand_over: id, .. } => {
                let handed = step.before.handed.iter().any(|h| {
                    (h.server.get(), h.request.get()) == (to.index.into(), request.number())
                        && (h.incarnation.get(), h.sequence.get()) == (id.incarnation, id.sequence)
                });
                if handed {
                    self.comes_back(to, request);
                }
            }
            _ => {}
        }
    }

    /// A task is back at its source, refused or taken back: it is not to be handed over again.
    fn comes_back(&mut self, server: Node, request: RequestId) {
        let row = CameBack {
            server: S::Num::of(server.index.into()),
            request: S::Num::of(request.number()),
        };
        if self.came_back.position(|c| c == row).is_none() {
            let key = (row.server, row.request);
            let place = self.came_back.position(|c| (c.server, c.request) > key);
            let place = place.unwrap_or(self.came_back.len());
            let fits = self.came_back.insert(place, row);
            assert!(fits, "there are at most as many as tasks queued");
        }
    }

    /// A refusal counts when it is the assignee's, of the hand-over that the control server holds.
    fn refused(
        &mut self,
        step: &Stepped<'_, S>,
        from: Node,
        control: Node,
        request: RequestId,
        id: HandOver,
    ) {
        let row = Refusals {
            control: S::Num::of(control.index.into()),
            source: S::Num::of(id.source.index.into()),
            request: S::Num::of(request.number()),
            incarnation: S::Num::of(id.incarnation),
            sequence: S::Num::of(id.sequence),
            servers: S::Num::of(0),
        };
        let assigned = |e: Entry<S::Num>| is_of(row, e) && e.assignee() == Some(from.index);
        if !step.before.ledger.iter().any(assigned) {
            return;
        }
        let key = |r: Refusals<S::Num>| (r.control, r.source, r.request, r.incarnation, r.sequence);
        let at = self.refusals.position(|r| key(r) >= key(row)).unwrap_or(self.refusals.len());
        if at == self.refusals.len() || key(self.refusals.get(at)) != key(row) {
            let fits = self.refusals.insert(at, row);
            assert!(fits, "there are at most as many as entries in the ledger");
        }
        let mut row = self.refusals.get(at);
        row.servers = S::Num::of(row.servers.get() | 1 << from.index);
        self.refusals.set(at, row);
    }

    /// The query servers that refused the hand-over of an entry, as a bit set.
    pub fn refusals_of(&self, entry: Entry<S::Num>) -> u32 {
        self.refusals.iter().find(|r| is_of(*r, entry)).map_or(0, |r| r.servers.get())
    }

    /// Whether a task came back refused to the query server that has it in its queue.
    pub fn came_back(&self, task: Task<S::Num>) -> bool {
        self.came_back.position(|c| (c.server, c.request) == (task.server, task.request)).is_some()
    }

    /// Forgets the refusals of hand-overs that are over, and the returns of tasks that have left the queue.
    fn forget(&mut self, state: &State<S>) {
        if !self.refusals.is_empty() {
            self.refusals.retain(|row| state.ledger.iter().any(|e| is_of(row, e)));
        }
        if !self.came_back.is_empty() {
            self.came_back.retain(|row| {
                state.queue.iter().any(|t| (t.server, t.request) == (row.server, row.request))
            });
        }
        if !self.overtaken.is_empty() {
            self.overtaken.retain(|row| {
                let same = |t: &Task<S::Num>| (t.server, t.request) == (row.server, row.request);
                state.queue.iter().any(|t| same(&t) && !t.is_running())
            });
        }
    }

    /// A request is settled, or its client has given it up.
    fn no_longer_awaited(&mut self, request: RequestId) {
        if let Some(at) = self.floors.position(|f| f.request.get() == request.number()) {
            self.floors.remove(at);
        }
        if let Some(at) = self.moved.position(|m| m.request.get() == request.number()) {
            self.moved.remove(at);
        }
    }

    fn settle(&mut self, step: &Stepped<'_, S>, note: Note) {
        let (Note::Given { request, .. } | Note::Refused { request }) = note else { return };
        self.no_longer_awaited(request);
        let Note::Given { revision, .. } = note else { return };
        let planned = step.protocol.planned(request);
        let mut known = self.known.get(planned.client.into());
        // What a reply says of its revision is not believed: what it shows was stored at some revision.
        let Note::Given { version, .. } = note else { return };
        let shown = shown_at(step.after, planned.user, version.max(planned.version));
        known.revision = known.revision.max(S::Num::of(revision)).max(S::Num::of(shown));
        known.acknowledged = known.acknowledged.max(S::Num::of(planned.version));
        self.known.set(planned.client.into(), known);
    }
}

/// Whether refusals are of the hand-over of an entry.
fn is_of<N: Num>(row: Refusals<N>, entry: Entry<N>) -> bool {
    row.control == entry.control
        && (row.source, row.request, row.incarnation, row.sequence)
            == (entry.source, entry.request, entry.incarnation, entry.sequence)
}

/// The first revision at which a user's version, or a newer one, was stored; 0 if never.
fn shown_at<S: Size>(state: &State<S>, user: u16, version: u32) -> u32 {
    let newer = |r: &rows::Revision<S::Num>| {
        r.user.get() == u32::from(user) && r.version.get() >= version && version > 0
    };
    state.log.iter().find(newer).map_or(0, |row| row.revision.get())
}

impl<S: Size> Hash for Ghost<S> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let lengths = [
            self.floors.len(),
            self.moved.len(),
            self.refusals.len(),
            self.came_back.len(),
            self.overtaken.len(),
            self.heard.len(),
            self.turns.len(),
        ];
        hasher.write(&lengths.map(|length| length as u8));
        self.known.hash_cells(hasher);
        self.floors.hash_cells(hasher);
        self.moved.hash_cells(hasher);
        self.refusals.hash_cells(hasher);
        self.came_back.hash_cells(hasher);
        self.overtaken.hash_cells(hasher);
        self.heard.hash_cells(hasher);
        self.turns.hash_cells(hasher);
    }
}
