//! Who watches a run: whoever records it, judges it, or compares it with another.

use std::fmt;
use std::hash::Hasher;

use xxhash_rust::xxh3::Xxh3Default;

use crate::world::World;
use crate::world::recorder::Recorded;

/// Watches a run, event by event. An event is no step, one, or several: a node does what is due after its input.
pub trait Watch {
    /// Whether steps are to be recorded for it, which costs time.
    const RECORDS: bool;

    /// An event has happened: the steps that it was, if they are recorded, and the world after it. Returns whether the
    /// run is to go on.
    fn event(&mut self, now_us: u64, steps: Vec<Recorded>, world: &World) -> bool;
}

/// Nobody watches.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nobody;

impl Watch for Nobody {
    const RECORDS: bool = false;

    fn event(&mut self, _now_us: u64, _steps: Vec<Recorded>, _world: &World) -> bool {
        true
    }
}

/// Keeps a digest of the run up to each step, so that the first difference between two runs is found.
#[derive(Clone, Debug, Default)]
pub struct Digests {
    /// After each step, of its time and all that was observed of it and of all before.
    pub all: Vec<u64>,
    steps: Vec<String>,
}

/// Where two runs part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parted {
    /// The number of the first step that differs.
    pub at: usize,
    /// What it was in the one, and in the other.
    pub steps: [Option<String>; 2],
}

impl fmt::Display for Parted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [one, other] = self.steps.each_ref().map(|step| step.as_deref().unwrap_or("the end"));
        write!(f, "step {} differs: {one}, or {other}", self.at)
    }
}

impl Digests {
    /// The first difference to another run, if there is one.
    pub fn parted(&self, other: &Digests) -> Option<Parted> {
        let longest = self.all.len().max(other.all.len());
        let at = (0..longest).find(|at| self.all.get(*at) != other.all.get(*at))?;
        let steps = [self, other].map(|digests| digests.steps.get(at).cloned());
        Some(Parted { at, steps })
    }
}

impl Watch for Digests {
    const RECORDS: bool = true;

    fn event(&mut self, now_us: u64, steps: Vec<Recorded>, _world: &World) -> bool {
        for (action, observed) in steps {
            let text = format!("{now_us} us: {action} {observed:?}");
            let mut hasher = Xxh3Default::new();
            hasher.write_u64(self.all.last().copied().unwrap_or_default());
            hasher.write(text.as_bytes());
            self.all.push(hasher.digest());
            self.steps.push(text);
        }
        true
    }
}
