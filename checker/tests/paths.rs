//! A path is what a user looks at first: it is a shortest one, the least of those, and can be walked.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::sync::atomic::{AtomicU32, Ordering};

use common::graph::{Graph, NEVER_BAD, Node, ONCE_GOOD, graphs};
use proptest::prelude::*;
use spillway_checker::{Checker, Error, Verdict};
use stateright::{Model, Path, Property};

/// Whether a walk of exactly so many steps, tried in lexicographic order, comes to a marked node: the first that does.
fn first_walk(graph: &Graph, node: Node, steps: usize, marked: &[bool]) -> Option<Vec<usize>> {
    if !graph.within_boundary(&node) {
        return None;
    }
    if steps == 0 {
        return marked[usize::from(node.0)].then(Vec::new);
    }
    let edges = graph.edges[usize::from(node.0)].iter().enumerate();
    edges.filter_map(|(place, edge)| Some((place, (*edge)?))).find_map(|(place, next)| {
        let rest = first_walk(graph, Node(next), steps - 1, marked)?;
        Some([vec![place], rest].concat())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Against all walks there are, in order, without a memory of what was seen.
    #[test]
    fn a_path_is_the_least_of_the_shortest(graph in graphs(9)) {
        let report = Checker::new(graph.clone()).threads(2).run().unwrap();
        for (name, marked) in [(NEVER_BAD, &graph.bad), (ONCE_GOOD, &graph.good)] {
            let least = (0..9).find_map(|steps| {
                let mut starts = graph.initial.iter().enumerate();
                starts.find_map(|(place, node)| {
                    Some((place, first_walk(&graph, Node(*node), steps, marked)?))
                })
            });
            let found = report.discovery(name).map(Path::into_vec);
            prop_assert_eq!(found, least.map(|way| graph.walk(&way)), "{}", name);
        }
    }
}

/// Counts up; two actions of each state look the same, and one is refused.
struct Stairs;

impl Model for Stairs {
    type State = u8;
    type Action = &'static str;

    fn init_states(&self) -> Vec<u8> {
        vec![200, 0]
    }
    fn actions(&self, state: &u8, actions: &mut Vec<&'static str>) {
        if *state < 100 {
            actions.extend(["stay", "never", "up", "up", "jump"]);
        }
    }
    fn next_state(&self, state: &u8, action: &'static str) -> Option<u8> {
        match action {
            "stay" => Some(*state),
            "up" => Some(state + 1),
            "jump" => Some(state + 10),
            _ => None,
        }
    }
    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("below 11", |_, state| *state < 11 || *state == 200),
            Property::sometimes("at 200", |_, state| *state == 200),
            Property::always("true", |_, _| true),
            Property::sometimes("at 150", |_, state| *state == 150),
            Property::eventually("later", |_, state| *state == 42),
        ]
    }
}

#[test]
fn a_discovery_has_the_actions_and_states_of_the_model() {
    let report = Checker::new(Stairs).run().unwrap();
    let path = report.discovery("below 11").unwrap();
    assert_eq!(path.clone().into_vec(), [(0, Some("up")), (1, Some("jump")), (11, None)],);
    // As stateright itself walks it.
    let walked = Path::from_actions(&Stairs, 0, &path.clone().into_actions()).unwrap();
    assert_eq!(walked, path);
    assert_eq!(path.encode(&Stairs), "1/2/4");
    assert_eq!(report.discovery("at 200").unwrap().into_vec(), [(200, None)]);
}

#[test]
fn what_was_not_found_has_no_discovery() {
    let report = Checker::new(Stairs).run().unwrap();
    for (name, verdict) in [
        ("true", Some(Verdict::Holds)),
        ("at 150", Some(Verdict::NotReached)),
        ("later", Some(Verdict::Inconclusive)),
        ("no such name", None),
    ] {
        assert_eq!(report.verdict(name), verdict, "{name}");
        assert!(report.discovery(name).is_none(), "{name}");
    }
    assert!(report.is_complete() && !report.is_free_of_violations());
}

/// A line of so many states.
#[derive(Clone)]
struct Line(u32);

impl Model for Line {
    type State = u32;
    type Action = ();

    fn init_states(&self) -> Vec<u32> {
        vec![0]
    }
    fn actions(&self, _: &u32, actions: &mut Vec<()>) {
        actions.push(());
    }
    fn next_state(&self, state: &u32, (): ()) -> Option<u32> {
        (state + 1 < self.0).then_some(state + 1)
    }
    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("not the last", |line: &Line, state| state + 1 < line.0)]
    }
}

#[test]
fn a_long_path_is_found_whole() {
    const STATES: u32 = 30_000;
    let report = Checker::new(Line(STATES)).threads(4).run().unwrap();
    assert_eq!(common::counts(&report), [u64::from(STATES); 3]);
    let states = report.discovery("not the last").unwrap().into_states();
    assert!(states.into_iter().eq(0..STATES));
}

/// Does the first time what it never does again.
struct Unsteady {
    way: How,
    asked: AtomicU32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum How {
    ForgetsInitialStates,
    ForgetsActions,
    RefusesSteps,
    GoesElsewhere,
    Panics,
}

impl Unsteady {
    /// Whether the model was asked that for the first time.
    fn is_first_time(&self, way: How, times: u32) -> bool {
        self.way != way || self.asked.fetch_add(1, Ordering::Relaxed) < times
    }
}

impl Model for Unsteady {
    type State = u8;
    type Action = ();

    fn init_states(&self) -> Vec<u8> {
        let first = self.is_first_time(How::ForgetsInitialStates, 1);
        Vec::from_iter(first.then_some(0))
    }
    fn actions(&self, _: &u8, actions: &mut Vec<()>) {
        actions.extend(self.is_first_time(How::ForgetsActions, 4).then_some(()));
    }
    fn next_state(&self, state: &u8, (): ()) -> Option<u8> {
        if !self.is_first_time(How::RefusesSteps, 4) {
            return None;
        }
        if !self.is_first_time(How::GoesElsewhere, 4) {
            return Some(100);
        }
        assert!(self.is_first_time(How::Panics, 4), "it never did that before");
        (*state < 3).then_some(state + 1)
    }
    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("below 3", |_, state| *state < 3 || *state >= 100)]
    }
}

#[test]
fn a_model_that_does_not_do_again_what_it_did_is_an_error() {
    for way in [
        How::ForgetsInitialStates,
        How::ForgetsActions,
        How::RefusesSteps,
        How::GoesElsewhere,
        How::Panics,
    ] {
        let model = Unsteady { way, asked: AtomicU32::new(0) };
        match Checker::new(model).run() {
            Err(Error::Unsteady { .. }) => {}
            other => panic!("{way:?}: {:?}", other.map(|report| common::seen(&report))),
        }
    }
}
