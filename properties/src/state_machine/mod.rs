//! A state-machine test for a system of one's own: random runs of the model, each step of which the system must take in the
//! same way. Made for a CI: what fails is shrunk and written as a trace, and the message says all that it takes to go on.
//!
//! Whoever has a system implements [`Machine`] for it (perform one action, tell what was observed of it, and the digest of
//! the state if there is one), [`Subject`] to say how it is started, and calls [`hold`] from a test:
//!
//! ```
//! use proptest::prelude::*;
//! use spillway_model::Scope;
//! use spillway_properties::refinement::NodesMachine;
//! use spillway_properties::state_machine::{Settings, Subject, hold};
//!
//! struct Nodes;
//!
//! impl Subject for Nodes {
//!     type System = NodesMachine;
//!
//!     fn system(scope: &Scope) -> NodesMachine {
//!         NodesMachine::new(scope.clone())
//!     }
//! }
//!
//! let mut settings = Settings::new("the_nodes_do_what_the_model_does", std::env::temp_dir());
//! settings.config.cases = 8;
//! hold::<Nodes>(&settings).unwrap_or_else(|failure| panic!("{failure}"));
//! ```
//!
//! `properties/tests/state_machine.rs` is such a test, to be copied. The runs are those of
//! [`proptest_state_machine`]; it makes a failing one smaller, and so do we, since leaving out stretches of any length, and
//! what a step has made impossible, gets further than leaving out single steps from the end.

mod reference;
mod side_by_side;

use std::cell::RefCell;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngSeed, TestError, TestRunner};
use proptest_state_machine::ReferenceStateMachine;
use spillway_model::Scope;
use spillway_traces::{
    Action, Header, Machine, Shrunk, Source, Spillway, Trace, Verdict, WriteError, record, shrink,
};

pub use reference::{Model, Reference};
pub use side_by_side::{Parted, SideBySide};

use crate::strategies;

/// Steps of a run, if nobody says otherwise.
pub const STEPS: RangeInclusive<usize> = 1..=120;
/// How often a name is tried with another number.
const NUMBER_MAX: u32 = 9_999;

/// A system that is held to the model.
pub trait Subject: 'static {
    /// The system.
    type System: Machine<Spillway>;

    /// The scopes that it is tried in: any small one, if this is not implemented.
    fn scopes() -> BoxedStrategy<Scope> {
        strategies::scope().boxed()
    }

    /// The system of a scope at its start.
    fn system(scope: &Scope) -> Self::System;

    /// The seeded bug that it has, which is written into the header of its traces.
    fn bug() -> Option<&'static str> {
        None
    }
}

/// How a test is run, and what it is called.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The name of the test, as `cargo test` takes it.
    pub name: String,
    /// The folder that traces are written into. An integration test has one: `env!("CARGO_TARGET_TMPDIR")`.
    pub folder: PathBuf,
    /// The number of runs, the seed, and more; as the environment says if it is left alone. Persistence is not used: the
    /// trace is what is to be kept.
    pub config: ProptestConfig,
    /// Steps of a run.
    pub steps: RangeInclusive<usize>,
}

impl Settings {
    /// As many runs as the environment says, of [`STEPS`].
    pub fn new(name: impl Into<String>, folder: impl Into<PathBuf>) -> Settings {
        let config = ProptestConfig::default();
        Settings { name: name.into(), folder: folder.into(), config, steps: STEPS }
    }
}

/// A run on which the system and the model part.
#[derive(Debug)]
pub struct Failure {
    /// The name of the test.
    pub name: String,
    /// The seed of all its runs.
    pub seed: u64,
    /// How many runs were asked for.
    pub cases: u32,
    /// How they part.
    pub parted: Parted,
    /// The shrunk run.
    pub shrunk: Shrunk<Spillway>,
    /// The file with it, or why there is none.
    pub trace: Result<PathBuf, WriteError>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failure { name, seed, cases, parted, shrunk, trace } = self;
        writeln!(f, "{parted}")?;
        writeln!(f, "  seed      {seed}")?;
        writeln!(
            f,
            "  again     PROPTEST_RNG_SEED={seed} PROPTEST_CASES={cases} cargo test {name}"
        )?;
        match trace {
            Ok(path) => {
                let path = path.display();
                writeln!(
                    f,
                    "  trace     {path} (shrunk from {} steps to {})",
                    shrunk.from, shrunk.to
                )?;
                writeln!(f, "  replay    spillway replay --on both {path}")?;
                write!(f, "  validate  spillway validate {path}")
            }
            Err(error) => write!(f, "  trace     none: {error}"),
        }
    }
}

impl std::error::Error for Failure {}

/// Lets a system and the model take the same steps on random runs, until they part.
///
/// # Errors
/// They part: the smallest run that shows it, as a file.
///
/// # Panics
/// No scope or run can be generated: a [`Subject`] whose scopes reject nearly everything.
pub fn hold<T: Subject>(settings: &Settings) -> Result<(), Box<Failure>> {
    let seed = seed(&settings.config);
    let config = ProptestConfig {
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        ..settings.config.clone()
    };
    let cases = config.cases;
    let runs = Reference::<T>::sequential_strategy(settings.steps.clone());
    // The last run that failed, which is the smallest one that was tried. What the runner gives back may be another, that does
    // not fail: a step that it made simpler, and more complex again, need not be the same step.
    let failed: RefCell<Option<(Scope, Vec<Action>)>> = RefCell::default();
    let result = TestRunner::new(config).run(&runs, |(model, transitions, seen)| {
        let mut both = SideBySide::new(model.scope(), T::system(model.scope()), None);
        let mut taken = Vec::new();
        for action in transitions.into_iter().flatten() {
            if let Some(seen) = &seen {
                seen.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            }
            taken.push(action);
            both.step(&action).map_err(|refusal| TestCaseError::fail(refusal.to_string()))?;
            if let Some(parted) = both.parted() {
                failed.replace(Some((model.scope().clone(), taken)));
                return Err(TestCaseError::fail(parted.to_string()));
            }
            if both.is_over() {
                break;
            }
        }
        Ok(())
    });
    match result {
        Ok(()) => Ok(()),
        Err(TestError::Abort(reason)) => panic!("{}: no run was made: {reason}", settings.name),
        Err(TestError::Fail(reason, _)) => {
            let smallest = failed.into_inner().and_then(|(scope, actions)| {
                let (parted, shrunk) = smallest::<T>(&scope, &actions)?;
                Some((scope, parted, shrunk))
            });
            let told = || {
                let name = &settings.name;
                panic!("{name}: with seed {seed} a run that fails does not fail again: {reason}")
            };
            let (scope, parted, shrunk) = smallest.unwrap_or_else(told);
            let trace = write::<T>(settings, seed, &scope, &shrunk, &parted);
            let name = settings.name.clone();
            Err(Box::new(Failure { name, seed, cases, parted, shrunk, trace }))
        }
    }
}

/// The seed of a configuration; drawn, if it leaves that open, so that it can be told.
fn seed(config: &ProptestConfig) -> u64 {
    match config.rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random => {
            let drawn = any::<u64>().new_tree(&mut TestRunner::new(config.clone()));
            drawn.expect("any number will do").current()
        }
    }
}

/// The smallest run on which the two part in the same way.
fn smallest<T: Subject>(scope: &Scope, actions: &[Action]) -> Option<(Parted, Shrunk<Spillway>)> {
    let fresh = |sought| SideBySide::new(scope, T::system(scope), sought);
    let parted = parted_on(fresh(None), actions)?;
    let (way, sought) = (parted.by, Some(parted.way()));
    let shrunk = shrink(actions, || fresh(sought), |broken| broken.contains(&way))?;
    let parted = parted_on(fresh(sought), &shrunk.actions)?;
    Some((parted, shrunk))
}

fn parted_on<M: Machine<Spillway>>(mut both: SideBySide<M>, actions: &[Action]) -> Option<Parted> {
    for action in actions {
        both.step(action).ok()?;
        if both.parted().is_some() {
            break;
        }
    }
    both.parted().cloned()
}

/// Writes what the system has done, under a name that is still free.
fn write<T: Subject>(
    settings: &Settings,
    seed: u64,
    scope: &Scope,
    shrunk: &Shrunk<Spillway>,
    parted: &Parted,
) -> Result<PathBuf, WriteError> {
    let mut header = Header::new::<Spillway>(Source::Simulator, seed, scope.to_json());
    header.mutant = T::bug().map(str::to_owned);
    let mut both = SideBySide::new(scope, T::system(scope), Some(parted.way()));
    let events = record(&mut both, &shrunk.actions)
        .unwrap_or_else(|(step, refusal)| panic!("step {step} of a shrunk run: {refusal}"));
    let trace = Trace::new(header, events).finish(Verdict::Refused, None)?;
    let mut number = 1;
    loop {
        let suffix = if number == 1 { String::new() } else { format!("-{number}") };
        let file = format!("{}-{seed}{suffix}.trace.ndjson", settings.name.replace("::", "-"));
        let path = settings.folder.join(file);
        match trace.write_new(&path) {
            Ok(()) => return Ok(path),
            Err(WriteError::Exists(_)) if number < NUMBER_MAX => number += 1,
            Err(error) => return Err(error),
        }
    }
}
