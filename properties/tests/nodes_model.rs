//! Nodes and model explored together: in small scopes, to the end, every step of one is a step of the other, and every
//! guarantee holds on every state and step of the nodes.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;

use spillway_impl::bug::Bug;
use spillway_model::Scope;
use spillway_model::scope::pairs;
use spillway_properties::SOMETIMES_NAMES;
use spillway_properties::refinement::{NodesModel, Setting};
use stateright::{Checker, Model};

/// Explores a scope to the end; how many joint states there are.
fn explore(scope: Scope) -> usize {
    let name = scope.name.clone();
    let checker = NodesModel::new(scope).checker().spawn_bfs().join();
    if let Some((_, path)) = checker.discoveries().into_iter().next() {
        let last = path.last_state();
        let (differs, broken) = (last.differs.join("\n  "), last.broken());
        let actions: Vec<String> = path.into_actions().iter().map(ToString::to_string).collect();
        panic!("{name}, after\n{}\n  {differs}\n  broken: {broken:?}", actions.join("\n"));
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

/// Steps of an exploration of configured nodes after which a larger scope is left.
const CONFIGURED_STEPS_MAX: usize = 60_000;

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

/// A seeded bug of the nodes, a small scope that shows it, and what it breaks there.
const BITES: [(Bug, &str, &str); 3] = [
    (Bug::LoadUnchecked, "refusals", "threshold-kept"),
    (Bug::AssignedToRefuser, "refusals", "strategy-kept"),
    (Bug::OfferedBelowThreshold, "two-sources", "overflow-only"),
];

#[test]
fn a_guarantee_that_a_bug_of_the_nodes_breaks_is_found_by_its_name() {
    for (bug, name, broken) in BITES {
        let scope = builtin(name);
        let setting = Setting::of(&scope).with(bug);
        let alone = NodesModel::of(scope.clone(), &setting).alone().explore(None);
        assert_eq!((alone.parts, alone.breaks), (false, BTreeSet::from([broken])), "{bug:?}");
        let both = NodesModel::of(scope, &setting).explore(None);
        assert!(both.parts, "{bug:?}");
        assert!(both.steps <= alone.steps, "{bug:?}: the difference is seen first, or just then");
    }
}

/// Nodes on their own do what they do beside the model, and every guarantee is judged: none breaks.
#[test]
fn without_a_bug_the_nodes_alone_break_no_guarantee() {
    for name in ["refusals", "two-sources", "relay-full", "catch-up"] {
        let alone = NodesModel::new(builtin(name)).alone().explore(None);
        assert!(alone.breaks.is_empty(), "{name}: {:?}", alone.breaks);
        let both = NodesModel::new(builtin(name)).explore(None);
        // Beside the model servers that mirror each other are left out.
        assert!(alone.steps >= both.steps, "{name}: {} and {}", alone.steps, both.steps);
    }
}

/// Small scopes for every strategy, for routes, classes that age, hand-overs that come back, outages and datagrams.
const CONFIGURED: [&str; 11] = [
    "two-sources",
    "refusals",
    "least-loaded",
    "round-robin",
    "two-choices",
    "weighted",
    "classes",
    "routing",
    "ageing",
    "pull-back",
    "datagram-refused",
];

/// The joint states that the product's own choices lead to, and in which its choosers were asked.
#[test]
fn what_the_configured_choosers_choose_is_legal_in_every_state_that_they_lead_to() {
    for name in CONFIGURED {
        let checker = NodesModel::new(builtin(name))
            .configured()
            .checker()
            .target_state_count(CONFIGURED_STEPS_MAX)
            .spawn_bfs()
            .join();
        if let Some((property, path)) = checker.discoveries().into_iter().next() {
            let differs = path.last_state().differs.clone();
            panic!("{name}: {property}: {differs:?}\n  {:?}", path.into_actions());
        }
        assert!(checker.unique_state_count() > 30, "{name}: {}", checker.unique_state_count());
    }
}

#[test]
fn a_chooser_that_goes_by_a_bug_of_its_node_is_noticed() {
    // The open exploration sees that the node lists it; this one that it is chosen.
    let scope = builtin("refusals");
    let setting = Setting::of(&scope).with(Bug::AssignedToRefuser);
    assert!(NodesModel::of(scope, &setting).configured().explore(None).parts);
}
