//! A panic of the model is a finding like any other: it has a path, and does not depend on threads.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::seen_in_all_ways;
use common::web::mix;
use spillway_checker::{Checker, DEADLOCK, PANIC, Report, Stop, Verdict};
use stateright::{Model, Property};

/// A web of states, in which some states have something that panics.
#[derive(Clone, Debug)]
struct Fragile {
    states: u64,
    /// Where each kind of panic happens: in one of so many states, never if 0.
    listing: u64,
    stepping: u64,
    bounding: u64,
    judging: u64,
}

const SOUND: Fragile = Fragile { states: 80_000, listing: 0, stepping: 0, bounding: 0, judging: 0 };
const JUDGED: &str = "judged";

/// Whether a state is one of the chosen.
fn is(state: u64, salt: u64, one_in: u64) -> bool {
    one_in > 0 && state != 0 && mix(state ^ mix(salt)).is_multiple_of(one_in)
}

impl Model for Fragile {
    type State = u64;
    type Action = u8;

    fn init_states(&self) -> Vec<u64> {
        vec![0]
    }
    fn actions(&self, state: &u64, actions: &mut Vec<u8>) {
        actions.push(0);
        assert!(!is(*state, 1, self.listing), "listing of {state}");
        actions.extend(1..5);
    }
    fn next_state(&self, state: &u64, action: u8) -> Option<u64> {
        assert!(action != 3 || !is(*state, 2, self.stepping), "step from {state}");
        Some(mix(state << 8 | u64::from(action)) % self.states)
    }
    fn within_boundary(&self, state: &u64) -> bool {
        assert!(!is(*state, 3, self.bounding), "boundary at {state}");
        true
    }
    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("first", |_, _| true),
            Property::always(JUDGED, |model: &Fragile, state| {
                assert!(!is(*state, 4, model.judging), "judged {state}");
                true
            }),
        ]
    }
}

crate::packs_its_number!(Fragile, u64);

/// The report on one thread, which says the same as those made in any other way.
fn run(model: &Fragile) -> Report<Fragile> {
    let seen = seen_in_all_ways(model, |checker| checker);
    let report = Checker::new(model.clone()).run().unwrap();
    assert_eq!(common::seen(&report), seen);
    assert_eq!(report.stopped, Some(Stop::Panicked));
    assert_eq!(report.verdict(PANIC), Some(Verdict::Violated));
    assert_eq!(report.verdict("first"), Some(Verdict::Inconclusive));
    assert!(!report.is_complete() && !report.is_free_of_violations());
    report
}

#[test]
fn a_panic_in_the_listing_of_actions_has_a_path() {
    let report = run(&Fragile { listing: 500, ..SOUND });
    let panicked = report.panicked.clone().unwrap();
    let last = *report.discovery(PANIC).unwrap().last_state();
    assert!(is(last, 1, 500));
    assert_eq!(panicked.message, format!("listing of {last}"));
    assert_eq!((panicked.action, panicked.property), (None, None));
}

#[test]
fn a_panic_in_a_step_has_a_path_and_the_action() {
    let report = run(&Fragile { stepping: 500, ..SOUND });
    let panicked = report.panicked.clone().unwrap();
    let last = *report.discovery(PANIC).unwrap().last_state();
    assert!(is(last, 2, 500));
    assert_eq!(panicked.message, format!("step from {last}"));
    assert_eq!((panicked.action, panicked.property), (Some(3), None));
}

#[test]
fn a_panic_at_the_boundary_is_one_of_the_step_to_it() {
    let report = run(&Fragile { bounding: 5000, ..SOUND });
    let panicked = report.panicked.clone().unwrap();
    let last = *report.discovery(PANIC).unwrap().last_state();
    let next = SOUND.next_state(&last, panicked.action.unwrap()).unwrap();
    assert_eq!(panicked.message, format!("boundary at {next}"));
}

#[test]
fn a_panic_in_a_property_has_a_path_and_the_property() {
    let report = run(&Fragile { judging: 500, ..SOUND });
    let panicked = report.panicked.clone().unwrap();
    let last = *report.discovery(PANIC).unwrap().last_state();
    assert!(is(last, 4, 500));
    assert_eq!(panicked.message, format!("judged {last}"));
    assert_eq!((panicked.action, panicked.property), (None, Some(JUDGED)));
    assert_eq!(report.verdict(JUDGED), Some(Verdict::Inconclusive));
}

#[test]
fn the_first_of_several_panics_in_the_order_of_exploration_is_reported() {
    // So many that they are in each unit of a level that threads share.
    for one_in in [50, 3000, 8000] {
        let model = Fragile { listing: one_in, stepping: one_in, bounding: one_in, ..SOUND };
        run(&model);
    }
}

/// A level of 20000 states, the first of which breaks the property, and the last of which panics in it.
#[derive(Clone, Debug)]
struct Fan;

impl Model for Fan {
    type State = u32;
    type Action = u32;

    fn init_states(&self) -> Vec<u32> {
        vec![0]
    }
    fn actions(&self, state: &u32, actions: &mut Vec<u32>) {
        actions.extend(if *state == 0 { 1..20_001 } else { 20_001..20_002 });
    }
    fn next_state(&self, _: &u32, action: u32) -> Option<u32> {
        Some(action)
    }
    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always(JUDGED, |_, state| {
            assert_ne!(*state, 20_000, "the last of the level");
            *state != 1
        })]
    }
}

crate::packs_its_number!(Fan, u32);

/// One thread knows the violation when it comes to the last state, and others may not.
#[test]
fn a_panic_in_a_property_that_was_decided_just_before_does_not_depend_on_threads() {
    for _ in 0..10 {
        let seen = seen_in_all_ways(&Fan, |checker| checker);
        assert_eq!(seen.verdicts[0], (JUDGED, Verdict::Violated, None));
    }
}

#[test]
fn a_panic_in_an_initial_state_has_a_path_of_one_state() {
    struct Broken;
    impl Model for Broken {
        type State = u8;
        type Action = ();
        fn init_states(&self) -> Vec<u8> {
            vec![0, 1]
        }
        fn actions(&self, state: &u8, _: &mut Vec<()>) {
            if *state == 1 {
                std::panic::panic_any(42); // not a text
            }
        }
        fn next_state(&self, _: &u8, (): ()) -> Option<u8> {
            None
        }
        fn properties(&self) -> Vec<Property<Self>> {
            vec![]
        }
    }
    let report = Checker::new(Broken).threads(4).run().unwrap();
    assert_eq!(report.discovery(PANIC).unwrap().into_states(), [1]);
    assert_eq!(report.panicked.unwrap().message, "");
    assert_eq!(report.unexplored_states, 0);
}

#[test]
fn the_judgement_of_deadlock_may_panic_too() {
    struct Silent;
    impl Model for Silent {
        type State = u8;
        type Action = u8;
        fn init_states(&self) -> Vec<u8> {
            vec![7]
        }
        fn actions(&self, _: &u8, actions: &mut Vec<u8>) {
            actions.extend([0, 1]);
        }
        fn next_state(&self, _: &u8, _: u8) -> Option<u8> {
            None
        }
        fn properties(&self) -> Vec<Property<Self>> {
            vec![]
        }
    }
    let is_final = |_: &Silent, state: &u8| panic!("is {state} final?");
    let report = Checker::new(Silent).deadlock(is_final).run().unwrap();
    let panicked = report.panicked.unwrap();
    assert_eq!(panicked.message, "is 7 final?");
    assert_eq!((panicked.action, panicked.property), (None, Some(DEADLOCK)));
}
