//! Every two features together, each pair in a small generated scope: a sample here, all of them by `spillway pairs`.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;

use spillway_model::Scope;
use spillway_model::scope::pairs::{FEATURES, STATES_MAX, named, pairs};
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
    assert_eq!(states, 201_366);
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
