//! Runs of seeds on several threads, added up in the order of seeds, so that the result is that of one thread.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use spillway_impl::bug::Bug;
use spillway_impl::sim::marks::Marks;
use spillway_impl::sim::swarm::{Cast, Choices, FaultSet, Swarm};
use spillway_properties::refinement::cast_of;
use spillway_properties::simulated::{Judging, Simulated, Wrong, simulate};
use spillway_traces::file::scope_hash;

use super::Args;
use crate::failure::Failure;
use crate::interrupt;
use crate::progress::Line;
use crate::source;

/// Seeds that a thread takes at a time.
const BATCH: u64 = 16;

/// What is run for each seed.
#[derive(Debug)]
pub(super) struct Runs {
    pub(super) scope: Option<Subject>,
    pub(super) faults: FaultSet,
    pub(super) choices: Choices,
    pub(super) bug: Option<Bug>,
    pub(super) compare_every: u64,
}

/// The scope that is run.
#[derive(Debug)]
pub(super) struct Subject {
    /// The hash of the scope, as traces have it.
    pub(super) hash: String,
    cast: Cast,
}

impl Subject {
    fn load(name: &str) -> Result<Subject, Failure> {
        let source = source::load(name)?;
        let place = source.file.unwrap_or_else(|| name.to_owned());
        let cast = cast_of(&source.scope)
            .map_err(|impossible| Failure::Input(format!("{place}: {impossible}")))?;
        Ok(Subject { hash: scope_hash(&source.scope.to_json()), cast })
    }
}

/// What all runs met.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) runs: u64,
    pub(super) events: u64,
    pub(super) steps: u64,
    pub(super) marks: Marks,
    pub(super) failed: Option<(u64, Wrong)>,
}

impl Tally {
    fn add(&mut self, seed: u64, run: Simulated) {
        self.runs += 1;
        self.steps += run.steps;
        if let Some(outcome) = &run.outcome {
            self.events += outcome.counts.events;
            self.marks.merge(&outcome.marks);
        }
        self.failed = run.wrong.map(|wrong| (seed, wrong));
    }

    /// Adds those of later seeds.
    fn append(&mut self, later: Tally) {
        self.runs += later.runs;
        self.steps += later.steps;
        self.events += later.events;
        self.marks.merge(&later.marks);
        self.failed = later.failed;
    }
}

/// The batches of a range of seeds, which threads take in order until they are to stop.
struct Batches {
    seeds: Range<u64>,
    next: AtomicU64,
    stop: AtomicBool,
}

impl Batches {
    /// The next batch, with its number.
    fn take(&self) -> Option<(u64, Range<u64>)> {
        if self.stop.load(Ordering::Relaxed) || interrupt::asked() {
            return None;
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let at = |number: u64| self.seeds.start.saturating_add(number.saturating_mul(BATCH));
        let batch = at(number)..at(number + 1).min(self.seeds.end);
        (!batch.is_empty()).then_some((number, batch))
    }
}

/// A batch that was run, with its number.
type Done = (u64, Result<Tally, Failure>);

impl Runs {
    /// What the command line asks for.
    ///
    /// # Errors
    /// The scope is none, or none that can be run.
    pub(super) fn of(args: &Args) -> Result<Runs, Failure> {
        Ok(Runs {
            scope: args.scope.as_deref().map(Subject::load).transpose()?,
            faults: args.faults,
            choices: args.choices,
            bug: args.bug,
            compare_every: args.compare_every.get(),
        })
    }

    pub(super) fn scope_name(&self) -> Option<&str> {
        self.scope.as_ref().map(|scope| scope.cast.script.name.as_str())
    }

    /// The configuration of a seed.
    pub(super) fn swarm(&self, seed: u64) -> Swarm {
        let mut swarm = match &self.scope {
            Some(scope) => Swarm::derive_for(seed, self.faults, &scope.cast),
            None => Swarm::derive(seed, self.faults),
        };
        swarm.config.bug = self.bug;
        swarm.choices = self.choices;
        swarm
    }

    /// The run of a seed.
    pub(super) fn one(&self, seed: u64, record: bool) -> Result<Simulated, Failure> {
        let judging = Judging { compare_every: self.compare_every, record };
        simulate(&self.swarm(seed), judging).map_err(Failure::input)
    }

    /// All seeds until one fails or somebody interrupts, as if one by one.
    pub(super) fn all(&self, seeds: Range<u64>, threads: NonZeroUsize) -> Result<Tally, Failure> {
        let batches = Batches { seeds, next: AtomicU64::new(0), stop: AtomicBool::new(false) };
        std::thread::scope(|scope| {
            let (sender, done) = channel();
            for _ in 0..threads.get() {
                let (sender, batches) = (sender.clone(), &batches);
                scope.spawn(move || self.work(batches, &sender));
            }
            drop(sender);
            added_up(&batches, &done)
        })
    }

    fn work(&self, batches: &Batches, done: &Sender<Done>) {
        while let Some((number, seeds)) = batches.take() {
            if done.send((number, self.batch(seeds))).is_err() {
                return; // nobody wants it any more
            }
        }
    }

    fn batch(&self, seeds: Range<u64>) -> Result<Tally, Failure> {
        let mut tally = Tally::default();
        for seed in seeds {
            tally.add(seed, self.one(seed, false)?);
            if tally.failed.is_some() {
                break;
            }
        }
        Ok(tally)
    }
}

/// Adds batches up in their order, whichever comes first, up to the first that fails.
fn added_up(batches: &Batches, done: &Receiver<Done>) -> Result<Tally, Failure> {
    let (mut tally, mut early, mut next) = (Tally::default(), BTreeMap::new(), 0);
    let (line, asked) = (Line::new(None), batches.seeds.end - batches.seeds.start);
    for (number, batch) in done {
        early.insert(number, batch);
        while let Some(batch) = early.remove(&next) {
            next += 1;
            let batch = batch.inspect_err(|_| batches.stop.store(true, Ordering::Relaxed))?;
            tally.append(batch);
            if tally.failed.is_some() {
                batches.stop.store(true, Ordering::Relaxed);
                return Ok(tally);
            }
        }
        line.show_runs(tally.runs, asked, tally.steps);
    }
    Ok(tally)
}
