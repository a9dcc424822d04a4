//! The judged model as a [`Machine`]: what replays, shrinks and shows a trace, with the properties on.

use spillway_model::{Full, Growable, Mutant, Protocol, Scope};
use spillway_traces::{Action, Machine, Observed, Refusal, Spillway, View};

use crate::checked::{Checked, CheckedState};

/// A judged protocol together with the state that it is in. It grows, so it replays traces of any length.
pub struct CheckedMachine {
    checked: Checked<Protocol<Growable>>,
    state: CheckedState<spillway_model::State<Growable>, Growable>,
}

impl CheckedMachine {
    /// The protocol of a scope in its initial state, with a seeded bug or without.
    pub fn new(scope: Scope, mutant: Option<Mutant>) -> Self {
        let checked = Checked::new(Protocol::new(scope, mutant));
        let state = checked.start(checked.model().initial());
        CheckedMachine { checked, state }
    }

    /// The bound of the scope that did not suffice on the way to its state, if one did not. What is broken is not
    /// judged then.
    pub fn full(&self) -> Option<Full> {
        self.state.inner.full()
    }

    /// The situations that its state is one of, by name.
    pub fn reached(&self) -> Vec<&'static str> {
        self.checked.reached(&self.state)
    }
}

impl Machine<Spillway> for CheckedMachine {
    fn step(&mut self, action: &Action) -> Result<Observed<Spillway>, Refusal> {
        let protocol = self.checked.model();
        if let Some(refusal) = protocol.refusal(&self.state.inner, action) {
            return Err(refusal);
        }
        let mut observed = Observed::default();
        self.state = self.checked.step(&self.state, *action, &mut observed);
        observed.state = Some(protocol.digest(&self.state.inner));
        Ok(observed)
    }

    fn view(&self) -> View<Spillway> {
        self.checked.model().view(&self.state.inner)
    }

    fn broken(&self) -> Vec<&'static str> {
        self.checked.broken(&self.state)
    }
}
