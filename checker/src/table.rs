//! The set of fingerprints: one open-addressing table, eight bytes a state, filled by compare-and-swap.
//!
//! A fingerprint's high bits say in which line of the table it is at home: a cache line, eight slots. If that is full it
//! stands in one of the next lines. A slot need not repeat the high bits (Cleary, *Compact Hash Tables Using Bidirectional
//! Linear Probing*, IEEE Trans. Comput. 1984): where it stands and how many lines from home say them. The room that this
//! leaves holds that distance and a *tag*, so nothing of the 64 bits is lost, and a table grows without hashing anything
//! again.
//!
//! **Tags say who found a state first, whichever thread was faster.** The units of work of a level are numbered in order, and
//! a state stands under the number of the unit that inserted it. An earlier unit that finds it later takes it over: it
//! puts its own, lower number there. When the level is over each unit asks for what it inserted; where its number stands the
//! state is its own, and becomes an [`OLD`] one, which nobody takes over. So what counts is what one thread would have
//! found, in the order in which it would have found it.

use std::hint::select_unpredictable;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::memory::Words;

/// Slots in a line: a cache line of 64 bytes.
const LINE_SLOTS: usize = 8;
/// Bits of a slot for the distance from home, in lines.
const DISTANCE_BITS: u32 = 6;
/// Lines from home, at most, exclusively.
const DISTANCE_MAX: usize = 1 << DISTANCE_BITS;
/// The smallest table, a megabyte: its lines' number takes as many bits as a slot needs for the distance and eight more, for
/// tags. A larger table has room for more tags, as it has for larger levels.
const LINE_BITS_MIN: u32 = DISTANCE_BITS + 8;
/// The largest table, 64 TiB.
const LINE_BITS_MAX: u32 = 40;
/// A table below this grows fourfold: its memory is nothing, the copying is.
const SMALL_SLOTS: usize = 1 << 20;
/// Slots in use, at most, of [`LOAD_OF`].
const LOAD_MAX: usize = 13;
const LOAD_OF: usize = 16;

/// Who inserted a fingerprint. Never 0, so that no slot in use is 0.
pub(crate) type Tag = u64;
/// The tag of what was inserted before this level, or by one thread: nobody takes it over.
pub(crate) const OLD: Tag = 1;
/// The tag of the first unit.
pub(crate) const FIRST: Tag = OLD + 1;

/// What became of an insertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// It was not there, and is now.
    New,
    /// It was there already, inserted by somebody whom this one precedes, and is this one's now.
    Taken,
    /// It was there already.
    Known,
    /// There is no room near its home: the table must grow.
    Full,
}

/// A set of 64-bit fingerprints that threads fill together.
///
/// ```
/// use spillway_checker::{FingerprintSet, Inserted};
///
/// let set = FingerprintSet::with_slots(1_000)?;
/// assert_eq!(set.insert(42), Inserted::New);
/// assert_eq!(set.insert(42), Inserted::Known);
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

    /// Units that can be told apart.
    pub(crate) fn units_max(&self) -> usize {
        (self.tag_mask() - FIRST) as usize
    }

    #[inline(always)]
    fn tag_mask(&self) -> u64 {
        (1 << (self.line_bits - DISTANCE_BITS)) - 1
    }

    /// Inserts a fingerprint.
    #[inline(always)]
    pub fn insert(&self, fingerprint: u64) -> Inserted {
        self.insert_for(fingerprint, OLD)
    }

    /// Inserts a fingerprint under a tag.
    #[inline(always)]
    pub(crate) fn insert_for(&self, fingerprint: u64, tag: Tag) -> Inserted {
        debug_assert!((OLD..=self.tag_mask()).contains(&tag), "a tag fits and is not 0");
        let tag_mask = self.tag_mask();
        let (line, wanted) = self.line(fingerprint, 0);
        let found = find(line, wanted, tag_mask);
        // Nearly all that is generated is known, and stands in the line where it is at home.
        if found != 0 && found & tag_mask <= tag {
            return Inserted::Known;
        }
        self.insert_seldom(fingerprint, tag)
    }

    #[inline(never)]
    fn insert_seldom(&self, fingerprint: u64, tag: Tag) -> Inserted {
        let tag_mask = self.tag_mask();
        for distance in 0..DISTANCE_MAX {
            let (line, wanted) = self.line(fingerprint, distance);
            for slot in line {
                let found = slot.load(Ordering::Acquire);
                // The first empty one, or a fingerprint could stand twice.
                if found == 0 && exchange(slot, 0, wanted | tag) {
                    return Inserted::New;
                }
                if is(slot.load(Ordering::Acquire), wanted, tag_mask) {
                    return precede(slot, tag, tag_mask);
                }
            }
        }
        Inserted::Full
    }

    /// Whether a fingerprint stands under a tag; if so it becomes an old one.
    pub(crate) fn confirm(&self, fingerprint: u64, tag: Tag) -> bool {
        let tag_mask = self.tag_mask();
        for distance in 0..DISTANCE_MAX {
            let (line, wanted) = self.line(fingerprint, distance);
            let same = |slot: &&AtomicU64| is(slot.load(Ordering::Acquire), wanted, tag_mask);
            if let Some(slot) = line.iter().find(same) {
                return exchange(slot, wanted | tag, wanted | OLD);
            }
        }
        unreachable!("what is confirmed was inserted")
    }

    /// The line that is so many lines from a fingerprint's home, and the fingerprint as it stands there without its tag.
    #[inline(always)]
    fn line(&self, fingerprint: u64, distance: usize) -> (&[AtomicU64; LINE_SLOTS], u64) {
        let mask = (1 << self.line_bits) - 1;
        let first = ((self.home(fingerprint) + distance) & mask) * LINE_SLOTS;
        let line = &self.words[first..first + LINE_SLOTS];
        let rest = fingerprint << self.line_bits;
        let distance = (distance as u64) << (self.line_bits - DISTANCE_BITS);
        (line.try_into().expect("a line has its slots"), rest | distance)
    }

    /// The fingerprint in a slot, and its tag; none if it is empty.
    fn read(&self, at: usize) -> Option<(u64, Tag)> {
        let slot = self.words[at].load(Ordering::Acquire);
        if slot == 0 {
            return None;
        }
        let mask = (1 << self.line_bits) - 1;
        let distance = (slot >> (self.line_bits - DISTANCE_BITS)) as usize & (DISTANCE_MAX - 1);
        let home = (at / LINE_SLOTS).wrapping_sub(distance) & mask;
        let high = (home as u64) << (u64::BITS - self.line_bits);
        Some((high | slot >> self.line_bits, slot & self.tag_mask()))
    }

    /// Whether it is so small that it should grow by more than twice at a time.
    fn is_small(&self) -> bool {
        self.slots() < SMALL_SLOTS
    }

    /// A larger table with the same fingerprints and tags, filled by so many threads.
    ///
    /// # Errors
    /// If the system does not give the memory.
    pub(crate) fn larger(&self, threads: usize) -> io::Result<FingerprintSet> {
        let mut line_bits = self.line_bits + if self.is_small() { 2 } else { 1 };
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
            known.all(|(fingerprint, tag)| self.insert_for(fingerprint, tag) == Inserted::New)
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

/// Whether a slot has a fingerprint.
#[inline(always)]
fn is(slot: u64, wanted: u64, tag_mask: u64) -> bool {
    // The tag of one in use is not 0, so an empty one is not the same even where all else is 0.
    (slot ^ wanted).wrapping_sub(1) < tag_mask
}

/// The slot of a line that has a fingerprint; 0 if none has. Which it is nobody can foresee: all are looked at, without a
/// branch.
#[inline(always)]
fn find(line: &[AtomicU64; LINE_SLOTS], wanted: u64, tag_mask: u64) -> u64 {
    let mut found = 0;
    for slot in line {
        let slot = slot.load(Ordering::Acquire);
        // Where an empty one is the same it adds nothing.
        found |= select_unpredictable(slot ^ wanted <= tag_mask, slot, 0);
    }
    found
}

/// Takes a slot over from a later one.
#[inline(always)]
fn precede(slot: &AtomicU64, tag: Tag, tag_mask: u64) -> Inserted {
    loop {
        let found = slot.load(Ordering::Acquire);
        if found & tag_mask <= tag {
            return Inserted::Known;
        }
        if exchange(slot, found, found & !tag_mask | tag) {
            return Inserted::Taken;
        }
    }
}

#[inline(always)]
fn exchange(slot: &AtomicU64, from: u64, to: u64) -> bool {
    slot.compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed).is_ok()
}

#[cfg(test)]
mod tests;
