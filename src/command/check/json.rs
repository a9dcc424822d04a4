//! A check as one JSON object.

use serde::Serialize;
use spillway_properties::{Kind, Overall, SCOPE_BOUNDS, Verdict};

use super::words::{knob, why_stopped};
use super::{Done, walks};
use crate::format;

#[derive(Serialize)]
struct Object<'a> {
    verdict: Overall,
    scope: &'a str,
    engine: &'static str,
    threads: usize,
    unique_states: usize,
    generated_states: usize,
    depth: usize,
    seconds: f64,
    collision_probability: f64,
    properties: Vec<Property>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mutant: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<Cause>,
    #[serde(skip_serializing_if = "Option::is_none")]
    walks: Option<walks::Object>,
}

/// Why it ended early.
#[derive(Serialize)]
struct Cause {
    by: &'static str,
    message: String,
    /// The file that shows a bound of the scope that did not suffice.
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<String>,
}

#[derive(Serialize)]
struct Property {
    name: &'static str,
    kind: Kind,
    verdict: Verdict,
    /// The file that shows it.
    trace: Option<String>,
}

/// The object, on one line.
pub(super) fn text(done: &Done<'_>) -> String {
    let report = &done.report;
    let file_of = |name| {
        let run = done.runs.iter().find(|run| run.property == name)?;
        run.file.as_ref().map(|file| file.display().to_string())
    };
    let properties = report.findings.iter().map(|finding| Property {
        name: finding.name,
        kind: finding.kind,
        verdict: finding.verdict,
        trace: file_of(finding.name),
    });
    format::json(&Object {
        verdict: report.overall(),
        scope: &report.scope,
        engine: match (&done.walks, done.args.engine) {
            (Some(_), _) => walks::ENGINE,
            (None, engine) => engine.name(),
        },
        threads: report.threads,
        unique_states: report.unique_states,
        generated_states: report.generated_states,
        depth: report.depth,
        seconds: report.seconds,
        collision_probability: report.collision_probability(),
        properties: properties.collect(),
        mutant: report.mutant,
        stopped: report.stopped.map(|stopped| Cause {
            by: knob(stopped),
            message: why_stopped(stopped, done),
            trace: file_of(SCOPE_BOUNDS),
        }),
        walks: done.walks.as_ref().map(walks::object),
    })
}
