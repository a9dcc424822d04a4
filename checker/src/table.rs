//! The set of fingerprints: one open-addressing table, eight bytes a state, filled by compare-and-swap.
//!
//! A fingerprint's high bits say in which line of the table it is at home: a cache line, eight slots. If that is full it
//! stands in one of the next lines. A slot need not repeat the high bits (Cleary, *Compact Hash Tables Using Bidirectional
//! Linear Probing*, IEEE Trans. Comput. 1984): where it stands and how many lines from home say them. The room that this
//! leaves holds that distance and a *tag*, so nothing of the 64 bits is lost, and a table grows without hashing anything
//! again, where it is.
//!
//! **Tags say who found a state first, whichever thread was faster.** Units of work are numbered in order, from level to
//! level, and a state stands under the number of the unit that inserted it. An earlier unit of the same level that finds it
//! later takes it over: it puts its own, lower number there, and when the level is over the later one is told what it has
//! lost. So what counts is what one thread would have found, in the order in which it would have found it. When there are no
//! more numbers all states become [`OLD`] ones, which nobody takes over.

mod grow;
mod shape;

use std::hint::select_unpredictable;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::memory::Words;
use shape::{DISTANCE_MAX, Shape};

/// Slots in a line: a cache line of 64 bytes.
const LINE_SLOTS: usize = 8;
/// Slots in use, at most, of [`LOAD_OF`].
const LOAD_MAX: usize = 3;
const LOAD_OF: usize = 4;

/// Who inserted a fingerprint. Never 0, so that no slot in use is 0.
pub(crate) type Tag = u64;
/// The tag of what was inserted by one thread, or so long ago that it was forgotten by whom: nobody takes it over.
pub(crate) const OLD: Tag = 1;

/// What became of an insertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// It was not there, and is now.
    New,
    /// It was there already, under a tag that is greater than this one's, and stands under this one's now.
    Taken(u64),
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
    shape: Shape,
}

impl FingerprintSet {
    /// A set with at least so many slots.
    ///
    /// # Errors
    /// If the system does not give the memory.
    pub fn with_slots(slots: usize) -> io::Result<FingerprintSet> {
        let shape = Shape::with_lines(slots.div_ceil(LINE_SLOTS) as u64);
        let shape = shape.ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(FingerprintSet { words: Words::zeroed(shape.lines() * LINE_SLOTS)?, shape })
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

    /// Asks for the line of a fingerprint that is inserted soon.
    #[inline(always)]
    pub fn prefetch(&self, fingerprint: u64) {
        let home = self.shape.home(fingerprint);
        self.words.prefetch(home * LINE_SLOTS);
        self.words.prefetch(self.shape.behind(home, 1) * LINE_SLOTS);
    }

    /// The greatest tag there is room for; it becomes no less when the table grows.
    pub(crate) fn tag_max(&self) -> Tag {
        self.shape.tag_mask()
    }

    /// Inserts a fingerprint.
    #[inline(always)]
    pub fn insert(&self, fingerprint: u64) -> Inserted {
        self.insert_for(fingerprint, OLD)
    }

    /// Inserts a fingerprint under a tag.
    #[inline(always)]
    pub(crate) fn insert_for(&self, fingerprint: u64, tag: Tag) -> Inserted {
        let tag_mask = self.shape.tag_mask();
        debug_assert!((OLD..=tag_mask).contains(&tag), "a tag fits and is not 0");
        let home = self.shape.home(fingerprint);
        let wanted = self.shape.slot(fingerprint, 0);
        let line = self.slots_of(home);
        match look(line, wanted, tag_mask) {
            Seen::Same(found) if found & tag_mask <= tag => Inserted::Known,
            Seen::Room(slot) if exchange(slot, 0, wanted | tag) => Inserted::New,
            Seen::Neither => self.insert_behind(fingerprint, tag, 1),
            _ => self.insert_behind(fingerprint, tag, 0),
        }
    }

    /// Inserts a fingerprint so many lines from its home, or behind.
    #[inline(never)]
    fn insert_behind(&self, fingerprint: u64, tag: Tag, mut distance: usize) -> Inserted {
        let tag_mask = self.shape.tag_mask();
        let home = self.shape.home(fingerprint);
        while distance < DISTANCE_MAX {
            let wanted = self.shape.slot(fingerprint, distance);
            let line = self.slots_of(self.shape.behind(home, distance));
            match look(line, wanted, tag_mask) {
                Seen::Same(_) => return precede(line, wanted, tag, tag_mask),
                Seen::Room(slot) if exchange(slot, 0, wanted | tag) => return Inserted::New,
                Seen::Room(_) => {} // somebody was faster, perhaps with the same: once more
                Seen::Neither => distance += 1,
            }
        }
        Inserted::Full
    }

    /// The slots of a line.
    #[inline(always)]
    fn slots_of(&self, line: usize) -> &[AtomicU64; LINE_SLOTS] {
        let first = line * LINE_SLOTS;
        self.words[first..first + LINE_SLOTS].try_into().expect("a line has its slots")
    }
}

/// Whether a slot has a fingerprint.
#[inline(always)]
fn is(slot: u64, wanted: u64, tag_mask: u64) -> bool {
    // The tag of one in use is not 0, so an empty one is not the same even where all else is 0.
    (slot ^ wanted).wrapping_sub(1) < tag_mask
}

/// What a line has for a fingerprint.
enum Seen<'a> {
    /// It is there, and this is what its slot says.
    Same(u64),
    /// It is not there; this is the first slot that is empty.
    Room(&'a AtomicU64),
    /// It is not there, and no slot is empty.
    Neither,
}

/// Looks for a fingerprint in a line. Where it is, or the first empty slot, nobody can foresee: all are looked at, without a
/// branch.
#[inline(always)]
fn look(line: &[AtomicU64; LINE_SLOTS], wanted: u64, tag_mask: u64) -> Seen<'_> {
    let (mut found, mut empty) = (0, 0u32);
    for (at, slot) in line.iter().enumerate() {
        let slot = slot.load(Ordering::Acquire);
        // Where an empty one is the same it adds nothing.
        found |= select_unpredictable(slot ^ wanted <= tag_mask, slot, 0);
        empty |= u32::from(slot == 0) << at;
    }
    match line.get(empty.trailing_zeros() as usize) {
        _ if found != 0 => Seen::Same(found),
        Some(slot) => Seen::Room(slot),
        None => Seen::Neither,
    }
}

/// Takes a fingerprint that is in a line over from a later one.
fn precede(line: &[AtomicU64; LINE_SLOTS], wanted: u64, tag: Tag, tag_mask: u64) -> Inserted {
    let same = |slot: &&AtomicU64| is(slot.load(Ordering::Acquire), wanted, tag_mask);
    let slot = line.iter().find(same).expect("it stays where it was seen");
    loop {
        let found = slot.load(Ordering::Acquire);
        if found & tag_mask <= tag {
            return Inserted::Known;
        }
        if exchange(slot, found, wanted | tag) {
            return Inserted::Taken(found & tag_mask);
        }
    }
}

#[inline(always)]
fn exchange(slot: &AtomicU64, from: u64, to: u64) -> bool {
    slot.compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed).is_ok()
}

#[cfg(test)]
mod tests;
