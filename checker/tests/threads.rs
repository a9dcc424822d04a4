//! Threads that meet at the same states all the time do not show: counts, verdicts and paths are those of one thread.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;
#[path = "../models/mod.rs"]
mod models;

use common::web::Web;
use common::{Seen, seen};
use models::two_phase_word::TwoPhase;
use spillway_checker::{Checker, Stop};
use stateright::{Model, Property};

fn run(web: &Web, threads: usize, packed: bool, depth: u64) -> Seen {
    let checker = Checker::new(web.clone()).threads(threads).max_depth(depth);
    let mut checker = if packed { checker.packed() } else { checker };
    seen(&checker.run().unwrap())
}

#[test]
fn a_dense_web_is_explored_the_same_by_any_number_of_threads() {
    for seed in 0..4 {
        let web = Web { states: 120_000, degree: 4 + 3 * seed as u32, seed };
        let one = run(&web, 1, false, u64::MAX);
        assert!(one.unique > 100_000, "{}", one.unique);
        assert!(one.paths.iter().filter(|path| path.is_some()).count() > 12);
        for round in 0..3 {
            for threads in [2, 3, 4, 8] {
                let packed = round % 2 == 1;
                let many = run(&web, threads, packed, u64::MAX);
                assert_eq!(many, one, "seed {seed}, round {round}, {threads} threads");
            }
        }
    }
}

#[test]
fn a_dense_web_cut_at_a_depth_is_explored_the_same_by_any_number_of_threads() {
    let web = Web { states: 200_000, degree: 6, seed: 99 };
    for depth in [5, 7, 8] {
        let one = run(&web, 1, false, depth);
        assert_eq!(one.stopped, Some(Stop::Depth(depth)));
        for threads in [2, 4] {
            assert_eq!(run(&web, threads, false, depth), one, "depth {depth}, {threads} threads");
        }
    }
}

/// All sets of so many things; in each state they are listed from another one on, so that the first way to a state is not
/// where one looks first.
#[derive(Clone)]
struct Cube {
    bits: u32,
}

impl Model for Cube {
    type State = u32;
    type Action = u32;

    fn init_states(&self) -> Vec<u32> {
        vec![0]
    }
    fn actions(&self, state: &u32, actions: &mut Vec<u32>) {
        let from = common::web::mix(u64::from(*state)) as u32 % self.bits;
        actions.extend((0..self.bits).map(|at| (at + from) % self.bits));
    }
    fn next_state(&self, state: &u32, bit: u32) -> Option<u32> {
        Some(state | 1 << bit)
    }
    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::sometimes("all", |cube: &Cube, state: &u32| state.count_ones() == cube.bits),
            Property::sometimes("even ones", |_, state: &u32| *state == 0x5555),
            Property::always("not this", |_, state: &u32| *state != 0x1_2345),
            Property::always("not that", |_, state: &u32| *state != 0x0_ff00),
        ]
    }
}

crate::packs_its_number!(Cube, u32);

#[test]
fn all_sets_are_found_the_same_way_by_any_number_of_threads() {
    let cube = Cube { bits: 17 };
    let one = common::seen_in_all_ways(&cube, |checker| checker);
    assert_eq!((one.unique, one.generated, one.depth), (1 << 17, 17 * (1 << 17) + 1, 18));
    assert!(one.paths.iter().all(Option::is_some));
}

#[test]
fn two_phase_commit_is_explored_the_same_by_any_number_of_threads() {
    let one = common::seen_in_all_ways(&TwoPhase(7), |checker| checker);
    assert_eq!(one.unique, 296_448);
}
