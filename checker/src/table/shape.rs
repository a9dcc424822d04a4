//! How many lines a table has, and what follows from that: where a fingerprint is at home, and what a slot need not say.
//!
//! A fingerprint times the number of lines is 128 bits: the high 64 are its home, and the low ones tell the fingerprints of
//! one home apart. The number of lines is a power of two, or three times one, so the lowest bits of the product are always
//! zero: a slot has them for the distance from home and for a tag.

use crate::table::Tag;

/// Bits of a slot for the distance from home, in lines.
const DISTANCE_BITS: u32 = 6;
/// Lines from home, at most, exclusively.
pub(super) const DISTANCE_MAX: usize = 1 << DISTANCE_BITS;
/// Half of the steps to the smallest table, of 2^15 lines: two megabytes, a huge page.
const HALF_STEPS_MIN: u32 = 2 * 15;
/// Half of the steps to the largest, of 2^40 lines: 64 TiB.
const HALF_STEPS_MAX: u32 = 2 * 40;
/// Below this many lines a table grows fourfold: its memory is nothing, the moving is.
const SMALL_LINES: u64 = 1 << 17;
/// 3 times this is 1, in 64 bits.
const THIRD: u64 = 0xaaaa_aaaa_aaaa_aaab;

/// The number of lines of a table: by half steps, each of which makes it 3/2 or 4/3 as large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    half_steps: u32,
    lines: u64,
    /// The lowest bits of a slot that are free, for distance and tag.
    free_bits: u32,
}

impl Shape {
    fn new(half_steps: u32) -> Shape {
        let log2 = half_steps / 2;
        // 2^n, or 3 * 2^(n-1): either leaves n - 1 bits at least.
        let lines = if half_steps.is_multiple_of(2) { 1 << log2 } else { 3 << (log2 - 1) };
        Shape { half_steps, lines, free_bits: log2 - 1 }
    }

    /// The smallest one with at least so many lines; none if there is none.
    pub(super) fn with_lines(lines: u64) -> Option<Shape> {
        let mut shapes = (HALF_STEPS_MIN..=HALF_STEPS_MAX).map(Shape::new);
        shapes.find(|shape| shape.lines >= lines)
    }

    /// The next larger one; none if there is none.
    pub(super) fn larger(self) -> Option<Shape> {
        let steps = if self.lines < SMALL_LINES { 4 } else { 1 };
        let half_steps = self.half_steps + steps;
        (half_steps <= HALF_STEPS_MAX).then(|| Shape::new(half_steps))
    }

    /// Lines.
    pub(super) fn lines(self) -> usize {
        self.lines as usize
    }

    /// The line where a fingerprint is at home.
    #[inline(always)]
    pub(super) fn home(self, fingerprint: u64) -> usize {
        ((u128::from(fingerprint) * u128::from(self.lines)) >> u64::BITS) as usize
    }

    /// A fingerprint as it stands so many lines from its home, without a tag.
    #[inline(always)]
    pub(super) fn slot(self, fingerprint: u64, distance: usize) -> u64 {
        debug_assert!(distance < DISTANCE_MAX);
        fingerprint.wrapping_mul(self.lines) | (distance as u64) << (self.free_bits - DISTANCE_BITS)
    }

    /// All tags there are, as bits: the greatest one.
    #[inline(always)]
    pub(super) fn tag_mask(self) -> Tag {
        (1 << (self.free_bits - DISTANCE_BITS)) - 1
    }

    /// How many times as many lines this one has, as a fraction.
    pub(super) fn over(self, smaller: Shape) -> Factor {
        let shift = self.lines.trailing_zeros().min(smaller.lines.trailing_zeros());
        Factor { above: self.lines() >> shift, below: smaller.lines() >> shift }
    }

    /// The line so many behind another one; the first one is behind the last.
    #[inline(always)]
    pub(super) fn behind(self, line: usize, distance: usize) -> usize {
        let line = line + distance;
        if line < self.lines() { line } else { line - self.lines() }
    }

    /// The fingerprint and the tag of a slot in use.
    pub(super) fn read(self, line: usize, slot: u64) -> (u64, Tag) {
        let distance = (slot >> (self.free_bits - DISTANCE_BITS)) as usize & (DISTANCE_MAX - 1);
        let home = if line < distance { line + self.lines() } else { line } - distance;
        let product = (home as u128) << u64::BITS | u128::from(slot);
        let quotient = product >> self.free_bits; // the fingerprint times two, or three
        let fingerprint = match self.lines >> self.free_bits {
            2 => (quotient >> 1) as u64,
            _ => (quotient as u64).wrapping_mul(THIRD),
        };
        (fingerprint, slot & self.tag_mask())
    }
}

/// How many times as many lines a table has as a smaller one: 3/2, 4/3, or a power of two.
#[derive(Clone, Copy, Debug)]
pub(super) struct Factor {
    above: usize,
    below: usize,
}

impl Factor {
    /// The first line of the larger table that is no nearer to its end than a line of the smaller one is to its.
    #[inline(always)]
    pub(super) fn up(self, line: usize) -> usize {
        (line * self.above).div_ceil(self.below)
    }

    /// The first line of the smaller table that moves to a line of the larger one, or behind it.
    pub(super) fn down(self, line: usize) -> usize {
        (line * self.below).div_ceil(self.above)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_somewhere_is_read_back() {
        let fingerprints =
            [0, 1, 2, 3, u64::MAX, u64::MAX / 3, u64::MAX / 3 * 2, 1 << 63, 12_345 << 20];
        for shape in (HALF_STEPS_MIN..=HALF_STEPS_MAX).map(Shape::new) {
            for fingerprint in fingerprints {
                for distance in [0, 1, DISTANCE_MAX - 1] {
                    let home = shape.home(fingerprint);
                    assert!(home < shape.lines());
                    let line = shape.behind(home, distance);
                    let slot = shape.slot(fingerprint, distance);
                    assert_eq!(slot & shape.tag_mask(), 0, "there is room for a tag");
                    for tag in [1, shape.tag_mask()] {
                        assert_eq!(shape.read(line, slot | tag), (fingerprint, tag), "{shape:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_larger_shape_has_as_many_tags_and_keeps_homes_in_order() {
        let mut shape = Shape::with_lines(0).expect("there is a smallest one");
        while let Some(larger) = shape.larger() {
            let [less, more] = [shape.lines(), larger.lines()];
            assert!(more * 3 >= less * 4 && more <= less * 4, "{less} to {more}");
            assert!(larger.tag_mask() >= shape.tag_mask());
            assert_eq!(
                Shape::with_lines(less as u64 + 1).map(|one| one.lines() <= more),
                Some(true)
            );
            shape = larger;
        }
        assert_eq!(Shape::with_lines(shape.lines + 1), None);
    }
}
