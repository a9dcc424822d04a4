//! A check as a SARIF log: a rule for each property that was judged, a result for each that is not well.

use spillway_model::scope::builtin_file_name;
use spillway_properties::{Finding, SCOPE_BOUNDS, Verdict, catalog};
use spillway_traces::file::{HEADER_LINE, event_line};

use super::{Done, Run, suite};
use crate::format::Case;
use crate::format::sarif::{Found, Log, Place, Rule, judged, steps};

/// What the bounds of a scope are there for, in a sentence.
const BOUNDS: &str = "no bound of the scope is full before everything is explored";

/// The log of a check.
pub(super) fn of(done: &Done<'_>) -> Log {
    let suite = suite::of(done);
    let about = |name: &str| catalog::find(name).map_or(BOUNDS, |known| known.statement);
    Log {
        rules: suite.cases.iter().map(|case| Rule::new(&case.name, about(&case.name))).collect(),
        results: suite.cases.iter().filter_map(|case| found(done, case)).collect(),
        name: suite.name,
    }
}

fn found(done: &Done<'_>, case: &Case) -> Option<Found> {
    let (level, message) = judged(&case.outcome)?;
    let run = done.runs.iter().find(|run| run.property == case.name && shows(done, run));
    let trace = run.and_then(end);
    let (place, related) = match (&done.file, trace) {
        (Some(file), trace) => (scope(file.clone()), trace),
        (None, Some(trace)) => (trace, None),
        // Some readers refuse a result without a place, and all others with it.
        (None, None) => (scope(format!("model/{}", builtin_file_name(&done.report.scope))), None),
    };
    let steps = run.map(|run| steps(&run.trace.events, file(run).as_deref())).unwrap_or_default();
    let place = Some(place);
    Some(Found { rule: case.name.clone(), level, message, place, related, steps })
}

fn scope(file: String) -> Place {
    Place { file, line: 1 }
}

/// Whether a run shows what is wrong, and not that something is reached.
fn shows(done: &Done<'_>, run: &Run) -> bool {
    let violated = |finding: &Finding| finding.verdict == Verdict::Violated;
    run.property == SCOPE_BOUNDS || done.report.finding(run.property).is_some_and(violated)
}

/// The line of the last event of a run, in the file that it was written to.
fn end(run: &Run) -> Option<Place> {
    let last = run.trace.events.last();
    let line = last.map_or(HEADER_LINE, |event| event_line(event.index));
    Some(Place { file: file(run)?, line })
}

fn file(run: &Run) -> Option<String> {
    run.file.as_ref().map(|file| file.display().to_string())
}
