//! What bounds a run ends it with a report of what was covered, and claims nothing about the rest.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use common::web::Web;
use common::{counts, run_in_all_ways, seen, seen_in_all_ways};
use spillway_checker::{Checker, Error, Go, Report, Stop, Until, Verdict};
use stateright::{Model, Property};

const WEB: Web = Web { states: 90_000, degree: 6, seed: 5 };

/// Grows for ever: level by level, or one state a level.
#[derive(Clone)]
struct Endless {
    width: u64,
}

impl Model for Endless {
    type State = u64;
    type Action = u64;

    fn init_states(&self) -> Vec<u64> {
        vec![1]
    }
    fn actions(&self, _: &u64, actions: &mut Vec<u64>) {
        actions.extend(0..self.width);
    }
    fn next_state(&self, state: &u64, action: u64) -> Option<u64> {
        Some(
            state
                .wrapping_mul(self.width)
                .wrapping_add(action)
                .wrapping_add(u64::from(self.width == 1)),
        )
    }
    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("true", |_, _| true), Property::sometimes("never", |_, _| false)]
    }
}

crate::packs_its_number!(Endless, u64);

/// It claims nothing, and says that there is more.
#[track_caller]
fn check_stopped<M: Model>(report: &Report<M>, stop: &Stop) {
    assert_eq!(report.stopped.as_ref(), Some(stop));
    assert!(report.unexplored_states > 0 && !report.is_complete());
    for judged in &report.verdicts {
        assert_eq!(judged.verdict, Verdict::Inconclusive, "{}", judged.name);
        assert_eq!(judged.reason, Some(stop.to_string()));
    }
}

#[test]
fn a_bound_on_states_ends_a_run_with_the_level() {
    for max in [0, 1, 1000, 30_000, 90_000] {
        let seen = seen_in_all_ways(&WEB, |checker| checker.max_states(max));
        if seen.stopped.is_none() {
            assert!(max > seen.unique);
            continue;
        }
        assert_eq!(seen.stopped, Some(Stop::States(max)));
        assert!(seen.unique >= max && seen.unexplored > 0);
        // It is what a bound on the depth gives, and one level less is not enough.
        let depth = |depth| Checker::new(WEB).max_depth(depth).run().unwrap();
        let (less, same) = (depth(seen.depth), depth(seen.depth + 1));
        assert!(less.unique_states < max.max(2));
        assert_eq!(
            (same.unique_states, same.generated_states, same.unexplored_states),
            (seen.unique, seen.generated, seen.unexplored)
        );
    }
}

#[test]
fn a_depth_of_one_state_explores_nothing() {
    for depth in [0, 1] {
        let report = Checker::new(Endless { width: 3 }).max_depth(depth).run().unwrap();
        check_stopped(&report, &Stop::Depth(1));
        assert_eq!(counts(&report), [1, 1, 1]);
    }
}

#[test]
fn a_time_budget_ends_a_run() {
    for width in [1, 2] {
        for threads in [1, 2] {
            let (time, begun) = (Duration::from_millis(60), Instant::now());
            let checker = Checker::new(Endless { width }).threads(threads).time_budget(time);
            let report = checker.max_states(3_000_000).run().unwrap();
            check_stopped(&report, &Stop::Time(time));
            assert!(report.elapsed >= time && begun.elapsed() < Duration::from_secs(20));
        }
    }
}

#[test]
fn a_run_that_ends_in_time_is_not_stopped() {
    let day = Duration::from_secs(86_400);
    let report = Checker::new(WEB).time_budget(day).memory_budget(1 << 45).run().unwrap();
    assert_eq!(seen(&report), seen(&Checker::new(WEB).run().unwrap()));
}

#[test]
fn an_interruption_ends_a_run() {
    for width in [1, 2] {
        let flag = Arc::new(AtomicBool::new(true));
        let checker = Checker::new(Endless { width }).interrupt(flag).threads(2);
        let report = checker.max_states(3_000_000).run().unwrap();
        check_stopped(&report, &Stop::Interrupted);
    }
}

#[test]
fn an_interruption_from_another_thread_ends_a_run() {
    let flag = Arc::new(AtomicBool::new(false));
    let mut checker = Checker::new(Endless { width: 1 }).interrupt(flag.clone());
    let signal = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        flag.store(true, Ordering::Relaxed);
    });
    let report = checker.run().unwrap();
    signal.join().unwrap();
    check_stopped(&report, &Stop::Interrupted);
}

#[test]
fn an_observer_sees_progress_and_ends_a_run() {
    for (width, threads) in [(1, 1), (2, 1), (2, 3)] {
        let mut last = None;
        let observer = |progress: &spillway_checker::Progress| {
            assert!(progress.unique_states <= progress.generated_states);
            assert!(progress.explored_states <= progress.frontier_states);
            let now = (progress.elapsed, progress.depth, progress.unique_states);
            assert!(last.is_none_or(|(elapsed, depth, unique)| {
                elapsed <= now.0 && depth <= now.1 && unique <= now.2
            }));
            last = Some(now);
            if progress.unique_states > 2000 { Go::Stop } else { Go::On }
        };
        let checker = Checker::new(Endless { width }).threads(threads).observer(observer);
        let report = checker.max_states(3_000_000).run().unwrap();
        check_stopped(&report, &Stop::Interrupted);
        assert!(last.unwrap().2 <= report.unique_states);
    }
}

/// Whoever watches is asked again and again, however short levels are.
#[test]
fn an_observer_is_asked_in_a_run_of_many_short_levels() {
    let mut asked = 0;
    let observer = |_: &_| {
        asked += 1;
        Go::On
    };
    let mut checker = Checker::new(Endless { width: 1 }).observer(observer).max_states(100_000);
    let report = checker.run().unwrap();
    drop(checker);
    let expected = report.elapsed.as_millis() / 200; // it should be ten times that
    assert!(asked > expected, "{asked} times in {:?}", report.elapsed);
}

/// One state, which takes its time.
struct Slow;

impl Model for Slow {
    type State = u8;
    type Action = ();

    fn init_states(&self) -> Vec<u8> {
        vec![0]
    }
    fn actions(&self, _: &u8, _: &mut Vec<()>) {
        std::thread::sleep(Duration::from_millis(50));
    }
    fn next_state(&self, _: &u8, (): ()) -> Option<u8> {
        None
    }
    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("true", |_, _| true)]
    }
}

#[test]
fn a_run_that_is_ended_when_nothing_is_left_is_complete() {
    let mut watched = 0;
    let observer = |_: &_| {
        watched += 1;
        Go::Stop
    };
    let report = Checker::new(Slow).observer(observer).run().unwrap();
    assert_eq!(watched, 1);
    assert_eq!((report.unexplored_states, report.stopped.clone()), (0, None));
    assert_eq!(report.verdict("true"), Some(Verdict::Holds));
}

#[test]
fn a_memory_budget_ends_a_run() {
    const BYTES: u64 = 3 << 20;
    for threads in [1, 2] {
        let plain = Checker::new(Endless { width: 2 }).threads(threads).memory_budget(BYTES);
        check_stopped(&plain.max_states(30_000_000).run().unwrap(), &Stop::Memory(BYTES));
        // The table alone.
        let packed = Checker::new(Endless { width: 2 }).threads(threads).memory_budget(BYTES);
        let report = packed.packed().max_states(30_000_000).run().unwrap();
        check_stopped(&report, &Stop::Memory(BYTES));
        assert!(report.table_bytes > BYTES);
    }
}

#[test]
fn packed_states_that_are_spilled_are_explored_the_same() {
    let free = seen(&Checker::new(WEB).packed().run().unwrap());
    for threads in [1, 2, 4] {
        // What the table takes: each block of states is beyond that.
        let checker = Checker::new(WEB).packed().threads(threads).memory_budget(2 << 20);
        let report = checker.max_states(u64::MAX).run().unwrap();
        assert_eq!(seen(&report), free, "{threads} threads");
        assert_eq!(report.table_bytes, 2 << 20);
        // Four bytes each, and their length; a block is kept where nothing else is in memory.
        let all = (report.unique_states - 1) * 5;
        assert!(report.spilled_bytes > all / 2, "{} of {all}", report.spilled_bytes);
    }
}

#[test]
fn a_folder_that_cannot_be_written_to_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    for checker in [Checker::new(WEB), Checker::new(WEB).packed()] {
        match checker.folder(&missing).run() {
            Err(Error::Folder(named, error)) => {
                assert_eq!(named, missing);
                assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
            }
            other => panic!("{other:?}"),
        }
    }
    let report = Checker::new(WEB).folder(folder.path()).run().unwrap();
    assert!(report.parents_bytes > 0);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "files have no name");
}

/// One of the states that are looked for, and the depth at which it is.
fn target() -> (&'static str, u64) {
    let report = Checker::new(WEB).run().unwrap();
    let depths = Web::target_names()
        .into_iter()
        .filter_map(|name| Some((name, report.discovery(name)?.into_states().len() as u64)));
    depths.min_by_key(|(_, depth)| *depth).unwrap()
}

#[test]
fn a_run_until_something_is_found_ends_with_the_level() {
    let (name, depth) = target();
    let until = Until::AnyOf(vec!["no such name", "true", name]);
    let seen = seen_in_all_ways(&WEB, |checker| checker.until(until.clone()));
    assert_eq!((seen.stopped.clone(), seen.depth), (Some(Stop::Found), depth));
    let same = Checker::new(WEB).max_depth(depth + 1).run().unwrap();
    assert_eq!(
        (same.unique_states, same.generated_states, same.unexplored_states),
        (seen.unique, seen.generated, seen.unexplored)
    );
    let verdict = seen.verdicts.iter().find(|(known, ..)| *known == name).unwrap();
    assert_eq!(verdict.1, Verdict::Reached);
}

#[test]
fn what_is_reached_is_no_violation() {
    let whole = seen(&Checker::new(WEB).run().unwrap());
    for until in [Until::FirstViolation, Until::AnyOf(vec![]), Until::AnyOf(vec!["true"])] {
        assert_eq!(seen(&Checker::new(WEB).until(until).run().unwrap()), whole);
    }
}

#[test]
fn the_first_violation_ends_a_run_with_the_level() {
    use common::graph::{Graph, NEVER_BAD};
    let no = vec![false; 6];
    let graph = Graph {
        initial: vec![0],
        edges: vec![
            vec![Some(1), Some(2)],
            vec![Some(3)],
            vec![Some(4)],
            vec![Some(5)],
            vec![],
            vec![],
        ],
        outside: no.clone(),
        bad: vec![false, true, false, false, true, false],
        good: vec![true, false, false, false, false, false],
        fin: no,
    };
    for (way, report) in run_in_all_ways(&graph, |checker| checker.until(Until::FirstViolation)) {
        assert_eq!(report.stopped, Some(Stop::Found), "{way:?}");
        assert_eq!(counts(&report), [5, 5, 2], "{way:?}");
        assert_eq!(report.unexplored_states, 2, "{way:?}");
        assert_eq!(report.discovery(NEVER_BAD).unwrap().into_states().len(), 2, "{way:?}");
    }
    // In the last level there is, everything is explored.
    let report = Checker::new(Graph { edges: vec![vec![Some(1)], vec![]], ..graph })
        .until(Until::FirstViolation)
        .run()
        .unwrap();
    assert!(report.is_complete());
}

#[test]
fn each_of_two_properties_of_one_name_ends_a_run() {
    #[derive(Clone)]
    struct Namesakes;
    impl Model for Namesakes {
        type State = u8;
        type Action = ();
        fn init_states(&self) -> Vec<u8> {
            vec![0]
        }
        fn actions(&self, state: &u8, actions: &mut Vec<()>) {
            actions.extend((*state < 9).then_some(()));
        }
        fn next_state(&self, state: &u8, (): ()) -> Option<u8> {
            Some(state + 1)
        }
        fn properties(&self) -> Vec<Property<Self>> {
            vec![Property::always("same", |_, _| true), Property::always("same", |_, at| *at < 3)]
        }
    }
    for until in [Until::FirstViolation, Until::AnyOf(vec!["same"])] {
        let report = Checker::new(Namesakes).until(until).run().unwrap();
        assert_eq!((report.stopped, report.max_depth), (Some(Stop::Found), 4));
    }
}

#[test]
fn no_threads_are_one_thread() {
    assert_eq!(
        seen(&Checker::new(WEB).threads(0).run().unwrap()),
        seen(&Checker::new(WEB).threads(usize::MAX).run().unwrap())
    );
}
