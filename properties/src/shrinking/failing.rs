//! What it is to fail for the same reason, step by step.

use std::panic::{AssertUnwindSafe, catch_unwind};

use spillway_impl::bug::Bug;
use spillway_model::{Growable, Mutant, Protocol, Scope};
use spillway_traces::{Action, Machine, Observed, Spillway};

use crate::checked::Checked;
use crate::refinement::{Parted, Parting, Setting};

/// A step of a run, and what was seen of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What was done.
    pub action: Action,
    /// What was seen.
    pub observed: Observed<Spillway>,
}

/// A way to fail.
pub trait Failing {
    /// Replays these actions in a scope leniently: what is refused is left out. Gives the steps up to the failure, if it
    /// fails in this way.
    fn run(&self, scope: &Scope, actions: &[Action]) -> Option<Vec<Step>>;
}

/// The model, with a seeded bug or without, breaks a property.
#[derive(Clone, Copy, Debug)]
pub struct OnModel<'a> {
    /// The seeded bug.
    pub mutant: Option<Mutant>,
    /// The property.
    pub property: &'a str,
}

impl Failing for OnModel<'_> {
    fn run(&self, scope: &Scope, actions: &[Action]) -> Option<Vec<Step>> {
        let protocol = Protocol::<Growable>::new(scope.clone(), self.mutant);
        let checked = Checked::new(protocol).only(self.property);
        let mut state = checked.start(checked.model().initial());
        let mut steps = Vec::new();
        for action in actions {
            if !checked.broken(&state).is_empty() {
                return Some(steps);
            }
            if checked.model().allows(&state.inner, action).is_err() {
                continue;
            }
            let mut observed = Observed::default();
            state = checked.step(&state, *action, &mut observed);
            steps.push(Step { action: *action, observed });
        }
        (!checked.broken(&state).is_empty()).then_some(steps)
    }
}

/// Nodes, with a seeded bug or without, and model part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnNodes {
    /// The seeded bug.
    pub bug: Option<Bug>,
    /// How they part.
    pub parted: Parted,
    /// Whether states are compared, not only steps.
    pub states: bool,
}

impl OnNodes {
    /// How nodes and model of a scope part on a run: by a step if one does it, otherwise by their states. Nothing if they
    /// do not, or the nodes do not do again what the run says.
    pub fn of(scope: &Scope, bug: Option<Bug>, actions: &[Action]) -> Option<OnNodes> {
        let parted = |states: bool| {
            let (_, parted) = parting(scope, bug, None, states).on(actions)?;
            Some(OnNodes { bug, parted, states })
        };
        // A panic on the way is no parting, and the simulator's own affair.
        catch_unwind(AssertUnwindSafe(|| parted(false).or_else(|| parted(true)))).ok().flatten()
    }
}

fn parting(scope: &Scope, bug: Option<Bug>, sought: Option<Parted>, states: bool) -> Parting {
    let setting = Setting::of(scope);
    let setting = bug.map_or(setting.clone(), |bug| setting.with(bug));
    let parting = Parting::new(scope.clone(), &setting, sought);
    if states { parting.with_states(&setting) } else { parting }
}

impl Failing for OnNodes {
    fn run(&self, scope: &Scope, actions: &[Action]) -> Option<Vec<Step>> {
        let lenient = || {
            let mut machine = parting(scope, self.bug, Some(self.parted), self.states);
            let mut steps = Vec::new();
            for action in actions {
                if let Ok(observed) = machine.step(action) {
                    steps.push(Step { action: *action, observed });
                    if machine.has_parted() {
                        return Some(steps);
                    }
                }
            }
            None
        };
        // Nodes with a bug may panic where they were never meant to be.
        catch_unwind(AssertUnwindSafe(lenient)).ok().flatten()
    }
}
