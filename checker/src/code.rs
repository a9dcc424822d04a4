//! What states are packed into when they have a fixed size: words.

use crate::hash::{fingerprint_of_word, fingerprint_of_words};

/// A packed state of fixed size.
pub trait Code: Copy + PartialEq + Send + Sync + sealed::Sealed {}

impl<C: Copy + PartialEq + Send + Sync + sealed::Sealed> Code for C {}

pub(crate) mod sealed {
    /// What only the checker asks of a code.
    pub trait Sealed: Sized {
        /// Whether codes that differ have fingerprints that differ, all of them.
        const IS_EXACT: bool;
        /// Its fingerprint.
        fn fingerprint(self) -> u64;
        /// Appends its bytes.
        fn put(self, bytes: &mut Vec<u8>);
        /// Takes it off the front.
        fn take(bytes: &mut &[u8]) -> Self;
    }
}

/// One word: its fingerprint is a bijection of it, so nothing is ever missed.
impl sealed::Sealed for u64 {
    const IS_EXACT: bool = true;

    #[inline(always)]
    fn fingerprint(self) -> u64 {
        fingerprint_of_word(self)
    }
    fn put(self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.to_le_bytes());
    }
    fn take(bytes: &mut &[u8]) -> u64 {
        let (word, rest) = bytes.split_first_chunk().expect("a word has eight bytes");
        *bytes = rest;
        u64::from_le_bytes(*word)
    }
}

impl sealed::Sealed for u128 {
    const IS_EXACT: bool = false;

    #[inline(always)]
    fn fingerprint(self) -> u64 {
        [self as u64, (self >> 64) as u64].fingerprint()
    }
    fn put(self, bytes: &mut Vec<u8>) {
        [self as u64, (self >> 64) as u64].put(bytes);
    }
    fn take(bytes: &mut &[u8]) -> u128 {
        let [low, high] = <[u64; 2]>::take(bytes);
        u128::from(low) | u128::from(high) << 64
    }
}

impl<const WORDS: usize> sealed::Sealed for [u64; WORDS] {
    const IS_EXACT: bool = false;

    #[inline(always)]
    fn fingerprint(self) -> u64 {
        fingerprint_of_words(&self)
    }
    fn put(self, bytes: &mut Vec<u8>) {
        self.into_iter().for_each(|word| word.put(bytes));
    }
    fn take(bytes: &mut &[u8]) -> [u64; WORDS] {
        std::array::from_fn(|_| u64::take(bytes))
    }
}
