//! Turns the places of actions into a [`stateright::Path`].

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use stateright::{Model, Path};

use crate::checker::Error;

pub(crate) type PathOf<M> = Path<<M as Model>::State, <M as Model>::Action>;
/// A path, and its last state.
pub(crate) type Replayed<M> = (PathOf<M>, <M as Model>::State);

/// Takes the actions at these places, from the initial state at its place: the path, and its last state.
///
/// # Errors
/// If the model does not list today what it listed before.
pub(crate) fn replay<M>(model: &M, initial: usize, actions: &[u32]) -> Result<Replayed<M>, Error>
where
    M: Model<State: Clone + PartialEq, Action: Clone + PartialEq>,
{
    let unsteady = |steps| Error::Unsteady { steps };
    let first = model.init_states().into_iter().nth(initial).ok_or_else(|| unsteady(0))?;
    let (mut state, mut steps) = (first.clone(), Vec::new());
    for (taken, &place) in actions.iter().enumerate() {
        let step = again(|| {
            let action = action(model, &state, place)?;
            Some((action.clone(), model.next_state(&state, action)?))
        });
        let (action, next) = step.ok_or_else(|| unsteady(taken))?;
        steps.push((action, next.clone()));
        state = next;
    }
    let actions: Vec<M::Action> = steps.iter().map(|(action, _)| action.clone()).collect();
    steps.reverse();
    let script = Script { first: first.clone(), steps: RefCell::new(steps) };
    let path = Path::from_actions(&script, first, &actions).ok_or_else(|| unsteady(0))?;
    Ok((path, state))
}

/// The action at a place, if the model lists so many.
pub(crate) fn action<M: Model>(model: &M, state: &M::State, place: u32) -> Option<M::Action> {
    let mut listed = Vec::new();
    model.actions(state, &mut listed);
    listed.into_iter().nth(place as usize)
}

/// Has the model do again what it did before, in which it did not panic.
pub(crate) fn again<T>(done: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(done)).ok().flatten()
}

/// What a `Path` can be made from without asking the model again: its constructor takes every step of every state on the
/// way, of which another one may panic.
struct Script<S, A> {
    first: S,
    /// The last one first.
    steps: RefCell<Vec<(A, S)>>,
}

impl<S: Clone, A: Clone> Model for Script<S, A> {
    type State = S;
    type Action = A;

    fn init_states(&self) -> Vec<S> {
        vec![self.first.clone()]
    }
    fn actions(&self, _state: &S, actions: &mut Vec<A>) {
        actions.extend(self.steps.borrow().last().map(|(action, _)| action.clone()));
    }
    fn next_state(&self, _state: &S, _action: A) -> Option<S> {
        self.steps.borrow_mut().pop().map(|(_, state)| state)
    }
}
