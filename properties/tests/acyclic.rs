//! Small scopes have no cycle, so that `final-states` decides what the liveness guarantees say of them: with finitely
//! many steps on every path, whatever has not happened in a final state never happens.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use spillway_model::{Mutant, Protocol, Scope};
use spillway_properties::SOMETIMES_NAMES;
use spillway_properties::sizes::Small;
use stateright::Model;

/// Depth first: a state that is met again while it is on the path closes a cycle.
fn has_cycle(scope: &str, mutant: Option<Mutant>) -> bool {
    let scope = Scope::builtin(scope, SOMETIMES_NAMES).unwrap();
    let model = Protocol::<Small>::new(scope, mutant);
    let hasher = BuildHasherDefault::<DefaultHasher>::default();
    let initial = model.initial();
    let mut on_path = HashMap::from([(hasher.hash_one(initial), true)]);
    let mut path = vec![(hasher.hash_one(initial), model.next_states(&initial))];
    while let Some((fingerprint, left)) = path.last_mut() {
        let Some(state) = left.pop() else {
            on_path.insert(*fingerprint, false);
            path.pop();
            continue;
        };
        let fingerprint = hasher.hash_one(state);
        match on_path.get(&fingerprint) {
            Some(true) => return true,
            Some(false) => {}
            None => {
                on_path.insert(fingerprint, true);
                path.push((fingerprint, model.next_states(&state)));
            }
        }
    }
    false
}

#[test]
fn small_scopes_have_no_cycle() {
    for scope in [
        "refused",
        "refusals",
        "relay-full",
        "routing",
        "two-sources",
        "catch-up",
        "catch-up-crash",
        "crash-global",
        "retry",
        "ageing",
        "ageing-unready",
        "delay",
        "least-loaded",
        "two-choices",
        "round-robin",
        "classes",
        "standby",
        "standby-crash",
        "moving-client",
        "moving-publisher",
        "moving-routes",
        "cancel",
        "cancel-lost",
        "downtime",
        "pull-back",
        "cut",
        "reroute",
        "feed-outage",
        "datagram",
        "datagram-crash",
        "datagram-refused",
        "datagram-feed",
    ] {
        assert!(!has_cycle(scope, None), "{scope}");
    }
}

#[test]
fn a_refusal_that_is_not_noted_makes_one() {
    assert!(has_cycle("refusals", Some(Mutant::RefusalUnnoted)));
}
