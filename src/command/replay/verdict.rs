//! What a replay says of a trace: whether the record is confirmed, and whether what it shows is good news.

use spillway_properties::Overall;
use spillway_traces::file::event_line;
use spillway_traces::replay::{Broken, Outcome};
use spillway_traces::{End, Expect, Replayed, Spillway, Trace, Verdict};

use crate::exit::Exit;

/// What the machine says at the end, beside the replay itself.
pub(super) struct Ended {
    /// The situations that the last state is one of.
    pub(super) reached: Vec<&'static str>,
    /// The bound of the scope that is full, if one is, and after which event.
    pub(super) full: Option<String>,
}

/// A replay, judged.
pub(super) struct Judged {
    pub(super) overall: Overall,
    /// As the verdict says, but for a trace that does not apply: that is bad input.
    pub(super) exit: Exit,
    /// In a sentence.
    pub(super) summary: String,
}

/// The verdict.
pub(super) fn of(trace: &Trace<Spillway>, replayed: &Replayed, ended: &Ended) -> Judged {
    let (overall, summary) = match (&trace.header.expect, &ended.full) {
        (Some(expect), full) => expected(trace, replayed, expect, full.as_deref()),
        (None, Some(full)) => until_full(trace, replayed, full),
        (None, None) => told(trace, replayed, &ended.reached),
    };
    let refused = ended.full.is_none() && matches!(replayed.outcome, Outcome::Refused { .. });
    let exit = match overall {
        Overall::Fail if refused => Exit::BadInput,
        overall => overall.into(),
    };
    Judged { overall, exit, summary }
}

fn told(
    trace: &Trace<Spillway>,
    replayed: &Replayed,
    reached: &[&'static str],
) -> (Overall, String) {
    match (&replayed.outcome, &trace.end) {
        (Outcome::Refused { event, guard, .. }, end) => {
            let recorded = end.as_ref().is_some_and(|end| end.verdict == Verdict::Refused);
            let recorded = if recorded { ", as recorded" } else { "" };
            (Overall::Fail, format!("event {event} is refused by guard `{guard}`{recorded}"))
        }
        (Outcome::Differs { event, field, .. }, _) => {
            (Overall::Fail, format!("event {event} differs in `{field}` from what was recorded"))
        }
        (Outcome::Matched, Some(end)) => confirmed(end, replayed, reached),
        (Outcome::Matched, None) => without_end(trace, replayed),
    }
}

/// A bound of the scope is full: what was violated before stands, and nothing else is known.
fn until_full(trace: &Trace<Spillway>, replayed: &Replayed, full: &str) -> (Overall, String) {
    match (&trace.end, replayed.broken.is_empty()) {
        (_, true) => (Overall::Inconclusive, full.to_owned()),
        (Some(end), false) => confirmed(end, replayed, &[]),
        (None, false) => without_end(trace, replayed),
    }
}

/// The trace stops in the middle: what it shows stands, and nothing else is known.
fn without_end(trace: &Trace<Spillway>, replayed: &Replayed) -> (Overall, String) {
    match replayed.broken.first() {
        Some(broken) => (Overall::Fail, format!("{}, and the trace has no end", breach(broken))),
        None => {
            let count = trace.events.len();
            let what =
                format!("all {count} events match, but the trace has no end: its writer died");
            (Overall::Inconclusive, what)
        }
    }
}

/// Every event matches. Is the verdict at the end what the replay shows?
fn confirmed(end: &End, replayed: &Replayed, reached: &[&'static str]) -> (Overall, String) {
    let property = end.property.as_deref().unwrap_or("a property");
    let named =
        |broken: &&Broken| end.property.as_ref().is_none_or(|name| *name == broken.property);
    match (end.verdict, replayed.broken.first()) {
        (Verdict::Violated, _) => match replayed.broken.iter().find(named) {
            Some(broken) => (Overall::Fail, format!("{}, as recorded", breach(broken))),
            None => (Overall::Fail, unconfirmed(property, replayed)),
        },
        (verdict, Some(broken)) => {
            (Overall::Fail, format!("{}, but the record says: {verdict}", breach(broken)))
        }
        (Verdict::Reached, None) if !reached.contains(&property) => {
            (Overall::Fail, format!("{property} was recorded as reached, but it is not"))
        }
        (Verdict::Reached, None) => (Overall::Pass, format!("{property} is reached, as recorded")),
        (Verdict::Holds, None) => (Overall::Pass, "nothing is violated, as recorded".to_owned()),
        (verdict, None) => {
            let what = format!("every event matches, and the record says no more: {verdict}");
            (Overall::Inconclusive, what)
        }
    }
}

/// That a property was recorded as violated, but does not break.
pub(in crate::command) fn unconfirmed(property: &str, replayed: &Replayed) -> String {
    let instead = match replayed.broken.first() {
        Some(broken) => format!("{} breaks instead", broken.property),
        None => "nothing breaks it".to_owned(),
    };
    format!("{property} was recorded as violated, but {instead}")
}

fn breach(broken: &Broken) -> String {
    match broken.event {
        Some(event) => format!("{} is violated at event {event}", broken.property),
        None => format!("{} is violated from the start", broken.property),
    }
}

/// A trace of the corpus says what it is there to show; that decides, and nothing else.
/// Only a bound of the scope that is full leaves it open.
fn expected(
    trace: &Trace<Spillway>,
    replayed: &Replayed,
    expect: &Expect,
    full: Option<&str>,
) -> (Overall, String) {
    let (met, what) = match expect {
        Expect::Accepted => (replayed.matched(), "every event is accepted".to_owned()),
        Expect::Refused { line } => {
            let met = matches!(&replayed.outcome, Outcome::Refused { event, .. } if event_line(*event) == *line);
            (met, format!("line {line} is refused"))
        }
        Expect::Violates { property, mutant } => {
            let broken = replayed.broken.iter().any(|broken| broken.property == *property);
            let with = mutant.as_ref().map(|mutant| format!(" under {mutant}"));
            let same = trace.header.mutant == *mutant;
            let met = replayed.matched() && broken && same;
            (met, format!("{property} is violated{}", with.unwrap_or_default()))
        }
    };
    match (met, full) {
        (true, _) => (Overall::Pass, format!("as expected, {what}")),
        (false, Some(full)) => (Overall::Inconclusive, full.to_owned()),
        (false, None) => (Overall::Fail, format!("expected that {what}, which is not so")),
    }
}
