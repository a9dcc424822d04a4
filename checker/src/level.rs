//! A level: all states at one distance from the beginning, in the order in which one thread would have found them.

use std::sync::{Mutex, PoisonError};

use stateright::Model;

use crate::births::Births;
use crate::form::Form;
use crate::lost::Lost;
use crate::pool::Pool;
use crate::spill::Spilled;

/// States of a block and of a unit, about: blocks are what is freed, or spilled, at once, and units what a thread takes at a
/// time. The larger, the less do threads meet at the same states; but each
/// should get several.
const UNIT_STATES_MIN: u64 = 256;
const UNIT_STATES_MAX: u64 = 2048;
const UNITS_OF_A_THREAD: u64 = 16;
/// A unit ends before it has as many states where what another worker found begins, if it has this part of them.
const UNIT_PARTS: u64 = 8;

/// Some states of a level, in order.
pub(crate) struct Block<M: Model, F: Form<M>> {
    pub(crate) states: F::Block,
    /// Of each state: where it came from. Empty once that was written.
    pub(crate) births: Births,
    /// Of each state: its fingerprint, while another thread may contest it.
    pub(crate) fingerprints: Vec<u64>,
    /// Whether each state counts; empty if all do.
    pub(crate) counts: Vec<bool>,
    /// States that count.
    pub(crate) live: usize,
    /// Where the packed states are, if not here.
    pub(crate) spilled: Option<Spilled>,
    /// The worker that found them.
    pub(crate) finder: usize,
}

impl<M: Model, F: Form<M>> Default for Block<M, F> {
    fn default() -> Self {
        Block {
            states: F::Block::default(),
            births: Births::default(),
            fingerprints: Vec::new(),
            counts: Vec::new(),
            live: 0,
            spilled: None,
            finder: 0,
        }
    }
}

impl<M: Model, F: Form<M>> Block<M, F> {
    /// What it takes in memory while it waits, in bytes, as far as is known.
    pub(crate) fn bytes(&self) -> u64 {
        F::size_of(&self.states) as u64
    }

    /// One in empty buffers.
    pub(crate) fn in_buffers(pools: &Pools<F::Block>) -> Self {
        Block {
            states: pools.states.take(),
            births: Births::in_buffer(pools.births.take()),
            fingerprints: pools.fingerprints.take(),
            ..Block::default()
        }
    }

    /// Forgets what another unit found before, if anything is lost.
    pub(crate) fn lose(&mut self, lost: Option<&Lost>, pools: &Pools<F::Block>) {
        let mut fingerprints = std::mem::take(&mut self.fingerprints);
        if let Some(lost) = lost {
            assert_eq!(fingerprints.len(), self.births.len(), "every state has a fingerprint");
            let counts: Vec<bool> = fingerprints.iter().map(|one| !lost.is_one(*one)).collect();
            self.live = counts.iter().filter(|counts| **counts).count();
            if self.live < counts.len() {
                let only = self.births.only(&counts, pools.births.take());
                pools.give_births(std::mem::replace(&mut self.births, only));
                self.counts = counts;
            }
        }
        fingerprints.clear();
        let bytes = fingerprints.capacity() * size_of::<u64>();
        pools.fingerprints.give(fingerprints, bytes);
    }
}

/// Buffers of blocks.
pub(crate) struct Pools<S> {
    pub(crate) states: Pool<S>,
    fingerprints: Pool<Vec<u64>>,
    births: Pool<Vec<u8>>,
}

impl<S> Default for Pools<S> {
    fn default() -> Self {
        Pools { states: Pool::default(), fingerprints: Pool::default(), births: Pool::default() }
    }
}

impl<S> Pools<S> {
    /// Keeps the buffer of births that were written down, or are not wanted.
    pub(crate) fn give_births(&self, births: Births) {
        let buffer = births.into_buffer();
        let bytes = buffer.capacity();
        self.births.give(buffer, bytes);
    }
}

/// Consecutive blocks of a level, taken by one thread.
pub(crate) struct Unit<M: Model, F: Form<M>> {
    /// The number of its first state.
    pub(crate) first: u64,
    /// The worker that found it, or its first states.
    pub(crate) finder: usize,
    /// Taken once.
    blocks: Mutex<Vec<Block<M, F>>>,
}

impl<M: Model, F: Form<M>> Unit<M, F> {
    /// Its blocks; they are gone then.
    pub(crate) fn take(&self) -> Vec<Block<M, F>> {
        std::mem::take(&mut self.blocks.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A level.
pub(crate) struct Level<M: Model, F: Form<M>> {
    pub(crate) units: Vec<Unit<M, F>>,
    pub(crate) states: u64,
    /// States of a unit, about; and of the blocks that it finds.
    pub(crate) unit_states: u64,
}

impl<M: Model, F: Form<M>> Level<M, F> {
    /// The level of these blocks, whose first state has this number, for so many threads and in so many units at most.
    pub(crate) fn of(
        blocks: Vec<Block<M, F>>,
        first: u64,
        threads: usize,
        units_max: usize,
    ) -> Self {
        let states: u64 = blocks.iter().map(|block| block.live as u64).sum();
        let share = states / (threads as u64 * UNITS_OF_A_THREAD);
        let share = share.clamp(UNIT_STATES_MIN, UNIT_STATES_MAX);
        // A unit has at least so many states, but for the last one.
        let least = states.div_ceil(units_max as u64);
        let share = share.max(least);
        let least = least.max(share / UNIT_PARTS);
        let mut level = Level { units: Vec::new(), states: 0, unit_states: share };
        let (mut some, mut live): (Vec<Block<M, F>>, u64) = (Vec::new(), 0);
        for block in blocks.into_iter().filter(|block| block.live > 0) {
            let is_anothers = some.last().is_some_and(|last| last.finder != block.finder);
            if live >= share || is_anothers && live >= least {
                level.close(std::mem::take(&mut some), std::mem::take(&mut live), first);
            }
            live += block.live as u64;
            some.push(block);
        }
        if live > 0 {
            level.close(some, live, first);
        }
        assert!(level.states == states && level.units.len() <= units_max.max(1));
        level
    }

    fn close(&mut self, blocks: Vec<Block<M, F>>, live: u64, first: u64) {
        let finder = blocks.first().map_or(0, |block| block.finder);
        let first = first + self.states;
        self.units.push(Unit { first, finder, blocks: Mutex::new(blocks) });
        self.states += live;
    }
}
