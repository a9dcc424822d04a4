//! How long something takes: a distribution in integers.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::sim::draw::Draw;

/// A distribution of times, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// Always the same.
    Constant {
        /// The time.
        us: u64,
    },
    /// Each time between two is as likely as the others.
    Uniform {
        /// The shortest.
        from_us: u64,
        /// The longest.
        to_us: u64,
    },
    /// Many short ones and few long ones, with this mean: nearly the exponential distribution, see [`exponential`].
    Exponential {
        /// The mean.
        mean_us: u64,
    },
}

/// A distribution of times, of which a few are far longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Span {
    /// The usual times.
    pub shape: Shape,
    /// How often a time is one of the long ones, in a million.
    pub spikes_per_million: u32,
    /// By how much it is longer then.
    pub spike_us: u64,
}

impl Span {
    /// The same each time.
    pub const fn constant(us: u64) -> Span {
        Span { shape: Shape::Constant { us }, spikes_per_million: 0, spike_us: 0 }
    }

    /// A distribution about this mean, of a shape that is drawn.
    pub fn drawn(draw: &mut Draw, mean_us: u64) -> Span {
        let shape = match draw.below(3) {
            0 => Shape::Constant { us: mean_us },
            1 => Shape::Uniform { from_us: mean_us / 2, to_us: mean_us + mean_us / 2 },
            _ => Shape::Exponential { mean_us },
        };
        let spiky = draw.one_in(3);
        let (spikes_per_million, spike_us) =
            if spiky { (draw.pick(&[1_000, 20_000]), 20 * mean_us) } else { (0, 0) };
        Span { shape, spikes_per_million, spike_us }
    }

    /// The mean of the usual times.
    pub fn mean_us(&self) -> u64 {
        match self.shape {
            Shape::Constant { us } => us,
            Shape::Uniform { from_us, to_us } => from_us.midpoint(to_us),
            Shape::Exponential { mean_us } => mean_us,
        }
    }

    /// One time.
    #[inline]
    pub fn draw(&self, draw: &mut Draw) -> u64 {
        let usual = match self.shape {
            Shape::Constant { us } => us,
            Shape::Uniform { from_us, to_us } => draw.between(from_us, to_us),
            Shape::Exponential { mean_us } => exponential(draw, mean_us),
        };
        if draw.happens(self.spikes_per_million) { usual + self.spike_us } else { usual }
    }
}

/// A time of the exponential distribution with this mean, its logarithm taken as straight between powers of two.
///
/// Of a random number u, evenly drawn from (0, 1), −log2(u) is the count of leading zeros and one less the fraction after
/// the first one; straight in between, that has the mean 3/2. A mean of up to 2^40 µs, a fortnight, does not overflow.
pub fn exponential(draw: &mut Draw, mean_us: u64) -> u64 {
    const FRACTION_BITS: u32 = 16;
    let bits = draw.bits() | 1;
    let zeros = bits.leading_zeros();
    let fraction = (bits << zeros << 1) >> (u64::BITS - FRACTION_BITS);
    let log = (u64::from(zeros) << FRACTION_BITS) + (1 << FRACTION_BITS) - fraction;
    ((u128::from(mean_us) * u128::from(log) * 2 / 3) >> FRACTION_BITS) as u64
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.shape {
            Shape::Constant { us } => write!(f, "{us}us")?,
            Shape::Uniform { from_us, to_us } => write!(f, "{from_us}..{to_us}us")?,
            Shape::Exponential { mean_us } => write!(f, "~{mean_us}us")?,
        }
        if self.spikes_per_million > 0 {
            write!(f, "+{}us at {}ppm", self.spike_us, self.spikes_per_million)?;
        }
        Ok(())
    }
}
