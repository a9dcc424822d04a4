//! The dice of a random walk: from a seed the same throws, on every machine.
//!
//! The generator is ChaCha with 8 rounds, a published stream cipher, as `rand_chacha` has it. Its key is the seed as
//! 8 bytes, the least significant first, then the 24 bytes of [`DOMAIN`]; stream and position start at 0. Whole words
//! of 32 bits are taken from its stream one after the other, and nothing else. The first two, the lower one first, are
//! the salt of the weights.
//!
//! What is drawn from does not weigh the same: on each walk every action has a weight of its own, 1 or 2 or 4 up to 512,
//! which follows from the salt and the hash of the action. That hash changes with the list of actions: in a version that
//! has others a seed makes another walk, and what lasts is the trace. Were all as likely, every part of the system would go on at the same pace
//! on every walk; so some links and servers are slow on one walk and quick on another. On twenty thousand walks of the
//! default scope this meets nearly twice as many states, and a replica that is left behind twenty times as often.

use std::hash::Hash;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::fingerprint;

/// What the key holds beside the seed. Another way to draw gets another number, so that nobody compares the two.
pub const DOMAIN: &[u8; 24] = b"spillway random walk v1\0";

/// How many weights there are, each twice the one before; the first is 1.
const WEIGHTS: u64 = 10;

/// A percentage at which what it is about always happens.
pub(super) const ALWAYS_PERCENT: u32 = 100;

/// The throws of one walk.
pub(super) struct Dice {
    words: ChaCha8Rng,
    /// What tells the weights of this walk from those of another.
    salt: u64,
}

impl Dice {
    /// The dice of a seed.
    pub(super) fn new(seed: u64) -> Dice {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..].copy_from_slice(DOMAIN);
        let mut words = ChaCha8Rng::from_seed(key);
        let (low, high) = (words.next_u32(), words.next_u32());
        Dice { words, salt: u64::from(high) << 32 | u64::from(low) }
    }

    /// Gives every action another weight.
    pub(super) fn weigh_anew(&mut self) {
        let (low, high) = (self.words.next_u32(), self.words.next_u32());
        self.salt = u64::from(high) << 32 | u64::from(low);
    }

    /// A number below this one, each as likely as any other.
    ///
    /// Lemire's method: a word times the bound, of which the upper half is the number. A word whose lower half is one
    /// of those that would favour some numbers is thrown away for the next.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        assert!(bound > 0, "there is a number below the bound");
        let favoured = bound.wrapping_neg() % bound;
        loop {
            let product = u64::from(self.words.next_u32()) * u64::from(bound);
            if product as u32 >= favoured {
                return (product >> 32) as u32;
            }
        }
    }

    /// Whether something happens that does in so many cases of a hundred.
    pub(super) fn percent(&mut self, percent: u32) -> bool {
        self.below(ALWAYS_PERCENT) < percent
    }

    /// One of these, each as likely as its weight on this walk says; none if there is none. The weights are written to
    /// a vector that is there already, since this is done for every step.
    pub(super) fn weighted<'a, T: Hash>(
        &mut self,
        these: &'a [T],
        weights: &mut Vec<u32>,
    ) -> Option<&'a T> {
        weights.clear();
        weights.extend(these.iter().map(|this| self.weight(this)));
        let total = weights.iter().sum();
        if total == 0 {
            return None;
        }
        let mut left = self.below(total);
        let at = weights.iter().position(|weight| match left.checked_sub(*weight) {
            Some(rest) => {
                left = rest;
                false
            }
            None => true,
        });
        at.map(|at| &these[at])
    }

    /// The weight of something on this walk.
    fn weight(&self, this: &impl Hash) -> u32 {
        let fingerprint = fingerprint(&(self.salt, this)) >> 32;
        1 << ((fingerprint * WEIGHTS) >> 32)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Pinned: a seed that somebody reports must mean the same on another machine. The numbers are those of another
    /// implementation of the cipher, written from its description alone.
    #[test]
    fn a_seed_means_the_same_throws_everywhere() {
        let throws = |seed| {
            let mut dice = Dice::new(seed);
            [0; 8].map(|_| dice.below(1000))
        };
        assert_eq!(throws(0), [737, 25, 613, 822, 639, 447, 542, 813]);
        assert_eq!(throws(1 << 40), [675, 92, 87, 205, 404, 234, 810, 846]);
    }

    #[test]
    fn every_number_is_as_likely() {
        let (mut dice, mut counts) = (Dice::new(7), [0i32; 6]);
        for _ in 0..60_000 {
            counts[dice.below(6) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (count - 10_000).abs() < 400), "{counts:?}");
        assert!((0..100).all(|_| dice.below(1) == 0));
        // More than half of all words are thrown away for this bound, none of which may come through as a bias.
        let bound = (1 << 31) + 1;
        let low = (0..20_000).filter(|_| dice.below(bound) < bound / 2).count();
        assert!((9_600..10_400).contains(&low), "{low}");
    }

    #[test]
    fn weights_are_kept() {
        let (mut dice, mut weights) = (Dice::new(5), Vec::new());
        let these = ["a", "b", "c", "d"];
        assert_eq!(dice.weighted::<&str>(&[], &mut weights), None);
        let mut counts = [0u32; 4];
        for _ in 0..100_000 {
            let drawn = dice.weighted(&these, &mut weights).unwrap();
            counts[these.iter().position(|this| this == drawn).unwrap()] += 1;
        }
        let total: u32 = weights.iter().sum();
        for (count, weight) in counts.into_iter().zip(&weights) {
            assert!(weight.is_power_of_two() && *weight <= 512);
            let expected = 100_000 * weight / total;
            assert!(count.abs_diff(expected) < 700, "{counts:?} by {weights:?}");
        }
        let all: std::collections::BTreeSet<_> = (0..300).map(|n| dice.weight(&n)).collect();
        assert_eq!(all.len() as u64, WEIGHTS, "each weight occurs");
    }

    #[test]
    fn percentages_are_kept() {
        let mut dice = Dice::new(3);
        assert!((0..1_000).all(|_| dice.percent(100) && !dice.percent(0)));
        let often = (0..10_000).filter(|_| dice.percent(20)).count();
        assert!((1_850..2_150).contains(&often), "{often}");
    }
}
