//! A level: all states at one distance from the beginning, in the order in which one thread would have found them.

use std::sync::{Mutex, PoisonError};

use stateright::Model;

use crate::form::Form;

/// States in a block, at most; blocks are what is freed, or spilled, at once.
pub(crate) const BLOCK_STATES: usize = 256;
/// States of a unit, at most, but for its last block: what a thread takes at a time.
const UNIT_STATES: usize = 256;

/// Where a found state came from, and whether it counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    /// Its fingerprint.
    pub(crate) fingerprint: u64,
    /// Its parent's place in the unit.
    pub(crate) parent: u32,
    /// The action's place in the parent's list.
    pub(crate) action: u32,
    /// What is known of it.
    pub(crate) claim: Claim,
}

/// Whether a state that a unit found is its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// It is.
    Own,
    /// A later unit, so many units ahead, seems to have inserted it first: see `contest.rs`.
    Contested(u8),
    /// It is not: it was found by an earlier one, or twice.
    Lost,
}

/// Some states of a level, in order.
pub(crate) struct Block<M: Model, F: Form<M>> {
    pub(crate) states: F::Block,
    /// Of each state: where it came from. Empty once that was written.
    pub(crate) found: Vec<Found>,
    /// Whether each state counts; empty if all do.
    pub(crate) counts: Vec<bool>,
    /// States that count.
    pub(crate) live: usize,
    /// Where the packed states are, if not here.
    pub(crate) spilled: Option<crate::spill::Spilled>,
}

impl<M: Model, F: Form<M>> Default for Block<M, F> {
    fn default() -> Self {
        Block {
            states: F::Block::default(),
            found: Vec::new(),
            counts: Vec::new(),
            live: 0,
            spilled: None,
        }
    }
}

impl<M: Model, F: Form<M>> Block<M, F> {
    /// What it takes, in bytes, as far as is known.
    pub(crate) fn bytes(&self) -> u64 {
        let found = self.found.capacity() * size_of::<Found>();
        (F::size_of(&self.states) + found) as u64
    }
}

/// Consecutive blocks of a level, taken by one thread.
pub(crate) struct Unit<M: Model, F: Form<M>> {
    /// The number of its first state.
    pub(crate) first: u64,
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
}

impl<M: Model, F: Form<M>> Level<M, F> {
    /// The level of these blocks, whose first state has this number.
    pub(crate) fn of(blocks: impl Iterator<Item = Block<M, F>>, first: u64) -> Self {
        let mut level = Level { units: Vec::new(), states: 0 };
        let (mut some, mut live) = (Vec::new(), 0);
        let close = |level: &mut Self, some: &mut Vec<Block<M, F>>, live: &mut usize| {
            let unit = Unit { first: first + level.states, blocks: Mutex::new(std::mem::take(some)) };
            level.units.push(unit);
            level.states += std::mem::take(live) as u64;
        };
        for block in blocks.filter(|block| block.live > 0) {
            if live > 0 && live + block.live > UNIT_STATES {
                close(&mut level, &mut some, &mut live);
            }
            live += block.live;
            some.push(block);
        }
        if live > 0 {
            close(&mut level, &mut some, &mut live);
        }
        level
    }
}
