//! The clocks of the nodes: each a little fast or slow, and now and then set by somebody.

use super::draw::{Draw, MILLION};

/// What every clock shows at the start, so that one that jumps back stays above 0.
const START_US: u64 = 1 << 42;
/// Jumps never take a clock further from where it would be than this.
const JUMPED_US_MAX: i64 = 1 << 41;

/// A node's clock.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// A million, and how many millionths it is fast or, below, slow.
    rate: u64,
    jumped_us: i64,
}

impl Clock {
    /// A clock that is wrong by up to so many millionths.
    pub fn drawn(draw: &mut Draw, skew_per_million: u32) -> Clock {
        let skew = u64::from(skew_per_million);
        Clock { rate: MILLION - skew + draw.between(0, 2 * skew), jumped_us: 0 }
    }

    /// Whether it runs in error.
    pub fn is_skewed(&self) -> bool {
        self.rate != MILLION
    }

    /// What it shows.
    pub fn shows_us(&self, now_us: u64) -> u64 {
        let ran = (u128::from(now_us) * u128::from(self.rate) / u128::from(MILLION)) as u64;
        (START_US + ran).saturating_add_signed(self.jumped_us)
    }

    /// How long it takes until it shows so much more, if nobody sets it.
    pub fn wait_us(&self, by_its_own_us: u64) -> u64 {
        let wait = (u128::from(by_its_own_us) * u128::from(MILLION)).div_ceil(self.rate.into());
        u64::try_from(wait).unwrap_or(u64::MAX)
    }

    /// Somebody sets it.
    pub fn jump(&mut self, by_us: i64) {
        let jumped_us = self.jumped_us.saturating_add(by_us);
        self.jumped_us = jumped_us.clamp(-JUMPED_US_MAX, JUMPED_US_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::draw::Stream;

    #[test]
    fn a_wait_is_as_long_as_the_clock_says() {
        let mut draw = Draw::new(3, Stream::Faults);
        for _ in 0..1_000 {
            let (clock, now_us) = (Clock::drawn(&mut draw, 20_000), draw.below(1 << 40));
            let wanted_us = draw.below(1 << 30);
            let then_us = clock.shows_us(now_us + clock.wait_us(wanted_us));
            let passed_us = then_us - clock.shows_us(now_us);
            assert!(
                (wanted_us..wanted_us + 3).contains(&(passed_us + 1)),
                "{wanted_us}: {passed_us}"
            );
        }
    }

    #[test]
    fn a_jump_moves_it_and_no_jump_takes_it_below_zero() {
        let mut clock = Clock::drawn(&mut Draw::new(3, Stream::Faults), 0);
        let before_us = clock.shows_us(7);
        clock.jump(-5);
        assert_eq!(clock.shows_us(7), before_us - 5);
        (0..10).for_each(|_| clock.jump(i64::MIN));
        assert!(clock.shows_us(0) > 0 && !clock.is_skewed());
    }
}
