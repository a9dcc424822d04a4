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
    let mut search = Search { fresh, fails, tried: 0 };
    let mut best = search.run(actions)?;
    let mut chunk = best.len().div_ceil(2).max(1);
    let minimal = loop {
        let Some(removed) = search.remove_chunks(&mut best, chunk) else { break false };
        // One at a time until nothing goes: leaving out a later action may free an earlier one.
        match chunk {
            1 if !removed => break true,
            1 => {}
            _ => chunk = chunk.div_ceil(2),
        }
    };
    Some(Shrunk {
        tried: search.tried,
        from: actions.len(),
        to: best.len(),
        actions: best,
        minimal,
    })
}

struct Search<F, P> {
    fresh: F,
    fails: P,
    tried: u64,
}

impl<F, P> Search<F, P> {
    /// Tries to leave out each stretch of this length; tells whether one went, or none when the bound is hit.
    fn remove_chunks<V: Vocabulary, M: Machine<V>>(
        &mut self,
        best: &mut Vec<V::Action>,
        chunk: usize,
    ) -> Option<bool>
    where
        F: Fn() -> M,
        P: Fn(&[&'static str]) -> bool,
    {
        let (mut start, mut removed) = (0, false);
        while start < best.len() {
            if self.tried >= REPLAYS_MAX {
                return None;
            }
            let end = (start + chunk).min(best.len());
            let candidate = [&best[..start], &best[end..]].concat();
            match self.run(&candidate) {
                Some(smaller) => (*best, removed) = (smaller, true),
                None => start = end,
            }
        }
        Some(removed)
    }

    /// Replays leniently; gives the actions that were allowed up to the first failure, if it fails.
    fn run<V: Vocabulary, M: Machine<V>>(
        &mut self,
        candidate: &[V::Action],
    ) -> Option<Vec<V::Action>>
    where
        F: Fn() -> M,
        P: Fn(&[&'static str]) -> bool,
    {
        self.tried += 1;
        let mut machine = (self.fresh)();
        let mut done = Vec::new();
        if (self.fails)(&machine.broken()) {
            return Some(done);
        }
        for action in candidate {
            if machine.step(action).is_ok() {
                done.push(action.clone());
                if (self.fails)(&machine.broken()) {
                    return Some(done);
                }
            }
        }
        None
    }
}
