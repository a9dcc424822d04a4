//! Random numbers for a run, all of them integers: the same on any machine.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// One in so many parts: the unit of probabilities.
pub const MILLION: u64 = 1_000_000;

/// Draws. Each purpose of a seed has a stream of its own, so that more draws for one do not change another.
#[derive(Clone, Debug)]
pub struct Draw(ChaCha8Rng);

/// What numbers are drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Stream {
    /// The configuration of a run.
    Swarm = 1,
    /// The requests of its clients.
    Plan = 2,
    /// When clients ask, repeat, give up and move.
    Clients = 3,
    /// Latencies, and what becomes of datagrams.
    Network = 4,
    /// How long work takes.
    Service = 5,
    /// What fails when.
    Faults = 6,
    /// The disk.
    Disk = 7,
    /// The random part of the nodes' timers.
    Timers = 8,
    /// The choices of the nodes.
    Choices = 9,
    /// How wrong clocks are.
    Clocks = 10,
    /// The room for each class, which came later than the rest of the configuration.
    Rooms = 11,
    /// When control servers assign: in a stream of its own, as it came later than the rest of the configuration.
    Binding = 12,
    /// The requests of a comparison.
    Arrivals = 13,
    /// Which ways are cut.
    Ways = 14,
}

impl Draw {
    /// The numbers of a seed for a purpose.
    pub fn new(seed: u64, stream: Stream) -> Draw {
        Draw(generator(seed, stream))
    }

    /// A number below this one.
    ///
    /// # Panics
    /// There is none: the bound is 0.
    #[inline]
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "no number is below 0");
        // The high half of the product: as even as 64 bits are, and no division.
        ((u128::from(self.0.next_u64()) * u128::from(bound)) >> u64::BITS) as u64
    }

    /// A number from this one to that one, both included.
    #[inline]
    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        debug_assert!(from <= to, "no number is between {from} and {to}");
        match (to - from).checked_add(1) {
            Some(count) => from + self.below(count),
            None => self.0.next_u64(),
        }
    }

    /// Whether something of this probability happens.
    #[inline]
    pub fn happens(&mut self, per_million: u32) -> bool {
        // Nothing is drawn for what cannot happen, so that a fault that is off costs nothing.
        per_million > 0 && self.below(MILLION) < u64::from(per_million)
    }

    /// Heads or tails.
    pub fn flip(&mut self) -> bool {
        self.one_in(2)
    }

    /// Whether something happens that happens once in so many times.
    pub fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// One of these.
    ///
    /// # Panics
    /// There is none.
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }

    /// 64 random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }
}

/// The generator itself, for what wants one.
pub fn generator(seed: u64, stream: Stream) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(stream as u64);
    generator
}
