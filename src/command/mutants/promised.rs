//! Each seeded bug against the property, the scope and the number of steps that are promised for it.

use serde::Serialize;
use spillway_model::Mutant;
use spillway_properties::{Options, Overall, PROMISES, Promise, Report, Until, catalog};

use super::Outcome;
use crate::command::workers::{self, Job};
use crate::engine::Engine;
use crate::failure::Failure;
use crate::format::number::{count, counted, seconds};
use crate::format::table::{Cell, table_of_lines};
use crate::format::{self, Case, Suite, verdict_line};
use crate::{source, style};

/// The promises, and whether they are kept.
#[derive(Serialize)]
pub(super) struct Kept {
    verdict: Overall,
    mutants: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: &'static str,
    about: &'static str,
    /// None if nothing is promised for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    promised: Option<Promised>,
    /// The steps in which the promised property was found to break.
    steps: Option<usize>,
    /// Whether it was looked for to the end.
    explored: bool,
    unique_states: usize,
    seconds: f64,
    verdict: Overall,
}

/// What is promised for a seeded bug.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Promised {
    scope: &'static str,
    property: &'static str,
    steps: usize,
}

impl From<Promise> for Promised {
    fn from(promise: Promise) -> Promised {
        let Promise { scope, property, steps, .. } = promise;
        Promised { scope, property, steps }
    }
}

/// Checks the promises of these.
pub(super) fn check_all(mutants: &[Mutant]) -> Result<Kept, Failure> {
    let promise = |mutant: &Mutant| PROMISES.iter().find(|p| p.mutant == *mutant).copied();
    let promised: Vec<Promise> = mutants.iter().filter_map(promise).collect();
    let jobs = promised.iter().map(job).collect::<Result<Vec<_>, _>>()?;
    let mut reports = workers::check_all(jobs).into_iter();
    let rows = mutants.iter().map(|mutant| match promise(mutant) {
        Some(promise) => row(promise, reports.next().flatten()),
        None => unpromised(*mutant),
    });
    let rows: Vec<Row> = rows.collect();
    let any = |verdict| rows.iter().any(|row| row.verdict == verdict);
    let verdict = match (any(Overall::Fail), any(Overall::Inconclusive)) {
        (true, _) => Overall::Fail,
        (false, true) => Overall::Inconclusive,
        (false, false) => Overall::Pass,
    };
    Ok(Kept { verdict, mutants: rows })
}

fn job(promise: &Promise) -> Result<Job, Failure> {
    let options = Options {
        mutant: Some(promise.mutant),
        property: Some(catalog::find(promise.property).map_err(Failure::input)?),
        until: Until::ViolationOf(promise.property),
        ..Options::default()
    };
    let name = promise.mutant.name().to_owned();
    let scope = source::load(promise.scope)?.scope;
    Ok(Job { scope, name, engine: Engine::Spillway, options })
}

fn row(promise: Promise, report: Option<Report>) -> Row {
    let Promise { mutant, property, steps, .. } = promise;
    let found = report.as_ref().and_then(|report| report.finding(property)?.path.as_ref());
    let found = found.map(Vec::len);
    let complete = report.as_ref().is_some_and(Report::is_complete);
    let verdict = match found {
        Some(found) if found == steps => Overall::Pass,
        Some(_) => Overall::Fail,
        None if complete => Overall::Fail,
        None => Overall::Inconclusive,
    };
    Row {
        name: mutant.name(),
        about: mutant.about(),
        promised: Some(promise.into()),
        steps: found,
        explored: complete || found.is_some(),
        unique_states: report.as_ref().map_or(0, |report| report.unique_states),
        seconds: report.as_ref().map_or(0.0, |report| report.seconds),
        verdict,
    }
}

fn unpromised(mutant: Mutant) -> Row {
    Row {
        name: mutant.name(),
        about: mutant.about(),
        promised: None,
        steps: None,
        explored: false,
        unique_states: 0,
        seconds: 0.0,
        verdict: Overall::Fail,
    }
}

impl Row {
    /// What is wrong, if something is.
    fn complaint(&self) -> Option<String> {
        let Some(Promised { scope, property, steps }) = self.promised else {
            return Some("nothing is promised for it".to_owned());
        };
        match (self.steps, self.verdict) {
            (_, Overall::Pass) => None,
            (Some(found), _) => Some(format!("found in {found} steps, promised in {steps}")),
            (None, Overall::Fail) => Some(format!("{property} does not find it in {scope}")),
            (None, _) => Some("not explored to the end".to_owned()),
        }
    }

    fn cells(&self) -> Vec<Cell> {
        let (mark, style) = match self.verdict {
            Overall::Pass => ("✓", style::GOOD),
            Overall::Fail => ("✗", style::BAD),
            Overall::Inconclusive => ("?", style::WARN),
        };
        let text = self.promised.map_or(("", ""), |promised| (promised.property, promised.scope));
        let last = match self.complaint() {
            Some(complaint) => Cell::new(complaint, style::BAD),
            None => Cell::new(self.about, style::FAINT),
        };
        vec![
            Cell::new(mark, style),
            Cell::plain(self.name),
            Cell::plain(text.0),
            Cell::plain(self.steps.map_or("–".to_owned(), |steps| steps.to_string())).right(),
            Cell::plain(text.1),
            Cell::plain(count(self.unique_states)).right(),
            Cell::plain(seconds(self.seconds)).right(),
            last,
        ]
    }
}

impl Kept {
    fn sentence(&self) -> String {
        let all = counted(self.mutants.len(), "seeded bug");
        let of = |verdict| self.mutants.iter().filter(|row| row.verdict == verdict).count();
        let told = match self.verdict {
            Overall::Pass => format!("{all} found as promised"),
            Overall::Fail => format!("{} of {all} not found as promised", of(Overall::Fail)),
            Overall::Inconclusive => format!("{} of {all} not decided", of(Overall::Inconclusive)),
        };
        super::sentence(self.verdict, told)
    }
}

impl Outcome for Kept {
    fn overall(&self) -> Overall {
        self.verdict
    }

    fn human(&self) -> String {
        let head =
            ["", "seeded bug", "found by", "steps", "scope", "states", "took", "what it does"];
        let head = head.map(|text| Cell::new(text, style::FAINT));
        let [mark, name, by, steps, scope, states, took, about] = head;
        let head = vec![mark, name, by, steps.right(), scope, states.right(), took.right(), about];
        let rows: Vec<_> =
            std::iter::once(head).chain(self.mutants.iter().map(Row::cells)).collect();
        format!("{}\n{}", table_of_lines(&rows), verdict_line(self.verdict, &self.sentence()))
    }

    fn json(&self) -> String {
        format::json(self)
    }

    fn suite(&self) -> Suite {
        let case = |row: &Row| Case {
            name: row.name.to_owned(),
            outcome: match (row.verdict, row.complaint().unwrap_or_default()) {
                (Overall::Pass, _) => format::Outcome::Passed,
                (Overall::Fail, why) => format::Outcome::Failed(why, row.about.to_owned()),
                (Overall::Inconclusive, why) => format::Outcome::Undecided(why),
            },
        };
        Suite {
            name: "spillway mutants".to_owned(),
            seconds: self.mutants.iter().map(|row| row.seconds).sum(),
            summary: self.sentence(),
            cases: self.mutants.iter().map(case).collect(),
        }
    }
}
