//! The suites of the scopes that are made to be covered: every transition is in them, known counts.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use spillway_model::{Protocol, Scope};
use spillway_properties::SOMETIMES_NAMES;
use spillway_properties::cover::{NoCover, cover};
use spillway_properties::sizes::Small;
use stateright::Model;

fn protocol(name: &str) -> Protocol<Small> {
    Protocol::new(Scope::builtin(name, SOMETIMES_NAMES).unwrap(), None)
}

fn fingerprint(state: &impl std::hash::Hash) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(state)
}

fn covers_every_transition(name: &str, traces: usize, steps: usize) {
    let model = protocol(name);
    let suite = cover(&model, 100_000).unwrap();
    let mut taken = BTreeSet::new();
    let mut states = BTreeSet::new();
    for path in &suite.paths {
        let mut state = model.initial();
        states.insert(fingerprint(&state));
        for action in path {
            assert!(model.allows(&state, action).is_ok(), "{action}");
            taken.insert((fingerprint(&state), *action));
            state = model.next_state(&state, *action).unwrap();
            states.insert(fingerprint(&state));
        }
    }
    // Whatever can be done in a state of the suite is in the suite, so that nothing else can be reached.
    for path in &suite.paths {
        let mut state = model.initial();
        for action in path {
            state = model.next_state(&state, *action).unwrap();
            let mut actions = Vec::new();
            model.actions(&state, &mut actions);
            assert!(actions.iter().all(|a| taken.contains(&(fingerprint(&state), *a))));
        }
    }
    assert_eq!((taken.len(), states.len()), (suite.transitions, suite.states));
    assert_eq!((suite.paths.len(), suite.steps()), (traces, steps), "{name}");
}

#[test]
fn tasks() {
    covers_every_transition("cover-tasks", 4_868, 147_881);
}

#[test]
fn deletion() {
    covers_every_transition("cover-deletion", 3_484, 82_668);
}

#[test]
fn revocation() {
    covers_every_transition("cover-revocation", 4_585, 105_720);
}

#[test]
fn what_is_too_large_is_refused() {
    let refused = cover(&protocol("cover-tasks"), 1_000);
    assert_eq!(refused, Err(NoCover::TooLarge { transitions_max: 1_000 }));
}
