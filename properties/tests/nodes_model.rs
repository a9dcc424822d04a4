//! Nodes and model explored together: in small scopes, to the end, every step of one is a step of the other.
#![allow(clippy::unwrap_used, missing_docs)]

use spillway_model::Scope;
use spillway_model::scope::pairs;
use spillway_properties::SOMETIMES_NAMES;
use spillway_properties::refinement::NodesModel;
use stateright::{Checker, Model};

/// Explores a scope to the end; how many joint states there are.
fn explore(scope: Scope) -> usize {
    let name = scope.name.clone();
    let checker = NodesModel::new(scope).checker().spawn_bfs().join();
    if let Some((_, path)) = checker.discoveries().into_iter().next() {
        let last = path.last_state().differs.join("\n  ");
        let actions: Vec<String> = path.into_actions().iter().map(ToString::to_string).collect();
        panic!("{name}, after\n{}\n  {last}", actions.join("\n"));
    }
    checker.unique_state_count()
}

fn builtin(name: &str) -> Scope {
    Scope::builtin(name, SOMETIMES_NAMES).unwrap()
}

/// Scopes that take seconds, for every feature one where there is such a scope.
const SMALL: [&str; 11] = [
    "relay-full",
    "rooms",
    "refusals",
    "give-back",
    "two-sources",
    "least-loaded",
    "datagram-refused",
    "pull-back",
    "moving-publisher",
    "ageing",
    "catch-up",
];

/// More of them, which take a minute or two together.
const LARGER: [&str; 16] = [
    "two-choices",
    "contacts",
    "deletion",
    "delay",
    "moving-routes",
    "refused",
    "standby-crash",
    "feed-outage",
    "disk-overtaken",
    "ageing-unready",
    "tombstone",
    "cancel",
    "anew",
    "disk",
    "moving-client",
    "reroute",
];

/// Every so many pairs is explored.
const PAIR_EVERY: usize = 29;

#[test]
fn every_edge_of_a_small_scope_is_a_step_of_both() {
    for name in SMALL {
        assert!(explore(builtin(name)) > 500, "{name} is explored");
    }
}

#[test]
#[ignore = "takes minutes"]
fn every_edge_of_a_larger_scope_is_a_step_of_both() {
    for name in LARGER {
        assert!(explore(builtin(name)) > 1_000, "{name} is explored");
    }
    for scope in pairs::pairs().into_iter().step_by(PAIR_EVERY) {
        let name = scope.name.clone();
        assert!(explore(scope) > 50, "{name} is explored");
    }
}
