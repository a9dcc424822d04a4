//! A replay as a SARIF log: what broke, at the line of the event after which it did.

use std::path::Path;

use spillway_properties::{Overall, SCOPE_BOUNDS, catalog};
use spillway_traces::file::{HEADER_LINE, event_line};
use spillway_traces::replay::Outcome;

use super::Done;
use crate::format::sarif::{Found, Level, Log, Place, Rule, steps};
use crate::trace_file::is_itf;

/// What else than a property can be wrong with a trace, in a sentence each.
const APPLIES: (&str, &str) = ("trace-applies", "every event of the trace is allowed by its guard");
const SEEN: (&str, &str) = ("seen-as-recorded", "every event is seen as the trace recorded it");
const CONFIRMED: (&str, &str) =
    ("record-confirmed", "the replay shows what the trace recorded, or is expected to show");

/// The log of a replay.
pub(super) fn of(done: &Done<'_>) -> Log {
    let results = match done.overall {
        Overall::Pass => Vec::new(),
        Overall::Fail => failed(done),
        Overall::Inconclusive => vec![undecided(done)],
    };
    let rules = results.iter().map(|found: &Found| rule(&found.rule)).collect();
    Log { name: format!("spillway replay {}", done.file), rules, results }
}

fn rule(name: &str) -> Rule {
    let known = [APPLIES, SEEN, CONFIRMED].into_iter().find(|(known, _)| *known == name);
    let statement = || catalog::find(name).map(|known| known.statement).ok();
    let about = known.map(|(_, about)| about).or_else(statement);
    Rule { name: name.to_owned(), about: about.map(str::to_owned) }
}

/// What is wrong: the event at which it stopped, then each property that broke. The first tells the verdict.
fn failed(done: &Done<'_>) -> Vec<Found> {
    let stopped = match &done.replayed.outcome {
        Outcome::Matched => None,
        Outcome::Refused { line, .. } => Some((APPLIES.0, *line)),
        Outcome::Differs { line, .. } => Some((SEEN.0, *line)),
    };
    let broken = done.replayed.broken.iter();
    let broken = broken.map(|b| (b.property.as_str(), b.event.map_or(HEADER_LINE, event_line)));
    let mut wrong: Vec<(&str, u64)> = stopped.into_iter().chain(broken).collect();
    if wrong.is_empty() {
        wrong.push((CONFIRMED.0, last_line(done)));
    }
    let told = |(at, (rule, line)): (usize, (&str, u64))| {
        let message = match at {
            0 => format!("{}\n{}", done.summary, done.replayed),
            _ => format!("{rule} is violated too"),
        };
        found(done, rule, Level::Error, message, line)
    };
    wrong.into_iter().enumerate().map(told).collect()
}

fn undecided(done: &Done<'_>) -> Found {
    let rule = if done.full { SCOPE_BOUNDS } else { CONFIRMED.0 };
    found(done, rule, Level::Warning, done.summary.clone(), last_line(done))
}

fn last_line(done: &Done<'_>) -> u64 {
    done.trace.events.last().map_or(HEADER_LINE, |event| event_line(event.index))
}

fn found(done: &Done<'_>, rule: &str, level: Level, message: String, line: u64) -> Found {
    let events = done.trace.events.as_slice();
    let until = events.partition_point(|event| event_line(event.index) <= line);
    // The Informal Trace Format has no lines that mean anything.
    let lined = !is_itf(Path::new(&done.file));
    let line = if lined { line } else { 1 };
    Found {
        rule: rule.to_owned(),
        level,
        message,
        place: Some(Place { file: done.file.clone(), line }),
        related: None,
        steps: steps(&events[..until], lined.then_some(done.file.as_str())),
    }
}
