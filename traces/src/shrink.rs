//! Makes a failing run smaller while it fails the same way: delta debugging, after Zeller and Hildebrandt.

use serde::Serialize;

use crate::machine::Machine;
use crate::vocabulary::Vocabulary;

/// The most replays that one shrinking may cost; a run this small is not needed at any price.
pub const REPLAYS_MAX: u64 = 20_000;

/// What shrinking gave.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(bound = "")]
pub struct Shrunk<V: Vocabulary> {
    /// The smaller run. Every action of it is allowed, and it fails at the last one, not before.
    pub actions: Vec<V::Action>,
    /// How many replays it took.
    pub tried: u64,
    /// How many actions there were.
    pub from: usize,
    /// How many are left.
    pub to: usize,
    /// Whether no single action can be left out any more; false when [`REPLAYS_MAX`] was hit before.
    pub minimal: bool,
}

/// Shrinks a run that fails, or gives none if it does not fail.
///
/// `fresh` makes the machine in its first state; `fails` judges the names of the properties that do not hold, after
/// every step. A candidate is replayed leniently: what the machine refuses is left out. The result depends on the
/// arguments alone.
///
/// To shrink the breach of one property: `shrink(&actions, fresh, |broken| broken.contains(&"answered-once"))`.
pub fn shrink<V: Vocabulary, M: Machine<V>>(
    actions: &[V::Action],
    fresh: impl Fn() -> M,
    fails: impl Fn(&[&'static str]) -> bool,
) -> Option<Shrunk<V>> {
    let mut tried = 1;
    let mut best = run::<V, M>(actions, &fresh, &fails)?;
    let minimal = leave_out(&mut best, |candidate| {
        if tried >= REPLAYS_MAX {
            return Attempt::Over;
        }
        tried += 1;
        run::<V, M>(candidate, &fresh, &fails).map_or(Attempt::Passes, Attempt::Fails)
    });
    Some(Shrunk { tried, from: actions.len(), to: best.len(), actions: best, minimal })
}

/// What became of a list with something left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt<T> {
    /// It still fails, and this is what is left of it.
    Fails(Vec<T>),
    /// It does not fail any more.
    Passes,
    /// It was not tried, since a bound is hit.
    Over,
}

/// Leaves out of a list what its failing does not need: halves, then ever smaller stretches, at last one at a time until
/// nothing goes. Tells whether it got there; false when a bound was hit before.
pub fn leave_out<T: Clone>(best: &mut Vec<T>, mut attempt: impl FnMut(&[T]) -> Attempt<T>) -> bool {
    let mut chunk = best.len().div_ceil(2).max(1);
    loop {
        let Some(removed) = leave_out_stretches(best, chunk, &mut attempt) else { return false };
        // One at a time until nothing goes: leaving out a later one may free an earlier one.
        match chunk {
            1 if !removed => return true,
            1 => {}
            _ => chunk = chunk.div_ceil(2),
        }
    }
}

/// Tries to leave out each stretch of this length; tells whether one went, or none when the bound is hit.
fn leave_out_stretches<T: Clone>(
    best: &mut Vec<T>,
    chunk: usize,
    attempt: &mut impl FnMut(&[T]) -> Attempt<T>,
) -> Option<bool> {
    let (mut start, mut removed) = (0, false);
    while start < best.len() {
        let end = (start + chunk).min(best.len());
        let candidate = [&best[..start], &best[end..]].concat();
        match attempt(&candidate) {
            Attempt::Fails(smaller) => (*best, removed) = (smaller, true),
            Attempt::Passes => start = end,
            Attempt::Over => return None,
        }
    }
    Some(removed)
}

/// Replays leniently; gives the actions that were allowed up to the first failure, if it fails.
fn run<V: Vocabulary, M: Machine<V>>(
    candidate: &[V::Action],
    fresh: impl Fn() -> M,
    fails: impl Fn(&[&'static str]) -> bool,
) -> Option<Vec<V::Action>> {
    let mut machine = fresh();
    let mut done = Vec::new();
    if fails(&machine.broken()) {
        return Some(done);
    }
    for action in candidate {
        if machine.step(action).is_ok() {
            done.push(action.clone());
            if fails(&machine.broken()) {
                return Some(done);
            }
        }
    }
    None
}
