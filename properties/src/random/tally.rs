//! What walks add up to. They are added in the order of their seeds, so that no sum depends on who walked when.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use spillway_model::Full;

use super::walk::{End, Walk};

/// A number of different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Distinct {
    /// How many were told apart.
    pub count: usize,
    /// Whether there were more, for which there was no room.
    pub at_least: bool,
}

/// Where something was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Met {
    /// In how many walks.
    pub(super) walks: u64,
    /// The lowest seed of them.
    pub(super) seed: u64,
    /// After how many steps of that.
    pub(super) step: u32,
}

/// The sums.
pub(super) struct Tally {
    pub(super) walks: u64,
    pub(super) steps: u64,
    /// Walks that ended because no step was left.
    pub(super) ended_early: u64,
    /// The first of the longest walks: its seed and its steps.
    pub(super) longest: Option<(u64, u32)>,
    pub(super) met: BTreeMap<u32, Met>,
    pub(super) states: Seen,
    pub(super) transitions: Seen,
    /// Where a walk ended that ends them all, with the bound if it was one that did not suffice.
    pub(super) ended: Option<(u64, Option<Full>)>,
}

impl Tally {
    /// Of nothing, with room for so many states and as many transitions.
    pub(super) fn new(entries_max: usize) -> Tally {
        Tally {
            walks: 0,
            steps: 0,
            ended_early: 0,
            longest: None,
            met: BTreeMap::new(),
            states: Seen::new(entries_max),
            transitions: Seen::new(entries_max),
            ended: None,
        }
    }

    /// Whether no more states or transitions can be counted.
    pub(super) fn is_full(&self) -> bool {
        self.states.more && self.transitions.more
    }

    /// Adds a walk and its fingerprints, unless the one before was the last.
    pub(super) fn add(&mut self, trail: &Trail) {
        let walk = &trail.walk;
        if self.ended.is_some() {
            return; // walked ahead of it on another thread
        }
        self.walks += 1;
        self.steps += u64::from(walk.steps);
        if self.longest.is_none_or(|(_, steps)| steps < walk.steps) {
            self.longest = Some((walk.seed, walk.steps));
        }
        for &(bit, step) in &walk.met {
            self.met.entry(bit).or_insert(Met { walks: 0, seed: walk.seed, step }).walks += 1;
        }
        trail.states.iter().for_each(|state| self.states.insert(*state));
        trail.transitions.iter().for_each(|transition| self.transitions.insert(*transition));
        match walk.end {
            End::Final => self.ended_early += 1,
            End::Steps => {}
            End::Met => self.ended = Some((walk.seed, None)),
            End::Full(full) => self.ended = Some((walk.seed, Some(full))),
        }
    }
}

/// A walk with the fingerprints of what it met and the tally did not know yet.
pub(super) struct Trail {
    pub(super) walk: Walk,
    pub(super) states: Vec<u64>,
    pub(super) transitions: Vec<u64>,
}

/// Fingerprints, counted once each, as far as there is room.
pub(super) struct Seen {
    set: HashSet<u64, BuildHasherDefault<Itself>>,
    entries_max: usize,
    more: bool,
}

impl Seen {
    fn new(entries_max: usize) -> Seen {
        Seen { set: HashSet::default(), entries_max, more: false }
    }

    /// Whether this one would change nothing.
    pub(super) fn knows(&self, fingerprint: u64) -> bool {
        self.more || self.set.contains(&fingerprint)
    }

    fn insert(&mut self, fingerprint: u64) {
        if self.set.len() < self.entries_max {
            self.set.insert(fingerprint);
        } else if !self.more {
            self.more = !self.set.contains(&fingerprint);
        }
    }

    pub(super) fn distinct(&self) -> Distinct {
        Distinct { count: self.set.len(), at_least: self.more }
    }
}

/// A fingerprint is its own hash.
#[derive(Default)]
struct Itself(u64);

impl Hasher for Itself {
    fn write(&mut self, _: &[u8]) {
        unreachable!("fingerprints are whole numbers")
    }
    fn write_u64(&mut self, fingerprint: u64) {
        self.0 = fingerprint;
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_room_a_count_is_at_least() {
        let mut seen = Seen::new(2);
        [5, 6, 5].into_iter().for_each(|fingerprint| seen.insert(fingerprint));
        assert_eq!(seen.distinct(), Distinct { count: 2, at_least: false });
        assert!(!seen.knows(7));
        seen.insert(6);
        assert!(!seen.distinct().at_least, "full, and yet nothing was left out");
        seen.insert(7);
        assert_eq!(seen.distinct(), Distinct { count: 2, at_least: true });
        assert!(seen.knows(8), "it cannot count any more");
    }
}
