//! A suite of paths that takes every transition of a scope's graph at least once: what an implementation is to repeat.
//!
//! The graph is explored to its end. Then every transition is given a number of passes, at least one, such that each
//! state but the first is entered at least as often as it is left: paths may end anywhere, but begin at the beginning.
//! Backwards from the last states, what a state needs more is asked of those before it, and first of those which are
//! entered more often than they are left: a minimum flow with lower bounds, but for the greedy choice of whom to ask.
//! Taking again and again the path with the most new transitions makes as many paths, and takes a hundred times as long.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::Hash;
use std::ops::Range;

use stateright::Model;

/// A suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cover<A> {
    /// The paths, each from the initial state.
    pub paths: Vec<Vec<A>>,
    /// Unique states of the graph.
    pub states: usize,
    /// Its transitions, each of which is in a path.
    pub transitions: usize,
    /// No suite has fewer paths than this.
    pub paths_min: usize,
}

impl<A> Cover<A> {
    /// Steps of all paths together.
    pub fn steps(&self) -> usize {
        self.paths.iter().map(Vec::len).sum()
    }
}

/// Why there is no suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoCover {
    /// The graph has more transitions than were allowed.
    TooLarge {
        /// How many were allowed.
        transitions_max: usize,
    },
    /// The graph has a cycle, or several initial states.
    NotAcyclic,
}

impl fmt::Display for NoCover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoCover::TooLarge { transitions_max } => {
                write!(f, "its graph has more than {transitions_max} transitions")
            }
            NoCover::NotAcyclic => {
                write!(f, "its graph has a cycle: expected one that ends on every path")
            }
        }
    }
}

impl std::error::Error for NoCover {}

/// The suite of a model with one initial state and a graph without cycles.
///
/// # Errors
/// The graph is too large, or has a cycle.
pub fn cover<M>(model: &M, transitions_max: usize) -> Result<Cover<M::Action>, NoCover>
where
    M: Model<State: Hash, Action: Clone>,
{
    let graph = Graph::explore(model, transitions_max)?;
    let order = graph.topological().ok_or(NoCover::NotAcyclic)?;
    let passes = graph.passes(&order);
    let paths = graph.paths(passes);
    let (states, transitions) = (graph.leaving.len(), graph.edges.len());
    Ok(Cover { paths, states, transitions, paths_min: graph.paths_min(&order) })
}

struct Edge<A> {
    from: usize,
    to: usize,
    action: A,
}

/// States by number, in the order in which breadth first meets them.
struct Graph<A> {
    /// Transitions, in the order of the states that they leave.
    edges: Vec<Edge<A>>,
    /// For each state the transitions that leave it.
    leaving: Vec<Range<usize>>,
    /// For each state the transitions that enter it.
    entering: Vec<Vec<usize>>,
}

impl<A: Clone> Graph<A> {
    fn explore<M>(model: &M, transitions_max: usize) -> Result<Self, NoCover>
    where
        M: Model<Action = A, State: Hash>,
    {
        let hasher = ahash::RandomState::with_seeds(1, 2, 3, 4);
        let mut numbers: HashMap<u64, usize> = HashMap::new();
        let mut frontier = VecDeque::from(model.init_states());
        if frontier.len() != 1 {
            return Err(NoCover::NotAcyclic);
        }
        numbers.extend(frontier.iter().map(|state| (hasher.hash_one(state), 0)));
        let (mut edges, mut leaving, mut actions) = (Vec::<Edge<A>>::new(), Vec::new(), Vec::new());
        while let Some(state) = frontier.pop_front() {
            let (from, begin) = (leaving.len(), edges.len());
            model.actions(&state, &mut actions);
            for action in actions.drain(..) {
                let Some(next) = model.next_state(&state, action.clone()) else { continue };
                let new = numbers.len();
                let to = *numbers.entry(hasher.hash_one(&next)).or_insert(new);
                if to == new {
                    frontier.push_back(next);
                }
                edges.push(Edge { from, to, action });
            }
            if edges.len() > transitions_max {
                return Err(NoCover::TooLarge { transitions_max });
            }
            leaving.push(begin..edges.len());
        }
        let mut entering = vec![Vec::new(); leaving.len()];
        edges.iter().enumerate().for_each(|(at, edge)| entering[edge.to].push(at));
        assert_eq!(leaving.len(), numbers.len(), "every state that was met was left");
        Ok(Graph { edges, leaving, entering })
    }

    /// The states such that no transition leads backwards; none if there is a cycle.
    fn topological(&self) -> Option<Vec<usize>> {
        let mut missing: Vec<usize> = self.entering.iter().map(Vec::len).collect();
        let mut order: Vec<usize> =
            (0..missing.len()).filter(|state| missing[*state] == 0).collect();
        let mut at = 0;
        while at < order.len() {
            for edge in &self.edges[self.leaving[order[at]].clone()] {
                missing[edge.to] -= 1;
                if missing[edge.to] == 0 {
                    order.push(edge.to);
                }
            }
            at += 1;
        }
        (order.len() == missing.len()).then_some(order)
    }

    /// How many paths there must be. A path comes only once into a set of states that nothing leads out of, so that there
    /// are at least as many paths as transitions that lead into it. The set is made backwards, of the states that more
    /// transitions enter than leave.
    fn paths_min(&self, order: &[usize]) -> usize {
        let mut inside = vec![false; order.len()];
        let mut into = 0;
        for &state in order.iter().rev() {
            let leaving = &self.edges[self.leaving[state].clone()];
            if leaving.iter().all(|edge| inside[edge.to])
                && self.entering[state].len() >= leaving.len()
            {
                inside[state] = true;
                into += self.entering[state].len();
                into -= leaving.len();
            }
        }
        into
    }

    /// How often each transition is passed.
    fn passes(&self, order: &[usize]) -> Vec<u32> {
        let mut passes = vec![1; self.edges.len()];
        // How often a state is left, so far as is known: it grows until the state's turn comes.
        let mut left: Vec<u32> = self.leaving.iter().map(|range| range.len() as u32).collect();
        for &state in order.iter().rev() {
            let entering = &self.entering[state];
            let mut wanted = left[state].saturating_sub(entering.len() as u32);
            let Some(nearest) = entering.iter().min().filter(|_| wanted > 0) else { continue };
            let mut give = |edge: usize, more: u32, left: &mut [u32]| {
                passes[edge] += more;
                left[self.edges[edge].from] += more;
            };
            let mut asked = entering.clone();
            asked.sort_by_key(|edge| (std::cmp::Reverse(self.spare(*edge, &left)), *edge));
            for edge in asked {
                let more = self.spare(edge, &left).min(wanted);
                give(edge, more, &mut left);
                wanted -= more;
            }
            // The way there that breadth first has found is a shortest one.
            give(*nearest, wanted, &mut left);
        }
        passes
    }

    /// How much more often the state before a transition is entered than left.
    fn spare(&self, edge: usize, left: &[u32]) -> u32 {
        let from = self.edges[edge].from;
        (self.entering[from].len() as u32).saturating_sub(left[from])
    }

    /// Paths that pass every transition as often as it says.
    fn paths(&self, mut passes: Vec<u32>) -> Vec<Vec<A>> {
        let mut next: Vec<usize> = self.leaving.iter().map(|range| range.start).collect();
        let mut paths = Vec::new();
        loop {
            let (mut state, mut path) = (0, Vec::new());
            loop {
                let end = self.leaving[state].end;
                let at = (next[state]..end).find(|at| passes[*at] > 0).unwrap_or(end);
                next[state] = at;
                if at == end {
                    break;
                }
                passes[at] -= 1;
                path.push(self.edges[at].action.clone());
                state = self.edges[at].to;
            }
            if path.is_empty() {
                break;
            }
            paths.push(path);
        }
        assert!(passes.iter().all(|left| *left == 0), "every transition is passed");
        paths
    }
}
