//! What an actor does when something meets it, once for each; and what a property says, once for what it depends on.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use stateright::actor::{Actor, Command, Envelope, Id, Out, is_no_op, is_no_op_with_timer};

use super::arena::NUMBER_BITS;
use super::memo::Memo;
use super::{Actors, ActorsState, Event, Input, Judge, NOTHING, Part, Step};

impl<A, C, H> Actors<A, C, H>
where
    A: Actor<Msg: Ord, Timer: Ord>,
    H: Clone + Debug + Hash + PartialEq,
{
    /// Which envelope stateright lists first.
    #[inline]
    pub(super) fn order(&self, one: u32, other: u32) -> Ordering {
        if one == other {
            return Ordering::Equal;
        }
        self.envelopes.get(one).cmp(self.envelopes.get(other))
    }

    /// The number of what an actor does when something happens to it; none if it is nothing.
    #[inline]
    fn step(&self, part: u32, input: Input) -> Option<u32> {
        let happens = match input {
            Input::Envelope(envelope) => envelope,
            Input::Event(event) => event | 1 << NUMBER_BITS,
        };
        let key = u64::from(part) << 32 | u64::from(happens);
        let step = self.steps_known.get(key, || {
            let step = self.take_step(self.parts.get(part), input);
            step.map_or(NOTHING, |step| u64::from(self.steps.add(step)) + 1)
        });
        (step != NOTHING).then(|| (step - 1) as u32)
    }

    /// What an actor does, by stateright's `ActorModel::next_state`.
    fn take_step(&self, part: &Part<A>, input: Input) -> Option<Step> {
        let (actor, id) = (&self.model.actors[part.actor], Id::from(part.actor));
        let (mut next, mut out) = (part.clone(), Out::new());
        let mut state = Cow::Borrowed(&*part.state);
        match input {
            Input::Envelope(envelope) => {
                let Envelope { src, msg, .. } = self.envelopes.get(envelope);
                if part.has_crashed {
                    return None;
                }
                actor.on_msg(id, &mut state, *src, msg.clone(), &mut out);
                if is_no_op(&state, &out) {
                    return None;
                }
            }
            Input::Event(event) => match self.events.get(event) {
                Event::Timeout(timer) => {
                    actor.on_timeout(id, &mut state, timer, &mut out);
                    if is_no_op_with_timer(&state, &out, timer) {
                        return None;
                    }
                    next.timers.cancel(timer);
                }
                Event::Crash => {
                    next.timers.cancel_all();
                    next.choices.map.clear();
                    next.has_crashed = true;
                }
                Event::Recover => {
                    state = Cow::Owned(actor.on_start(id, &part.storage, &mut out));
                    next.has_crashed = false;
                }
                Event::Select(key, random) => {
                    actor.on_random(id, &mut state, random, &mut out);
                    next.choices.remove(key);
                }
            },
        }
        if let Cow::Owned(state) = state {
            next.state = Arc::new(state);
        }
        let mut sent = Vec::new();
        for command in out {
            match command {
                Command::Send(dst, msg) => {
                    sent.push(self.envelopes.intern(Envelope { src: id, dst, msg }));
                }
                Command::SetTimer(timer, _) => {
                    next.timers.set(timer);
                }
                Command::CancelTimer(timer) => {
                    next.timers.cancel(&timer);
                }
                Command::ChooseRandom(key, choices) if choices.is_empty() => {
                    next.choices.remove(&key);
                }
                Command::ChooseRandom(key, choices) => next.choices.insert(key, choices),
                Command::Save(storage) => next.storage = Some(storage),
            }
        }
        Some(Step { part: self.intern_part(next), sent })
    }

    /// The history after a step.
    #[inline]
    fn history_after(&self, history: u32, number: u32, input: Input) -> u32 {
        let key = u64::from(history) << 32 | u64::from(number);
        let after = self.histories_known.get(key, || {
            let cfg = &self.model.cfg;
            let mut after: Option<H> = None;
            if let Input::Envelope(envelope) = input {
                let record = self.model.record_msg_in;
                let envelope = as_ref(self.envelopes.get(envelope));
                after = record(cfg, self.histories.get(history), envelope);
            }
            for &envelope in &self.steps.get(number).sent {
                let record = self.model.record_msg_out;
                let envelope = as_ref(self.envelopes.get(envelope));
                let last = after.as_ref().unwrap_or_else(|| self.histories.get(history));
                after = record(cfg, last, envelope).or(after);
            }
            after.map_or(history, |after| self.histories.intern(after)).into()
        });
        after as u32
    }

    /// The state after an actor met something.
    #[inline]
    pub(super) fn after(
        &self,
        state: &ActorsState,
        actor: usize,
        input: Input,
    ) -> Option<ActorsState> {
        let number = self.step(state.numbers[1 + actor], input)?;
        let step = self.steps.get(number);
        let at = self.network_at();
        let mut numbers = Vec::with_capacity(state.numbers.len() + step.sent.len());
        match input {
            Input::Envelope(envelope) if !self.is_duplicating => {
                copy_without(&state.numbers, at, envelope, &mut numbers);
            }
            Input::Envelope(envelope) => {
                numbers.extend_from_slice(&state.numbers);
                numbers[at - 1] = envelope;
            }
            Input::Event(_) => numbers.extend_from_slice(&state.numbers),
        }
        numbers[0] = self.history_after(state.numbers[0], number, input);
        numbers[1 + actor] = step.part;
        for &envelope in &step.sent {
            let place = numbers[at..].binary_search_by(|one| self.order(*one, envelope));
            match place {
                Ok(_) if self.is_duplicating => {}
                Ok(place) | Err(place) => numbers.insert(at + place, envelope),
            }
        }
        Some(ActorsState { numbers })
    }

    /// Judges a property.
    pub(super) fn judge(&self, at: usize, state: &ActorsState) -> bool {
        let judged = |known: &Memo, number: u32, holds: &dyn Fn() -> bool| {
            known.get(number.into(), || u64::from(holds()) + 1) == 2
        };
        match &self.judges[at] {
            Judge::Whole(condition) => condition(&self.model, &self.state(state)),
            Judge::History(condition, known) => {
                let history = state.numbers[0];
                judged(known, history, &|| condition(&self.model.cfg, self.histories.get(history)))
            }
            Judge::Envelope(condition, known) => self.network_of(state).iter().any(|&one| {
                judged(known, one, &|| condition(&self.model.cfg, as_ref(self.envelopes.get(one))))
            }),
        }
    }
}

fn as_ref<Msg>(envelope: &Envelope<Msg>) -> Envelope<&Msg> {
    Envelope { src: envelope.src, dst: envelope.dst, msg: &envelope.msg }
}

/// Copies numbers without the first that is this one, from a place on.
#[inline]
pub(super) fn copy_without(numbers: &[u32], from: usize, number: u32, copy: &mut Vec<u32>) {
    let place = numbers[from..].iter().position(|one| *one == number);
    let place = from + place.expect("what is delivered or dropped is on the network");
    copy.extend_from_slice(&numbers[..place]);
    copy.extend_from_slice(&numbers[place + 1..]);
}
