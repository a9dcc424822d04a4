//! Every two features together, each pair in a small generated scope: a sample here, all of them by `spillway pairs`.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::{BTreeSet, VecDeque};

use spillway_model::scope::Faults;
use spillway_model::scope::pairs::{BETWEEN, FEATURES, STATES_MAX, named, pairs};
use spillway_model::{Protocol, Scope};
use spillway_properties::random::fingerprint;
use spillway_properties::sizes::Medium;
use spillway_properties::{Go, Options, Overall, SOMETIMES_NAMES, check};

/// Every so many pairs are explored here: a prime, so that all features come up.
const EVERY: usize = 19;

#[test]
fn a_sample_of_the_pairs_holds() {
    let mut states = 0;
    for scope in pairs().into_iter().step_by(EVERY) {
        let report = check(&scope, &Options::default(), &mut |_| Go::On).unwrap();
        assert!(report.is_complete(), "{}", scope.name);
        assert_eq!(report.overall(), Overall::Pass, "{}: {:#?}", scope.name, report.findings);
        assert!(report.unique_states <= STATES_MAX.get(), "{}", scope.name);
        states += report.unique_states;
    }
    // Pinned, as the counts of the other scopes are: it changes only with the protocol or the pairs.
    assert_eq!(states, 632_127);
}

#[test]
fn every_feature_is_in_pairs_and_every_pair_is_found_by_either_name() {
    let all = pairs();
    let names: BTreeSet<&str> = all.iter().map(|scope| scope.name.as_str()).collect();
    assert_eq!(names.len(), all.len());
    for feature in FEATURES {
        let own = names.iter().filter(|name| name.split("-and-").any(|half| half == feature.name));
        assert!(own.count() > FEATURES.len() / 2, "{} excludes most others", feature.name);
    }
    for scope in &all {
        let (a, b) = scope.name.split_once("-and-").unwrap();
        assert_eq!(named(&format!("{a}-and-{b}")).as_ref(), Some(scope));
        assert_eq!(named(&format!("{b}-and-{a}")).as_ref(), Some(scope));
        // Its text is that of a scope file.
        let read = Scope::parse("pair.toml", &scope.to_toml(), SOMETIMES_NAMES).unwrap();
        assert_eq!(read, *scope);
    }
    assert_eq!(named("disk-and-disk"), None);
    assert_eq!(named("round-robin-and-weighted"), None, "there is one strategy at a time");
}

/// A feature that does nothing in its pairs leaves them as they are without it, and they hold all the same. So each
/// is to be seen in most of its pairs; `spillway pairs` fails where what is listed is not reached.
#[test]
fn every_feature_is_seen_in_most_of_its_pairs() {
    for feature in FEATURES {
        let own = |scope: &&Scope| scope.name.split(BETWEEN).any(|half| half == feature.name);
        let seen = |scope: &&Scope| {
            feature.sometimes.iter().any(|name| scope.sometimes.iter().any(|s| s == name))
        };
        let all: Vec<Scope> = pairs();
        let count = all.iter().filter(own).count();
        let seen = all.iter().filter(own).filter(seen).count();
        if feature.name == "reorder" {
            // Of tasks that are handed over nothing tells of messages that overtook each other: that some did, does.
            assert!(seen > 0 && seen < count / 2, "{seen} of {count} show `reorder`");
        } else {
            assert!(seen > count / 2, "{seen} of {count} pairs show `{}`", feature.name);
        }
    }
}

/// The faults of a pair that no run has spent, and whether some run has spent all of them: looked for breadth first, no
/// further than need be.
fn unspent(scope: &Scope) -> (Vec<&'static str>, bool) {
    let protocol = Protocol::<Medium>::new(scope.clone(), None);
    let initial = protocol.initial();
    let (mut least, mut met) = (initial.budgets, BTreeSet::from([fingerprint(&initial)]));
    let (mut open, mut actions) = (VecDeque::from([initial]), Vec::new());
    let mut together = false;
    while let Some(state) = open.pop_front().filter(|_| !together) {
        assert_eq!(state.full(), None, "{}", scope.name);
        together = state.budgets.iter().all(|left| *left == 0);
        least.iter_mut().zip(state.budgets).for_each(|(least, left)| *least = left.min(*least));
        actions.clear();
        protocol.actions_of(&state, &mut actions);
        for action in &actions {
            let next = protocol.step(&state, *action, &mut ());
            if met.insert(fingerprint(&next)) {
                open.push_back(next);
            }
        }
    }
    let left = scope.faults.by_key().into_iter().zip(least).filter(|(_, left)| *left > 0);
    (left.map(|((key, _), _)| key).collect(), together)
}

/// A fault that never happens would leave its pairs as they are without it, and nobody would notice: its guarantees hold
/// all the same.
#[test]
fn in_every_pair_some_run_spends_every_fault() {
    let mut budgeted = BTreeSet::new();
    for scope in pairs() {
        let (never, together) = unspent(&scope);
        assert_eq!(never, Vec::<&str>::new(), "{}: never happens", scope.name);
        assert!(together, "{}: its faults never happen in one run", scope.name);
        let faults = scope.faults.by_key().into_iter();
        budgeted.extend(faults.filter(|(_, often)| *often > 0).map(|(key, _)| key));
    }
    // What is left out is no feature: cuts of links where nothing depends on being heard in time.
    let all = Faults::default().by_key().map(|(key, _)| key);
    let left_out: Vec<&str> = all.into_iter().filter(|key| !budgeted.contains(key)).collect();
    assert_eq!(left_out, ["cut-client", "cut-global"]);
}
