//! The memory of the table: zeroed, in huge pages where the system gives them, shared between threads as atomic words.
//! The only file with `unsafe` in it.
#![allow(unsafe_code)]

use std::io;
use std::ops::Deref;
use std::sync::atomic::AtomicU64;

use memmap2::{MmapMut, MmapOptions};

/// Addresses that are asked for, and cost nothing while nothing stands there: a TiB, or as much as the system gives.
const RESERVED_BYTES: usize = 1 << 40;

/// Zeroed words, the first at the beginning of a page.
#[derive(Debug)]
pub(crate) struct Words {
    map: MmapMut,
    /// Words in use; behind them are addresses to grow into.
    words: usize,
}

impl Words {
    /// So many words, at least one. Memory is taken from the system as it is touched.
    ///
    /// # Errors
    /// If the system does not give as much.
    pub(crate) fn zeroed(words: usize) -> io::Result<Words> {
        Words::with_room(words, RESERVED_BYTES)
    }

    fn with_room(words: usize, reserved_bytes: usize) -> io::Result<Words> {
        assert!(words > 0, "a map of memory is not empty");
        Ok(Words { map: reserve(bytes_of(words)?, reserved_bytes)?, words })
    }

    /// As many words as that, which are no fewer: those there are, and zeros.
    ///
    /// # Errors
    /// If the system does not give as much; then all is as it was.
    pub(crate) fn grow(&mut self, words: usize) -> io::Result<()> {
        assert!(words >= self.words, "words are not given back");
        let bytes = bytes_of(words)?;
        if bytes > self.map.len() {
            let mut larger = reserve(bytes, RESERVED_BYTES)?;
            let used = bytes_of(self.words)?;
            larger[..used].copy_from_slice(&self.map[..used]);
            self.map = larger;
        } else {
            // Addresses are reserved without a look at how much memory there is: the system is asked now.
            drop(MmapMut::map_anon(bytes)?);
        }
        self.words = words;
        Ok(())
    }

    /// Asks for the cache line of a word, which is wanted soon.
    #[inline(always)]
    pub(crate) fn prefetch(&self, at: usize) {
        debug_assert!(at < self.len());
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            // SAFETY: a prefetch of whatever address reads nothing and faults never.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(self.map.as_ptr().wrapping_add(at * 8).cast()) };
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = at;
    }
}

impl Deref for Words {
    type Target = [AtomicU64];

    #[inline(always)]
    fn deref(&self) -> &[AtomicU64] {
        // SAFETY: the map begins at a page, so it is aligned; it is as long as that at least; all bits zero are an `AtomicU64`; it
        // lives as long as `self`, and nobody looks at it but as atomic words.
        unsafe { std::slice::from_raw_parts(self.map.as_ptr().cast::<AtomicU64>(), self.words) }
    }
}

fn bytes_of(words: usize) -> io::Result<usize> {
    Ok(words.checked_mul(size_of::<AtomicU64>()).ok_or(io::ErrorKind::OutOfMemory)?)
}

/// Zeroed memory of so many bytes at least, and of as many more as cost nothing.
fn reserve(bytes: usize, reserved_bytes: usize) -> io::Result<MmapMut> {
    let mut reserved = if cfg!(unix) { reserved_bytes.max(bytes) } else { bytes };
    let map = loop {
        match MmapOptions::new().len(reserved).no_reserve_swap().map_anon() {
            Err(_) if reserved > bytes => reserved = (reserved / 2).max(bytes),
            map => break map?,
        }
    };
    #[cfg(target_os = "linux")]
    let _ = map.advise(memmap2::Advice::HugePage); // without them it is slower, no more
    Ok(map)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;

    #[test]
    fn what_is_there_stays_whether_there_was_room_or_not() -> io::Result<()> {
        for reserved_bytes in [0, RESERVED_BYTES] {
            let mut words = Words::with_room(1000, reserved_bytes)?;
            words.iter().zip(1..).for_each(|(word, at)| word.store(at, Ordering::Relaxed));
            words.grow(5000)?;
            let found: Vec<u64> = words.iter().map(|word| word.load(Ordering::Relaxed)).collect();
            let expected: Vec<u64> = (1..=1000).chain(std::iter::repeat_n(0, 4000)).collect();
            assert_eq!(found, expected, "{reserved_bytes} bytes of addresses");
        }
        Ok(())
    }
}
