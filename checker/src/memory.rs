//! The memory of the table: zeroed, in huge pages where the system gives them, shared between threads as atomic words.
//! The only file with `unsafe` in it.
#![allow(unsafe_code)]

use std::io;
use std::ops::Deref;
use std::sync::atomic::AtomicU64;

use memmap2::MmapMut;

/// Zeroed words, the first at the beginning of a page.
#[derive(Debug)]
pub(crate) struct Words {
    map: MmapMut,
}

impl Words {
    /// So many words, at least one. Memory is taken from the system as it is touched.
    ///
    /// # Errors
    /// If the system does not give as much.
    pub(crate) fn zeroed(words: usize) -> io::Result<Words> {
        assert!(words > 0, "a map of memory is not empty");
        let bytes = words.checked_mul(size_of::<AtomicU64>()).ok_or(io::ErrorKind::OutOfMemory)?;
        let map = MmapMut::map_anon(bytes)?;
        #[cfg(target_os = "linux")]
        let _ = map.advise(memmap2::Advice::HugePage); // without them it is slower, no more
        Ok(Words { map })
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
        let words = self.map.len() / size_of::<AtomicU64>();
        // SAFETY: the map begins at a page, so it is aligned; it is as long as that; all bits zero are an `AtomicU64`; it
        // lives as long as `self`, and nobody looks at it but as atomic words.
        unsafe { std::slice::from_raw_parts(self.map.as_ptr().cast::<AtomicU64>(), words) }
    }
}
