//! A state where nothing can happen is found unless it is a final one, by a shortest path.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::graph::{Graph, Node};
use common::seen_in_all_ways;
use spillway_checker::{Checker, DEADLOCK, Stop, Until, Verdict};

/// 0 leads to 1 and 2, and those to the ends 3 and 4; 5 leads outside of the boundary, 6 only refuses, 7 has a self loop.
fn graph(initial: u16) -> Graph {
    let edges = vec![
        vec![Some(1), Some(2)],
        vec![None, Some(3)],
        vec![Some(4), Some(0)],
        vec![],
        vec![],
        vec![Some(8)],
        vec![None, None],
        vec![Some(7)],
        vec![],
    ];
    let mut outside = vec![false; edges.len()];
    outside[8] = true;
    let no = vec![false; edges.len()];
    Graph { initial: vec![initial], edges, outside, bad: no.clone(), good: no.clone(), fin: no }
}

fn path(graph: &Graph) -> Option<Vec<u16>> {
    let is_final = |graph: &Graph, node: &Node| graph.is_final(node);
    let seen = seen_in_all_ways(graph, |checker| checker.deadlock(is_final));
    let report = Checker::new(graph.clone()).deadlock(is_final).run().unwrap();
    assert_eq!(common::seen(&report), seen);
    let expected = match report.discovery(DEADLOCK) {
        Some(_) => Verdict::Violated,
        None => Verdict::Holds,
    };
    assert_eq!(report.verdict(DEADLOCK), Some(expected));
    assert!(report.is_complete());
    let path = report.discovery(DEADLOCK)?;
    Some(path.into_states().into_iter().map(|node| node.0).collect())
}

#[test]
fn a_state_without_a_successor_is_a_deadlock() {
    assert_eq!(path(&graph(0)), Some(vec![0, 1, 3]));
    assert_eq!(path(&graph(6)), Some(vec![6]), "all its actions are refused");
}

#[test]
fn a_final_state_is_none() {
    let mut graph = graph(0);
    graph.fin[3] = true;
    assert_eq!(path(&graph), Some(vec![0, 2, 4]));
    graph.fin[4] = true;
    assert_eq!(path(&graph), None);
}

#[test]
fn a_successor_outside_of_the_boundary_is_one() {
    assert_eq!(path(&graph(5)), None);
}

#[test]
fn a_successor_that_is_known_is_one() {
    assert_eq!(path(&graph(7)), None);
}

#[test]
fn a_state_outside_of_the_boundary_is_not_judged() {
    assert_eq!(path(&graph(8)), None);
}

#[test]
fn it_is_judged_only_if_it_is_asked_for() {
    let report = Checker::new(graph(0)).run().unwrap();
    assert_eq!(report.verdict(DEADLOCK), None);
    assert!(report.discovery(DEADLOCK).is_none());
}

#[test]
fn a_state_that_is_not_explored_is_not_judged() {
    let report = Checker::new(graph(0)).deadlock(|_, _| false).max_depth(3).run().unwrap();
    assert_eq!(report.verdict(DEADLOCK), Some(Verdict::Inconclusive));
}

#[test]
fn it_is_a_violation_that_ends_a_run() {
    for until in [Until::FirstViolation, Until::AnyOf(vec![DEADLOCK])] {
        // 1 is a deadlock, and 2 is none.
        let mut graph = graph(0);
        graph.edges[1].clear();
        let report = Checker::new(graph).deadlock(|_, _| false).until(until).run().unwrap();
        assert_eq!(report.stopped, Some(Stop::Found));
        assert_eq!((report.max_depth, report.unexplored_states), (2, 1));
    }
}
