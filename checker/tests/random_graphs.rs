//! Whatever the graph: what is found is what a search of a dozen lines finds, whichever way the run is made.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::graph::{FALSE, Graph, NEVER_BAD, ONCE_GOOD, TRUE, Truth, graphs};
use common::{counts, counts_of_stateright, run_in_all_ways};
use proptest::prelude::*;
use spillway_checker::{DEADLOCK, Stop};

/// Compares a run in each way with the truth.
fn check(graph: &Graph, depth_max: Option<u64>) {
    let truth = graph.truth(depth_max.unwrap_or(u64::MAX));
    let Truth { unique, generated, depth, unexplored, .. } = truth;
    let expected = counts_of_stateright(graph.clone(), |checker| match depth_max {
        Some(max) => checker.target_max_depth(max as usize),
        None => checker,
    });
    assert_eq!([unique, generated, depth], expected, "stateright counts the same");
    let runs = run_in_all_ways(graph, |checker| {
        let checker = checker.deadlock(|graph: &Graph, node| graph.is_final(node));
        match depth_max {
            Some(max) => checker.max_depth(max),
            None => checker,
        }
    });
    for (way, report) in runs {
        assert_eq!(counts(&report), expected, "{way:?}");
        assert_eq!(report.unexplored_states, unexplored, "{way:?}");
        let stop = (unexplored > 0).then_some(Stop::Depth(depth));
        assert_eq!(report.stopped, stop, "{way:?}");
        let verdicts: Vec<_> =
            report.verdicts.iter().map(|judged| (judged.name, judged.verdict)).collect();
        assert_eq!(verdicts, graph.verdicts(&truth, unexplored == 0), "{way:?}");
        let ways = [
            (NEVER_BAD, &truth.bad),
            (ONCE_GOOD, &truth.good),
            (DEADLOCK, &truth.deadlock),
            (TRUE, &None),
            (FALSE, &None),
        ];
        for (name, expected) in ways {
            let found = report.discovery(name).map(|path| path.into_vec());
            assert_eq!(found, expected.as_ref().map(|way| graph.walk(way)), "{name}, {way:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn small_graphs_are_explored_as_they_are(graph in graphs(40), depth_max in prop::option::of(1u64..8)) {
        check(&graph, depth_max);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// Large enough that levels are shared between threads.
    #[test]
    fn graphs_whose_levels_are_shared_are_explored_as_they_are(
        seed in any::<u64>(),
        degree in 3u64..12,
        depth_max in prop::option::of(4u64..9),
    ) {
        check(&large(seed, degree), depth_max);
    }
}

/// 60000 nodes, with edges anywhere.
fn large(seed: u64, degree: u64) -> Graph {
    const NODES: u64 = 60_000;
    let draw = |what: u64, at: u64| common::web::mix(common::web::mix(seed ^ what) ^ at);
    let rare = |what, one_in| (0..NODES).map(|at| draw(what, at) % one_in == 0).collect();
    let edge = |at, place| {
        let drawn = draw(6 + place, at);
        (drawn % 16 != 0).then_some((drawn / 16 % NODES) as u16)
    };
    Graph {
        initial: (0..5).map(|at| (draw(1, at / 2) % NODES) as u16).collect(),
        edges: (0..NODES)
            .map(|at| (0..draw(2, at) % degree + 1).map(|place| edge(at, place)).collect())
            .collect(),
        outside: rare(3, 10),
        bad: rare(4, 10_000),
        good: rare(5, 20_000),
        fin: (0..NODES).map(|at| !draw(100, at).is_multiple_of(20)).collect(),
    }
}

#[test]
fn a_model_without_initial_states_is_explored_at_once() {
    let graph = Graph {
        initial: vec![],
        edges: vec![vec![]],
        outside: vec![false],
        bad: vec![true],
        good: vec![true],
        fin: vec![false],
    };
    check(&graph, None);
    check(&graph, Some(1));
    // As if all of them were outside of the boundary.
    check(&Graph { initial: vec![0, 0], outside: vec![true], ..graph }, None);
}

#[test]
fn an_initial_state_that_is_listed_twice_counts_once() {
    let graph = Graph {
        initial: vec![1, 0, 1, 2, 0],
        edges: vec![vec![Some(3)], vec![None, Some(0)], vec![Some(1)], vec![]],
        outside: vec![false, false, true, false],
        bad: vec![false, false, false, true],
        good: vec![true, false, false, false],
        fin: vec![false; 4],
    };
    check(&graph, None);
    let truth = graph.truth(u64::MAX);
    assert_eq!((truth.unique, truth.generated), (3, 8));
    assert_eq!((truth.bad, truth.good), (Some((1, vec![0])), Some((1, vec![]))));
}
