//! How far a run has come, for whoever watches.

use std::time::Duration;

/// How far a run has come.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// States that differ, so far.
    pub unique_states: u64,
    /// States generated, so far.
    pub generated_states: u64,
    /// The level that is explored: states on a path.
    pub depth: u64,
    /// States of this level.
    pub frontier_states: u64,
    /// Of those, the explored ones.
    pub explored_states: u64,
    /// Time since the beginning.
    pub elapsed: Duration,
    /// Memory of the table and of the states that wait, in bytes, as far as is known.
    pub memory_bytes: u64,
    /// How many unique states there will be.
    pub estimate: Estimate,
}

impl Progress {
    /// Generated states a second, since the beginning.
    pub fn rate(&self) -> f64 {
        self.generated_states as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }
}

/// How many unique states there will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Estimate {
    /// Nothing can be said: levels still grow.
    Unknown,
    /// At most that many, as the run is bounded.
    Bound(u64),
    /// A guess, no more: about that many, if levels go on shrinking as they do.
    Guess(u64),
}

/// What whoever watches wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Go {
    /// Go on.
    On,
    /// Stop, and report what is covered.
    Stop,
}

/// Levels shrink at least so much before anything is guessed.
const SHRINKS: f64 = 0.98;

/// The estimate from the bound and the sizes of the last two levels, the newer one last.
pub(crate) fn estimate(unique: u64, states_max: Option<u64>, before: u64, level: u64) -> Estimate {
    let ratio = level as f64 / before.max(1) as f64;
    if ratio < SHRINKS {
        // A geometric series: level * (ratio + ratio^2 + ...), of which some is known already.
        let left = level as f64 * ratio / (1.0 - ratio);
        return Estimate::Guess(unique.max((unique as f64 + left) as u64));
    }
    states_max.map_or(Estimate::Unknown, |max| Estimate::Bound(max.max(unique)))
}
