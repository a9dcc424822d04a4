//! The dice of a random walk: from a seed always the same throws, on every machine and in every version.
//!
//! The generator is ChaCha with 8 rounds, a published stream cipher, as `rand_chacha` has it. Its key is the seed as
//! 8 bytes, the least significant first, then the 24 bytes of [`DOMAIN`]; stream and position start at 0. Whole words
//! of 32 bits are taken from its stream one after the other, and nothing else.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What the key holds beside the seed. Another way to draw gets another number, so that nobody compares the two.
pub const DOMAIN: &[u8; 24] = b"spillway random walk v1\0";

/// A percentage at which what it is about always happens.
pub(super) const ALWAYS_PERCENT: u32 = 100;

/// The throws of one walk.
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    /// The dice of a seed.
    pub(super) fn new(seed: u64) -> Dice {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..].copy_from_slice(DOMAIN);
        Dice(ChaCha8Rng::from_seed(key))
    }

    /// A number below this one, each as likely as any other.
    ///
    /// Lemire's method: a word times the bound, of which the upper half is the number. A word whose lower half is one
    /// of those that would favour some numbers is thrown away for the next.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        assert!(bound > 0, "there is a number below the bound");
        let favoured = bound.wrapping_neg() % bound;
        loop {
            let product = u64::from(self.0.next_u32()) * u64::from(bound);
            if product as u32 >= favoured {
                return (product >> 32) as u32;
            }
        }
    }

    /// Whether something happens that does in so many cases of a hundred.
    pub(super) fn percent(&mut self, percent: u32) -> bool {
        self.below(ALWAYS_PERCENT) < percent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pinned: a seed that somebody reports must mean the same walk tomorrow.
    #[test]
    fn a_seed_means_the_same_for_ever() {
        let throws = |seed| {
            let mut dice = Dice::new(seed);
            [0; 8].map(|_| dice.below(1000))
        };
        assert_eq!(throws(0), [0; 8]);
        assert_eq!(throws(1 << 40), [0; 8]);
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
    fn percentages_are_kept() {
        let mut dice = Dice::new(3);
        assert!((0..1_000).all(|_| dice.percent(100) && !dice.percent(0)));
        let often = (0..10_000).filter(|_| dice.percent(20)).count();
        assert!((1_850..2_150).contains(&often), "{often}");
    }
}
