//! A failure of the implementation, made small: first the run that it came about in, if that is known, then its steps.
//!
//! What only the simulator shows, that all does not settle, or that a node panics, is in no step: then the smaller run is
//! all there is.

use spillway_impl::bug::Bug;
use spillway_impl::sim::swarm::Swarm;
use spillway_model::Scope;
use spillway_traces::{
    Action, Header, Recorder, Spillway, Trace, Verdict, WriteError, file::scope_hash,
};

use super::events::{Smaller, smaller};
use super::failing::OnNodes;
use super::run::{SmallerRun, smaller_run};
use crate::simulated::{Way, scope as scope_of_run};

/// A failure of the implementation.
#[derive(Clone, Copy, Debug)]
pub struct Failed<'a> {
    /// The scope of its trace.
    pub scope: &'a Scope,
    /// The seeded bug that was on.
    pub bug: Option<Bug>,
    /// What was done.
    pub actions: &'a [Action],
    /// The configuration of the simulator's run, if it is one and known.
    pub swarm: Option<&'a Swarm>,
}

/// A failure made small.
pub struct SmallerFailure {
    /// Why it fails, in a word or two.
    pub by: String,
    /// Its scope.
    pub scope: Scope,
    /// Its trace.
    pub trace: Trace<Spillway>,
    /// How many runs and replays it took.
    pub tried: u64,
    /// Whether nothing can be left out any more of what was searched through.
    pub minimal: bool,
    /// Whether single steps were left out: not where only a whole run fails.
    pub of_steps: bool,
}

/// Makes a failure small whose trace has this header; nothing if it does not fail.
///
/// # Errors
/// The trace cannot be written, which is a bug.
pub fn smaller_failure(
    failed: &Failed<'_>,
    header: &Header,
) -> Result<Option<SmallerFailure>, WriteError> {
    let parts = |scope: &Scope, actions: &[Action]| OnNodes::of(scope, failed.bug, actions);
    let parted = parts(failed.scope, failed.actions);
    let run = failed.swarm.and_then(|swarm| {
        smaller_run(swarm, |swarm, run| {
            let actions = run.trace.as_ref().map(Trace::actions).unwrap_or_default();
            parted.is_none() || parts(&scope_of_run(swarm), &actions) == parted
        })
    });
    match (parted, run) {
        (Some(parted), run) => of_steps(failed, header, &parted, run).map(Some),
        (None, Some(run)) => Ok(of_run(run)),
        (None, None) => Ok(None),
    }
}

fn of_steps(
    failed: &Failed<'_>,
    header: &Header,
    parted: &OnNodes,
    run: Option<SmallerRun>,
) -> Result<SmallerFailure, WriteError> {
    let tried = run.as_ref().map_or(0, |run| run.tried);
    let ran = run.map(|run| (scope_of_run(&run.swarm), run.run.trace));
    let found = match &ran {
        Some((scope, Some(trace))) => smaller(scope, &trace.actions(), parted),
        _ => smaller(failed.scope, failed.actions, parted),
    };
    let Smaller { scope, steps, tried: replays, minimal } =
        found.expect("it parts as it did when it was looked how");
    let mut recorder = Recorder::new();
    let events = steps.into_iter().map(|step| recorder.event(step.action, step.observed));
    let json = scope.to_json();
    let header = Header {
        scope_hash: scope_hash(&json),
        scope: json,
        expect: None,
        run: None,
        ..header.clone()
    };
    let trace = Trace::new(header, events.collect()).finish(Verdict::Refused, None)?;
    let by = format!("refinement, by `{}`", parted.parted.by);
    Ok(SmallerFailure { by, scope, trace, tried: tried + replays, minimal, of_steps: true })
}

fn of_run(run: SmallerRun) -> Option<SmallerFailure> {
    let by = match run.run.way? {
        Way::Differs(_, by) => format!("refinement, by `{by}`"),
        Way::Breaks(property) => property.to_owned(),
        Way::Unsettled(_) => "settling".to_owned(),
        Way::Panicked(_) => "a node panics".to_owned(),
    };
    Some(SmallerFailure {
        by,
        scope: scope_of_run(&run.swarm),
        trace: run.run.trace?,
        tried: run.tried,
        minimal: run.minimal,
        of_steps: false,
    })
}
