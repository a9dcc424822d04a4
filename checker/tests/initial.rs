//! A model may begin in very many states, in one, or in none, and may do nothing at all.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::{counts, counts_of_stateright, run_in_all_ways};
use spillway_checker::Verdict;
use stateright::{Model, Property};

/// Begins in so many numbers, each of them so many times in a row; each is halved, or not even that.
#[derive(Clone)]
struct Numbers {
    numbers: u32,
    times: u32,
    halves: bool,
    is_judged: bool,
}

impl Model for Numbers {
    type State = u32;
    type Action = ();

    fn init_states(&self) -> Vec<u32> {
        (0..self.numbers * self.times).map(|at| self.numbers + at / self.times).collect()
    }
    fn actions(&self, state: &u32, actions: &mut Vec<()>) {
        actions.extend((self.halves && *state > 0).then_some(()));
    }
    fn next_state(&self, state: &u32, (): ()) -> Option<u32> {
        Some(state / 2)
    }
    fn properties(&self) -> Vec<Property<Self>> {
        let all: [Property<Self>; 2] = [
            Property::always("true", |_, _| true),
            Property::sometimes("the last", |model: &Numbers, state| {
                state + 1 == 2 * model.numbers
            }),
        ];
        if self.is_judged { all.into() } else { vec![] }
    }
}

crate::packs_its_number!(Numbers, u32);

#[test]
fn a_model_begins_in_any_number_of_states() {
    for (numbers, times) in [(0, 1), (1, 1), (1, 3), (1000, 2), (140_000, 1), (50_000, 3)] {
        for halves in [true, false] {
            let model = Numbers { numbers, times, halves, is_judged: true };
            let expected = counts_of_stateright(model.clone(), |checker| checker);
            for (way, report) in run_in_all_ways(&model, |checker| checker) {
                assert_eq!(counts(&report), expected, "{numbers} times {times}, {way:?}");
                let reached = if numbers > 0 { Verdict::Reached } else { Verdict::NotReached };
                assert_eq!(report.verdict("the last"), Some(reached));
                let path = report.discovery("the last").map(|path| path.into_states());
                assert_eq!(path, (numbers > 0).then(|| vec![2 * numbers - 1]));
            }
        }
    }
}

/// Stateright explores nothing then.
#[test]
fn a_model_without_properties_is_explored() {
    let model = Numbers { numbers: 1000, times: 1, halves: true, is_judged: false };
    for (way, report) in run_in_all_ways(&model, |checker| checker) {
        assert_eq!(counts(&report), [2000, 1000 + 1999, 11], "{way:?}");
        assert!(
            report.verdicts.is_empty() && report.is_complete() && report.is_free_of_violations()
        );
    }
}
