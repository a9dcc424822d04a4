//! What explores: our engine, or stateright as a second opinion.

use std::num::NonZeroUsize;
use std::time::Duration;

use spillway_checker::{Checker, Estimate, PANIC, Packing, Stop};
use spillway_model::{Protocol, Scope, Size};
use spillway_properties::check::{asked, depth_unjudged, ending, findings};
use spillway_properties::{
    Checked, CheckedState, Engine as Explores, Finding, Go, Kind, More, Options, Progress, Report,
    SCOPE_BOUNDS, Stopped, TooLarge, Until, Verdict, check, check_with,
};
use stateright::Model;

/// What explores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Engine {
    /// Ours, of the crate `spillway-checker`: the same result with any number of threads.
    Spillway,
    /// stateright's breadth-first search: slower, and independent of ours.
    Stateright,
}

impl Engine {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Engine::Spillway => "spillway",
            Engine::Stateright => "stateright",
        }
    }

    /// Explores a scope.
    ///
    /// # Errors
    /// If no size of the state holds the scope.
    pub(crate) fn check(
        self,
        scope: &Scope,
        options: &Options,
        watch: &mut dyn FnMut(Progress) -> Go,
    ) -> Result<Report, TooLarge> {
        match self {
            Engine::Spillway => check_with(&Ours, scope, options, watch),
            Engine::Stateright => check(scope, options, watch),
        }
    }
}

/// Our engine. Its bound on states counts unique ones.
struct Ours;

type Judged<S> = Checked<Protocol<S>>;
type Found<S> = spillway_checker::Report<Judged<S>>;

impl Explores for Ours {
    fn explore<S: Size>(
        &self,
        scope: &Scope,
        options: &Options,
        watch: &mut dyn FnMut(Progress) -> Go,
    ) -> Report {
        let model = asked::<S>(scope, options).unlatched();
        let mut checker = Checker::new(model)
            .packed_by(States)
            .threads(options.threads.get())
            .until(spillway_checker::Until::AnyOf(ending(options)))
            .observer(|progress| match watch(told(progress)) {
                Go::On => spillway_checker::Go::On,
                Go::Stop => spillway_checker::Go::Stop,
            });
        if let Some(steps) = options.depth_max {
            checker = checker.max_depth(depth_unjudged(steps) as u64);
        }
        if let Some(states) = options.states_max {
            checker = checker.max_states(states.get() as u64);
        }
        if let Some(seconds) = options.seconds_max {
            checker = checker.time_budget(Duration::from_secs(seconds));
        }
        if let Some(mib) = options.memory_mib_max {
            checker = checker.memory_budget(mib << 20);
        }
        match checker.run() {
            Ok(found) => report(scope, options, &found),
            Err(error) => nothing(scope, options, error.to_string()),
        }
    }
}

/// Packs judged states.
struct States;

impl<S: Size> Packing<Judged<S>> for States {
    fn pack(
        &self,
        _model: &Judged<S>,
        state: &CheckedState<<Protocol<S> as Model>::State, S>,
        bytes: &mut Vec<u8>,
    ) {
        state.pack(bytes);
    }
    fn unpack(
        &self,
        _model: &Judged<S>,
        bytes: &[u8],
    ) -> CheckedState<<Protocol<S> as Model>::State, S> {
        CheckedState::unpack(bytes)
    }
}

fn told(progress: &spillway_checker::Progress) -> Progress {
    Progress {
        unique_states: size(progress.unique_states),
        generated_states: size(progress.generated_states),
        depth: size(progress.depth),
        elapsed: progress.elapsed,
        more: Some(More {
            frontier_states: progress.frontier_states,
            explored_states: progress.explored_states,
            memory_bytes: progress.memory_bytes,
            guessed_states: match progress.estimate {
                Estimate::Guess(states) => Some(states),
                Estimate::Bound(_) | Estimate::Unknown => None,
            },
        }),
    }
}

fn report<S: Size>(scope: &Scope, options: &Options, found: &Found<S>) -> Report {
    let path = |name: &'static str| found.discovery(name).map(|path| path.into_actions());
    let bound = found.discovery(SCOPE_BOUNDS);
    let full = bound.as_ref().and_then(|path| path.last_state().inner.full());
    let found_what_ends = || match options.until {
        Until::TheEnd => false,
        Until::FirstViolation => ending(options).into_iter().any(|name| path(name).is_some()),
        Until::ViolationOf(name) => path(name).is_some(),
    };
    // The last level may hold the violation, and be the last: then nothing was stopped, but it is known why it may be.
    let stopped = full
        .map(Stopped::Bound)
        .or_else(|| found.stopped.as_ref().and_then(|stop| stopped(stop, options)))
        .or_else(|| found_what_ends().then_some(Stopped::Violation));
    let unjudged = options.depth_max.map_or(u64::MAX, |steps| depth_unjudged(steps) as u64 - 1);
    let mut findings = findings(scope, options, stopped.is_none(), path);
    findings.extend(path(PANIC).map(|path| Finding {
        name: PANIC,
        kind: Kind::Always,
        verdict: Verdict::Violated,
        counts: true,
        path: Some(path),
    }));
    Report {
        scope: scope.name.clone(),
        mutant: options.mutant.map(spillway_model::Mutant::name),
        threads: options.threads.get(),
        unique_states: size(found.unique_states),
        generated_states: size(found.generated_states),
        depth: size(found.max_depth.min(unjudged)),
        seconds: found.elapsed.as_secs_f64(),
        stopped,
        findings,
        bound_path: bound.map(|path| path.into_actions()),
        trouble: trouble(found),
    }
}

/// Why it ended early, as the program has it.
fn stopped(stop: &Stop, options: &Options) -> Option<Stopped> {
    match stop {
        Stop::Found => Some(Stopped::Violation),
        Stop::Depth(_) => options.depth_max.map(|steps| Stopped::Depth(steps.get())),
        Stop::States(_) => options.states_max.map(|states| Stopped::States(states.get())),
        Stop::Time(time) => Some(Stopped::Seconds(time.as_secs())),
        Stop::Memory(bytes) => Some(Stopped::Memory(bytes >> 20)),
        Stop::Interrupted => Some(Stopped::Interrupt),
        Stop::System(_) | Stop::Panicked => Some(Stopped::Trouble),
    }
}

/// What the system refused, or how the model panicked.
fn trouble<S: Size>(found: &Found<S>) -> Option<String> {
    match found.stopped.as_ref()? {
        stop @ Stop::System(_) => Some(stop.to_string()),
        Stop::Panicked => found.panicked.as_ref().map(|panicked| {
            let done = panicked.action.map(|action| format!(" at {action}")).unwrap_or_default();
            format!("the model panicked{done}, which is a bug: {}", panicked.message)
        }),
        _ => None,
    }
}

/// A check that could not begin.
fn nothing(scope: &Scope, options: &Options, trouble: String) -> Report {
    Report {
        scope: scope.name.clone(),
        mutant: options.mutant.map(spillway_model::Mutant::name),
        threads: options.threads.get(),
        unique_states: 0,
        generated_states: 0,
        depth: 0,
        seconds: 0.0,
        stopped: Some(Stopped::Trouble),
        findings: findings(scope, options, false, |_| None),
        bound_path: None,
        trouble: Some(trouble),
    }
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// One thread for each core.
pub(crate) fn cores() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}
