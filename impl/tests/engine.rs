//! The engine against the obvious: a list that is sorted anew for each event, and timers that are removed.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use spillway_impl::sim::engine::Engine;
use spillway_impl::sim::links::Links;
use spillway_impl::sim::timers::{Alarm, Timers};

#[derive(Clone, Debug)]
enum Step {
    Schedule { wait_us: u64 },
    Take,
}

fn step() -> impl Strategy<Value = Step> {
    let wait = prop_oneof![Just(0), 0u64..4, 0u64..10_000, Just(u64::MAX)];
    prop_oneof![wait.prop_map(|wait_us| Step::Schedule { wait_us }), Just(Step::Take)]
}

proptest! {
    #[test]
    fn events_come_by_time_and_then_in_the_order_of_scheduling(
        steps in prop::collection::vec(step(), 0..300)
    ) {
        let (mut engine, mut list) = (Engine::new(), Vec::new());
        for (event, step) in steps.into_iter().enumerate() {
            match step {
                Step::Schedule { wait_us } => {
                    engine.after(wait_us, event);
                    list.push((engine.now_us().saturating_add(wait_us), event));
                }
                Step::Take => {
                    list.sort_unstable();
                    let expected = (!list.is_empty()).then(|| list.remove(0));
                    let taken = engine.take_next().map(|event| (engine.now_us(), event));
                    prop_assert_eq!(taken, expected);
                }
            }
            prop_assert_eq!(engine.pending(), list.len());
        }
    }

    #[test]
    fn a_fifo_link_keeps_its_order(latencies in prop::collection::vec((0u64..50, 0u64..500), 1..100)) {
        let (mut engine, mut links) = (Engine::new(), Links::new(2));
        let mut now_us = 0;
        for (index, (gap_us, latency_us)) in latencies.iter().enumerate() {
            now_us += gap_us;
            let (at_us, _) = links.send(1, now_us, *latency_us);
            prop_assert!(at_us >= now_us + latency_us, "no message is early");
            engine.at(at_us, index);
        }
        let order: Vec<usize> = std::iter::from_fn(|| engine.take_next()).collect();
        prop_assert_eq!(order, (0..latencies.len()).collect::<Vec<_>>());
    }

    #[test]
    fn timers_run_out_when_they_were_armed_for_last(
        steps in prop::collection::vec((0u8..5, 0u8..3, 0u64..40), 0..300)
    ) {
        let (mut engine, mut timers) = (Engine::<Alarm<u8>>::new(), Timers::new());
        let mut expected = BTreeMap::new();
        for (what, key, time_us) in steps {
            let due_us = engine.now_us() + time_us;
            match what {
                0 | 1 => {
                    timers.arm(&mut engine, key, due_us);
                    expected.insert(key, due_us);
                }
                2 => {
                    timers.disarm(key);
                    expected.remove(&key);
                }
                _ => while let Some(alarm) = engine.take_until(due_us) {
                    let now_us = engine.now_us();
                    if let Some(key) = timers.fire(&mut engine, alarm) {
                        prop_assert_eq!(expected.remove(&key), Some(now_us));
                    }
                },
            }
            prop_assert!(expected.values().all(|due_us| *due_us >= engine.now_us()), "none is late");
            prop_assert_eq!(timers.armed(), expected.len());
        }
    }
}

#[test]
fn a_timer_that_is_put_off_a_million_times_has_one_event() {
    let (mut engine, mut timers) = (Engine::<Alarm<u8>>::new(), Timers::new());
    for time_us in 0..1_000_000 {
        timers.arm(&mut engine, 7, 100 + time_us);
    }
    assert_eq!(engine.pending(), 1);
    let alarm = engine.take_next().unwrap();
    assert_eq!(timers.fire(&mut engine, alarm), None, "it was put off");
    let alarm = engine.take_next().unwrap();
    assert_eq!(timers.fire(&mut engine, alarm), Some(7));
    assert_eq!(engine.now_us(), 1_000_099);
}

#[test]
fn a_reset_loses_what_is_in_flight_and_nothing_else() {
    let mut links = Links::new(2);
    let (_, before) = links.send(0, 10, 1_000);
    let (_, other) = links.send(1, 10, 1_000);
    links.reset(0);
    let (at_us, after) = links.send(0, 20, 5);
    assert!(!links.arrives(before));
    assert!(links.arrives(other) && links.arrives(after));
    assert_eq!(at_us, 25, "it does not wait for what is lost");
}

#[test]
fn the_clock_jumps_over_what_is_idle() {
    let mut engine = Engine::new();
    engine.at(u64::MAX, "the end of time");
    assert_eq!(engine.take_until(1_000), None);
    assert_eq!(engine.now_us(), 1_000);
    assert_eq!(engine.take_next(), Some("the end of time"));
    assert_eq!((engine.now_us(), engine.scheduled()), (u64::MAX, 1));
}

#[test]
#[should_panic(expected = "and it is 5 us")]
fn nothing_happens_in_the_past() {
    let mut engine = Engine::new();
    engine.at(5, ());
    engine.take_next().unwrap();
    engine.at(4, ());
}

#[test]
fn an_event_of_a_timer_that_was_armed_for_earlier_in_between_is_void() {
    let (mut engine, mut timers) = (Engine::<Alarm<u8>>::new(), Timers::new());
    timers.arm(&mut engine, 7, 100);
    timers.arm(&mut engine, 7, 50);
    let mut fired = Vec::new();
    while let Some(alarm) = engine.take_next() {
        if timers.fire(&mut engine, alarm).is_some() {
            fired.push(engine.now_us());
            if fired.len() == 1 {
                timers.arm(&mut engine, 7, 200);
            }
        }
    }
    assert_eq!(fired, [50, 200]);
    assert_eq!(engine.scheduled(), 3, "the void one was not scheduled again");
}
