//! The judged model as an [`Acceptor`]: whether it accepts what an implementation did, and whether that keeps the
//! guarantees.

use std::collections::BTreeSet;
use std::sync::Arc;

use spillway_model::{Full, Growable, Mutant, Protocol, Scope, State};
use spillway_traces::{Acceptor, Action, Nearest, Observed, Refusal, Spillway};

use crate::checked::{Broken, Checked, CheckedState, names_of};

/// Steps of the environment that may be hidden, by the names of actions: no node takes part in them.
pub const HIDEABLE: [&str; 5] = ["drop", "duplicate", "reorder", "slow", "calm"];

/// After so many steps settled history is forgotten, where no digest of the state is compared.
const FORGET_EVERY: u64 = 256;

/// A state that the judged model may be in.
#[derive(Clone)]
pub struct CheckedAcceptor {
    of: Arc<Of>,
    state: CheckedState<State<Growable>, Growable>,
    /// What is broken in the state.
    broken: Broken,
    steps: u64,
}

struct Of {
    checked: Checked<Protocol<Growable>>,
    hidden: BTreeSet<&'static str>,
    digests: bool,
}

impl CheckedAcceptor {
    /// The model of a scope at its start. `hidden` are names of [`HIDEABLE`]; with `digests` states are digested, which
    /// takes much longer than the step itself, and nothing is forgotten.
    pub fn new(
        scope: Scope,
        mutant: Option<Mutant>,
        hidden: BTreeSet<&'static str>,
        digests: bool,
    ) -> Self {
        assert!(hidden.iter().all(|kind| HIDEABLE.contains(kind)), "{hidden:?} may be hidden");
        let checked = Checked::new(Protocol::new(scope, mutant));
        let state = checked.start(checked.model().initial());
        let broken = checked.broken_bits(&state);
        CheckedAcceptor { of: Arc::new(Of { checked, hidden, digests }), state, broken, steps: 0 }
    }

    /// The model's state.
    pub fn model(&self) -> &State<Growable> {
        &self.state.inner
    }

    /// The bound of the scope that did not suffice on the way here, if one did not.
    pub fn bound(&self) -> Option<Full> {
        self.state.inner.full()
    }
}

/// The name of an action that may be hidden.
fn hideable(action: &Action) -> Option<&'static str> {
    match action {
        Action::Drop { .. } => Some("drop"),
        Action::Duplicate { .. } => Some("duplicate"),
        Action::Reorder { .. } => Some("reorder"),
        Action::Slow { .. } => Some("slow"),
        Action::Calm { .. } => Some("calm"),
        _ => None,
    }
}

impl Acceptor<Spillway> for CheckedAcceptor {
    fn step(&mut self, action: &Action) -> Result<Observed<Spillway>, Refusal> {
        let protocol = self.of.checked.model();
        if let Err(guard) = protocol.allows(&self.state.inner, action) {
            return Err(Refusal { guard: guard.name, reason: guard.reason, nearest: None });
        }
        let mut observed = Observed::default();
        let next = self.of.checked.step(&self.state, *action, &mut observed);
        self.broken = match self.broken {
            0 => self.of.checked.broken_by_step(&self.state, &next),
            _ => self.of.checked.broken_bits(&next),
        };
        self.state = next;
        self.steps += 1;
        if self.of.digests {
            observed.state = Some(protocol.digest(&self.state.inner));
        } else if self.steps.is_multiple_of(FORGET_EVERY) {
            self.state.forget();
        }
        Ok(observed)
    }

    fn nearest(&self, refused: &Action) -> Option<Nearest> {
        self.of.checked.model().nearest(&self.state.inner, refused)
    }

    fn hidden(&self) -> Vec<Action> {
        if self.of.hidden.is_empty() {
            return Vec::new();
        }
        let mut actions = Vec::new();
        self.of.checked.model().actions_of(&self.state.inner, &mut actions);
        actions.retain(|action| hideable(action).is_some_and(|kind| self.of.hidden.contains(kind)));
        actions
    }

    fn fingerprint(&self) -> u64 {
        ahash::RandomState::with_seeds(1, 2, 3, 4).hash_one(&self.state)
    }

    fn broken(&self) -> Vec<&'static str> {
        names_of(self.broken).collect()
    }

    fn full(&self) -> Option<String> {
        self.bound().map(|full| format!("a bound of the scope is full: {full:?}"))
    }
}
