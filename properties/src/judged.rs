//! What a property may look at: a situation (one state with its history) or a step between two states.

use spillway_model::size::Size;
use spillway_model::step::Observe;
use spillway_model::{Protocol, State};
use spillway_traces::{Action, Note};

use crate::ghost::Ghost;

/// One state with its history.
pub struct Situation<'a, S: Size> {
    /// The protocol and its scope.
    pub protocol: &'a Protocol<S>,
    /// The state.
    pub state: &'a State<S>,
    /// The history.
    pub ghost: &'a Ghost<S>,
}

/// One step, with the history before it.
pub struct Stepped<'a, S: Size> {
    /// The protocol and its scope.
    pub protocol: &'a Protocol<S>,
    /// The state before.
    pub before: &'a State<S>,
    /// The history before.
    pub ghost: &'a Ghost<S>,
    /// What was done.
    pub action: Action,
    /// What a client was given by it, if it was given anything.
    pub outcome: Option<Note>,
    /// The state after.
    pub after: &'a State<S>,
}

/// A guarantee that always holds: in every situation, over every step, or both.
pub trait Always {
    /// Its name, as DESIGN and PROTOCOL.md have it.
    const NAME: &'static str;
    /// What it promises, in a sentence for whoever reads a counterexample.
    const STATEMENT: &'static str;

    /// Whether it holds in a situation.
    fn holds_in<S: Size>(_situation: &Situation<'_, S>) -> bool {
        true
    }
    /// Whether whatever [`Always::holds_in`] looks at is the same in both situations, so that it need not be asked again.
    /// Worth saying where telling is cheap and asking is not.
    fn is_untouched<S: Size>(_before: &Situation<'_, S>, _after: &Situation<'_, S>) -> bool {
        false
    }
    /// Whether it holds over a step.
    fn holds_over<S: Size>(_step: &Stepped<'_, S>) -> bool {
        true
    }
}

/// A situation that a scope is there to reach, so that a check that never meets it is known to be vacuous.
pub trait Sometimes {
    /// Its name, as a scope's `sometimes` has it.
    const NAME: &'static str;
    /// What is reached, in a sentence.
    const STATEMENT: &'static str;

    /// Whether the situation is one.
    fn reached_in<S: Size>(situation: &Situation<'_, S>) -> bool;
}

/// Keeps what a step gave to a client.
#[derive(Default)]
pub(crate) struct Outcome(pub(crate) Option<Note>);

impl Observe for Outcome {
    fn note(&mut self, note: Note) {
        if matches!(note, Note::Given { .. } | Note::Refused { .. }) {
            assert!(self.0.is_none(), "a step gives a client at most one reply");
            self.0 = Some(note);
        }
    }
}
