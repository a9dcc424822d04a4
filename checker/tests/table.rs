//! The set of fingerprints from outside, and in runs in which it must grow while threads fill it.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::seen;
use common::web::{Web, mix};
use spillway_checker::{Checker, FingerprintSet, Inserted};
use stateright::{Model, Property};

#[test]
fn of_threads_that_insert_the_same_one_is_told_that_it_is_new() {
    const COUNT: u64 = 400_000;
    let set = &FingerprintSet::with_slots(1 << 19).unwrap();
    let new: Vec<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4u64)
            .map(|thread| {
                scope.spawn(move || {
                    // Each begins elsewhere, and all go through all.
                    let all = (0..COUNT).map(|at| mix((at + thread * 1000) % COUNT));
                    all.filter(|one| match set.insert(*one) {
                        Inserted::New => true,
                        Inserted::Known => false,
                        other => panic!("{other:?}"),
                    })
                    .count() as u64
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(new.iter().sum::<u64>(), COUNT, "{new:?}");
    for at in 0..COUNT {
        assert_eq!(set.insert(mix(at)), Inserted::Known);
    }
}

#[test]
fn nothing_is_lost_while_the_table_grows() {
    let web = Web { states: 1_300_000, degree: 5, seed: 11 };
    let mut one = Checker::new(web.clone()).run().unwrap();
    // Some are nobody's successor, which a share of e^-5 of them is.
    assert!(one.unique_states > 1_280_000 && one.table_bytes >= 16 << 20);
    for threads in [2, 4] {
        let many = Checker::new(web.clone()).threads(threads).packed().run().unwrap();
        assert_eq!(seen(&many), seen(&one), "{threads} threads");
        one = many;
    }
}

/// So many states, each of which leads to so many others that nobody else leads to, and to all that its neighbour leads to.
struct Burst {
    first: u64,
    each: u64,
}

impl Model for Burst {
    type State = u64;
    type Action = u64;

    fn init_states(&self) -> Vec<u64> {
        (0..self.first).collect()
    }
    fn actions(&self, state: &u64, actions: &mut Vec<u64>) {
        if *state < self.first {
            actions.extend(0..2 * self.each);
        }
    }
    fn next_state(&self, state: &u64, action: u64) -> Option<u64> {
        Some(self.first + (state * self.each + action) % (self.first * self.each))
    }
    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("true", |_, _| true),
            Property::sometimes("the last", |burst: &Burst, state| {
                *state == burst.first + burst.first * burst.each - 1
            }),
        ]
    }
}

/// One unit of work finds more than there is room for: the table grows in the midst of it, while other threads do the same.
#[test]
fn nothing_is_lost_if_the_table_grows_within_a_unit() {
    for (first, each) in [(1, 400_000), (3000, 400)] {
        let run = |threads| Checker::new(Burst { first, each }).threads(threads).run().unwrap();
        let one = seen(&run(1));
        let states = first + first * each;
        assert_eq!((one.unique, one.generated), (states, first + 2 * first * each));
        for threads in [2, 4] {
            assert_eq!(seen(&run(threads)), one, "{first} with {each}, {threads} threads");
        }
    }
}
