//! The model as a [`Machine`]: it performs the actions of a trace, or says which guard refuses one.

use spillway_traces::{Action, Machine, Observed, Refusal, Spillway, View};

use crate::protocol::Protocol;
use crate::size::Size;
use crate::state::State;

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
        let nearest = self.nearest(state, action).map(|a| a.to_string());
        Some(Refusal { guard: guard.name, reason: guard.reason, nearest })
    }

    /// The allowed action most like this one: of the same kind and at the same node, if there is one.
    fn nearest(&self, state: &State<S>, action: &Action) -> Option<Action> {
        let mut allowed = Vec::new();
        self.actions_of(state, &mut allowed);
        let likeness = |other: &Action| {
            let kind = std::mem::discriminant(other) == std::mem::discriminant(action);
            (kind && other.node() == action.node(), kind, other.node() == action.node())
        };
        // Of equals the first, so that the answer does not depend on anything but the state.
        allowed.into_iter().rev().max_by_key(likeness)
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
