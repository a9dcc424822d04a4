//! The kill matrix: every seeded bug against every property, in the scope in which the bug is promised to show.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use serde::Serialize;
use spillway_model::Mutant;
use spillway_properties::{ALWAYS, Options, Overall, PROMISES, Promise, Report, Until};

use super::Outcome;
use crate::command::workers::{self, Job};
use crate::engine::Engine;
use crate::failure::Failure;
use crate::format::number::counted;
use crate::format::table::{Cell, table};
use crate::format::{self, Case, Suite, verdict_line};
use crate::{interrupt, source, style};

/// How many states are generated for a row, about: what does not break by then stays blank.
const STATES_MAX: NonZeroUsize = NonZeroUsize::new(2_000_000).expect("it is not zero");

/// The matrix.
#[derive(Serialize)]
pub(super) struct Matrix {
    verdict: Overall,
    /// The properties that no seeded bug breaks.
    toothless: Vec<&'static str>,
    mutants: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: &'static str,
    scope: Option<&'static str>,
    promised: Option<&'static str>,
    /// The steps after which each property breaks.
    broken: BTreeMap<&'static str, usize>,
    complete: bool,
    generated_states: usize,
    seconds: f64,
}

/// Fills the rows of these.
pub(super) fn check_all(mutants: &[Mutant]) -> Result<Matrix, Failure> {
    let promise = |mutant: &Mutant| PROMISES.iter().find(|p| p.mutant == *mutant);
    let promised: Vec<&Promise> = mutants.iter().filter_map(promise).collect();
    let jobs = promised.into_iter().map(job).collect::<Result<Vec<_>, _>>()?;
    let mut reports = workers::check_all(jobs).into_iter();
    let rows = mutants.iter().map(|mutant| match promise(mutant) {
        Some(promise) => row(*mutant, Some(promise), reports.next().flatten()),
        None => row(*mutant, None, None),
    });
    let rows: Vec<Row> = rows.collect();
    let bites = |name: &str| rows.iter().any(|row| row.broken.contains_key(name));
    // Of fewer, nobody expects that they break everything.
    let all = mutants.len() == Mutant::ALL.len() && !interrupt::asked();
    let toothless = ALWAYS.iter().map(|known| known.name).filter(|name| all && !bites(name));
    let toothless: Vec<&'static str> = toothless.collect();
    let verdict = match () {
        () if !toothless.is_empty() || rows.iter().any(Row::is_missed) => Overall::Fail,
        () if rows.iter().any(|row| !row.is_found()) => Overall::Inconclusive,
        () => Overall::Pass,
    };
    Ok(Matrix { verdict, toothless, mutants: rows })
}

fn job(promise: &Promise) -> Result<Job, Failure> {
    let options = Options {
        mutant: Some(promise.mutant),
        until: Until::TheEnd,
        states_max: Some(STATES_MAX),
        ..Options::default()
    };
    let name = promise.mutant.name().to_owned();
    let scope = source::load(promise.scope)?.scope;
    Ok(Job { scope, name, engine: Engine::Spillway, options })
}

fn row(mutant: Mutant, promise: Option<&Promise>, report: Option<Report>) -> Row {
    let findings = report.iter().flat_map(|report| &report.findings);
    let always = findings.filter(|finding| ALWAYS.iter().any(|known| known.name == finding.name));
    let broken = always.filter_map(|f| f.path.as_ref().map(|path| (f.name, path.len())));
    Row {
        name: mutant.name(),
        scope: promise.map(|promise| promise.scope),
        promised: promise.map(|promise| promise.property),
        broken: broken.collect(),
        complete: report.as_ref().is_some_and(Report::is_complete),
        generated_states: report.as_ref().map_or(0, |report| report.generated_states),
        seconds: report.as_ref().map_or(0.0, |report| report.seconds),
    }
}

impl Row {
    /// Whether the property that was promised breaks.
    fn is_found(&self) -> bool {
        self.promised.is_some_and(|name| self.broken.contains_key(name))
    }

    /// Whether it certainly does not, or nothing was promised.
    fn is_missed(&self) -> bool {
        !self.is_found() && (self.complete || self.promised.is_none())
    }

    fn cells(&self) -> Vec<Cell> {
        let mut cells = vec![Cell::plain(self.name)];
        for known in ALWAYS {
            let promised = self.promised == Some(known.name);
            cells.push(match self.broken.get(known.name) {
                Some(steps) if promised => Cell::new(steps.to_string(), style::GOOD.bold()),
                Some(steps) => Cell::plain(steps.to_string()),
                None if promised => Cell::new("?", style::BAD),
                None => Cell::new("·", style::FAINT),
            });
        }
        let mut cells: Vec<Cell> = cells.into_iter().enumerate().map(aligned).collect();
        let scope = self.scope.unwrap_or("nothing is promised for it");
        let bounded = if self.complete || self.scope.is_none() { "" } else { ", not to its end" };
        cells.push(Cell::new(format!("{scope}{bounded}"), style::FAINT));
        cells
    }
}

/// Numbers stand to the right, and the first column holds names.
fn aligned((column, cell): (usize, Cell)) -> Cell {
    if column == 0 { cell } else { cell.right() }
}

impl Matrix {
    fn sentence(&self) -> String {
        let found = self.mutants.iter().filter(|row| row.is_found()).count();
        let all = counted(self.mutants.len(), "seeded bug");
        let mut sentence = format!("{found} of {all} found by the property that is promised");
        if !self.toothless.is_empty() {
            sentence += &format!("; nothing breaks {}", self.toothless.join(", "));
        }
        super::sentence(self.verdict, sentence)
    }

    /// The columns by number, since their names are too long to stand above them.
    fn legend(&self) -> String {
        let row = |(at, known): (usize, &spillway_properties::Known)| {
            vec![Cell::new((at + 1).to_string(), style::STRONG).right(), Cell::plain(known.name)]
        };
        table(&ALWAYS.iter().enumerate().map(row).collect::<Vec<_>>())
    }

    fn grid(&self) -> String {
        let head = std::iter::once("seeded bug".to_owned())
            .chain((1..=ALWAYS.len()).map(|number| number.to_string()))
            .map(|text| Cell::new(text, style::STRONG));
        let mut head: Vec<Cell> = head.enumerate().map(aligned).collect();
        head.push(Cell::new("in scope", style::STRONG));
        let kills =
            |name: &str| self.mutants.iter().filter(|row| row.broken.contains_key(name)).count();
        let foot = std::iter::once("bugs found".to_owned())
            .chain(ALWAYS.iter().map(|known| kills(known.name).to_string()))
            .map(|text| Cell::new(text, style::FAINT));
        let foot: Vec<Cell> = foot.enumerate().map(aligned).collect();
        let rows = self.mutants.iter().map(Row::cells);
        table(&std::iter::once(head).chain(rows).chain([foot]).collect::<Vec<_>>())
    }
}

impl Outcome for Matrix {
    fn overall(&self) -> Overall {
        self.verdict
    }

    fn human(&self) -> String {
        let verdict = verdict_line(self.verdict, &self.sentence());
        let note =
            style::faint("  Numbers are the steps of a shortest run that breaks the property.");
        format!("{}\n{}\n{note}\n\n{verdict}", self.legend(), self.grid())
    }

    fn json(&self) -> String {
        format::json(self)
    }

    fn suite(&self) -> Suite {
        let case = |row: &Row| Case {
            name: row.name.to_owned(),
            outcome: match (row.is_found(), row.is_missed()) {
                (true, _) => format::Outcome::Passed,
                (false, true) => format::Outcome::Failed(
                    format!("{} does not find it", row.promised.unwrap_or("no property")),
                    String::new(),
                ),
                (false, false) => format::Outcome::Undecided("not explored to the end".to_owned()),
            },
        };
        let bite = |known: &spillway_properties::Known| Case {
            name: known.name.to_owned(),
            outcome: match self.toothless.contains(&known.name) {
                false => format::Outcome::Passed,
                true => {
                    format::Outcome::Failed("no seeded bug breaks it".to_owned(), String::new())
                }
            },
        };
        Suite {
            name: "spillway mutants --full".to_owned(),
            seconds: self.mutants.iter().map(|row| row.seconds).sum(),
            summary: self.sentence(),
            cases: self.mutants.iter().map(case).chain(ALWAYS.iter().map(bite)).collect(),
        }
    }
}
