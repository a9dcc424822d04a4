//! How the log gets to the disk, how it is compacted, and what is done when the disk cannot.

use std::collections::BTreeMap;

use spillway_traces::Action;

use super::{Global, Storing, file};
use crate::bug::Bug;
use crate::config::Disk;
use crate::node::{Candidate, Context, Output, Store, Timer};
use crate::wire::Entry;

impl Global {
    pub(super) fn flush_candidates(&self, candidates: &mut Vec<Candidate>) {
        if self.undurable > 0 && self.is_disk_free() {
            let due = self.failures.0 == 0; // else its timer tells when
            candidates.push(Candidate { action: Action::Flush {}, due, cost: 0 });
        }
    }

    pub(super) fn compact_candidates(&self, candidates: &mut Vec<Candidate>) {
        let above = self.durable() - self.base;
        if above == 0 || !self.is_disk_free() {
            return;
        }
        let after = self.config.knobs.compact_after;
        let wanted = after > 0 && above >= after;
        let due = wanted && self.undurable == 0 && self.failures.0 == 0;
        candidates.push(Candidate { action: Action::Compact {}, due, cost: 0 });
    }

    fn is_disk_free(&self) -> bool {
        self.storing.is_none() && !self.wrote.0
    }

    /// Asks for all that is not durable to be written, in one frame. The step is done when the disk has it.
    pub(super) fn flush(&mut self, context: &mut Context<'_>) {
        debug_assert!(self.undurable > 0);
        self.storing = Some(Storing::Flush);
        self.append(self.undurable as usize, context);
    }

    /// What was just appended to the log is durable with an `immediate` disk.
    pub(super) fn write_at_once(&mut self, context: &mut Context<'_>) {
        debug_assert_eq!(self.config.knobs.disk, Disk::Immediate);
        self.append(1, context);
        self.wrote.0 = true;
    }

    /// Writes this many entries from the end of the log, with all before them if the end of the file is not to be trusted.
    fn append(&mut self, count: usize, context: &mut Context<'_>) {
        let store = match self.rewrite {
            true => Store::Replace(file::whole(self.base, &self.checkpoint, &self.log)),
            false => Store::Append(file::frame(&self.log[self.log.len() - count..])),
        };
        self.rewrite = false;
        context.out.push(Output::Store(store));
    }

    /// Asks for the checkpoint to take the place of the log. The step is done when the disk has it.
    pub(super) fn compact(&mut self, context: &mut Context<'_>) {
        debug_assert!(self.durable() > self.base);
        self.storing = Some(Storing::Compact);
        let bytes = file::whole(self.durable(), &self.compacted(), &[]);
        self.rewrite = false;
        context.out.push(Output::Store(Store::Replace(bytes)));
    }

    /// The checkpoint as of the newest durable revision. A user's entry stays when its information is gone: the version
    /// number must outlive it, for an older publish may still be under way.
    fn compacted(&self) -> BTreeMap<u16, Entry> {
        let durable = self.log.len() - self.undurable as usize;
        let mut checkpoint = self.checkpoint.clone();
        checkpoint.extend(self.log[..durable].iter().map(|entry| (entry.user, entry.clone())));
        if self.config.has(Bug::TombstoneForgotten) {
            checkpoint.retain(|_, entry| entry.record.info.is_some());
        }
        checkpoint
    }

    /// The disk has done what it was asked for, or could not.
    pub(super) fn stored(&mut self, done: bool, context: &mut Context<'_>) {
        let storing = self.storing.take();
        if !done {
            // What it wrote of it, if anything, is unknown.
            self.rewrite = true;
            self.failures.0 = self.failures.0.saturating_add(1);
            let (timers, attempts) = (&self.config.timers, self.failures.0 - 1);
            let first_us = timers.store_again_us;
            return self.running.0.arm(Timer::StoreAgain, attempts, first_us, timers, context);
        }
        self.failures.0 = 0;
        self.running.0.only(&Default::default(), |_| 0, &self.config.timers, context);
        match storing {
            Some(Storing::Flush) => self.flushed(context),
            Some(Storing::Compact) => {
                context.out.push(Output::Step(Action::Compact {}));
                self.checkpoint = self.compacted();
                self.base = self.durable();
                self.log.drain(..self.log.len() - self.undurable as usize);
                self.index();
            }
            Some(Storing::Repair) | None => {}
        }
    }

    fn flushed(&mut self, context: &mut Context<'_>) {
        context.out.push(Output::Step(Action::Flush {}));
        self.undurable = 0;
        for awaited in std::mem::take(&mut self.awaited) {
            if !self.config.has(Bug::FlushUnacknowledged) {
                self.acknowledge(awaited, context);
            }
        }
    }

    /// It is time to try the disk again.
    pub(super) fn store_again(&mut self, context: &mut Context<'_>) {
        self.running.0.ran_out(Timer::StoreAgain);
        if self.storing.is_some() {
            return;
        }
        if self.undurable > 0 {
            self.flush(context);
        } else if self.rewrite {
            self.storing = Some(Storing::Repair);
            self.append(0, context);
        }
    }
}
