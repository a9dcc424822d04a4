//! The protocol as a [`stateright::Model`].

use spillway_traces::Action;
use stateright::Model;

use crate::protocol::Protocol;
use crate::size::Size;
use crate::state::State;
use crate::step::{Observe, Step};

impl<S: Size> Protocol<S> {
    /// The state after an action that is allowed; what happens on the way is told to the observer.
    ///
    /// # Panics
    /// If the action is not allowed: see [`Protocol::allows`].
    pub fn step(&self, state: &State<S>, action: Action, observer: &mut impl Observe) -> State<S> {
        let mut next = state.clone();
        Step { protocol: self, state: &mut next, observer }.perform(action);
        next
    }
}

impl<S: Size> Model for Protocol<S> {
    type State = State<S>;
    type Action = Action;

    fn init_states(&self) -> Vec<State<S>> {
        vec![self.initial()]
    }

    fn actions(&self, state: &State<S>, actions: &mut Vec<Action>) {
        self.actions_of(state, actions);
    }

    fn next_state(&self, state: &State<S>, action: Action) -> Option<State<S>> {
        Some(self.step(state, action, &mut ()))
    }
}
