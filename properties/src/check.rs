//! Explores a scope and reports what was found: with stateright's breadth-first search, or with an engine that is given.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use spillway_model::{Mutant, Protocol, Scope, Size};
use stateright::{Checker, HasDiscoveries, Model};

use crate::catalog::{ALWAYS, Kind, Known, SOMETIMES};
use crate::checked::{Checked, SCOPE_BOUNDS};
use crate::eventually::EVENTUALLY;
use crate::report::{Finding, Report, Stopped, Verdict};
use crate::sizes::Tier;
use crate::with_tier;

/// When a check ends before everything is explored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Until {
    /// At the first violation of anything that is judged.
    FirstViolation,
    /// At the first violation of this guarantee, or where this situation is first reached; what is found before is
    /// reported too.
    ViolationOf(&'static str),
    /// At the end.
    TheEnd,
}

/// What to check and how far to go.
#[derive(Clone, Debug)]
pub struct Options {
    /// Only this property; all of them if none is named.
    pub property: Option<Known>,
    /// The seeded bug.
    pub mutant: Option<Mutant>,
    /// When to end.
    pub until: Until,
    /// Threads. With more than one, and stateright, counts of an exploration that ends early and the choice among shortest
    /// counterexamples depend on their timing.
    pub threads: NonZeroUsize,
    /// Steps of a run, at most: states after as many steps are judged, later ones not.
    pub depth_max: Option<NonZeroUsize>,
    /// States, at most: with stateright generated ones, give or take a block; an engine that is given says what it counts.
    pub states_max: Option<NonZeroUsize>,
    /// Seconds, at most.
    pub seconds_max: Option<u64>,
    /// Memory of the process in MiB, at most.
    pub memory_mib_max: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            property: None,
            mutant: None,
            until: Until::FirstViolation,
            threads: NonZeroUsize::MIN,
            depth_max: None,
            states_max: None,
            seconds_max: None,
            memory_mib_max: None,
        }
    }
}

/// How far an exploration has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// States that differ, so far.
    pub unique_states: usize,
    /// States generated, so far.
    pub generated_states: usize,
    /// States on a path, so far.
    pub depth: usize,
    /// Time since the beginning.
    pub elapsed: Duration,
    /// What the engine knows beside that, if it does.
    pub more: Option<More>,
}

/// What an engine that goes level by level knows of its progress.
#[derive(Clone, Copy, Debug)]
pub struct More {
    /// States of this level.
    pub frontier_states: u64,
    /// Of those, the explored ones.
    pub explored_states: u64,
    /// Memory of what was seen and of what waits, in bytes.
    pub memory_bytes: u64,
    /// How many unique states there will be: a guess, from how levels shrink.
    pub guessed_states: Option<u64>,
}

/// What whoever watches wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Go {
    /// Go on.
    On,
    /// Stop, and report what is covered.
    Stop,
}

/// How often whoever watches is asked, and time and memory are looked at.
const POLL: Duration = Duration::from_millis(20);

/// Why a scope cannot be checked at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooLarge {
    /// The scope's name.
    pub scope: String,
}

impl std::fmt::Display for TooLarge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "scope `{}` is too large to explore: clients times query servers may be at most 255, and every fault needs \
             a budget",
            self.scope
        )
    }
}

impl std::error::Error for TooLarge {}

/// What explores.
pub trait Engine {
    /// Explores a scope with states of one size.
    fn explore<S: Size>(
        &self,
        scope: &Scope,
        options: &Options,
        watch: &mut dyn FnMut(Progress) -> Go,
    ) -> Report;
}

/// stateright's breadth-first search.
#[derive(Clone, Copy, Debug)]
pub struct Stateright;

/// Explores a scope with stateright. `watch` is told of the progress now and then and may stop the exploration.
///
/// The same scope and options give the same report, but for its seconds, as long as there is one thread and neither
/// time, memory nor `watch` ends it.
///
/// # Errors
/// If no size of the state holds the scope.
pub fn check(
    scope: &Scope,
    options: &Options,
    watch: &mut dyn FnMut(Progress) -> Go,
) -> Result<Report, TooLarge> {
    check_with(&Stateright, scope, options, watch)
}

/// Explores a scope with an engine, in the smallest size of the state that holds it.
///
/// # Errors
/// If no size of the state holds the scope.
pub fn check_with(
    engine: &impl Engine,
    scope: &Scope,
    options: &Options,
    watch: &mut dyn FnMut(Progress) -> Go,
) -> Result<Report, TooLarge> {
    let too_large = || TooLarge { scope: scope.name.clone() };
    let mut tier = Tier::of(scope).ok_or_else(too_large)?;
    loop {
        let report = with_tier!(tier, S => engine.explore::<S>(scope, options, watch));
        // Not the scope's bound but the state's own room was too small: take the next size.
        let room = !matches!(report.stopped, Some(Stopped::Bound(full)) if !is_of_scope(full));
        match tier.next() {
            Some(next) if !room => tier = next,
            _ => return Ok(report),
        }
    }
}

/// Whether a bound is the scope's own, not the room of a size of the state.
pub(crate) fn is_of_scope(full: spillway_model::Full) -> bool {
    use spillway_model::Full;
    matches!(full, Full::Link { .. } | Full::Sequence)
}

/// The model of a scope, with what is asked for judged.
pub fn asked<S: Size>(scope: &Scope, options: &Options) -> Checked<Protocol<S>> {
    let expected = |name: &str| scope.sometimes.iter().any(|expected| expected == name);
    let model = Checked::new(Protocol::<S>::new(scope.clone(), options.mutant));
    match &options.property {
        Some(known) => model.only(known.name).seeking(|name| name == known.name),
        None => model.seeking(expected),
    }
}

impl Engine for Stateright {
    fn explore<S: Size>(
        &self,
        scope: &Scope,
        options: &Options,
        watch: &mut dyn FnMut(Progress) -> Go,
    ) -> Report {
        let names = HasDiscoveries::AnyOf(ending(options).into_iter().collect());
        let model = asked::<S>(scope, options);
        let mut builder = model.checker().threads(options.threads.get()).finish_when(names);
        if let Some(steps) = options.depth_max {
            builder = builder.target_max_depth(depth_unjudged(steps));
        }
        if let Some(states) = options.states_max {
            builder = builder.target_state_count(states.get());
        }
        let begun = Instant::now();
        let checker = builder.spawn_bfs();
        let stopped = supervise(&checker, options, begun, watch);
        let checker = checker.join(); // a panic of the model is a bug, and comes through
        checker.model().resume();
        let seconds = begun.elapsed().as_secs_f64();
        report(scope, options, &checker, stopped, seconds)
    }
}

/// The depth at which engines leave states unjudged so that all after that many steps are judged. They count states on a
/// path, the initial one included, and stop short of their bound.
pub fn depth_unjudged(steps: NonZeroUsize) -> usize {
    steps.get().saturating_add(2)
}

/// The properties of which a discovery ends the search.
pub fn ending(options: &Options) -> Vec<&'static str> {
    let mut names = vec![SCOPE_BOUNDS];
    match options.until {
        Until::FirstViolation => names.extend(ALWAYS.iter().map(|known| known.name)),
        Until::ViolationOf(name) => names.extend([name]),
        Until::TheEnd => {}
    }
    names
}

/// Waits for the search to end, or ends it. Gives the reason if time, memory or a watcher ended it.
fn supervise<S: Size>(
    checker: &impl Checker<Checked<Protocol<S>>>,
    options: &Options,
    begun: Instant,
    watch: &mut dyn FnMut(Progress) -> Go,
) -> Option<Stopped> {
    let mut stopped = None;
    while !checker.is_done() {
        std::thread::sleep(POLL);
        let progress = Progress {
            unique_states: checker.unique_state_count(),
            generated_states: checker.state_count(),
            depth: checker.max_depth(),
            elapsed: begun.elapsed(),
            more: None,
        };
        let reason = match watch(progress) {
            Go::Stop => Some(Stopped::Interrupt),
            Go::On => exhausted(options, progress.elapsed),
        };
        if let Some(reason) = reason.filter(|_| stopped.is_none()) {
            stopped = Some(reason);
            checker.model().interrupt();
        }
    }
    stopped
}

fn exhausted(options: &Options, elapsed: Duration) -> Option<Stopped> {
    if let Some(seconds) = options.seconds_max.filter(|max| elapsed.as_secs() >= *max) {
        return Some(Stopped::Seconds(seconds));
    }
    let max = options.memory_mib_max?;
    (resident_mib()? > max).then_some(Stopped::Memory(max))
}

/// The memory of this process in MiB, where the system tells (Linux: proc(5), `statm`).
fn resident_mib() -> Option<u64> {
    /// What `statm` counts in on the systems that we know, in bytes.
    const PAGE_BYTES: u64 = 4096;
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * PAGE_BYTES / (1024 * 1024))
}

fn report<S: Size>(
    scope: &Scope,
    options: &Options,
    checker: &impl Checker<Checked<Protocol<S>>>,
    interrupted: Option<Stopped>,
    seconds: f64,
) -> Report {
    let bound = checker.discovery(SCOPE_BOUNDS);
    let path = |name: &'static str| checker.discovery(name).map(|path| path.into_actions());
    let full = bound.as_ref().and_then(|path| path.last_state().inner.full());
    let violated = ALWAYS.iter().any(|known| path(known.name).is_some());
    let unjudged = options.depth_max.map(depth_unjudged);
    let reached = |max: Option<NonZeroUsize>, count: usize| max.filter(|max| count >= max.get());
    let ended_at_violation = match options.until {
        Until::FirstViolation => violated,
        Until::ViolationOf(name) => path(name).is_some(),
        Until::TheEnd => false,
    };
    let stopped = full
        .map(Stopped::Bound)
        .or(interrupted)
        .or(ended_at_violation.then_some(Stopped::Violation))
        .or(reached(options.states_max, checker.state_count()).map(|n| Stopped::States(n.get())))
        .or(unjudged
            .filter(|depth| checker.max_depth() >= *depth)
            .and(options.depth_max)
            .map(|steps| Stopped::Depth(steps.get())));
    let findings = findings(scope, options, stopped.is_none(), path);
    Report {
        scope: scope.name.clone(),
        mutant: options.mutant.map(Mutant::name),
        threads: options.threads.get(),
        unique_states: checker.unique_state_count(),
        generated_states: checker.state_count(),
        depth: unjudged.map_or(usize::MAX, |depth| depth - 1).min(checker.max_depth()),
        seconds,
        stopped,
        findings,
        bound_path: bound.map(|path| path.into_actions()),
        trouble: None,
    }
}

/// The verdict on every property that was asked for: all guarantees, and the situations that the scope is there to
/// reach, or the one property that is named.
pub fn findings(
    scope: &Scope,
    options: &Options,
    complete: bool,
    path: impl Fn(&'static str) -> Option<Vec<spillway_traces::Action>>,
) -> Vec<Finding> {
    let named = |name: &str| options.property.as_ref().is_some_and(|known| known.name == name);
    let asked = |name: &str| options.property.is_none() || named(name);
    let searched = |known: &Known, found: Verdict, not_found: Verdict| {
        let path = path(known.name);
        let verdict = match (&path, complete) {
            (Some(_), _) => found,
            (None, true) => not_found,
            (None, false) => Verdict::Inconclusive,
        };
        Finding { name: known.name, kind: known.kind, verdict, counts: true, path }
    };
    let always = ALWAYS.iter().filter(|known| asked(known.name));
    let always = always.map(|known| searched(known, Verdict::Violated, Verdict::Holds));
    let eventually = EVENTUALLY.iter().filter(|known| asked(known.name)).map(|known| Finding {
        name: known.name,
        kind: Kind::Eventually,
        verdict: Verdict::Inconclusive,
        counts: named(known.name),
        path: None,
    });
    let expected = |name: &str| scope.sometimes.iter().any(|expected| expected == name);
    let sometimes = SOMETIMES
        .iter()
        .filter(|known| named(known.name) || options.property.is_none() && expected(known.name));
    let sometimes = sometimes.map(|known| searched(known, Verdict::Reached, Verdict::NotReached));
    always.chain(eventually).chain(sometimes).collect()
}
