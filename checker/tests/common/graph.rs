//! Small graphs as models, and a search of a dozen lines that says what must be found in them.

use std::collections::{HashSet, VecDeque};

use proptest::prelude::*;
use spillway_checker::{DEADLOCK, Pack, Verdict};
use stateright::{Model, Property};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Node(pub u16);

/// A directed graph: an action is the place of an edge in its list.
#[derive(Clone, Debug)]
pub struct Graph {
    pub initial: Vec<u16>,
    /// Edges that lead nowhere are refused by `next_state`.
    pub edges: Vec<Vec<Option<u16>>>,
    /// Nodes outside of the boundary.
    pub outside: Vec<bool>,
    pub bad: Vec<bool>,
    pub good: Vec<bool>,
    /// Nodes that may be without a successor.
    pub fin: Vec<bool>,
}

pub const NEVER_BAD: &str = "never bad";
pub const ONCE_GOOD: &str = "once good";
/// Undecided to the end, so that stateright goes on to the end.
pub const TRUE: &str = "true";
pub const FALSE: &str = "never so";

impl Model for Graph {
    type State = Node;
    type Action = usize;

    fn init_states(&self) -> Vec<Node> {
        self.initial.iter().copied().map(Node).collect()
    }
    fn actions(&self, state: &Node, actions: &mut Vec<usize>) {
        actions.extend(0..self.edges[usize::from(state.0)].len());
    }
    fn next_state(&self, state: &Node, action: usize) -> Option<Node> {
        self.edges[usize::from(state.0)][action].map(Node)
    }
    fn within_boundary(&self, state: &Node) -> bool {
        !self.outside[usize::from(state.0)]
    }
    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(NEVER_BAD, |graph: &Graph, node: &Node| {
                !graph.bad[usize::from(node.0)]
            }),
            Property::always(TRUE, |_, _| true),
            Property::sometimes(ONCE_GOOD, |graph: &Graph, node: &Node| {
                graph.good[usize::from(node.0)]
            }),
            Property::sometimes(FALSE, |_, _| false),
        ]
    }
}

impl Pack for Graph {
    type Code = u64;

    fn pack(&self, state: &Node) -> u64 {
        state.0.into()
    }
    fn unpack(&self, code: u64) -> Node {
        Node(u16::try_from(code).unwrap())
    }
}

/// A way from an initial state: its place in the list, and the places of the actions.
pub type Way = (usize, Vec<usize>);

/// What must be found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Truth {
    pub unique: u64,
    pub generated: u64,
    pub depth: u64,
    pub unexplored: u64,
    pub bad: Option<Way>,
    pub good: Option<Way>,
    pub deadlock: Option<Way>,
}

impl Graph {
    pub fn is_final(&self, node: &Node) -> bool {
        self.fin[usize::from(node.0)]
    }

    /// Breadth-first search, as one writes it with a queue.
    pub fn truth(&self, depth_max: u64) -> Truth {
        let mut truth = Truth::default();
        let (mut queue, mut known) = (VecDeque::new(), HashSet::new());
        for (place, node) in self.init_states().into_iter().enumerate() {
            if self.within_boundary(&node) {
                truth.generated += 1;
                known.insert(node);
                queue.push_back((node, 1, (place, vec![])));
            }
        }
        while let Some((node, depth, way)) = queue.pop_front() {
            truth.depth = truth.depth.max(depth);
            if depth >= depth_max {
                truth.unexplored += 1;
                continue;
            }
            let at = usize::from(node.0);
            if self.bad[at] {
                truth.bad.get_or_insert_with(|| way.clone());
            }
            if self.good[at] {
                truth.good.get_or_insert_with(|| way.clone());
            }
            if self.edges[at].iter().all(Option::is_none) && !self.fin[at] {
                truth.deadlock.get_or_insert_with(|| way.clone());
            }
            for (place, edge) in self.edges[at].iter().enumerate() {
                let Some(next) = edge.map(Node).filter(|next| self.within_boundary(next)) else {
                    continue;
                };
                truth.generated += 1;
                if known.insert(next) {
                    let (first, mut actions) = way.clone();
                    actions.push(place);
                    queue.push_back((next, depth + 1, (first, actions)));
                }
            }
        }
        truth.unique = known.len() as u64;
        truth
    }

    /// The states and actions of a way.
    pub fn walk(&self, (first, actions): &Way) -> Vec<(Node, Option<usize>)> {
        let mut node = Node(self.initial[*first]);
        let mut walk = Vec::new();
        for action in actions {
            walk.push((node, Some(*action)));
            node = self.next_state(&node, *action).unwrap();
        }
        walk.push((node, None));
        walk
    }

    /// What is known of the properties in the end, that of deadlock included.
    pub fn verdicts(&self, truth: &Truth, complete: bool) -> Vec<(&'static str, Verdict)> {
        let judged = |decided: bool, yes, no| match decided {
            true => yes,
            false if complete => no,
            false => Verdict::Inconclusive,
        };
        let always = |decided| judged(decided, Verdict::Violated, Verdict::Holds);
        let sometimes = |decided| judged(decided, Verdict::Reached, Verdict::NotReached);
        vec![
            (NEVER_BAD, always(truth.bad.is_some())),
            (TRUE, always(false)),
            (ONCE_GOOD, sometimes(truth.good.is_some())),
            (FALSE, sometimes(false)),
            (DEADLOCK, always(truth.deadlock.is_some())),
        ]
    }
}

/// Graphs with so many nodes at most.
pub fn graphs(nodes_max: u16) -> impl Strategy<Value = Graph> {
    (1..=nodes_max).prop_flat_map(|nodes| {
        let count = usize::from(nodes);
        let edge = prop_oneof![1 => Just(None), 9 => (0..nodes).prop_map(Some)];
        let edges = prop::collection::vec(prop::collection::vec(edge, 0..5), count);
        let rare = || prop::collection::vec(prop::bool::weighted(0.1), count);
        let initial = prop::collection::vec(0..nodes, 0..4);
        (initial, edges, rare(), rare(), rare(), rare()).prop_map(
            |(initial, edges, outside, bad, good, fin)| Graph {
                initial,
                edges,
                outside,
                bad,
                good,
                fin,
            },
        )
    })
}
