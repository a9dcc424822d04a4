//! What a node keeps beside the state of the protocol: clock readings, and which timers run. Two nodes that differ in
//! nothing else are one state, so whatever explores or compares nodes must not see it.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

use rand_chacha::rand_core::Rng;

use crate::config::Timers;
use crate::node::{Context, Output, Timer};

/// A value that is left out of equality and hash: all are equal.
#[derive(Clone, Copy, Debug, Default)]
pub struct Aside<T>(pub T);

impl<T> PartialEq for Aside<T> {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl<T> Eq for Aside<T> {}

impl<T> Hash for Aside<T> {
    fn hash<H: Hasher>(&self, _state: &mut H) {}
}

/// The timers of a node that run, each with how often it has run out in a row.
#[derive(Clone, Debug, Default)]
pub struct Running {
    attempts: BTreeMap<Timer, u32>,
}

impl Running {
    /// Whether none runs.
    pub fn is_empty(&self) -> bool {
        self.attempts.is_empty()
    }

    /// Notes that a timer has run out; how often in a row by now. `None` if it does not run.
    pub fn ran_out(&mut self, timer: Timer) -> Option<u32> {
        self.attempts.remove(&timer).map(|attempts| attempts.saturating_add(1))
    }

    /// A sign of life: a timer that repeats begins with its shortest wait when it is next armed.
    pub fn calm_down(&mut self, timer: Timer) {
        if let Some(attempts) = self.attempts.get_mut(&timer) {
            *attempts = 0;
        }
    }

    /// Arms a timer after this many attempts.
    pub fn arm(
        &mut self,
        timer: Timer,
        attempts: u32,
        first_us: u64,
        timers: &Timers,
        context: &mut Context<'_>,
    ) {
        self.attempts.insert(timer, attempts);
        let after_us = wait_us(timers, first_us, attempts, context);
        context.out.push(Output::Arm { timer, after_us });
    }

    /// Makes exactly these timers run: arms those that do not, disarms those that are no longer wanted.
    pub fn only(
        &mut self,
        wanted: &BTreeSet<Timer>,
        first_us: impl Fn(Timer) -> u64,
        timers: &Timers,
        context: &mut Context<'_>,
    ) {
        let idle: Vec<Timer> =
            self.attempts.keys().copied().filter(|timer| !wanted.contains(timer)).collect();
        for timer in idle {
            self.attempts.remove(&timer);
            context.out.push(Output::Disarm(timer));
        }
        for &timer in wanted {
            if !self.attempts.contains_key(&timer) {
                self.arm(timer, 0, first_us(timer), timers, context);
            }
        }
    }
}

/// How long a timer waits after this many attempts: twice as long each time up to the longest wait, and a random part.
fn wait_us(timers: &Timers, first_us: u64, attempts: u32, context: &mut Context<'_>) -> u64 {
    let doubled = 1u64.checked_shl(attempts).and_then(|factor| first_us.checked_mul(factor));
    let longest_us = timers.backoff_us_max.max(first_us);
    let wait_us = doubled.unwrap_or(longest_us).min(longest_us);
    let jitter_us = (u128::from(wait_us) * u128::from(timers.jitter_percent) / 100)
        .min(u128::from(u64::MAX)) as u64;
    match jitter_us {
        0 => wait_us,
        _ => wait_us.saturating_add(context.random.next_u64() % jitter_us),
    }
}
