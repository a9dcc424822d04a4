//! `Checked<M>`: a model wrapped so that its steps are judged, itself a [`stateright::Model`].
//!
//! A stateright property sees one state. About half of the guarantees speak of a step or of history, so each step is
//! judged as it is taken, and the state keeps what it broke.

use std::fmt::Debug;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use spillway_model::size::Size;
use spillway_model::step::Observe;
use spillway_model::{Protocol, State};
use spillway_traces::{Action, Note};
use stateright::{Model, Property};

use crate::always::{self, for_each_always};
use crate::catalog::{ALWAYS, SOMETIMES};
use crate::ghost::Ghost;
use crate::judged::{Always, Outcome, Situation, Sometimes, Stepped};
use crate::sometimes::{self, for_each_sometimes};

/// A model whose states are, or map to, states of the protocol, and whose steps are its actions.
pub trait Judged: Model<Action = Action, State: Clone + Debug + PartialEq + Hash> {
    /// The size of the state.
    type Size: Size;

    /// The protocol.
    fn protocol(&self) -> &Protocol<Self::Size>;
    /// The protocol's state.
    fn mapped<'a>(&self, state: &'a Self::State) -> &'a State<Self::Size>;
    /// A step that is allowed, with its notes.
    fn observed_step(
        &self,
        state: &Self::State,
        action: Action,
        observer: &mut impl Observe,
    ) -> Self::State;
}

impl<S: Size> Judged for Protocol<S> {
    type Size = S;

    fn protocol(&self) -> &Protocol<S> {
        self
    }
    fn mapped<'a>(&self, state: &'a State<S>) -> &'a State<S> {
        state
    }
    fn observed_step(
        &self,
        state: &State<S>,
        action: Action,
        observer: &mut impl Observe,
    ) -> State<S> {
        self.step(state, action, observer)
    }
}

/// A set of safety guarantees: bit i is the i-th of [`ALWAYS`].
pub type Broken = u16;

const _: () = assert!(ALWAYS.len() <= Broken::BITS as usize && SOMETIMES.len() <= 64);

/// The names of guarantees that are given as bits.
pub(crate) fn names_of(broken: Broken) -> impl Iterator<Item = &'static str> {
    let is_broken = move |(at, _): &(usize, _)| broken & (1 << at) != 0;
    ALWAYS.iter().enumerate().filter(is_broken).map(|(_, known)| known.name)
}

/// The name under which the checker reports that a bound of the scope did not suffice. Not a guarantee.
pub const SCOPE_BOUNDS: &str = "scope-bounds";

/// A model that is judged.
#[derive(Debug)]
pub struct Checked<M> {
    model: M,
    /// The guarantees that are judged.
    judged: Broken,
    /// The situations that are looked for.
    sought: u64,
    /// None where every state is judged the same, however often it is asked about.
    latches: Option<Latches>,
    interrupted: AtomicBool,
}

/// The first violating, or reached, state of each property: only that one is reported to stateright, since its
/// breadth-first search overwrites an earlier discovery by a later one.
#[derive(Debug, Default)]
struct Latches {
    always: AtomicU64,
    sometimes: AtomicU64,
    bounds: AtomicBool,
}

/// A state, its history, and what the step to it broke.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedState<T, S: Size> {
    /// The model's state.
    pub inner: T,
    /// What properties remember.
    pub ghost: Ghost<S>,
    /// The guarantees that the step to this state broke.
    pub broken: Broken,
}

impl<T: Hash, S: Size> Hash for CheckedState<T, S> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.inner.hash(hasher);
        self.ghost.hash(hasher);
        hasher.write_u16(self.broken);
    }
}

impl<S: Size> CheckedState<State<S>, S> {
    /// Appends the state, its history included.
    pub fn pack(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.broken.to_le_bytes());
        self.inner.pack(bytes);
        self.ghost.pack(bytes);
    }

    /// The state of these bytes.
    ///
    /// # Panics
    /// If they are not those of a state of this size.
    pub fn unpack(bytes: &[u8]) -> Self {
        let (broken, mut rest) =
            bytes.split_first_chunk().expect("a state begins with what is broken");
        let broken = Broken::from_le_bytes(*broken);
        let state = CheckedState {
            inner: State::unpack(&mut rest),
            ghost: Ghost::unpack(&mut rest),
            broken,
        };
        assert!(rest.is_empty(), "a state is all of its bytes");
        state
    }
}

impl<M: Judged> Checked<M> {
    /// The model with every guarantee judged.
    pub fn new(model: M) -> Self {
        Checked {
            model,
            judged: Broken::MAX,
            sought: u64::MAX,
            latches: Some(Latches::default()),
            interrupted: AtomicBool::new(false),
        }
    }

    /// Judges only one guarantee. A name that is none of [`ALWAYS`] judges none.
    #[must_use]
    pub fn only(mut self, name: &str) -> Self {
        let at = ALWAYS.iter().position(|known| known.name == name);
        self.judged = at.map_or(0, |at| 1 << at);
        self
    }

    /// Looks only for the situations that satisfy a condition: each costs something in every state until it is met.
    #[must_use]
    pub fn seeking(mut self, is_sought: impl Fn(&str) -> bool) -> Self {
        let sought = SOMETIMES.iter().enumerate().filter(|(_, known)| is_sought(known.name));
        self.sought = sought.fold(0, |bits, (at, _)| bits | 1 << at);
        self
    }

    /// Judges each state for itself, for an engine that keeps the first discovery.
    #[must_use]
    pub fn unlatched(mut self) -> Self {
        self.latches = None;
        self
    }

    /// The model.
    pub fn model(&self) -> &M {
        &self.model
    }

    /// Makes every state a dead end, so that a search under way comes to its end soon.
    pub fn interrupt(&self) {
        self.interrupted.store(true, Ordering::Relaxed);
    }

    /// Takes an interruption back once the search is over: without actions no path can be read out.
    pub fn resume(&self) {
        self.interrupted.store(false, Ordering::Relaxed);
    }

    /// Whether it was interrupted.
    pub fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// The initial state of a run.
    pub fn start(&self, inner: M::State) -> CheckedState<M::State, M::Size> {
        let ghost = Ghost::new(self.model.protocol().scope().nodes.clients);
        CheckedState { inner, ghost, broken: 0 }
    }

    /// A step with everything it tells.
    pub fn step(
        &self,
        last: &CheckedState<M::State, M::Size>,
        action: Action,
        observer: &mut impl Observe,
    ) -> CheckedState<M::State, M::Size> {
        let mut watch = Watch { outcome: Outcome::default(), also: observer };
        let inner = self.model.observed_step(&last.inner, action, &mut watch);
        let outcome = watch.outcome.0;
        self.judge(last, action, outcome, inner)
    }

    /// Judges a step that was taken elsewhere: its state after it is given, and what a client was given by it.
    pub fn judge(
        &self,
        last: &CheckedState<M::State, M::Size>,
        action: Action,
        outcome: Option<Note>,
        inner: M::State,
    ) -> CheckedState<M::State, M::Size> {
        let step = Stepped {
            protocol: self.model.protocol(),
            before: self.model.mapped(&last.inner),
            ghost: &last.ghost,
            action,
            outcome,
            after: self.model.mapped(&inner),
        };
        let broken = broken_over(&step) & self.judged;
        let ghost = last.ghost.clone().after(&step);
        CheckedState { inner, ghost, broken }
    }

    /// The guarantees that are broken in a state or by the step to it.
    pub fn broken(&self, state: &CheckedState<M::State, M::Size>) -> Vec<&'static str> {
        names_of(self.broken_bits(state)).collect()
    }

    /// The same as bits.
    pub(crate) fn broken_bits(&self, state: &CheckedState<M::State, M::Size>) -> Broken {
        let situation = self.situation(state);
        if situation.state.full().is_some() {
            return 0;
        }
        (broken_in(&situation) & self.judged) | state.broken
    }

    /// What a step broke, from a state in which nothing was: only guarantees that it may have touched are asked.
    pub fn broken_by_step(
        &self,
        before: &CheckedState<M::State, M::Size>,
        after: &CheckedState<M::State, M::Size>,
    ) -> Broken {
        debug_assert_eq!(self.broken_bits(before), 0, "nothing was broken before");
        let (before, situation) = (self.situation(before), self.situation(after));
        if situation.state.full().is_some() {
            return 0;
        }
        (newly_broken_in(&before, &situation) & self.judged) | after.broken
    }

    /// The situations that a state is one of.
    pub fn reached(&self, state: &CheckedState<M::State, M::Size>) -> Vec<&'static str> {
        let reached = self.reached_bits(state, u64::MAX);
        let names = SOMETIMES.iter().enumerate().filter(|(at, _)| reached & (1 << at) != 0);
        names.map(|(_, known)| known.name).collect()
    }

    /// The same as bits in the order of [`SOMETIMES`], for those of these bits alone.
    pub(crate) fn reached_bits(&self, state: &CheckedState<M::State, M::Size>, asked: u64) -> u64 {
        reached_in(&self.situation(state), asked)
    }

    fn situation<'a>(
        &'a self,
        state: &'a CheckedState<M::State, M::Size>,
    ) -> Situation<'a, M::Size> {
        Situation {
            protocol: self.model.protocol(),
            state: self.model.mapped(&state.inner),
            ghost: &state.ghost,
        }
    }

    /// Whether a guarantee holds, or is broken but another state was reported for it already.
    fn holds<A: Always>(&self, at: usize, state: &CheckedState<M::State, M::Size>) -> bool {
        if self.judged & (1 << at) == 0 {
            return true;
        }
        let situation = self.situation(state);
        let holds = situation.state.full().is_some()
            || (state.broken & (1 << at) == 0 && A::holds_in(&situation));
        holds || self.latches.as_ref().is_some_and(|latches| !first(&latches.always, at))
    }

    /// Whether a situation is reached, and this is the first state to be reported for it.
    fn reaches<W: Sometimes>(&self, at: usize, state: &CheckedState<M::State, M::Size>) -> bool {
        let Some(latches) = &self.latches else { return W::reached_in(&self.situation(state)) };
        let seen = latches.sometimes.load(Ordering::Relaxed) & (1 << at) != 0;
        !seen && W::reached_in(&self.situation(state)) && first(&latches.sometimes, at)
    }

    fn suffices(&self, state: &CheckedState<M::State, M::Size>) -> bool {
        let full = self.model.mapped(&state.inner).full().is_some();
        let reported = |latches: &Latches| latches.bounds.swap(true, Ordering::Relaxed);
        !full || self.latches.as_ref().is_some_and(reported)
    }
}

/// Whether a bit is set for the first time.
fn first(bits: &AtomicU64, at: usize) -> bool {
    bits.fetch_or(1 << at, Ordering::Relaxed) & (1 << at) == 0
}

/// Watches for what properties need, and lets another watch all of it.
struct Watch<'a, O> {
    outcome: Outcome,
    also: &'a mut O,
}

impl<O: Observe> Observe for Watch<'_, O> {
    fn note(&mut self, note: Note) {
        self.outcome.note(note);
        self.also.note(note);
    }
    fn took(&mut self, message: spillway_traces::Message) {
        self.also.took(message);
    }
    fn sent(
        &mut self,
        from: spillway_traces::Node,
        to: spillway_traces::Node,
        message: spillway_traces::Message,
    ) {
        self.also.sent(from, to, message);
    }
    fn lost(
        &mut self,
        from: spillway_traces::Node,
        to: spillway_traces::Node,
        message: spillway_traces::Message,
    ) {
        self.also.lost(from, to, message);
    }
}

macro_rules! judges {
    ($($name:ident),+ $(,)?) => {
        /// The guarantees that a step breaks.
        fn broken_over<S: Size>(step: &Stepped<'_, S>) -> Broken {
            let (mut broken, mut bit) = (0, 1);
            $(
                if !always::$name::holds_over(step) {
                    broken |= bit;
                }
                bit = Broken::wrapping_shl(bit, 1);
            )+
            let _ = bit;
            broken
        }

        /// The guarantees that a situation breaks.
        fn broken_in<S: Size>(situation: &Situation<'_, S>) -> Broken {
            let (mut broken, mut bit) = (0, 1);
            $(
                if !always::$name::holds_in(situation) {
                    broken |= bit;
                }
                bit = Broken::wrapping_shl(bit, 1);
            )+
            let _ = bit;
            broken
        }

        /// The guarantees that a situation breaks which comes after one that breaks none.
        fn newly_broken_in<S: Size>(before: &Situation<'_, S>, after: &Situation<'_, S>) -> Broken {
            let (mut broken, mut bit) = (0, 1);
            $(
                if !always::$name::is_untouched(before, after) && !always::$name::holds_in(after) {
                    broken |= bit;
                }
                bit = Broken::wrapping_shl(bit, 1);
            )+
            let _ = bit;
            broken
        }

        fn always_properties<M: Judged>() -> Vec<Property<Checked<M>>> {
            vec![$(Property::always(always::$name::NAME, |m: &Checked<M>, state| {
                const AT: usize = place(ALWAYS, always::$name::NAME);
                m.holds::<always::$name>(AT, state)
            })),+]
        }
    };
}
for_each_always!(judges);

macro_rules! witnesses {
    ($($name:ident),+ $(,)?) => {
        /// Which of the situations that are asked for one is.
        fn reached_in<S: Size>(situation: &Situation<'_, S>, asked: u64) -> u64 {
            let (mut reached, mut bit) = (0, 1);
            $(
                if asked & bit != 0 && sometimes::$name::reached_in(situation) {
                    reached |= bit;
                }
                bit <<= 1;
            )+
            let _ = bit;
            reached
        }

        fn sometimes_properties<M: Judged>() -> Vec<Property<Checked<M>>> {
            vec![$(Property::sometimes(sometimes::$name::NAME, |m: &Checked<M>, state| {
                const AT: usize = place(SOMETIMES, sometimes::$name::NAME);
                m.reaches::<sometimes::$name>(AT, state)
            })),+]
        }
    };
}
for_each_sometimes!(witnesses);

/// The place of a name in a list of properties.
pub(crate) const fn place(list: &[crate::catalog::Known], name: &str) -> usize {
    let mut at = 0;
    while at < list.len() {
        if same(list[at].name, name) {
            return at;
        }
        at += 1;
    }
    panic!("the name is in the list")
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

impl<M: Judged> Model for Checked<M> {
    type State = CheckedState<M::State, M::Size>;
    type Action = Action;

    fn init_states(&self) -> Vec<Self::State> {
        self.model.init_states().into_iter().map(|inner| self.start(inner)).collect()
    }

    fn actions(&self, state: &Self::State, actions: &mut Vec<Action>) {
        if !self.is_interrupted() {
            self.model.actions(&state.inner, actions);
        }
    }

    fn next_state(&self, last: &Self::State, action: Action) -> Option<Self::State> {
        Some(self.step(last, action, &mut ()))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut all = vec![Property::always(SCOPE_BOUNDS, |m: &Self, state| m.suffices(state))];
        all.extend(always_properties());
        let sought = |(at, _): &(usize, _)| self.sought & (1 << at) != 0;
        all.extend(sometimes_properties().into_iter().enumerate().filter(sought).map(|(_, p)| p));
        all
    }
}
