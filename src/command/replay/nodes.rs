//! A replay on the implementation: its nodes are made to choose what the trace says, and their state is compared in the
//! model's words.

use spillway_properties::Overall;
use spillway_properties::refinement::{Lockstep, NodesMachine, Setting};
use spillway_traces::{Expect, Machine, Outcome, Replayed, Spillway, Trace, replay};

use super::verdict::Judged;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::trace_file::Subject;

/// Runs a trace on the nodes.
///
/// # Errors
/// It was recorded with a seeded bug of the model, which the nodes do not have.
pub(super) fn run(
    trace: &Trace<Spillway>,
    subject: &Subject,
) -> Result<(Replayed, Judged), Failure> {
    if let Some(mutant) = subject.mutant {
        return Err(Failure::Input(format!(
            "the trace was recorded with `{mutant}`, a seeded bug of the model; expected one without to run on the \
             implementation"
        )));
    }
    let setting = Setting::of(&subject.scope);
    let setting = subject.bug.map_or(setting.clone(), |bug| setting.with(bug));
    let mut replayed = replay(trace, &mut NodesMachine::of(subject.scope.clone(), &setting));
    if let Outcome::Differs { event, field: "state", how, .. } = &mut replayed.outcome {
        *how = Some(elsewhere(trace, subject, &setting, *event));
    }
    let expected = match &trace.header.expect {
        Some(Expect::Refused { line }) => Some(*line),
        _ => None,
    };
    let (overall, summary) = match (&replayed.outcome, expected) {
        (Outcome::Refused { line, .. }, Some(expected)) if *line == expected => {
            (Overall::Pass, format!("as expected, the implementation refuses line {line}"))
        }
        (_, Some(line)) => {
            let what = format!("expected that the implementation refuses line {line}");
            (Overall::Fail, format!("{what}, which is not so"))
        }
        (Outcome::Matched, None) if replayed.complete => {
            (Overall::Pass, "the implementation does the same".to_owned())
        }
        (Outcome::Matched, None) => {
            let what =
                "the implementation does the same, but the trace has no end: its writer died";
            (Overall::Inconclusive, what.to_owned())
        }
        (Outcome::Refused { event, guard, .. }, None) => {
            (Overall::Fail, format!("the implementation refuses event {event} by guard `{guard}`"))
        }
        (Outcome::Differs { event, field, .. }, None) => {
            (Overall::Fail, format!("the implementation differs at event {event} in `{field}`"))
        }
    };
    let exit = Exit::from(overall);
    Ok((replayed, Judged { overall, exit, summary }))
}

/// Which fields of the nodes are not the model's after an event: its digest does not tell.
fn elsewhere(trace: &Trace<Spillway>, subject: &Subject, setting: &Setting, event: u64) -> String {
    let mut both = match Lockstep::of(subject.scope.clone(), setting) {
        Ok(both) => both,
        Err(difference) => return difference.lines.join("; "),
    };
    for event in trace.events.iter().take_while(|one| one.index <= event) {
        if let Err(refusal) = both.step(&event.action) {
            let lines = both.difference().map(|difference| difference.lines.join("; "));
            return lines.unwrap_or_else(|| format!("event {}: {refusal}", event.index));
        }
    }
    "nodes and model are in the same state: the digest is another one".to_owned()
}
