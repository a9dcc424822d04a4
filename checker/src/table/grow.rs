//! A table grows where it is: the memory behind it is taken in, and what it holds moves up, the last line first.
//!
//! Homes keep their order when the number of lines changes, so what stands in a line moves to that line or to one behind it,
//! but for the first few lines, which are put aside. Where a stretch of lines moves wholly behind its own end, several
//! threads move it.

use std::io;
use std::ops::Range;
use std::sync::atomic::Ordering;

use super::shape::{DISTANCE_MAX, Shape};
use super::{FingerprintSet, Inserted, LINE_SLOTS, OLD, Tag};

/// Lines that might move before themselves: those less than d from a home that moves less than d, for the least factor, 4/3.
const LINES_ASIDE: usize = 4 * DISTANCE_MAX;
/// Lines that are worth a thread; in the tests fewer, so that there are many stretches.
const SHARE_MIN: usize = if cfg!(test) { 1 << 9 } else { 1 << 15 };

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
        // Those put aside, and others whose place is not where most go from there. They come last: whoever spreads lines
        // takes it that the new ones are empty.
        let mut strays = Vec::new();
        (0..aside).for_each(|line| self.take(smaller, line, |one| strays.push(one)));
        let factor = self.shape.over(smaller);
        let mut end = smaller.lines();
        while end > aside {
            // From here on all moves to this end, or behind it.
            let start = factor.down(end) + DISTANCE_MAX + 1;
            // The rest of a table is moved by one thread, from its end: a line then moves to what was emptied before.
            let (start, threads) =
                if start.max(aside) + SHARE_MIN > end { (aside, 1) } else { (start, threads) };
            let lines = start..std::mem::replace(&mut end, start);
            strays.extend(share(lines, threads, |lines| self.spread_lines(smaller, lines)));
        }
        self.settle(strays)
    }

    /// Moves what stands in these lines of a smaller table to those in their stead, which are empty and nobody else's at the
    /// time; gives what belongs elsewhere, or finds no room there.
    fn spread_lines(&self, smaller: Shape, lines: Range<usize>) -> Vec<(u64, Tag)> {
        let factor = self.shape.over(smaller);
        let own = factor.up(lines.start)..factor.up(lines.end);
        let (mut strays, mut used) = (Vec::new(), Used::all_empty_below(own.end + DISTANCE_MAX));
        for line in lines.rev() {
            used.go_down_to(factor.up(line.saturating_sub(DISTANCE_MAX)));
            self.take(smaller, line, |(fingerprint, tag)| {
                let home = self.shape.home(fingerprint);
                let mut places =
                    (0..DISTANCE_MAX).take_while(|distance| own.contains(&(home + distance)));
                let Some(distance) = places.find(|distance| used.of(home + distance) < LINE_SLOTS)
                else {
                    strays.push((fingerprint, tag));
                    return;
                };
                let slot = &self.slots_of(home + distance)[used.one_more(home + distance)];
                slot.store(self.shape.slot(fingerprint, distance) | tag, Ordering::Relaxed);
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

/// Lines that are filled at the time: what one line moves to, and how far from there.
const LINES_AT_WORK: usize = 1024;

/// How many slots are in use of some lines of a table that is filled from its end: so that it need not be read.
struct Used {
    /// By the last bits of a line.
    counts: [u8; LINES_AT_WORK],
    /// The first of those lines.
    from: usize,
}

impl Used {
    fn all_empty_below(line: usize) -> Used {
        Used { counts: [0; LINES_AT_WORK], from: line }
    }

    /// Lines from there on are asked for, whose end is not too far away.
    #[inline(always)]
    fn go_down_to(&mut self, line: usize) {
        while self.from > line {
            self.from -= 1;
            self.counts[self.from % LINES_AT_WORK] = 0;
        }
    }

    #[inline(always)]
    fn of(&self, line: usize) -> usize {
        debug_assert!((self.from..self.from + LINES_AT_WORK).contains(&line), "{line} is at work");
        self.counts[line % LINES_AT_WORK].into()
    }

    /// Counts one more; gives its place in the line.
    #[inline(always)]
    fn one_more(&mut self, line: usize) -> usize {
        let count = &mut self.counts[line % LINES_AT_WORK];
        *count += 1;
        usize::from(*count) - 1
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
        let starts = lines.clone().step_by(share).skip(1);
        let parts: Vec<_> = starts
            .map(|start| scope.spawn(move || each(start..(start + share).min(lines.end))))
            .collect();
        let mut all = each(lines.start..lines.start + share);
        for part in parts {
            all.extend(part.join().expect("moving does not panic"));
        }
        all
    })
}
