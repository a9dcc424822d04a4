//! `spillway pairs`: every two features of the protocol together, each pair in a small scope of its own.

use serde::Serialize;
use spillway_model::Scope;
use spillway_model::scope::pairs::{self, FEATURES, Feature, STATES_MAX};
use spillway_properties::{Options, Overall, Report, Verdict};

use crate::command::workers::{self, Job};
use crate::engine::Engine;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::format::number::{count, counted, seconds};
use crate::format::table::{Cell, table, table_of_lines};
use crate::format::{self, Case, Format, Suite, github, junit, sarif, verdict_line};
use crate::{interrupt, names, output, style};

/// Check every two features of the protocol together, each pair in a small generated scope.
///
/// The scope of a pair can be checked alone, described and written out under its name, `FEATURE-and-FEATURE`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only the pairs of this feature.
    #[arg(long, value_name = "FEATURE", value_parser = names::features(), hide_possible_values = true)]
    of: Option<&'static Feature>,
    /// Only every N-th pair: a sample.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    every: u16,
    /// List the features, without checking anything.
    #[arg(long, conflicts_with_all = ["of", "every", "format"])]
    list: bool,
    /// How the result is written.
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    if args.list {
        let row = |f: &Feature| vec![Cell::new(f.name, style::STRONG), Cell::plain(f.about)];
        output::result(&table(&FEATURES.iter().map(row).collect::<Vec<_>>()))?;
        return Ok(Exit::Holds);
    }
    interrupt::watch()?;
    let outcome = check_all(scopes(args));
    output::result(&match args.format {
        Format::Human => outcome.human(),
        Format::Json => format::json(&outcome),
        Format::Junit => junit::report(&outcome.suite()),
        Format::Github => github::report(&outcome.suite()),
        Format::Sarif => sarif::report(&sarif::of_suite(&outcome.suite(), about)),
    })?;
    Ok(outcome.verdict.into())
}

/// What the scope of a pair is there for.
fn about(name: &str) -> Option<String> {
    pairs::named(name).map(|scope| scope.about)
}

fn scopes(args: &Args) -> Vec<Scope> {
    let scopes = match args.of {
        None => pairs::pairs(),
        Some(feature) => {
            let name =
                |other: &Feature| format!("{}{}{}", feature.name, pairs::BETWEEN, other.name);
            FEATURES.iter().filter_map(|other| pairs::named(&name(other))).collect()
        }
    };
    scopes.into_iter().step_by(usize::from(args.every)).collect()
}

/// What the checks of all pairs found.
#[derive(Serialize)]
struct Outcome {
    verdict: Overall,
    unique_states: usize,
    pairs: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    verdict: Overall,
    unique_states: usize,
    generated_states: usize,
    depth: usize,
    seconds: f64,
    /// What is wrong, if something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    complaint: Option<String>,
}

fn check_all(scopes: Vec<Scope>) -> Outcome {
    let names: Vec<String> = scopes.iter().map(|scope| scope.name.clone()).collect();
    let job = |scope: Scope| Job {
        name: scope.name.clone(),
        scope,
        engine: Engine::Spillway,
        // One state more than a pair may have.
        options: Options { states_max: STATES_MAX.checked_add(1), ..Options::default() },
    };
    let reports = workers::check_all(scopes.into_iter().map(job).collect());
    let rows: Vec<Row> =
        names.into_iter().zip(reports).map(|(name, report)| row(name, report)).collect();
    let any = |verdict| rows.iter().any(|row| row.verdict == verdict);
    let verdict = match (any(Overall::Fail), any(Overall::Inconclusive)) {
        (true, _) => Overall::Fail,
        (false, true) => Overall::Inconclusive,
        (false, false) => Overall::Pass,
    };
    Outcome { verdict, unique_states: rows.iter().map(|row| row.unique_states).sum(), pairs: rows }
}

fn row(name: String, report: Option<Report>) -> Row {
    let Some(report) = report else {
        let complaint = Some("not explored".to_owned());
        let verdict = Overall::Inconclusive;
        return Row {
            name,
            verdict,
            unique_states: 0,
            generated_states: 0,
            depth: 0,
            seconds: 0.0,
            complaint,
        };
    };
    let large = report.unique_states > STATES_MAX.get();
    let verdict = if large { Overall::Fail } else { report.overall() };
    Row {
        complaint: complaint(&report, large),
        name,
        verdict,
        unique_states: report.unique_states,
        generated_states: report.generated_states,
        depth: report.depth,
        seconds: report.seconds,
    }
}

fn complaint(report: &Report, large: bool) -> Option<String> {
    let wrong = report.findings.iter().find_map(|finding| match finding.verdict {
        Verdict::Violated => {
            let steps = finding.path.as_ref().map_or(0, Vec::len);
            Some(format!("{} is broken in {}", finding.name, counted(steps, "step")))
        }
        Verdict::NotReached => Some(format!("{} is not reached", finding.name)),
        _ => None,
    });
    wrong
        .or_else(|| large.then(|| format!("more than {} states", count(STATES_MAX.get()))))
        .or_else(|| {
            (report.overall() != Overall::Pass).then(|| "not explored to the end".to_owned())
        })
}

impl Row {
    fn cells(&self) -> Vec<Cell> {
        let (mark, style) = match self.verdict {
            Overall::Pass => ("✓", style::GOOD),
            Overall::Fail => ("✗", style::BAD),
            Overall::Inconclusive => ("?", style::WARN),
        };
        vec![
            Cell::new(mark, style),
            Cell::plain(&self.name),
            Cell::plain(count(self.unique_states)).right(),
            Cell::plain(self.depth.to_string()).right(),
            Cell::plain(seconds(self.seconds)).right(),
            Cell::new(self.complaint.as_deref().unwrap_or_default(), style::BAD),
        ]
    }
}

impl Outcome {
    fn sentence(&self) -> String {
        let all = counted(self.pairs.len(), "pair");
        let of = |verdict| self.pairs.iter().filter(|row| row.verdict == verdict).count();
        match self.verdict {
            Overall::Pass => {
                let states = count(self.unique_states);
                format!(
                    "{all} hold: every guarantee kept, every situation reached, {states} states"
                )
            }
            Overall::Fail => format!("{} of {all} do not hold", of(Overall::Fail)),
            Overall::Inconclusive => format!("{} of {all} not decided", of(Overall::Inconclusive)),
        }
    }

    fn human(&self) -> String {
        let head = ["", "pair", "states", "depth", "took", ""];
        let [mark, name, states, depth, took, why] = head.map(|text| Cell::new(text, style::FAINT));
        let head = vec![mark, name, states.right(), depth.right(), took.right(), why];
        let rows: Vec<_> = std::iter::once(head).chain(self.pairs.iter().map(Row::cells)).collect();
        format!("{}\n{}", table_of_lines(&rows), verdict_line(self.verdict, &self.sentence()))
    }

    fn suite(&self) -> Suite {
        let case = |row: &Row| Case {
            name: row.name.clone(),
            outcome: match (row.verdict, row.complaint.clone().unwrap_or_default()) {
                (Overall::Pass, _) => format::Outcome::Passed,
                (Overall::Fail, why) => format::Outcome::Failed(why, String::new()),
                (Overall::Inconclusive, why) => format::Outcome::Undecided(why),
            },
        };
        Suite {
            name: "spillway pairs".to_owned(),
            seconds: self.pairs.iter().map(|row| row.seconds).sum(),
            summary: self.sentence(),
            cases: self.pairs.iter().map(case).collect(),
        }
    }
}
