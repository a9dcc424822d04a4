//! States are counted as stateright counts them, so that its users know what they have.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;
#[path = "../models/mod.rs"]
mod models;

use common::{counts, counts_of_stateright, run_in_all_ways};
use models::{two_phase_heap, two_phase_word};
use spillway_checker::Checker;

/// Managers, and the unique states there are.
const SIZES: [(usize, u64); 3] = [(3, 288), (5, 8832), (7, 296_448)];

#[test]
fn counts_are_those_of_stateright_for_states_in_a_word() {
    for (managers, unique) in SIZES {
        let model = two_phase_word::TwoPhase(managers as u32);
        let expected = counts_of_stateright(model.clone(), |checker| checker);
        assert_eq!(expected[0], unique);
        for (way, report) in run_in_all_ways(&model, |checker| checker) {
            assert_eq!(counts(&report), expected, "{managers} managers, {way:?}");
            assert!(report.is_complete() && report.unexplored_states == 0, "{way:?}");
        }
    }
}

#[test]
fn counts_are_those_of_stateright_for_states_on_the_heap() {
    for (managers, unique) in SIZES {
        let model = two_phase_heap::TwoPhase(managers);
        let expected = counts_of_stateright(model.clone(), |checker| checker);
        assert_eq!(expected[0], unique);
        for threads in [1, 2, 4] {
            let report = Checker::new(model.clone()).threads(threads).run().unwrap();
            assert_eq!(counts(&report), expected, "{managers} managers, {threads} threads");
        }
        if managers < 7 {
            let report = Checker::new(model).exact().run().unwrap();
            assert_eq!(counts(&report), expected, "{managers} managers, exact");
        }
    }
}

#[test]
fn counts_are_those_of_stateright_at_any_depth() {
    let model = two_phase_word::TwoPhase(5);
    let [.., depth] = counts_of_stateright(model.clone(), |checker| checker);
    for max in 1..=depth + 2 {
        let expected =
            counts_of_stateright(model.clone(), |checker| checker.target_max_depth(max as usize));
        assert_eq!(expected[2], max.min(depth));
        for (way, report) in run_in_all_ways(&model, |checker| checker.max_depth(max)) {
            assert_eq!(counts(&report), expected, "depth {max}, {way:?}");
            assert_eq!(report.is_complete(), max > depth, "depth {max}, {way:?}");
        }
    }
}

#[test]
fn counts_are_those_of_stateright_where_a_bound_cuts_a_large_level() {
    let model = two_phase_word::TwoPhase(7);
    for max in [9, 12] {
        let expected = counts_of_stateright(model.clone(), |checker| checker.target_max_depth(max));
        for (way, report) in run_in_all_ways(&model, |checker| checker.max_depth(max as u64)) {
            assert_eq!(counts(&report), expected, "depth {max}, {way:?}");
        }
    }
}

#[test]
fn a_second_run_counts_the_same() {
    let mut checker = Checker::new(two_phase_word::TwoPhase(5)).threads(2).packed();
    let first = counts(&checker.run().unwrap());
    assert_eq!(counts(&checker.run().unwrap()), first);
}
