//! The sentences about a check that more than one format needs.

use spillway_model::Full;
use spillway_properties::{Finding, Kind, Overall, Report, Stopped, Verdict};

use super::{Done, walks};
use crate::engine::Engine;
use crate::format::number::{count_u64, counted};
use crate::run::too_small;

/// The verdict in a sentence.
pub(super) fn summary(done: &Done<'_>) -> String {
    let report = &done.report;
    let name = &report.scope;
    if let Some(walks) = &done.walks {
        return walks::summary(done, walks);
    }
    match report.overall() {
        Overall::Pass => format!("{name} holds: {}", well(report)),
        Overall::Fail => format!("{name} fails: {}", wrong(done)),
        Overall::Inconclusive => match report.stopped {
            Some(stopped) => format!(
                "{name} is inconclusive: {}; {} covered, to depth {}",
                why_stopped(stopped, done),
                are(report.unique_states, "state"),
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
pub(super) fn wrong(done: &Done<'_>) -> String {
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
pub(super) fn why_stopped(stopped: Stopped, done: &Done<'_>) -> String {
    match stopped {
        Stopped::Violation => "it stopped where that was found".to_owned(),
        Stopped::Depth(n) => {
            format!("it stopped at runs of {}, by --depth-max", counted(n, "step"))
        }
        // Engines end a level, or a block of states, later than they were told to.
        Stopped::States(n) => {
            let at = match done.args.engine {
                Engine::Spillway => counted(done.report.unique_states, "state"),
                Engine::Stateright => counted(done.report.generated_states, "generated state"),
            };
            format!("it stopped at {at}, by --states-max {n}")
        }
        Stopped::Seconds(n) => {
            let n = usize::try_from(n).unwrap_or(usize::MAX);
            format!("it stopped after {}, by --seconds-max", counted(n, "second"))
        }
        Stopped::Memory(mib) => format!(
            "it stopped at {} MiB of memory; allow more with --memory-max, or make the scope smaller",
            count_u64(mib)
        ),
        Stopped::Interrupt => "it was interrupted".to_owned(),
        Stopped::Trouble => done.report.trouble.clone().unwrap_or_default(),
        Stopped::Bound(full) => too_small(full, &done.subject.scope),
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
        Stopped::Trouble => "trouble",
        Stopped::Bound(Full::Link { .. }) => "link-max",
        Stopped::Bound(_) => "capacity",
    }
}

/// A count and what it counts, as the subject of a sentence.
pub(super) fn are(number: usize, what: &str) -> String {
    format!("{} {}", counted(number, what), if number == 1 { "is" } else { "are" })
}

#[cfg(test)]
mod tests {
    use super::are;

    #[test]
    fn one_is_and_several_are() {
        assert_eq!(
            [0, 1, 2].map(|n| are(n, "state")),
            ["0 states are", "1 state is", "2 states are"]
        );
    }
}
