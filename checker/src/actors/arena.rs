//! Values by number, from 1: they stay where they are, and are read without a lock.

use std::collections::BTreeMap;
use std::hash::Hash;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::hash::fingerprint;

/// Numbers have so many bits.
pub(super) const NUMBER_BITS: u32 = 31;

/// Values that have numbers, each once.
pub(super) struct Arena<T> {
    /// Chunk k has the numbers with k bits after the first.
    chunks: [OnceLock<Box<[OnceLock<T>]>>; NUMBER_BITS as usize],
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    length: u32,
    by_fingerprint: BTreeMap<u64, Vec<u32>>,
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Arena { chunks: [const { OnceLock::new() }; NUMBER_BITS as usize], known: Mutex::default() }
    }
}

impl<T> Arena<T> {
    /// The value of a number.
    #[inline]
    pub(super) fn get(&self, number: u32) -> &T {
        let chunk = number.ilog2();
        let values = self.chunks[chunk as usize].get();
        let value = values.and_then(|values| values[(number ^ 1 << chunk) as usize].get());
        value.expect("a number has a value before anybody has the number")
    }

    /// Gives a value a number of its own.
    pub(super) fn add(&self, value: T) -> u32 {
        self.add_to(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner), value)
    }

    fn add_to(&self, known: &mut Known, value: T) -> u32 {
        let number = known.length + 1;
        assert!(number >> NUMBER_BITS == 0, "there are less than 2^31 of everything");
        let chunk = number.ilog2();
        let values = self.chunks[chunk as usize]
            .get_or_init(|| (0..1u32 << chunk).map(|_| OnceLock::new()).collect());
        let is_first = values[(number ^ 1 << chunk) as usize].set(value).is_ok();
        assert!(is_first, "a number is given once");
        known.length = number;
        number
    }
}

impl<T: Hash + PartialEq> Arena<T> {
    /// The number of a value: the same for equal ones.
    pub(super) fn intern(&self, value: T) -> u32 {
        let fingerprint = fingerprint(&value);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let same = known.by_fingerprint.get(&fingerprint).into_iter().flatten();
        if let Some(number) = same.copied().find(|number| *self.get(*number) == value) {
            return number;
        }
        let number = self.add_to(&mut known, value);
        known.by_fingerprint.entry(fingerprint).or_default().push(number);
        number
    }
}
