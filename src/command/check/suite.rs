//! A check as cases, one for each property, for continuous integration.

use spillway_properties::{Finding, Kind, SCOPE_BOUNDS, Stopped, UNDECIDED, Verdict, catalog};

use super::words::{headline, summary, why_stopped};
use super::{Done, walks};
use crate::format::{Case, Outcome, Suite};
use crate::trace_file::shell;

/// The suite of a check.
pub(super) fn of(done: &Done<'_>) -> Suite {
    let report = &done.report;
    let case =
        |finding: &Finding| Case { name: finding.name.to_owned(), outcome: outcome(done, finding) };
    let mutant = report.mutant.map(|mutant| format!(" --mutant {mutant}")).unwrap_or_default();
    let random = if done.walks.is_some() { " --random" } else { "" };
    Suite {
        name: format!("spillway check {}{mutant}{random}", report.scope),
        seconds: report.seconds,
        summary: summary(done),
        cases: report.findings.iter().map(case).chain(bound(done)).collect(),
    }
}

/// A bound of the scope that is full is one error, not one for each property that it leaves undecided.
fn bound(done: &Done<'_>) -> Option<Case> {
    let stopped = done.report.stopped.filter(|stopped| matches!(stopped, Stopped::Bound(_)))?;
    let outcome = Outcome::Undecided(why_stopped(stopped, done));
    Some(Case { name: SCOPE_BOUNDS.to_owned(), outcome })
}

fn outcome(done: &Done<'_>, finding: &Finding) -> Outcome {
    let decidable = finding.kind != Kind::Eventually;
    match (finding.verdict, done.report.stopped) {
        (Verdict::Holds | Verdict::Reached, _) => Outcome::Passed,
        (Verdict::Violated | Verdict::NotReached, _) => {
            Outcome::Failed(headline(finding), detail(done, finding))
        }
        (Verdict::Inconclusive, Some(Stopped::Violation)) if decidable => {
            Outcome::Skipped("undecided: the check stopped at a violation".to_owned())
        }
        (Verdict::Inconclusive, Some(Stopped::Bound(_))) if decidable => {
            Outcome::Skipped("undecided: a bound of the scope is full".to_owned())
        }
        (Verdict::Inconclusive, Some(stopped)) if decidable => {
            Outcome::Undecided(why_stopped(stopped, done))
        }
        (Verdict::Inconclusive, None) if decidable => match &done.walks {
            Some(walks) if finding.counts => Outcome::Undecided(walks::not_met(finding, walks)),
            Some(walks) => Outcome::Skipped(walks::not_met(finding, walks)),
            None => Outcome::Undecided("undecided".to_owned()),
        },
        (Verdict::Inconclusive, _) if finding.counts => Outcome::Undecided(UNDECIDED.to_owned()),
        (Verdict::Inconclusive, _) => Outcome::Skipped(UNDECIDED.to_owned()),
    }
}

/// The claim in words, and how to look at the run that breaks it.
fn detail(done: &Done<'_>, finding: &Finding) -> String {
    let statement = catalog::find(finding.name).map_or("", |known| known.statement);
    let run = done.runs.iter().find(|run| run.property == finding.name);
    match run.and_then(|run| run.file.as_ref()) {
        Some(file) => format!("{statement}\nspillway replay {}", shell(file)),
        None => statement.to_owned(),
    }
}
