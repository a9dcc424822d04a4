//! A table grows where it is: the memory behind it is taken in, and what it holds moves up, the last line first.
//!
//! Homes keep their order when the number of lines changes, so what stands in a line moves to that line or to one behind it,
//! but for the first few lines, which are put aside. Where a stretch of lines moves wholly behind its own end, several
//! threads move it.

use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use super::shape::{DISTANCE_MAX, Shape};
use super::{FingerprintSet, Inserted, LINE_SLOTS, OLD, Tag};

/// Lines that might move before themselves: those less than d from a home that moves less than d, for the least factor, 4/3.
const LINES_ASIDE: usize = 4 * DISTANCE_MAX;
/// Lines that are worth a thread.
const SHARE_MIN: usize = 1 << 15;

impl FingerprintSet {
    /// Makes the table larger, with so many threads.
    ///
    /// # Errors
    /// If the system does not give the memory; then some of what it held may be lost.
    pub(crate) fn grow(&mut self, threads: usize) -> io::Result<()> {
        let mut homeless = Vec::new();
        loop {
            let larger = self.shape.larger().ok_or(io::ErrorKind::OutOfMemory)?;
            self.words.grow(larger.lines() * LINE_SLOTS)?;
            let smaller = std::mem::replace(&mut self.shape, larger);
            let left = std::mem::take(&mut homeless);
            homeless = self.spread(smaller, threads);
            homeless.extend(self.settle(left));
            // Not empty only where so much has one home that fingerprints are no longer random.
            if homeless.is_empty() {
                return Ok(());
            }
        }
    }

    /// Whoever inserted what is there: from now on nobody takes it over.
    pub(crate) fn forget_tags(&mut self, threads: usize) {
        let mask = self.shape.tag_mask();
        share(0..self.shape.lines(), threads, |lines| {
            for slot in lines.flat_map(|line| self.slots_of(line)) {
                let found = slot.load(Ordering::Relaxed);
                if found != 0 {
                    slot.store(found & !mask | OLD, Ordering::Relaxed);
                }
            }
            Vec::<()>::new()
        });
    }

    /// Moves all that stands as in a smaller table to where it belongs; gives that for which there is no room.
    fn spread(&self, smaller: Shape, threads: usize) -> Vec<(u64, Tag)> {
        let aside = LINES_ASIDE.min(smaller.lines());
        let mut first = Vec::new();
        (0..aside).for_each(|line| self.take(smaller, line, |one| first.push(one)));
        let (mut homeless, mut end) = (Vec::new(), smaller.lines());
        while end > aside {
            // From here on all moves to this end, or behind it.
            let start = self.shape.scaled_down(end, smaller) + DISTANCE_MAX + 1;
            let strays = if start.max(aside) + SHARE_MIN > end {
                self.spread_lines(smaller, aside..std::mem::replace(&mut end, aside))
            } else {
                let lines = start..std::mem::replace(&mut end, start);
                share(lines, threads, |lines| self.spread_lines(smaller, lines))
            };
            homeless.extend(self.settle(strays));
        }
        homeless.extend(self.settle(first));
        homeless
    }

    /// Moves what stands in these lines of a smaller table to those in their stead; gives what belongs elsewhere, or finds
    /// no room there.
    fn spread_lines(&self, smaller: Shape, lines: Range<usize>) -> Vec<(u64, Tag)> {
        let mut strays = Vec::new();
        let own = self.shape.scaled_up(lines.start, smaller)..self.shape.scaled_up(lines.end, smaller);
        for line in lines.rev() {
            self.take(smaller, line, |(fingerprint, tag)| {
                if !self.place(fingerprint, tag, &own) {
                    strays.push((fingerprint, tag));
                }
            });
        }
        strays
    }

    /// Empties a line of what stands there as in a table of this shape.
    #[inline(always)]
    fn take(&self, shape: Shape, line: usize, mut each: impl FnMut((u64, Tag))) {
        let slots = self.slots_of(line).each_ref().map(|slot| {
            let found = slot.load(Ordering::Relaxed);
            slot.store(0, Ordering::Relaxed);
            found
        });
        // Lines are filled from the front.
        for slot in slots.into_iter().take_while(|slot| *slot != 0) {
            each(shape.read(line, slot));
        }
    }

    /// Puts a fingerprint that is not there into one of these lines, which are nobody else's at the time. False if that
    /// cannot be.
    #[inline(always)]
    fn place(&self, fingerprint: u64, tag: Tag, own: &Range<usize>) -> bool {
        let home = self.shape.home(fingerprint);
        for distance in 0..DISTANCE_MAX {
            if !own.contains(&(home + distance)) {
                return false;
            }
            let line = self.slots_of(home + distance);
            // Counted without a branch: how many there are nobody can foresee.
            let used = |slot: &AtomicU64| usize::from(slot.load(Ordering::Relaxed) != 0);
            if let Some(slot) = line.get(line.iter().map(used).sum::<usize>()) {
                slot.store(self.shape.slot(fingerprint, distance) | tag, Ordering::Relaxed);
                return true;
            }
        }
        false
    }

    /// Inserts what is new; gives that for which there is no room.
    fn settle(&self, some: Vec<(u64, Tag)>) -> Vec<(u64, Tag)> {
        let mut some = some;
        some.retain(|(fingerprint, tag)| match self.insert_for(*fingerprint, *tag) {
            Inserted::New => false,
            Inserted::Full => true,
            other => unreachable!("{other:?}, though each stands once"),
        });
        some
    }
}

/// Does something with all of these lines, by so many threads, and gives what they give.
fn share<T: Send>(
    lines: Range<usize>,
    threads: usize,
    each: impl Fn(Range<usize>) -> Vec<T> + Sync,
) -> Vec<T> {
    let share = lines.len().div_ceil(threads.max(1)).max(SHARE_MIN);
    if share >= lines.len() {
        return each(lines);
    }
    let each = &each;
    std::thread::scope(|scope| {
        let starts = lines.clone().step_by(share);
        let parts: Vec<_> = starts
            .map(|start| scope.spawn(move || each(start..(start + share).min(lines.end))))
            .collect();
        parts.into_iter().flat_map(|part| part.join().expect("moving does not panic")).collect()
    })
}
