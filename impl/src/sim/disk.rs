//! The disk under the global server, where it takes time and fails.
//!
//! What was synced is there, ever after. What a crash meets on its way to the disk is there as a whole, in part, or not at
//! all: an append may be torn anywhere, and what is torn off may have been written as anything; a replacement is a new
//! file under the old name, and so is there or not. A full disk takes nothing, and says so. A read error keeps the server
//! from starting until it has passed.

use super::draw::Draw;
use super::marks::{Mark, Marks};
use super::swarm::DiskFaults;
use crate::node::Store;

/// What the disk makes of something that it is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doing {
    /// How long it takes.
    pub lasts_us: u64,
    /// Whether it is synced then; else nothing of it is there.
    pub done: bool,
}

/// What a crash leaves of what was under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// Nothing.
    Nothing,
    /// So many bytes of it, fewer than all, and so many more of something else.
    Torn {
        /// Bytes that are as they should be.
        good: usize,
        /// Bytes after them that are not.
        bad: usize,
    },
    /// All of it: synced, but nobody had been told.
    Whole,
}

/// The disk.
#[derive(Clone, Debug)]
pub struct Disk {
    faults: DiskFaults,
    full: bool,
    draw: Draw,
}

impl Disk {
    /// A disk with these faults.
    pub fn new(faults: DiskFaults, draw: Draw) -> Disk {
        Disk { faults, full: false, draw }
    }

    /// Says whether it is full.
    pub fn set_full(&mut self, full: bool) {
        self.full = full;
    }

    /// All faults end.
    pub fn heal(&mut self) {
        self.full = false;
        self.faults.read_error_per_million = 0;
    }

    /// What it makes of something that it is asked to do now.
    pub fn begin(&mut self, marks: &mut Marks) -> Doing {
        let lasts_us = self.faults.sync.draw(&mut self.draw);
        if self.full {
            marks.hit(Mark::DiskFull);
        }
        Doing { lasts_us, done: !self.full }
    }

    /// What a crash leaves of what is under way; `done` is what [`Disk::begin`] said of it.
    pub fn crash(&mut self, under_way: &Store, done: bool, marks: &mut Marks) -> Left {
        let draw = &mut self.draw;
        // What could not be done leaves nothing, whenever the crash comes.
        if done && draw.happens(self.faults.whole_per_million) {
            marks.hit(Mark::WriteWhole);
            return Left::Whole;
        }
        if let Store::Append(bytes) = under_way
            && done
            && !bytes.is_empty()
            && draw.happens(self.faults.torn_per_million)
        {
            marks.hit(Mark::WriteTorn);
            let good = draw.below(bytes.len() as u64) as usize;
            let bad = draw.below((bytes.len() - good) as u64 + 1) as usize;
            return Left::Torn { good, bad };
        }
        marks.hit(Mark::WriteLost);
        Left::Nothing
    }

    /// Whether the server cannot read it when it starts, and has to try again later.
    pub fn fails_to_read(&mut self, marks: &mut Marks) -> bool {
        let fails = self.draw.happens(self.faults.read_error_per_million);
        if fails {
            marks.hit(Mark::ReadError);
        }
        fails
    }
}

impl Left {
    /// Leaves it in the file.
    pub fn leave(self, file: &mut Vec<u8>, under_way: Store) {
        match (self, under_way) {
            (Left::Nothing, _) => {}
            (Left::Torn { good, bad }, Store::Append(bytes)) => {
                debug_assert!(good < bytes.len() && good + bad <= bytes.len());
                file.extend_from_slice(&bytes[..good]);
                // No byte of it is what it should be.
                file.extend(bytes[good..good + bad].iter().map(|byte| !byte));
            }
            (Left::Torn { .. }, Store::Replace(_)) => {
                unreachable!("a replacement is there or not")
            }
            (Left::Whole, Store::Append(bytes)) => file.extend_from_slice(&bytes),
            (Left::Whole, Store::Replace(bytes)) => *file = bytes,
        }
    }
}
