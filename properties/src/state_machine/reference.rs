//! The model as the reference state machine: what may be done next is what it lists.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::select;
use proptest_state_machine::ReferenceStateMachine;
use spillway_model::{Growable, Protocol, Scope, State};
use spillway_traces::Action;

use super::Subject;

/// The model of a scope in a state.
#[derive(Clone)]
pub struct Model {
    protocol: Arc<Protocol<Growable>>,
    state: State<Growable>,
}

impl Model {
    fn new(scope: Scope) -> Model {
        let protocol = Protocol::new(scope, None);
        let state = protocol.initial();
        Model { protocol: Arc::new(protocol), state }
    }

    /// The scope.
    pub fn scope(&self) -> &Scope {
        self.protocol.scope()
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.scope().fmt(f)
    }
}

/// The reference of a [`Subject`].
pub struct Reference<T>(PhantomData<T>);

impl<T: Subject> ReferenceStateMachine for Reference<T> {
    type State = Model;
    /// Nothing is done where nothing can be: the run is over, and has fewer steps than were drawn.
    type Transition = Option<Action>;

    fn init_state() -> BoxedStrategy<Model> {
        T::scopes().prop_map(Model::new).boxed()
    }

    fn transitions(model: &Model) -> BoxedStrategy<Option<Action>> {
        let mut actions = Vec::new();
        if model.state.full().is_none() {
            model.protocol.actions_of(&model.state, &mut actions);
        }
        match actions.is_empty() {
            true => Just(None).boxed(),
            false => select(actions).prop_map(Some).boxed(),
        }
    }

    fn preconditions(model: &Model, transition: &Option<Action>) -> bool {
        let allowed = |action| model.protocol.allows(&model.state, action).is_ok();
        transition.as_ref().is_none_or(|action| model.state.full().is_none() && allowed(action))
    }

    fn apply(mut model: Model, transition: &Option<Action>) -> Model {
        if let Some(action) = transition {
            model.state = model.protocol.step(&model.state, *action, &mut ());
        }
        model
    }
}
