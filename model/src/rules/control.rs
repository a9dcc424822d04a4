//! The control server: it holds redundant tasks and assigns them, the highest class first, to servers that may
//! take them. Its ledger is soft state: sources offer again what they still hold.

use spillway_traces::{HandOver, Message, Node, RequestId, Sessions};

use crate::mutant::Mutant;
use crate::rows::Entry;
use crate::size::{Num, Size, Table};
use crate::step::{Observe, Step};

impl<S: Size, O: Observe> Step<'_, S, O> {
    pub(super) fn control_takes(&mut self, control: Node, from: Node, message: Message) {
        match message {
            Message::Offer { request, token, hand_over, sessions } => {
                self.hold(control, request, token, hand_over, sessions);
            }
            // For the load that a strategy reckons with; the entry stays until Done.
            Message::Accept { .. } => {}
            Message::Reject { request, hand_over } => {
                self.rejected(control, from, request, hand_over);
            }
            Message::Done { request, hand_over } => self.finish(control, request, hand_over),
            Message::Lead { epoch } => self.control_hears(control, epoch),
            Message::Withdraw { request, hand_over } => {
                self.control_withdraws(control, request, hand_over);
            }
            _ => self.misdirected(control, message),
        }
    }

    /// The place of a control server's entry for a task of a source.
    fn entry_of(&self, control: Node, source: Node, request: RequestId) -> Option<usize> {
        let key = (u32::from(control.index), u32::from(source.index), request.number());
        let own = |e: Entry<S::Num>| (e.control.get(), e.source.get(), e.request.get()) == key;
        self.state.ledger.position(own)
    }

    /// The place of the entry for a task of a source, and whether it is of this very hand-over.
    pub(super) fn entry_at(
        &self,
        control: Node,
        request: RequestId,
        id: HandOver,
    ) -> Option<(usize, bool)> {
        let at = self.entry_of(control, id.source, request)?;
        let e = self.state.ledger.get(at);
        Some((at, (e.incarnation.get(), e.sequence.get()) == (id.incarnation, id.sequence)))
    }

    /// A new hand-over id is held with no refusals yet and takes the place of an older one of the same task; a
    /// known one changes nothing.
    fn hold(
        &mut self,
        control: Node,
        request: RequestId,
        token: u32,
        id: HandOver,
        sessions: Sessions,
    ) {
        if !self.protocol.leads(self.state, control.index)
            && !self.protocol.has(Mutant::SupersededHolds)
        {
            return self.drop_message(); // its source will offer it to the one that leads
        }
        let row = Entry {
            source: S::Num::of(id.source.index.into()),
            request: S::Num::of(request.number()),
            token: S::Num::of(token),
            incarnation: S::Num::of(id.incarnation),
            sequence: S::Num::of(id.sequence),
            to: S::Num::of(0),
            refused: S::Num::of(0),
            sessions: S::Num::of(sessions.bits()),
            control: S::Num::of(control.index.into()),
        };
        match self.entry_at(control, request, id) {
            Some((_, true)) if !self.protocol.has(Mutant::RefusalsForgotten) => self.drop_message(),
            Some((at, _)) => self.state.ledger.set(at, row),
            None => {
                let held = self.state.ledger.count(|e| e.control == row.control);
                let full = held >= self.ledger_room_for(request);
                let full = full && !self.protocol.has(Mutant::LedgerUnbounded);
                // With the strategy `classes` there may be no server for it at all.
                let unwanted = !self.has_receiver(row) && !self.protocol.has(Mutant::UnwantedHeld);
                if full || unwanted {
                    return self.return_to_source(control, request, id);
                }
                let key = |e: Entry<S::Num>| (e.control, e.source, e.request);
                let place = self.state.ledger.position(|e| key(e) > key(row));
                let place = place.unwrap_or(self.state.ledger.len());
                let fits = self.state.ledger.insert(place, row);
                self.must_fit(fits);
            }
        }
        self.return_unreceivable(control);
    }

    /// How many hand-overs a control server holds when it returns a new one.
    fn ledger_room_for(&self, request: RequestId) -> usize {
        let knobs = &self.protocol.scope().knobs;
        let room = match self.protocol.planned(request).class {
            _ if self.protocol.has(Mutant::LedgerRoomsIgnored) => knobs.ledger_max,
            class => knobs.ledger_room(class),
        };
        room as usize
    }

    /// Gives back what nobody may take since servers are down: a task must not wait for one to restart.
    fn return_unreceivable(&mut self, control: Node) {
        if self.state.outages.is_empty() {
            return; // somebody may take whatever is new or unassigned
        }
        let mut at = 0;
        while at < self.state.ledger.len() {
            let entry = self.state.ledger.get(at);
            let own = entry.control.get() == u32::from(control.index);
            if !own || entry.assignee().is_some() || self.has_receiver(entry) {
                at += 1;
                continue;
            }
            self.state.ledger.remove(at);
            self.return_to_source(control, RequestId::of(entry.request.get()), named(entry));
        }
    }

    /// Gives a task back of itself: its source may be the first to have time for it.
    pub(super) fn give_back(&mut self, control: Node, source: Node, request: RequestId) {
        let at = self.entry_of(control, source, request);
        let at = at.expect("what is given back is in the ledger");
        let entry = self.state.ledger.get(at);
        if !self.protocol.has(Mutant::GivenBackHeld) {
            self.state.ledger.remove(at);
        }
        if !self.protocol.has(Mutant::GivenBackSilently) {
            self.return_to_source(control, request, named(entry));
        }
    }

    fn return_to_source(&mut self, control: Node, request: RequestId, id: HandOver) {
        let epoch = self.epoch(control);
        self.send(control, id.source, Message::Return { request, hand_over: id, epoch });
    }

    pub(super) fn assign(&mut self, control: Node, source: Node, request: RequestId, to: Node) {
        let at = self.entry_of(control, source, request);
        let at = at.expect("what is assigned is in the ledger");
        let mut entry = self.state.ledger.get(at);
        entry.to = S::Num::of(u32::from(to.index) + 1);
        self.state.ledger.set(at, entry);
        self.takes_turn(control, to);
        self.send_assign(control, entry, to);
    }

    /// On datagram links: what a server has may have been lost on the way there, or with it.
    pub(super) fn control_assigns_again(&mut self, control: Node, to: Node) {
        for at in 0..self.state.ledger.len() {
            let entry = self.state.ledger.get(at);
            let own = entry.control.get() == u32::from(control.index);
            if own && entry.assignee() == Some(to.index) {
                self.send_assign(control, entry, to);
            }
        }
    }

    fn send_assign(&mut self, control: Node, entry: Entry<S::Num>, to: Node) {
        let request = RequestId::of(entry.request.get());
        let hand_over = named(entry);
        let unsaid = self.protocol.has(Mutant::TokenNotAssigned);
        let token = if unsaid { 0 } else { entry.token.get() };
        let sessions = Sessions::from_bits(entry.sessions.get());
        let epoch = self.epoch(control);
        let assign = Message::Assign { request, token, hand_over, sessions, epoch };
        self.send(control, to, assign);
    }

    /// The next candidate, or back to the source when all have refused.
    fn rejected(&mut self, control: Node, from: Node, request: RequestId, id: HandOver) {
        let unmatched = self.protocol.has(Mutant::RejectUnmatched);
        let found = self.entry_at(control, request, id).map(|(at, same)| (at, same || unmatched));
        let Some((at, true)) = found else { return self.drop_message() };
        let mut entry = self.state.ledger.get(at);
        if entry.assignee() != Some(from.index) && !unmatched {
            return self.drop_message();
        }
        if !self.protocol.has(Mutant::RefusalUnnoted) {
            entry.refused = S::Num::of(entry.refused.get() | (1 << from.index));
        }
        entry.to = S::Num::of(0);
        self.state.ledger.set(at, entry);
        if !self.has_receiver(entry) && !self.protocol.has(Mutant::NeverReturned) {
            self.state.ledger.remove(at);
            self.return_to_source(control, request, id);
        }
    }

    fn has_receiver(&self, entry: Entry<S::Num>) -> bool {
        let may = |c| self.protocol.may_receive(self.state, entry, c);
        let lost =
            |c: u16| self.state.is_down(Node::query(c)) && entry.source.get() != u32::from(c);
        self.protocol.query_servers().any(|c| {
            may(c) || self.protocol.has(Mutant::HeldForLost) && lost(c) && !entry.was_refused_by(c)
        })
    }

    fn finish(&mut self, control: Node, request: RequestId, id: HandOver) {
        match self.entry_at(control, request, id) {
            Some((at, same)) if same || self.protocol.has(Mutant::DoneUnmatched) => {
                let entry = self.state.ledger.remove(at);
                let hand_over = HandOver {
                    source: id.source,
                    incarnation: entry.incarnation.get(),
                    sequence: entry.sequence.get(),
                };
                let epoch = self.epoch(control);
                self.send(control, id.source, Message::Finish { request, hand_over, epoch });
            }
            _ => self.drop_message(),
        }
    }

    /// What was assigned to a query server that is lost may have been lost with it: it is unassigned again.
    pub(super) fn control_loses(&mut self, control: Node, server: Node) {
        if self.protocol.has(Mutant::AssignedKept) {
            return;
        }
        for at in 0..self.state.ledger.len() {
            let mut entry = self.state.ledger.get(at);
            let own = entry.control.get() == u32::from(control.index);
            if own && entry.assignee() == Some(server.index) {
                entry.to = S::Num::of(0);
                self.state.ledger.set(at, entry);
            }
        }
        self.return_unreceivable(control);
    }
}

/// The hand-over of an entry.
fn named<N: Num>(entry: Entry<N>) -> HandOver {
    HandOver {
        source: Node::query(entry.source.get() as u16),
        incarnation: entry.incarnation.get(),
        sequence: entry.sequence.get(),
    }
}
