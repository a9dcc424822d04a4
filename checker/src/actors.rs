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
mod explored;
mod memo;
mod packing;
mod steps;

use std::fmt::{self, Debug};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use stateright::Path;
use stateright::actor::{
    Actor, ActorModel, ActorModelAction, ActorModelState, Envelope, Id, Network, RandomChoices,
    Timers,
};

pub use packing::ActorsPacking;

use arena::Arena;
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
}
