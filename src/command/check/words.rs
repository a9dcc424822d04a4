//! The sentences about a check that more than one format needs.

use spillway_model::{Full, Scope};
use spillway_properties::{Finding, Kind, Overall, Report, Stopped, Verdict};

use super::Done;
use crate::format::number::{count, counted};

/// The verdict in a sentence.
pub(super) fn summary(done: &Done<'_>) -> String {
    let (report, scope) = (&done.report, &done.subject.scope);
    let name = &report.scope;
    match report.overall() {
        Overall::Pass => format!("{name} holds: {}", well(report)),
        Overall::Fail => format!("{name} fails: {}", wrong(done)),
        Overall::Inconclusive => match report.stopped {
            Some(stopped) => format!(
                "{name} is inconclusive: {}; {} are covered, to depth {}",
                why_stopped(stopped, scope),
                counted(report.unique_states, "state"),
                report.depth
            ),
            None => format!("{name} is inconclusive: liveness is not decided yet"),
        },
    }
}

fn well(report: &Report) -> String {
    let number = |verdict, what: &str| {
        let number = report.findings.iter().filter(|f| f.verdict == verdict).count();
        (number > 0).then(|| counted(number, what))
    };
    let parts = [
        number(Verdict::Holds, "guarantee").map(|n| format!("{n} kept")),
        number(Verdict::Reached, "situation").map(|n| format!("{n} reached")),
        number(Verdict::Inconclusive, "liveness guarantee").map(|n| format!("{n} undecided")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// What is wrong: the violation that is shown, or else the first, and how many others there are.
fn wrong(done: &Done<'_>) -> String {
    let findings = &done.report.findings;
    let of = |verdict| findings.iter().filter(move |finding| finding.verdict == verdict);
    let mut told: Vec<&Finding> = of(Verdict::Violated).chain(of(Verdict::NotReached)).collect();
    let shown = done.runs.first().map(|run| run.property);
    told.sort_by_key(|finding| Some(finding.name) != shown);
    match told.as_slice() {
        [] => "nothing is known of why".to_owned(),
        [only] => headline(only),
        [first, rest @ ..] => format!("{}, and {} more", headline(first), rest.len()),
    }
}

/// What became of a property, in a sentence.
pub(super) fn headline(finding: &Finding) -> String {
    let name = finding.name;
    match (finding.verdict, steps(finding)) {
        (Verdict::Violated, Some(steps)) => {
            format!("{name} is violated after {}", counted(steps, "step"))
        }
        (Verdict::Reached, Some(steps)) => {
            format!("{name} is reached after {}", counted(steps, "step"))
        }
        (Verdict::NotReached, _) => format!("{name} is never reached"),
        (verdict, _) => format!("{name}: {}", word(verdict)),
    }
}

/// The steps of the run that shows it.
pub(super) fn steps(finding: &Finding) -> Option<usize> {
    finding.path.as_ref().map(Vec::len)
}

/// A verdict in a word.
pub(super) fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => "holds",
        Verdict::Violated => "violated",
        Verdict::Reached => "reached",
        Verdict::NotReached => "not reached",
        Verdict::Inconclusive => "inconclusive",
    }
}

/// What kind of claim a property is, in a word.
pub(super) fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Always => "always",
        Kind::Eventually => "eventually",
        Kind::Sometimes => "sometimes",
    }
}

/// Why the exploration ended early, and what to do about it.
pub(super) fn why_stopped(stopped: Stopped, scope: &Scope) -> String {
    match stopped {
        Stopped::Violation => "it stopped where that was found".to_owned(),
        Stopped::Depth(n) => format!("it stopped at {} on a path, by --depth-max", states(n)),
        Stopped::States(n) => format!("it stopped at {} generated, by --states-max", states(n)),
        Stopped::Seconds(n) => {
            format!("it stopped after {} seconds, by --seconds-max", count_u64(n))
        }
        Stopped::Memory(mib) => format!(
            "it stopped at {} MiB of memory; allow more with --memory-max, or make the scope smaller",
            count_u64(mib)
        ),
        Stopped::Interrupt => "it was interrupted".to_owned(),
        Stopped::Bound(full) => too_small(full, scope),
    }
}

/// What ended the exploration, in a word: the option or the knob, where it was one.
pub(super) fn knob(stopped: Stopped) -> &'static str {
    match stopped {
        Stopped::Violation => "violation",
        Stopped::Depth(_) => "depth-max",
        Stopped::States(_) => "states-max",
        Stopped::Seconds(_) => "seconds-max",
        Stopped::Memory(_) => "memory-max",
        Stopped::Interrupt => "interrupted",
        Stopped::Bound(Full::Link { .. }) => "link-max",
        Stopped::Bound(_) => "capacity",
    }
}

fn states(number: usize) -> String {
    counted(number, "state")
}

fn count_u64(number: u64) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX))
}

/// Which bound of the scope did not suffice, and the knob to turn.
fn too_small(full: Full, scope: &Scope) -> String {
    match full {
        Full::Link { from, to } => format!(
            "the link {from} → {to} is full: it holds {}, and one more is sent; raise `link-max`",
            counted(scope.knobs.link_max as usize, "message")
        ),
        Full::Flight => "more messages are in flight than the largest state has room for; lower \
            `link-max` or the number of nodes or requests"
            .to_owned(),
        Full::Table => "a table holds more than the largest state has room for; lower the number \
            of requests or faults"
            .to_owned(),
        Full::Sequence => "a query server has offered tasks more often than it can count; lower \
            the number of faults"
            .to_owned(),
    }
}
