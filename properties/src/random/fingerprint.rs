//! Fingerprints of 64 bits by which random walks tell states and transitions apart: portable, and without a key.
//!
//! stateright keeps its own to itself, and takes another where a processor has instructions for it. This one folds 16
//! bytes at a time by a multiplication to 128 bits, as wyhash does; two states of n share one with probability
//! n² / 2⁶⁵ at most, if it is as good as random. It is not made to withstand an adversary.

use std::hash::{Hash, Hasher};

/// Odd, half of their bits set, and otherwise of no meaning: the digits of π.
const SECRETS: [u64; 3] = [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7345, 0xa409_3822_299f_31d1];

/// The fingerprint of anything.
pub fn fingerprint(what: &impl Hash) -> u64 {
    let mut fold = Fold(SECRETS[0]);
    what.hash(&mut fold);
    fold.finish()
}

struct Fold(u64);

impl Fold {
    #[inline]
    fn pair(&mut self, a: u64, b: u64) {
        let product = u128::from(a ^ self.0) * u128::from(b ^ SECRETS[1]);
        self.0 = (product as u64) ^ ((product >> 64) as u64);
    }
}

impl Hasher for Fold {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let (pairs, rest) = bytes.as_chunks::<16>();
        for pair in pairs {
            let (a, b) = (pair.as_chunks::<8>().0[0], pair.as_chunks::<8>().0[1]);
            self.pair(u64::from_le_bytes(a), u64::from_le_bytes(b));
        }
        let mut last = [[0; 8]; 2];
        last.as_flattened_mut()[..rest.len()].copy_from_slice(rest);
        // The length tells a rest that is padded from one that ends in zeros, and an empty write from none.
        let length = (bytes.len() as u64).rotate_left(32);
        self.pair(u64::from_le_bytes(last[0]) ^ length, u64::from_le_bytes(last[1]));
    }
    #[inline]
    fn write_u8(&mut self, number: u8) {
        self.pair(number.into(), 1);
    }
    #[inline]
    fn write_u16(&mut self, number: u16) {
        self.pair(number.into(), 2);
    }
    #[inline]
    fn write_u32(&mut self, number: u32) {
        self.pair(number.into(), 4);
    }
    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.pair(number, 8);
    }
    // As wide everywhere: discriminants and lengths come this way.
    #[inline]
    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }
    #[inline]
    fn write_isize(&mut self, number: isize) {
        self.write_u64(number as i64 as u64);
    }
    #[inline]
    fn finish(&self) -> u64 {
        let mut last = Fold(self.0);
        last.pair(SECRETS[2], self.0);
        last.0
    }
}
