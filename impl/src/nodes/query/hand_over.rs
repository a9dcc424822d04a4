//! Hand-overs: what this server gives away and gets back, and what it takes on for others.

use spillway_traces::{Action, HandOver, Node, RequestId, Sessions};

use super::{Foreign, Handed, Query, dropped, refuse, send};
use crate::bug::Bug;
use crate::config::{Returned, Unit};
use crate::node::{Candidate, Context};
use crate::nodes::askers;
use crate::wire::{Asked, Wire};

impl Query {
    /// How many of its movable tasks are redundant at most.
    pub(super) fn redundant_max(&self) -> usize {
        let more = usize::from(self.config.has(Bug::OfferedBelowThreshold));
        match self.config.knobs.unit {
            Unit::Count => (self.load() + more).saturating_sub(self.threshold()),
            Unit::Delay if self.late => (self.load() + more).saturating_sub(1),
            Unit::Delay => 0,
        }
    }

    /// Its threshold, where that is a count.
    pub(super) fn threshold(&self) -> usize {
        self.config.knobs.threshold[usize::from(self.index)] as usize
    }

    /// Whether a task of another server may be taken on by the load.
    fn takes_on(&self) -> bool {
        match self.config.knobs.unit {
            _ if self.config.has(Bug::LoadUnchecked) => true,
            Unit::Count => self.load() < self.threshold(),
            Unit::Delay => !self.late,
        }
    }

    /// Offering what is redundant, and pulling back what is handed over.
    pub(super) fn hand_over_candidates(&self, candidates: &mut Vec<Candidate>) {
        let server = self.node();
        let out_of_order = self.is_out_of_order(self.leader());
        // An offer into the void is legal, but keeps the task from being served until it is pulled back.
        let due = !out_of_order;
        for (cost, request) in (0..).zip(self.redundant()) {
            let action = Action::Offer { server, request };
            candidates.push(Candidate { action, due, cost });
        }
        if out_of_order {
            // Not due: a timer stands for it.
            candidates.extend(self.handed.keys().map(|&request| Candidate {
                action: Action::PullBack { server, request },
                due: false,
                cost: 0,
            }));
        }
    }

    /// Hands a task over under a new name.
    pub(super) fn offer(&mut self, request: RequestId, context: &mut Context<'_>) {
        let Some(place) = self.place(request) else { return };
        let task = self.queue.remove(place, self.config.knobs.overtaken_max);
        self.sequence += 1;
        let hand_over = HandOver {
            source: self.node(),
            incarnation: self.incarnation,
            sequence: self.sequence,
        };
        let handed = Handed { asked: task.asked, hand_over, askers: task.asked_here, again: false };
        send(context, self.leader(), offer_of(&handed));
        let before = self.handed.insert(request, handed);
        debug_assert!(before.is_none());
    }

    /// Offers all that is handed over to the leader, under the same names.
    pub(super) fn offer_again(&self, context: &mut Context<'_>) {
        for handed in self.handed.values() {
            send(context, self.leader(), offer_of(handed));
        }
    }

    /// A control server assigns a task: it is taken on, or refused.
    pub(super) fn assign(
        &mut self,
        from: Node,
        asked: Asked,
        foreign: Foreign,
        context: &mut Context<'_>,
    ) {
        let request = asked.ask.request;
        let hand_over = foreign.hand_over;
        let taken = match self.place(request) {
            Some(place) => self.adopt(place, foreign),
            None => {
                let fits =
                    !self.handed.contains_key(&request) && self.takes_on() && self.has_room();
                if fits {
                    self.queue_last(asked, false, Sessions::default(), Some(foreign), context);
                }
                fits
            }
        };
        let answer = match taken {
            true => Wire::Accept { request, hand_over },
            false => Wire::Reject { request, hand_over },
        };
        send(context, from, answer);
    }

    /// A task that is queued already goes by the new name from now on, unless another source has handed it over.
    fn adopt(&mut self, place: usize, foreign: Foreign) -> bool {
        let adopts_all = self.config.has(Bug::SecondSourceAdopted);
        let task = &mut self.queue[place];
        let asked_there = match &task.foreign {
            Some(held) if held.hand_over.source == foreign.hand_over.source || adopts_all => {
                held.asked_there
            }
            Some(_) => return false,
            None => Sessions::default(),
        };
        let asked_there = askers::union(asked_there, foreign.asked_there);
        task.foreign = Some(Foreign { hand_over: foreign.hand_over, asked_there });
        true
    }

    /// A hand-over is done.
    pub(super) fn finish(
        &mut self,
        request: RequestId,
        hand_over: HandOver,
        context: &mut Context<'_>,
    ) {
        let any = self.config.has(Bug::FinishUnmatched);
        let Some(handed) = self.settle(request, hand_over, any) else { return dropped(context) };
        if handed.again {
            self.queue_last(handed.asked, false, handed.askers, None, context);
        }
    }

    /// A hand-over comes back.
    pub(super) fn returned(
        &mut self,
        request: RequestId,
        hand_over: HandOver,
        context: &mut Context<'_>,
    ) {
        let any = self.config.has(Bug::ReturnUnmatched);
        let Some(handed) = self.settle(request, hand_over, any) else { return dropped(context) };
        match self.config.knobs.returned {
            Returned::Queue => {
                let refused = !self.config.has(Bug::ReturnedUnmarked);
                self.queue_last(handed.asked, refused, handed.askers, None, context);
            }
            Returned::Busy => refuse(handed.askers, request, context),
        }
    }

    /// Takes a task back whose leader is out of reach. It is not offered again, since it may still be moved.
    pub(super) fn pull_back(&mut self, request: RequestId, context: &mut Context<'_>) {
        if let Some(handed) = self.handed.remove(&request) {
            self.queue_last(handed.asked, true, handed.askers, None, context);
        }
    }

    /// The source wants a task no more.
    pub(super) fn withdraw(
        &mut self,
        request: RequestId,
        hand_over: HandOver,
        context: &mut Context<'_>,
    ) {
        let named = |foreign: &Foreign| foreign.hand_over == hand_over;
        let place = self.place(request).filter(|&place| {
            let task = &self.queue[place];
            !task.running && task.foreign.as_ref().is_some_and(named)
        });
        let Some(place) = place else { return dropped(context) };
        let task = &mut self.queue[place];
        task.foreign = None;
        if self.config.has(Bug::WithdrawnForAll) {
            task.asked_here = Sessions::default();
        }
        self.drop_unwanted(place);
    }

    /// Forgets the hand-over of this name, or, with `any`, of whatever name.
    fn settle(&mut self, request: RequestId, hand_over: HandOver, any: bool) -> Option<Handed> {
        let held = self.handed.get(&request)?;
        if held.hand_over != hand_over && !any {
            return None;
        }
        self.handed.remove(&request)
    }
}

fn offer_of(handed: &Handed) -> Wire {
    Wire::Offer { asked: handed.asked.clone(), hand_over: handed.hand_over, askers: handed.askers }
}
