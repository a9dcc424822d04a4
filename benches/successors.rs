//! Successors per second on one core for the default scope: actions, transition and hash, and the same with the
//! properties judged. `cargo bench` prints the table.
//!
//! The states are a sample of the whole reachable graph, not of its first levels: every `SAMPLE_EVERY`-th that
//! breadth-first search meets. Timed is what an engine needs of a model for each successor: to generate the
//! action, to make the next state and to hash it; with properties on, also to judge the step, and each state once.

use std::collections::{HashSet, VecDeque};
use std::hash::Hash;
use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

use ahash::RandomState;
use spillway_model::{Protocol, Scope};
use spillway_properties::sizes::Small;
use spillway_properties::{Checked, SOMETIMES_NAMES};
use stateright::Model;

/// One state in so many is timed.
const SAMPLE_EVERY: usize = 20;
/// Timed passes over the sample; the median counts.
const PASSES: usize = 9;

fn main() -> std::io::Result<()> {
    let hasher = RandomState::with_seeds(1, 2, 3, 4);
    let scope = || Scope::default_scope(SOMETIMES_NAMES).expect("the default scope is compiled in");
    let plain = Protocol::<Small>::new(scope(), None);
    let judged = Checked::new(Protocol::<Small>::new(scope(), None));

    let mut out = std::io::stdout().lock();
    writeln!(out, "scope default, one thread, median of {PASSES} passes")?;
    let states = sample(&plain, &hasher);
    writeln!(out, "state {} bytes", size_of_val(&states[0]))?;
    report(&mut out, "model alone", &rates(&plain, &states, &hasher, |_| true))?;
    let states = sample(&judged, &hasher);
    report(
        &mut out,
        "model and properties",
        &rates(&judged, &states, &hasher, |state| judged.broken(state).is_empty()),
    )
}

/// Every [`SAMPLE_EVERY`]-th state of the reachable graph.
fn sample<M>(model: &M, hasher: &RandomState) -> Vec<M::State>
where
    M: Model<State: Hash + Clone>,
{
    let mut seen = HashSet::new();
    let mut frontier = VecDeque::from(model.init_states());
    let (mut sample, mut actions) = (Vec::new(), Vec::new());
    while let Some(state) = frontier.pop_front() {
        model.actions(&state, &mut actions);
        for action in actions.drain(..) {
            let next = model.next_state(&state, action);
            frontier.extend(next.filter(|next| seen.insert(hasher.hash_one(next))));
        }
        if seen.len() / SAMPLE_EVERY >= sample.len() {
            sample.push(state);
        }
    }
    sample
}

/// Successors per second, pass by pass, in ascending order.
fn rates<M: Model<State: Hash>>(
    model: &M,
    states: &[M::State],
    hasher: &RandomState,
    judge: impl Fn(&M::State) -> bool,
) -> Vec<f64> {
    let mut actions = Vec::new();
    let mut rates: Vec<f64> = (0..PASSES)
        .map(|_| {
            let (begun, mut successors) = (Instant::now(), 0u64);
            for state in states {
                assert!(judge(state), "the default scope holds");
                model.actions(state, &mut actions);
                for action in actions.drain(..) {
                    let next = model.next_state(state, action).expect("an action applies");
                    black_box(hasher.hash_one(&next));
                    successors += 1;
                }
            }
            successors as f64 / begun.elapsed().as_secs_f64()
        })
        .collect();
    rates.sort_by(f64::total_cmp);
    rates
}

fn report(out: &mut impl Write, name: &str, rates: &[f64]) -> std::io::Result<()> {
    let millions = |rate: f64| rate / 1e6;
    let median = rates[rates.len() / 2];
    writeln!(
        out,
        "{name:22} {:6.2} M successors/s   {:5.0} ns each   (from {:.2} to {:.2} M/s)",
        millions(median),
        1e9 / median,
        millions(rates[0]),
        millions(rates[rates.len() - 1]),
    )
}
