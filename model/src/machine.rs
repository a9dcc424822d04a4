//! The model as a [`Machine`]: it performs the actions of a trace, or says which guard refuses one.

use spillway_traces::{Action, Machine, Nearest, Observed, Refusal, Spillway, View, nearest};

use crate::protocol::Protocol;
use crate::size::Size;
use crate::state::State;
use crate::universe::universe;

/// A protocol together with the state that it is in.
#[derive(Clone, Debug)]
pub struct ModelMachine<S: Size> {
    protocol: Protocol<S>,
    state: State<S>,
}

impl<S: Size> ModelMachine<S> {
    /// The protocol in its initial state.
    pub fn new(protocol: Protocol<S>) -> Self {
        let state = protocol.initial();
        ModelMachine { protocol, state }
    }

    /// The protocol.
    pub fn protocol(&self) -> &Protocol<S> {
        &self.protocol
    }

    /// The state it is in.
    pub fn state(&self) -> &State<S> {
        &self.state
    }
}

impl<S: Size> Protocol<S> {
    /// The refusal of an action in a state, or nothing if it is allowed.
    pub fn refusal(&self, state: &State<S>, action: &Action) -> Option<Refusal> {
        let guard = self.allows(state, action).err()?;
        let nearest = self.nearest(state, action);
        Some(Refusal { guard: guard.name, reason: guard.reason, nearest })
    }

    /// The allowed action most like this one. What exploration leaves out is allowed all the same: of this kind all that
    /// can be named is asked for, of others what is explored.
    pub fn nearest(&self, state: &State<S>, action: &Action) -> Option<Nearest> {
        let kind = std::mem::discriminant(action);
        let mut allowed = universe(self);
        allowed.retain(|other| {
            std::mem::discriminant(other) == kind && self.allows(state, other).is_ok()
        });
        if allowed.is_empty() {
            self.actions_of(state, &mut allowed);
        }
        nearest::<Spillway>(action, allowed)
    }
}

impl<S: Size> Machine<Spillway> for ModelMachine<S> {
    fn step(&mut self, action: &Action) -> Result<Observed<Spillway>, Refusal> {
        if let Some(refusal) = self.protocol.refusal(&self.state, action) {
            return Err(refusal);
        }
        let mut observed = Observed::default();
        self.state = self.protocol.step(&self.state, *action, &mut observed);
        observed.state = Some(self.protocol.digest(&self.state));
        Ok(observed)
    }

    fn view(&self) -> View<Spillway> {
        self.protocol.view(&self.state)
    }
}
