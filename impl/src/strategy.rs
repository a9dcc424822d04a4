//! Who makes the choices that the protocol leaves open: what the operator configured, or, to explore, anybody.
//!
//! A node lists only what is legal, so that none of these can break the protocol; a test compares what they choose with
//! the rules all the same.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use spillway_traces::Action;

use crate::config::Strategy;
use crate::node::{Candidate, Chooser};

/// The choices of the product: whatever is due is done at once, in the order in which the node lists it.
///
/// An offer is of the first in the order of handing over. An assignment goes where the strategy places it: of two
/// servers that are drawn to the less loaded with [`Strategy::TwoChoices`], else to the least loaded of those that the
/// strategy allows.
#[derive(Clone, Debug)]
pub struct Configured {
    strategy: Strategy,
    random: ChaCha8Rng,
}

impl Configured {
    /// The chooser for a strategy; it draws from this generator.
    pub fn new(strategy: Strategy, random: ChaCha8Rng) -> Configured {
        Configured { strategy, random }
    }

    /// One of these candidates, which are all for one task: they are never empty.
    fn receiver(&mut self, places: &[usize], candidates: &[Candidate]) -> Option<usize> {
        let cost = |place: usize| candidates[place].cost;
        if self.strategy != Strategy::TwoChoices || places.len() < 2 {
            return places.iter().copied().min_by_key(|&place| cost(place));
        }
        // Two different ones: the second is drawn from the others.
        let one = below(&mut self.random, places.len());
        let other = (one + 1 + below(&mut self.random, places.len() - 1)) % places.len();
        debug_assert_ne!(one, other);
        let (one, other) = (places[one], places[other]);
        Some(if cost(other) < cost(one) { other } else { one })
    }
}

impl Chooser for Configured {
    fn choose(&mut self, candidates: &[Candidate]) -> Option<usize> {
        let first = candidates.iter().position(|candidate| candidate.due)?;
        let alike =
            |candidate: &Candidate| candidate.due && same_task(candidate, &candidates[first]);
        match candidates[first].action {
            Action::Route { .. } => {
                let routes = (first..candidates.len()).filter(|&place| alike(&candidates[place]));
                routes.min_by_key(|&place| candidates[place].cost)
            }
            Action::Assign { .. } => {
                let places: Vec<usize> =
                    (first..candidates.len()).filter(|&place| alike(&candidates[place])).collect();
                self.receiver(&places, candidates)
            }
            Action::Offer { .. } => {
                let offers = candidates.iter().enumerate().filter(|(_, candidate)| {
                    candidate.due && matches!(candidate.action, Action::Offer { .. })
                });
                offers.min_by_key(|(_, candidate)| candidate.cost).map(|(place, _)| place)
            }
            _ => Some(first),
        }
    }

    fn only_due(&self) -> bool {
        true
    }
}

/// Whether both assign, or both route, the same task.
fn same_task(one: &Candidate, other: &Candidate) -> bool {
    match (one.action, other.action) {
        (
            Action::Assign { source, request, .. },
            Action::Assign { source: other_source, request: other_request, .. },
        ) => source == other_source && request == other_request,
        (Action::Route { request, .. }, Action::Route { request: other, .. }) => request == other,
        _ => false,
    }
}

/// Chooses any legal candidate, due or not, or none, each as likely as the others.
#[derive(Clone, Debug)]
pub struct Random(ChaCha8Rng);

impl Random {
    /// The choices of this seed.
    pub fn new(seed: u64) -> Random {
        Random(ChaCha8Rng::seed_from_u64(seed))
    }
}

impl Chooser for Random {
    fn choose(&mut self, candidates: &[Candidate]) -> Option<usize> {
        let drawn = below(&mut self.0, candidates.len() + 1);
        (drawn < candidates.len()).then_some(drawn)
    }
}

/// A number below this one, which is above 0. What the remainder favours is far below what a choice can show.
fn below(random: &mut ChaCha8Rng, bound: usize) -> usize {
    debug_assert!(bound > 0);
    (random.next_u64() % bound as u64) as usize
}
