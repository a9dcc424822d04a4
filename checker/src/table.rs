//! The set of fingerprints: one open-addressing table, eight bytes a state, filled by compare-and-swap.
//!
//! A fingerprint's high bits say in which line of the table it is at home: a cache line, eight slots. If that is full it
//! stands in one of the next lines. A slot need not repeat the high bits (Cleary, *Compact Hash Tables Using Bidirectional
//! Linear Probing*, IEEE Trans. Comput. 1984): where it stands and how many lines from home say them. The room that this
//! leaves, at least [`LINE_BITS_MIN`] bits, holds that distance and a *tag*: who inserted it, see `contest.rs`. So nothing
//! of the 64 bits is lost, and a table grows without hashing any state again.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::memory::Words;

/// Slots in a line: a cache line of 64 bytes.
const LINE_SLOTS: usize = 8;
/// Bits of a slot for the distance from home, in lines.
const DISTANCE_BITS: u32 = 6;
/// Bits of a slot for the tag.
const TAG_BITS: u32 = 8;
/// Lines from home, at most, exclusively.
const DISTANCE_MAX: usize = 1 << DISTANCE_BITS;
const TAG_MASK: u64 = (1 << TAG_BITS) - 1;
/// The smallest table, a megabyte: its lines' number takes as many bits as a slot needs for other things.
const LINE_BITS_MIN: u32 = DISTANCE_BITS + TAG_BITS;
/// The largest table, 64 TiB.
const LINE_BITS_MAX: u32 = 40;
/// Slots in use, at most, of [`LOAD_OF`].
const LOAD_MAX: usize = 13;
const LOAD_OF: usize = 16;

/// Who inserted a fingerprint; never 0, so that no slot in use is 0.
pub(crate) type Tag = u8;

/// What became of an insertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// It was not there, and is now.
    New,
    /// It was there already, inserted under this tag.
    Known(u8),
    /// There is no room near its home: the table must grow.
    Full,
}

/// A set of 64-bit fingerprints that threads fill together.
///
/// ```
/// use spillway_checker::{FingerprintSet, Inserted};
///
/// let set = FingerprintSet::with_slots(1_000)?;
/// assert_eq!(set.insert(42, 1), Inserted::New);
/// assert_eq!(set.insert(42, 2), Inserted::Known(1));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct FingerprintSet {
    words: Words,
    line_bits: u32,
}

impl FingerprintSet {
    /// A set with at least so many slots.
    ///
    /// # Errors
    /// If the system does not give the memory.
    pub fn with_slots(slots: usize) -> io::Result<FingerprintSet> {
        let lines = slots.div_ceil(LINE_SLOTS).max(1);
        let line_bits = lines.next_power_of_two().trailing_zeros().max(LINE_BITS_MIN);
        FingerprintSet::with_line_bits(line_bits)
    }

    fn with_line_bits(line_bits: u32) -> io::Result<FingerprintSet> {
        if line_bits > LINE_BITS_MAX {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        let words = Words::zeroed(LINE_SLOTS << line_bits)?;
        Ok(FingerprintSet { words, line_bits })
    }

    /// Slots.
    pub fn slots(&self) -> usize {
        self.words.len()
    }

    /// Bytes.
    pub fn bytes(&self) -> u64 {
        (self.slots() * size_of::<u64>()) as u64
    }

    /// Whether that many fingerprints are more than the table should hold.
    pub fn is_crowded_by(&self, fingerprints: u64) -> bool {
        fingerprints > (self.slots() / LOAD_OF * LOAD_MAX) as u64
    }

    #[inline(always)]
    fn home(&self, fingerprint: u64) -> usize {
        (fingerprint >> (u64::BITS - self.line_bits)) as usize
    }

    /// Asks for the line of a fingerprint that is inserted soon.
    #[inline(always)]
    pub fn prefetch(&self, fingerprint: u64) {
        self.words.prefetch(self.home(fingerprint) * LINE_SLOTS);
    }

    /// Inserts a fingerprint under a tag, which is not 0.
    #[inline(always)]
    pub fn insert(&self, fingerprint: u64, tag: Tag) -> Inserted {
        debug_assert!(tag != 0, "no slot in use is 0");
        let home = self.home(fingerprint);
        let rest = fingerprint << self.line_bits;
        let mask = (1 << self.line_bits) - 1;
        for distance in 0..DISTANCE_MAX {
            let first = ((home + distance) & mask) * LINE_SLOTS;
            let wanted = rest | (distance as u64) << TAG_BITS;
            for slot in &self.words[first..first + LINE_SLOTS] {
                let found = match slot.load(Ordering::Acquire) {
                    0 => match claim(slot, wanted | u64::from(tag)) {
                        Ok(()) => return Inserted::New,
                        Err(other) => other,
                    },
                    found => found,
                };
                if (found ^ wanted) <= TAG_MASK {
                    return Inserted::Known(found as Tag);
                }
            }
        }
        Inserted::Full
    }

    /// The fingerprint in a slot, and its tag; none if it is empty.
    fn read(&self, at: usize) -> Option<(u64, Tag)> {
        let slot = self.words[at].load(Ordering::Acquire);
        if slot == 0 {
            return None;
        }
        let mask = (1 << self.line_bits) - 1;
        let distance = (slot >> TAG_BITS) as usize & (DISTANCE_MAX - 1);
        let home = (at / LINE_SLOTS).wrapping_sub(distance) & mask;
        let high = (home as u64) << (u64::BITS - self.line_bits);
        Some((high | slot >> self.line_bits, slot as Tag))
    }

    /// A table of twice the size with the same fingerprints and tags, filled by so many threads.
    ///
    /// # Errors
    /// If the system does not give the memory.
    pub(crate) fn doubled(&self, threads: usize) -> io::Result<FingerprintSet> {
        let mut line_bits = self.line_bits + 1;
        loop {
            let larger = FingerprintSet::with_line_bits(line_bits)?;
            if larger.fill_from(self, threads) {
                return Ok(larger);
            }
            line_bits += 1; // so uneven that one place is full: fingerprints are no longer random
        }
    }

    /// Inserts whatever another one has. False if there is no room.
    fn fill_from(&self, other: &FingerprintSet, threads: usize) -> bool {
        /// Slots that are worth a thread.
        const SHARE_MIN: usize = 1 << 18;
        let share = other.slots().div_ceil(threads.max(1)).max(SHARE_MIN);
        let copy = |from: usize| {
            let to = (from + share).min(other.slots());
            let mut known = (from..to).filter_map(|at| other.read(at));
            known.all(|(fingerprint, tag)| self.insert(fingerprint, tag) == Inserted::New)
        };
        if share >= other.slots() {
            return copy(0);
        }
        std::thread::scope(|scope| {
            let starts = (0..other.slots()).step_by(share);
            let copies: Vec<_> = starts.map(|from| scope.spawn(move || copy(from))).collect();
            copies.into_iter().all(|copy| copy.join().expect("copying does not panic"))
        })
    }
}

#[inline(always)]
fn claim(slot: &AtomicU64, word: u64) -> Result<(), u64> {
    slot.compare_exchange(0, word, Ordering::AcqRel, Ordering::Acquire).map(|_| ())
}
