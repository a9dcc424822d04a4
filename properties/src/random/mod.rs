//! Checks a scope by seeded random walks: for scopes that are too large to explore, and for a first look.
//!
//! A walk starts in the initial state and takes one step after the other, everything judged at each as in an
//! exploration. It can show that a guarantee is broken, or that a situation is reached; that a guarantee holds it
//! cannot, however many walks there are: then its verdict stays [`Inconclusive`](crate::Verdict::Inconclusive), and the
//! overall one, which then does not depend on it, says only that all walks ended as they should.
//!
//! **What is drawn.** Each walk has a generator of its own, made from its seed alone: `choice.rs` says how, without a
//! bias and the same on every machine. For each step one throw says whether a fault is wanted, in
//! [`Options::fault_percent`] of a hundred cases: drawn among all actions, faults would spend their budgets in the first
//! steps. Another says which of the faults, or of the other actions, is taken, by weights that each walk has of its own.
//! Where only one kind is possible it is taken, so that a walk goes on with faults once all is settled, and ends early
//! only where nothing at all is left to do. With 0 per cent there are no faults. Every run of the scope, but for faults
//! and mirrored servers that exploration leaves out too, is taken with some probability.
//!
//! **What is counted.** States, with the history that properties need, and transitions, which are a state and an action,
//! are told apart by a portable fingerprint of 64 bits: `fingerprint.rs`. Walks are added up in the order of their
//! seeds, up to the one that ends the check, so that nothing in a report but its seconds and its threads depends on the
//! number of threads, unless time or a watcher ends it.

mod choice;
mod fingerprint;
mod long;
mod report;
mod tally;
mod walk;
mod workers;

use std::num::NonZeroUsize;
use std::ops::Range;
use std::time::{Duration, Instant};

use spillway_model::{Mutant, Protocol, Scope, Size};
use spillway_traces::Action;

use crate::catalog::{Known, SOMETIMES};
use crate::check::{Go, TooLarge, Until, is_of_scope};
use crate::checked::Checked;
use crate::report::Stopped;
use crate::sizes::Tier;
use crate::with_tier;

pub use choice::DOMAIN;
pub use fingerprint::fingerprint;
pub use long::{LongWalk, Pace};
pub use report::{Longest, Sighting, Walked, Walks};
pub use tally::Distinct;
use tally::Tally;
use walk::{ALWAYS_MARKS, End, Marks, Plan, Walker, mark};

/// Seeds of a check, at most.
pub const SEEDS_MAX: u64 = 1_000_000_000;
/// Steps of a walk, at most.
pub const STEPS_MAX: u32 = 100_000;
/// The percentage of faults if nobody says.
pub const FAULT_PERCENT: u32 = 10;
/// Room for what is counted if nobody says, in MiB. Not what is free on the machine, since counts depend on it.
pub const MEMORY_MIB: u64 = 1024;

/// What one fingerprint takes at most, in bytes: 9 in a table that is half empty, beside the one that it outgrew.
const ENTRY_BYTES: u64 = 32;

/// What to check and how far to go.
#[derive(Clone, Debug)]
pub struct Options {
    /// Only this property; all of them if none is named.
    pub property: Option<Known>,
    /// The seeded bug.
    pub mutant: Option<Mutant>,
    /// When to end.
    pub until: Until,
    /// Threads. The report is the same with any number.
    pub threads: NonZeroUsize,
    /// One walk for each.
    pub seeds: Range<u64>,
    /// Steps of a walk, at most [`STEPS_MAX`].
    pub steps_max: u32,
    /// In how many cases of a hundred a fault is taken where one is possible.
    pub fault_percent: u32,
    /// Seconds, at most.
    pub seconds_max: Option<u64>,
    /// Room for what is counted, in MiB. What does not fit is not counted, and the report says so.
    pub memory_mib_max: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            property: None,
            mutant: None,
            until: Until::FirstViolation,
            threads: NonZeroUsize::MIN,
            seeds: 0..1_000,
            steps_max: 1_000,
            fault_percent: FAULT_PERCENT,
            seconds_max: None,
            memory_mib_max: MEMORY_MIB,
        }
    }
}

/// How far a check has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Walks made.
    pub walks: u64,
    /// Walks to make.
    pub walks_max: u64,
    /// Steps of them.
    pub steps: u64,
    /// Different states met.
    pub states: usize,
    /// Time since the beginning.
    pub elapsed: Duration,
}

/// Walks a scope at random. `watch` is told of the progress now and then and may stop it.
///
/// # Errors
/// If no size of the state holds the scope.
///
/// # Panics
/// If an option is beyond its limit.
pub fn check(
    scope: &Scope,
    options: &Options,
    watch: &mut dyn FnMut(Progress) -> Go,
) -> Result<Walked, TooLarge> {
    assert!(options.seeds.end.saturating_sub(options.seeds.start) <= SEEDS_MAX, "too many seeds");
    assert!(options.steps_max <= STEPS_MAX, "too many steps");
    assert!(options.fault_percent <= choice::ALWAYS_PERCENT, "a percentage is at most 100");
    let mut tier = Tier::of(scope).ok_or_else(|| TooLarge { scope: scope.name.clone() })?;
    loop {
        let walked = with_tier!(tier, S => walks::<S>(scope, options, watch));
        // Not the scope's bound but the state's own room was too small: take the next size.
        let room =
            !matches!(walked.report.stopped, Some(Stopped::Bound(full)) if !is_of_scope(full));
        match tier.next() {
            Some(next) if !room => tier = next,
            _ => return Ok(walked),
        }
    }
}

/// The steps of one walk of a check.
///
/// # Errors
/// If no size of the state holds the scope.
pub fn steps(scope: &Scope, options: &Options, seed: u64) -> Result<Vec<Action>, TooLarge> {
    let one = Options { seeds: seed..seed.saturating_add(1), ..options.clone() };
    let mut tier = Tier::of(scope).ok_or_else(|| TooLarge { scope: scope.name.clone() })?;
    loop {
        let (path, end) = with_tier!(tier, S => {
            let checked = checked::<S>(scope, &one);
            Walker::new(&checked, plan(scope, &one)).path(seed)
        });
        let room = !matches!(end, End::Full(full) if !is_of_scope(full));
        match tier.next() {
            Some(next) if !room => tier = next,
            _ => return Ok(path),
        }
    }
}

fn checked<S: Size>(scope: &Scope, options: &Options) -> Checked<Protocol<S>> {
    let checked = Checked::new(Protocol::<S>::new(scope.clone(), options.mutant));
    match &options.property {
        Some(known) => checked.only(known.name),
        None => checked,
    }
}

fn walks<S: Size>(
    scope: &Scope,
    options: &Options,
    watch: &mut dyn FnMut(Progress) -> Go,
) -> Walked {
    let checked = checked::<S>(scope, options);
    let plan = plan(scope, options);
    let begun = Instant::now();
    let mut tally = Tally::new(entries_max(options));
    let mut next = options.seeds.start;
    let mut stopped = None;
    while next < options.seeds.end && tally.ended.is_none() && stopped.is_none() {
        let left = next..options.seeds.end;
        let trails = workers::batch(&checked, plan, &tally, left, options.threads);
        next += trails.len() as u64;
        trails.iter().for_each(|trail| tally.add(trail));
        let elapsed = begun.elapsed();
        stopped = match watch(progress(options, &tally, elapsed)) {
            Go::Stop => Some(Stopped::Interrupt),
            Go::On => {
                options.seconds_max.filter(|max| elapsed.as_secs() >= *max).map(Stopped::Seconds)
            }
        };
    }
    // Whoever asks to stop when all is done is told what was found.
    let stopped = stopped.filter(|_| next < options.seeds.end && tally.ended.is_none());
    let seconds = begun.elapsed().as_secs_f64();
    report::of(&report::Ended { scope, options, checked: &checked, plan, tally, stopped, seconds })
}

fn progress(options: &Options, tally: &Tally, elapsed: Duration) -> Progress {
    Progress {
        walks: tally.walks,
        walks_max: options.seeds.end - options.seeds.start,
        steps: tally.steps,
        states: tally.states.distinct().count,
        elapsed,
    }
}

/// How many states, and how many transitions, there is room for.
fn entries_max(options: &Options) -> usize {
    let bytes = options.memory_mib_max.saturating_mul(1024 * 1024);
    usize::try_from(bytes / 2 / ENTRY_BYTES).unwrap_or(usize::MAX)
}

/// How each walk goes: what it looks for, and what ends it.
fn plan(scope: &Scope, options: &Options) -> Plan {
    let one = |name: &str| mark(name).map_or(0, |bit| 1 << bit);
    let asked = |known: &Known| is_asked(scope, options, known);
    let sometimes = SOMETIMES.iter().filter(|known| asked(known)).map(|known| one(known.name));
    Plan {
        steps_max: options.steps_max,
        fault_percent: options.fault_percent,
        asked: sometimes.fold(0, |all: Marks, mark| all | mark),
        sought: match options.until {
            Until::FirstViolation => ALWAYS_MARKS,
            Until::ViolationOf(name) => one(name),
            Until::TheEnd => 0,
        },
    }
}

/// Whether a situation is looked for: it is named, or the scope is there to reach it and nothing is named.
fn is_asked(scope: &Scope, options: &Options, known: &Known) -> bool {
    match &options.property {
        Some(named) => named.name == known.name,
        None => scope.sometimes.iter().any(|expected| expected == known.name),
    }
}
