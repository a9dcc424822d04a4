//! Fingerprints: 64 bits of a state, the same on any machine.
//!
//! Two lanes take turns, so that one step does not wait for the one before. A step is a bijection of its lane (add the word,
//! multiply by an odd number, fold the high half onto the low one): two states that differ in one word never meet on the
//! way, only in the last step, which folds 128 bits to 64. A word is multiplied and folded before it is added, beside the
//! chain of the lane: a multiplication leaves a difference in the highest bits where it was, and the next word could undo it.
//! How good it is, `tests/fingerprints.rs` measures.

use std::hash::{Hash, Hasher};

/// The digits of π, odd: as good as any.
const LANES: [u64; 2] = [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344];
const STEP: u64 = 0xa409_3822_299f_31d1;
const WORD: u64 = 0xc0ac_29b7_c97c_50dd;
const LENGTH: u64 = 0xbe54_66cf_34e9_0c6d;
const LAST: [u64; 2] = [0x082e_fa98_ec4e_6c89, 0x4528_21e6_38d0_1377];

/// A hasher whose result does not depend on the machine, the build or the process.
///
/// Integers are taken by value, `usize` as 64 bits. (A slice of wider integers is hashed by its bytes in memory, as
/// `std` does it: there the order of bytes shows. No count, verdict or counterexample depends on a fingerprint.)
#[derive(Clone, Debug)]
pub struct StableHasher {
    lanes: [u64; 2],
}

impl Default for StableHasher {
    fn default() -> Self {
        StableHasher { lanes: LANES }
    }
}

/// The fingerprint of a value.
///
/// ```
/// assert_eq!(spillway_checker::fingerprint(&(1u8, "a")), spillway_checker::fingerprint(&(1u8, "a")));
/// assert_ne!(spillway_checker::fingerprint(&(1u8, "a")), spillway_checker::fingerprint(&(2u8, "a")));
/// ```
#[inline]
pub fn fingerprint<T: Hash + ?Sized>(value: &T) -> u64 {
    let mut hasher = StableHasher::default();
    value.hash(&mut hasher);
    hasher.finish()
}

/// The fingerprint of a packed state.
#[inline]
pub(crate) fn fingerprint_of_bytes(bytes: &[u8]) -> u64 {
    let mut hasher = StableHasher::default();
    hasher.write(bytes);
    hasher.finish()
}

/// The same of a state in one word: a bijection, so that no two meet (the last steps of Steele and others' SplittableRandom,
/// *Fast Splittable Pseudorandom Number Generators*, OOPSLA 2014, in Stafford's variant 13).
#[inline(always)]
pub(crate) fn fingerprint_of_word(word: u64) -> u64 {
    let word = (word ^ LANES[0]).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// The same of a state in some words.
#[inline(always)]
pub(crate) fn fingerprint_of_words(words: &[u64]) -> u64 {
    let mut hasher = StableHasher::default();
    words.iter().for_each(|word| hasher.take(*word));
    hasher.finish()
}

#[inline(always)]
fn step(lane: u64, word: u64) -> u64 {
    fold(lane ^ fold(word, WORD), STEP)
}

#[inline(always)]
fn fold(word: u64, by: u64) -> u64 {
    let mixed = word.wrapping_mul(by);
    mixed ^ (mixed >> 32)
}

#[inline(always)]
fn word(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().expect("a word has eight bytes"))
}

#[inline(always)]
fn half(bytes: &[u8]) -> u64 {
    u32::from_le_bytes(bytes.try_into().expect("half a word has four bytes")).into()
}

impl StableHasher {
    #[inline(always)]
    fn take(&mut self, word: u64) {
        let [a, b] = self.lanes;
        self.lanes = [b, step(a, word)];
    }
}

impl Hasher for StableHasher {
    #[inline(always)]
    fn write(&mut self, bytes: &[u8]) {
        let [mut a, mut b] = self.lanes;
        // The length is part of it: what ends early is not what ends in zeros.
        a ^= (bytes.len() as u64).wrapping_mul(LENGTH);
        let (first, last) = match bytes.len() {
            0..4 => {
                let at = |at: usize| bytes.get(at).copied().map_or(0, u64::from);
                (at(0) | at(1) << 8 | at(2) << 16, 0)
            }
            4..8 => (half(&bytes[..4]), half(&bytes[bytes.len() - 4..])),
            8..=16 => (word(&bytes[..8]), word(&bytes[bytes.len() - 8..])),
            length => {
                // Pairs of words from the front, and what is left with some of what was there already.
                let mut at = 0;
                while at + 16 < length {
                    a = step(a, word(&bytes[at..at + 8]));
                    b = step(b, word(&bytes[at + 8..at + 16]));
                    at += 16;
                }
                (word(&bytes[length - 16..length - 8]), word(&bytes[length - 8..]))
            }
        };
        self.lanes = [step(a, first), step(b, last)];
    }
    #[inline(always)]
    fn write_u8(&mut self, value: u8) {
        self.take(value.into());
    }
    #[inline(always)]
    fn write_u16(&mut self, value: u16) {
        self.take(value.into());
    }
    #[inline(always)]
    fn write_u32(&mut self, value: u32) {
        self.take(value.into());
    }
    #[inline(always)]
    fn write_u64(&mut self, value: u64) {
        self.take(value);
    }
    #[inline(always)]
    fn write_u128(&mut self, value: u128) {
        self.take(value as u64);
        self.take((value >> 64) as u64);
    }
    #[inline(always)]
    fn write_usize(&mut self, value: usize) {
        self.take(value as u64);
    }
    #[inline(always)]
    fn write_i8(&mut self, value: i8) {
        self.take(value as u64);
    }
    #[inline(always)]
    fn write_i16(&mut self, value: i16) {
        self.take(value as u64);
    }
    #[inline(always)]
    fn write_i32(&mut self, value: i32) {
        self.take(value as u64);
    }
    #[inline(always)]
    fn write_i64(&mut self, value: i64) {
        self.take(value as u64);
    }
    #[inline(always)]
    fn write_isize(&mut self, value: isize) {
        self.take(value as u64);
    }
    #[inline(always)]
    fn finish(&self) -> u64 {
        let [a, b] = self.lanes;
        let wide = u128::from(a ^ LAST[0]) * u128::from(b ^ LAST[1] | 1);
        let folded = (wide as u64) ^ (wide >> 64) as u64;
        folded ^ (folded >> 29)
    }
}
