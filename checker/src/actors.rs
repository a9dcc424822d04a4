//! Actor models of stateright with everything interned: a state is a few numbers, and no actor takes the same step twice.
//!
//! In a state of [`ActorModel`] every actor's own part, every envelope and the history are values of their own; few of them are
//! new in a successor, and few of all there are differ. Here each has a number. What an actor does with a message depends on
//! its own part alone, so it is computed once for each pair of numbers, and what is recorded once for each history and step.
//! The network is kept in the order of its envelopes, which is that in which stateright lists them: actions have the same
//! places as in the model as it is, and paths are the same.
//!
//! Numbers depend on what is met first, so on threads; but equal states always have equal ones.

mod arena;
mod memo;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt::{self, Debug};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use stateright::actor::{
    Actor, ActorModel, ActorModelAction, ActorModelState, Command, Envelope, Id, LossyNetwork,
    Network, Out, RandomChoices, Timers, is_no_op, is_no_op_with_timer,
};
use stateright::{Model, Path, Property};

use crate::form::Packing;
use arena::{Arena, NUMBER_BITS};
use memo::Memo;

/// Properties, at most.
const PROPERTIES_MAX: usize = 32;

/// Why a model cannot be interned.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ActorsError {
    /// Its network is ordered.
    OrderedNetwork,
    /// It has more properties than [`Actors`] can tell apart.
    TooManyProperties(usize),
    /// It has no property of this name.
    NoSuchProperty(&'static str),
}

impl fmt::Display for ActorsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ActorsError::OrderedNetwork => f.write_str("ordered networks are not interned"),
            ActorsError::TooManyProperties(many) => {
                write!(f, "there are {many} properties, and {PROPERTIES_MAX} at most are judged")
            }
            ActorsError::NoSuchProperty(name) => write!(f, "there is no property `{name}`"),
        }
    }
}

impl std::error::Error for ActorsError {}

/// An [`ActorModel`] with everything interned: the same states, actions, properties and paths, found faster and kept in less
/// memory, with [`ActorsPacking`].
///
/// Properties and the boundary are those of the model, for which its states are put together again: that takes longer than all
/// else. So say what a property depends on, if it is the history or single envelopes, and that there is no boundary, if the
/// model has none.
///
/// States are the same if they are equal. By its hash the model as it is may have less of them: stateright hashes sets without
/// their lengths, so that only the first of two actors has set a timer is, by that, the same as that only the second has.
///
/// ```
/// use spillway_checker::{Actors, ActorsPacking, Checker};
/// # use std::borrow::Cow;
/// # use stateright::Expectation;
/// # use stateright::actor::{Actor, ActorModel, Id, Network, Out};
/// # struct Pinger;
/// # impl Actor for Pinger {
/// #     type Msg = u8;
/// #     type State = u8;
/// #     type Timer = ();
/// #     type Random = ();
/// #     type Storage = ();
/// #     fn on_start(&self, id: Id, _: &Option<()>, out: &mut Out<Self>) -> u8 {
/// #         if id == Id::from(0) {
/// #             out.send(Id::from(1), 1);
/// #         }
/// #         0
/// #     }
/// #     fn on_msg(&self, _: Id, state: &mut Cow<'_, u8>, from: Id, msg: u8, out: &mut Out<Self>) {
/// #         *state.to_mut() = msg;
/// #         if msg < 9 {
/// #             out.send(from, msg + 1);
/// #         }
/// #     }
/// # }
/// let model = ActorModel::new((), ())
///     .actors([Pinger, Pinger])
///     .init_network(Network::new_unordered_nonduplicating([]))
///     .property(Expectation::Sometimes, "nine", |_, state| *state.actor_states[0] == 8);
/// let report = Checker::new(Actors::new(model)?.unbounded()).packed_by(ActorsPacking).run()?;
/// assert_eq!(report.unique_states, 10);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Actors<A, C = (), H = ()>
where
    A: Actor<Msg: Ord, Timer: Ord>,
    H: Clone + Debug + Hash,
{
    model: ActorModel<A, C, H>,
    is_duplicating: bool,
    is_bounded: bool,
    /// One for each property of the model.
    judges: Vec<Judge<A, C, H>>,
    parts: Arena<Part<A>>,
    envelopes: Arena<Envelope<A::Msg>>,
    /// What happens to an actor beside envelopes.
    events: Arena<Event<A::Timer, A::Random>>,
    crash: u32,
    recovery: u32,
    histories: Arena<H>,
    steps: Arena<Step>,
    /// By part and what happens to it: the number of the step, and one more; or [`NOTHING`].
    steps_known: Memo,
    /// By history and step: the history after it.
    histories_known: Memo,
}

/// The result where nothing happens.
const NOTHING: u64 = 1;

/// How a property is judged.
enum Judge<A, C, H>
where
    A: Actor<Msg: Ord, Timer: Ord>,
    H: Clone + Debug + Hash,
{
    /// By a whole state, as the model has it.
    #[allow(clippy::type_complexity)] // as it is there
    Whole(fn(&ActorModel<A, C, H>, &ActorModelState<A, H>) -> bool),
    History(fn(&C, &H) -> bool, Memo),
    Envelope(fn(&C, Envelope<&A::Msg>) -> bool, Memo),
}

/// What is an actor's own.
struct Part<A: Actor> {
    actor: usize,
    state: Arc<A::State>,
    timers: Timers<A::Timer>,
    choices: RandomChoices<A::Random>,
    has_crashed: bool,
    storage: Option<A::Storage>,
    /// What can happen to it, in order, which follows from what is above.
    timeouts: Vec<u32>,
    selections: Vec<u32>,
}

impl<A: Actor> PartialEq for Part<A> {
    fn eq(&self, other: &Self) -> bool {
        self.actor == other.actor
            && self.state == other.state
            && self.timers == other.timers
            && self.choices == other.choices
            && self.has_crashed == other.has_crashed
            && self.storage == other.storage
    }
}

impl<A: Actor> Hash for Part<A> {
    fn hash<S: Hasher>(&self, hasher: &mut S) {
        self.actor.hash(hasher);
        self.state.hash(hasher);
        self.timers.hash(hasher);
        self.choices.hash(hasher);
        self.has_crashed.hash(hasher);
        self.storage.hash(hasher);
    }
}

impl<A: Actor> Clone for Part<A> {
    fn clone(&self) -> Self {
        Part {
            actor: self.actor,
            state: Arc::clone(&self.state),
            timers: self.timers.clone(),
            choices: self.choices.clone(),
            has_crashed: self.has_crashed,
            storage: self.storage.clone(),
            timeouts: Vec::new(),
            selections: Vec::new(),
        }
    }
}

/// What happens to an actor beside envelopes.
#[derive(PartialEq, Hash)]
enum Event<T, R> {
    Timeout(T),
    Crash,
    Recover,
    Select(String, R),
}

/// What an actor does.
struct Step {
    /// Its part afterwards.
    part: u32,
    /// What is sent, in the order in which it is.
    sent: Vec<u32>,
}

/// What happens to an actor, by number.
#[derive(Clone, Copy)]
enum Input {
    Envelope(u32),
    Event(u32),
}

/// A state of [`Actors`]: numbers, which [`Actors::state`] turns into what they stand for.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct ActorsState {
    /// The history; the part of each actor; on a duplicating network the envelope that was delivered last, or 0; and the
    /// network's envelopes in their order, each as often as it is there.
    numbers: Vec<u32>,
}

/// An action of [`Actors`]: see [`Actors::action`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ActorsAction(Action);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Action {
    Drop { envelope: u32 },
    Deliver { envelope: u32 },
    Event { actor: u32, event: u32 },
}

impl<A, C, H> Actors<A, C, H>
where
    A: Actor<Msg: Ord, Timer: Ord>,
    H: Clone + Debug + Hash + PartialEq,
{
    /// Nothing is interned yet.
    ///
    /// # Errors
    /// If the network is ordered, or there are more than 32 properties.
    pub fn new(model: ActorModel<A, C, H>) -> Result<Self, ActorsError> {
        let is_duplicating = match model.init_network {
            Network::UnorderedDuplicating(..) => true,
            Network::UnorderedNonDuplicating(_) => false,
            Network::Ordered(_) => return Err(ActorsError::OrderedNetwork),
        };
        if model.properties.len() > PROPERTIES_MAX {
            return Err(ActorsError::TooManyProperties(model.properties.len()));
        }
        let events = Arena::default();
        Ok(Actors {
            crash: events.intern(Event::Crash),
            recovery: events.intern(Event::Recover),
            events,
            is_duplicating,
            is_bounded: true,
            judges: model.properties.iter().map(|one| Judge::Whole(one.condition)).collect(),
            model,
            parts: Arena::default(),
            envelopes: Arena::default(),
            histories: Arena::default(),
            steps: Arena::default(),
            steps_known: Memo::default(),
            histories_known: Memo::default(),
        })
    }

    /// The model has no boundary: its `within_boundary` is not asked.
    pub fn unbounded(mut self) -> Self {
        self.is_bounded = false;
        self
    }

    /// Judges a property by the history alone, once for each: this takes the place of its condition.
    ///
    /// # Errors
    /// If the model has no such property.
    pub fn by_history(
        self,
        name: &'static str,
        condition: fn(&C, &H) -> bool,
    ) -> Result<Self, ActorsError> {
        self.judged(name, Judge::History(condition, Memo::default()))
    }

    /// Judges that a property holds where it does of some envelope on the network, once for each: this takes the place of its
    /// condition.
    ///
    /// # Errors
    /// If the model has no such property.
    pub fn by_any_envelope(
        self,
        name: &'static str,
        condition: fn(&C, Envelope<&A::Msg>) -> bool,
    ) -> Result<Self, ActorsError> {
        self.judged(name, Judge::Envelope(condition, Memo::default()))
    }

    fn judged(mut self, name: &'static str, judge: Judge<A, C, H>) -> Result<Self, ActorsError> {
        let at = self.model.properties.iter().position(|property| property.name == name);
        self.judges[at.ok_or(ActorsError::NoSuchProperty(name))?] = judge;
        Ok(self)
    }

    /// The model as it is.
    pub fn model(&self) -> &ActorModel<A, C, H> {
        &self.model
    }

    /// A state as the model has it.
    pub fn state(&self, state: &ActorsState) -> ActorModelState<A, H> {
        let parts = || self.parts_of(state).iter().map(|part| self.parts.get(*part));
        let on_network = self.network_of(state).iter().map(|one| self.envelopes.get(*one).clone());
        let network = if self.is_duplicating {
            let last = state.numbers[self.network_at() - 1];
            let last = (last != 0).then(|| self.envelopes.get(last).clone());
            Network::new_unordered_duplicating_with_last_msg(on_network, last)
        } else {
            Network::new_unordered_nonduplicating(on_network)
        };
        ActorModelState {
            actor_states: parts().map(|part| Arc::clone(&part.state)).collect(),
            network,
            timers_set: parts().map(|part| part.timers.clone()).collect(),
            random_choices: parts().map(|part| part.choices.clone()).collect(),
            crashed: parts().map(|part| part.has_crashed).collect(),
            history: self.histories.get(state.numbers[0]).clone(),
            actor_storages: parts().map(|part| part.storage.clone()).collect(),
        }
    }

    /// An action as the model has it.
    pub fn action(&self, action: ActorsAction) -> ActorModelAction<A::Msg, A::Timer, A::Random> {
        match action.0 {
            Action::Drop { envelope } => {
                ActorModelAction::Drop(self.envelopes.get(envelope).clone())
            }
            Action::Deliver { envelope } => {
                let Envelope { src, dst, msg } = self.envelopes.get(envelope).clone();
                ActorModelAction::Deliver { src, dst, msg }
            }
            Action::Event { actor, event } => {
                let id = Id::from(actor as usize);
                match self.events.get(event) {
                    Event::Timeout(timer) => ActorModelAction::Timeout(id, timer.clone()),
                    Event::Crash => ActorModelAction::Crash(id),
                    Event::Recover => ActorModelAction::Recover(id),
                    Event::Select(key, random) => ActorModelAction::SelectRandom {
                        actor: id,
                        key: key.clone(),
                        random: random.clone(),
                    },
                }
            }
        }
    }

    /// A path as the model has it; none if it is not one of this model.
    #[allow(clippy::type_complexity)] // as it is there
    pub fn path(
        &self,
        path: Path<ActorsState, ActorsAction>,
    ) -> Option<Path<ActorModelState<A, H>, ActorModelAction<A::Msg, A::Timer, A::Random>>> {
        let steps = path.into_vec();
        let first = self.state(&steps.first()?.0);
        let actions: Vec<_> =
            steps.into_iter().filter_map(|(_, action)| Some(self.action(action?))).collect();
        Path::from_actions(&self.model, first, &actions)
    }

    fn network_at(&self) -> usize {
        1 + self.model.actors.len() + usize::from(self.is_duplicating)
    }

    fn parts_of<'s>(&self, state: &'s ActorsState) -> &'s [u32] {
        &state.numbers[1..=self.model.actors.len()]
    }

    fn network_of<'s>(&self, state: &'s ActorsState) -> &'s [u32] {
        &state.numbers[self.network_at()..]
    }

    /// A state of the model as it is here.
    fn intern(&self, state: ActorModelState<A, H>) -> ActorsState {
        let mut numbers = vec![self.histories.intern(state.history)];
        for (actor, own) in state.actor_states.iter().enumerate() {
            numbers.push(self.intern_part(Part {
                actor,
                state: Arc::clone(own),
                timers: state.timers_set[actor].clone(),
                choices: state.random_choices[actor].clone(),
                has_crashed: state.crashed[actor],
                storage: state.actor_storages[actor].clone(),
                timeouts: Vec::new(),
                selections: Vec::new(),
            }));
        }
        let envelope = |envelope: &Envelope<A::Msg>| self.envelopes.intern(envelope.clone());
        match &state.network {
            Network::UnorderedDuplicating(set, last) => {
                numbers.push(last.as_ref().map_or(0, envelope));
                numbers.extend(set.iter().map(envelope));
            }
            Network::UnorderedNonDuplicating(counts) => {
                for (one, count) in counts.iter() {
                    numbers.extend(std::iter::repeat_n(envelope(one), *count));
                }
            }
            Network::Ordered(_) => unreachable!("such a model is refused"),
        }
        numbers[self.network_at()..].sort_unstable_by(|one, other| self.order(*one, *other));
        ActorsState { numbers }
    }

    fn intern_part(&self, mut part: Part<A>) -> u32 {
        let mut timers: Vec<_> = part.timers.iter().cloned().collect();
        timers.sort_unstable();
        let timeouts = timers.into_iter().map(|timer| self.events.intern(Event::Timeout(timer)));
        part.timeouts = timeouts.collect();
        let choices = part.choices.map.iter();
        let mut choices: Vec<_> =
            choices.flat_map(|(key, some)| some.iter().map(move |one| (key, one))).collect();
        choices.sort_unstable();
        let selections = choices
            .into_iter()
            .map(|(key, one)| self.events.intern(Event::Select(key.clone(), one.clone())));
        part.selections = selections.collect();
        self.parts.intern(part)
    }

    /// Which envelope stateright lists first.
    #[inline]
    fn order(&self, one: u32, other: u32) -> Ordering {
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
    fn after(&self, state: &ActorsState, actor: usize, input: Input) -> Option<ActorsState> {
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
    fn judge(&self, at: usize, state: &ActorsState) -> bool {
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
fn copy_without(numbers: &[u32], from: usize, number: u32, copy: &mut Vec<u32>) {
    let place = numbers[from..].iter().position(|one| *one == number);
    let place = from + place.expect("what is delivered or dropped is on the network");
    copy.extend_from_slice(&numbers[..place]);
    copy.extend_from_slice(&numbers[place + 1..]);
}

impl<A, C, H> Model for Actors<A, C, H>
where
    A: Actor<Msg: Ord, Timer: Ord>,
    H: Clone + Debug + Hash + PartialEq,
{
    type State = ActorsState;
    type Action = ActorsAction;

    fn init_states(&self) -> Vec<ActorsState> {
        self.model.init_states().into_iter().map(|state| self.intern(state)).collect()
    }

    fn actions(&self, state: &ActorsState, actions: &mut Vec<ActorsAction>) {
        let network = self.network_of(state);
        let distinct = || {
            let before = std::iter::once(&0).chain(network);
            network.iter().zip(before).filter(|(one, before)| one != before).map(|(one, _)| *one)
        };
        if self.model.lossy_network == LossyNetwork::Yes {
            actions.extend(distinct().map(|envelope| ActorsAction(Action::Drop { envelope })));
        }
        let actors = self.model.actors.len();
        let deliverable =
            distinct().filter(|one| usize::from(self.envelopes.get(*one).dst) < actors);
        actions.extend(deliverable.map(|envelope| ActorsAction(Action::Deliver { envelope })));

        let parts = self.parts_of(state).iter().map(|part| self.parts.get(*part));
        let parts = (0..).zip(parts);
        let mut crashed = 0;
        for (actor, part) in parts.clone() {
            crashed += usize::from(part.has_crashed);
            let events = part.timeouts.iter();
            actions.extend(events.map(|&event| ActorsAction(Action::Event { actor, event })));
        }
        if crashed < self.model.max_crashes {
            let up = parts.clone().filter(|(_, part)| !part.has_crashed);
            let event = self.crash;
            actions.extend(up.map(|(actor, _)| ActorsAction(Action::Event { actor, event })));
        }
        if crashed > 0 {
            let down = parts.clone().filter(|(_, part)| part.has_crashed);
            let event = self.recovery;
            actions.extend(down.map(|(actor, _)| ActorsAction(Action::Event { actor, event })));
        }
        for (actor, part) in parts {
            let events = part.selections.iter();
            actions.extend(events.map(|&event| ActorsAction(Action::Event { actor, event })));
        }
    }

    #[inline]
    fn next_state(&self, last: &ActorsState, action: ActorsAction) -> Option<ActorsState> {
        match action.0 {
            Action::Deliver { envelope } => {
                let actor = usize::from(self.envelopes.get(envelope).dst);
                self.after(last, actor, Input::Envelope(envelope))
            }
            Action::Event { actor, event } => self.after(last, actor as usize, Input::Event(event)),
            Action::Drop { envelope } => {
                let mut numbers = Vec::with_capacity(last.numbers.len());
                copy_without(&last.numbers, self.network_at(), envelope, &mut numbers);
                Some(ActorsState { numbers })
            }
        }
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let judges = judges();
        let properties = self.model.properties.iter().zip(judges);
        properties
            .map(|(property, condition)| Property {
                expectation: property.expectation.clone(),
                name: property.name,
                condition,
            })
            .collect()
    }

    fn within_boundary(&self, state: &ActorsState) -> bool {
        !self.is_bounded || (self.model.within_boundary)(&self.model.cfg, &self.state(state))
    }

    fn format_action(&self, action: &ActorsAction) -> String {
        self.model.format_action(&self.action(*action))
    }

    fn format_step(&self, last: &ActorsState, action: ActorsAction) -> Option<String> {
        self.model.format_step(&self.state(last), self.action(action))
    }

    fn as_svg(&self, path: Path<ActorsState, ActorsAction>) -> Option<String> {
        self.model.as_svg(self.path(path)?)
    }
}

type Condition<M> = fn(&M, &<M as Model>::State) -> bool;

/// Conditions that know which property they are of: stateright takes functions, which know nothing else.
fn judges<A, C, H>() -> [Condition<Actors<A, C, H>>; PROPERTIES_MAX]
where
    A: Actor<Msg: Ord, Timer: Ord>,
    H: Clone + Debug + Hash + PartialEq,
{
    fn judge<const AT: usize, A, C, H>(model: &Actors<A, C, H>, state: &ActorsState) -> bool
    where
        A: Actor<Msg: Ord, Timer: Ord>,
        H: Clone + Debug + Hash + PartialEq,
    {
        model.judge(AT, state)
    }
    macro_rules! judges {
        ($($at:literal)*) => { [$(judge::<$at, A, C, H>),*] };
    }
    judges!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31)
}

/// Packs states of [`Actors`]: two bytes a number, as long as none is larger. That is some thirty bytes a state.
#[derive(Clone, Copy, Debug, Default)]
pub struct ActorsPacking;

impl<A, C, H> Packing<Actors<A, C, H>> for ActorsPacking
where
    A: Actor<Msg: Ord, Timer: Ord>,
    H: Clone + Debug + Hash + PartialEq,
{
    #[inline]
    fn pack(&self, _model: &Actors<A, C, H>, state: &ActorsState, bytes: &mut Vec<u8>) {
        let from = bytes.len();
        if state.numbers.iter().all(|number| number >> u16::BITS == 0) {
            bytes.resize(from + 2 * state.numbers.len(), 0);
            for (two, number) in bytes[from..].chunks_exact_mut(2).zip(&state.numbers) {
                two.copy_from_slice(&(*number as u16).to_le_bytes());
            }
        } else {
            bytes.push(0); // so the length is odd
            bytes.extend(state.numbers.iter().flat_map(|number| number.to_le_bytes()));
        }
    }

    #[inline]
    fn unpack(&self, _model: &Actors<A, C, H>, bytes: &[u8]) -> ActorsState {
        let numbers = if bytes.len().is_multiple_of(2) {
            bytes.chunks_exact(2).map(|two| u16::from_le_bytes([two[0], two[1]]).into()).collect()
        } else {
            let fours = bytes[1..].chunks_exact(4);
            fours.map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect()
        };
        ActorsState { numbers }
    }
}
