//! The ledger: what sources offer, what receivers make of it, and what goes back.

use spillway_traces::{Action, HandOver, Node, RequestId, Sessions};

use super::eligible::class;
use super::{Control, Entry, dropped, send};
use crate::bug::Bug;
use crate::config::Strategy;
use crate::node::{Candidate, Context, Input};
use crate::wire::{Asked, Wire};

impl Control {
    /// A source hands a task over.
    pub(super) fn offer(
        &mut self,
        asked: Asked,
        hand_over: HandOver,
        askers: Sessions,
        context: &mut Context<'_>,
    ) {
        let key = Entry::key(asked.ask.request, hand_over);
        let held = self.ledger.get(&key).is_some_and(|entry| entry.hand_over == hand_over);
        if !self.leads() || held {
            return dropped(context);
        }
        // Another name of the same source for the same task: an older one, or on datagram links one that overtook.
        let in_its_place = self.ledger.remove(&key).is_some();
        self.taken.0 += 1;
        let entry = Entry {
            asked,
            hand_over,
            askers,
            assigned: None,
            refused: Default::default(),
            number: self.taken,
        };
        let knobs = &self.config.knobs;
        let room = match self.config.has(Bug::LedgerRoomsIgnored) {
            true => knobs.ledger_max,
            false => knobs.ledger_room(class(&entry)),
        };
        let has_room = in_its_place || self.ledger.len() < room as usize;
        if has_room && self.has_eligible(&entry) {
            self.ledger.insert(key, entry);
        } else {
            self.return_to_source(&entry, context);
        }
    }

    /// A receiver has taken a task on: there is nothing to do, since it counts from the assignment on.
    pub(super) fn accept(&mut self, request: RequestId, hand_over: HandOver) {
        if self.config.has(Bug::FreedAtAccept) {
            self.forget(request, hand_over);
        }
    }

    /// A receiver refuses a task.
    pub(super) fn reject(
        &mut self,
        from: Node,
        request: RequestId,
        hand_over: HandOver,
        context: &mut Context<'_>,
    ) {
        let key = Entry::key(request, hand_over);
        let unnoted = self.config.has(Bug::RefusalUnnoted);
        let assigned =
            |entry: &&mut Entry| entry.hand_over == hand_over && entry.assigned == Some(from.index);
        let Some(entry) = self.ledger.get_mut(&key).filter(assigned) else {
            return dropped(context);
        };
        entry.assigned = None;
        if !unnoted {
            entry.refused.insert(from.index);
        }
        if self.ledger.get(&key).is_some_and(|entry| !self.has_eligible(entry))
            && let Some(entry) = self.ledger.remove(&key)
        {
            self.return_to_source(&entry, context);
        }
    }

    /// A receiver has done a task.
    pub(super) fn done(
        &mut self,
        request: RequestId,
        hand_over: HandOver,
        context: &mut Context<'_>,
    ) {
        let any = self.config.has(Bug::DoneUnmatched);
        let held = match any {
            true => self.ledger.remove(&Entry::key(request, hand_over)),
            false => self.forget(request, hand_over),
        };
        let Some(entry) = held else { return dropped(context) };
        let (hand_over, epoch) = (entry.hand_over, self.epoch);
        send(context, hand_over.source, Wire::Finish { request, hand_over, epoch });
    }

    /// The source wants a task no more.
    pub(super) fn withdraw(
        &mut self,
        request: RequestId,
        hand_over: HandOver,
        context: &mut Context<'_>,
    ) {
        let Some(entry) = self.forget(request, hand_over) else { return dropped(context) };
        if let Some(assignee) = entry.assigned {
            send(context, Node::query(assignee), Wire::Withdraw { request, hand_over });
        }
    }

    /// Assigns a task.
    pub(super) fn assign(&mut self, key: (u16, RequestId), to: Node, context: &mut Context<'_>) {
        let epoch = self.epoch;
        let Some(entry) = self.ledger.get_mut(&key) else { return };
        debug_assert!(entry.assigned.is_none());
        entry.assigned = Some(to.index);
        self.rooms.0.assigned(to.index);
        send(context, to, assign_of(entry, epoch));
        if self.config.knobs.strategy == Strategy::RoundRobin && !self.config.has(Bug::WrongTurn) {
            self.last = Some(to.index);
        }
    }

    /// *Give-back*: every task that may go back of itself, the highest class first and of it in the order of arrival. Those
    /// are due whose source is known to have room; that nobody else has is not asked, since assignments come first.
    pub(super) fn give_back_candidates(&self, now_us: u64, candidates: &mut Vec<Candidate>) {
        if !self.config.knobs.give_back || !self.leads() {
            return;
        }
        let mut held: Vec<&Entry> =
            self.ledger.values().filter(|entry| entry.assigned.is_none()).collect();
        held.sort_unstable_by_key(|entry| (class(entry), entry.number.0));
        candidates.extend(held.into_iter().map(|entry| {
            let (source, request) = (entry.hand_over.source, entry.asked.ask.request);
            let due = self.known_room(source.index, now_us).is_some_and(|room| room > 0);
            let action = Action::GiveBack { source, request, by: self.node() };
            Candidate { action, due, cost: 0 }
        }));
    }

    /// Gives a task back of itself.
    pub(super) fn give_back(&mut self, key: (u16, RequestId), context: &mut Context<'_>) {
        let held = match self.config.has(Bug::GivenBackHeld) {
            true => self.ledger.get(&key).cloned(),
            false => self.ledger.remove(&key),
        };
        let Some(entry) = held else { return };
        debug_assert!(entry.assigned.is_none());
        self.rooms.0.filled(entry.hand_over.source.index);
        self.return_to_source(&entry, context);
    }

    /// Assigns again, under the same names, all that is assigned to this query server.
    pub(super) fn assign_again(&self, to: Node, context: &mut Context<'_>) {
        for entry in self.ledger.values().filter(|entry| entry.assigned == Some(to.index)) {
            send(context, to, assign_of(entry, self.epoch));
        }
    }

    /// The connection to a query server is lost: what was assigned to it is so no more.
    pub(super) fn connection_lost(&mut self, peer: Node) {
        self.lost.insert(peer.index);
        self.rooms.0.forget(peer.index);
        self.returns_due = true;
        if self.config.has(Bug::AssignedKept) {
            return;
        }
        for entry in self.ledger.values_mut().filter(|entry| entry.assigned == Some(peer.index)) {
            entry.assigned = None;
        }
    }

    /// A query server is there, although the path to it may be out of order.
    pub(super) fn is_up(&mut self, peer: Node) {
        self.lost.remove(&peer.index);
    }

    /// Whether the loss before this input lasts shows only now: then what nobody can take any more goes back.
    pub(super) fn after_loss(&mut self, input: &Input, context: &mut Context<'_>) {
        if !self.returns_due {
            return;
        }
        self.returns_due = false;
        let is_back = match input {
            Input::Made { peer } | Input::Reachable { peer, .. } => self.lost.contains(&peer.index),
            _ => false,
        };
        if !is_back {
            self.return_unplaceable(context);
        }
    }

    /// Returns, by source and request, what has no eligible server.
    fn return_unplaceable(&mut self, context: &mut Context<'_>) {
        let unplaceable: Vec<(u16, RequestId)> = self
            .ledger
            .iter()
            .filter(|(_, entry)| entry.assigned.is_none() && !self.has_eligible(entry))
            .map(|(&key, _)| key)
            .collect();
        for key in unplaceable {
            if let Some(entry) = self.ledger.remove(&key) {
                self.return_to_source(&entry, context);
            }
        }
    }

    fn return_to_source(&self, entry: &Entry, context: &mut Context<'_>) {
        let Entry { hand_over, .. } = *entry;
        let request = entry.asked.ask.request;
        send(context, hand_over.source, Wire::Return { request, hand_over, epoch: self.epoch });
    }

    /// Forgets the hand-over of this name, if it is held.
    fn forget(&mut self, request: RequestId, hand_over: HandOver) -> Option<Entry> {
        let key = Entry::key(request, hand_over);
        let held = self.ledger.get(&key).is_some_and(|entry| entry.hand_over == hand_over);
        if held { self.ledger.remove(&key) } else { None }
    }
}

fn assign_of(entry: &Entry, epoch: u32) -> Wire {
    Wire::Assign {
        asked: entry.asked.clone(),
        hand_over: entry.hand_over,
        askers: entry.askers,
        epoch,
    }
}
