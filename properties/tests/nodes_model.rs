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
        let actions: Vec<String> =
            path.into_actions().iter().map(ToString::to_string).collect();
        panic!("{name}, after\n{}\n  {last}", actions.join("\n"));
    }
    checker.unique_state_count()
}

fn builtin(name: &str) -> Scope {
    Scope::builtin(name, SOMETIMES_NAMES).unwrap()
}

#[test]
fn every_edge_of_a_small_scope_is_a_step_of_both() {
    for name in ["relay-full", "refusals", "least-loaded", "two-choices", "datagram-refused"] {
        assert!(explore(builtin(name)) > 100, "{name} is explored");
    }
}

#[test]
fn so_is_every_edge_of_a_small_pair() {
    for (a, b) in [("crash-query", "standby"), ("snapshots", "disk")] {
        let name = format!("{a}-and-{b}");
        if let Some(scope) = pairs::named(&name) {
            assert!(explore(scope) > 100, "{name} is explored");
        }
    }
}
