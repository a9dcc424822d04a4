//! `spillway engines`: our engine held to stateright's, scope by scope.

use std::num::NonZeroUsize;

use serde::Serialize;
use spillway_model::Scope;
use spillway_model::scope::{BUILTIN, pairs};
use spillway_properties::{Options, Overall, Report, SOMETIMES_NAMES, Stopped};

use crate::command::workers::{self, Job};
use crate::engine::Engine;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::format::number::{count, counted, seconds};
use crate::format::table::{Cell, table_of_lines};
use crate::format::{self, Plain, verdict_line};
use crate::{interrupt, names, output, source, style};

/// Check scopes with our engine and with stateright's, and compare counts, verdicts and the lengths of runs.
///
/// Ends with 1 if they differ anywhere, and with 3 if none was compared or it was interrupted. Scopes of more than
/// --states-max states are left out, and said to be.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Builtin scopes, or paths of scope files. If left out all builtin ones.
    scopes: Vec<String>,
    /// Every two features of the protocol together instead, each pair in its small scope.
    #[arg(long, conflicts_with = "scopes")]
    pairs: bool,
    /// Unique states of a scope, at most.
    #[arg(long, value_name = "N", default_value = "3000000", value_parser = names::bound)]
    states_max: NonZeroUsize,
    /// How the result is written.
    #[arg(long, value_enum, default_value = "human")]
    format: Plain,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let scopes = scopes(args)?;
    interrupt::watch()?;
    let outcome = compare(scopes, args.states_max);
    output::result(&match args.format {
        Plain::Human => outcome.human(),
        Plain::Json => format::json(&outcome),
    })?;
    Ok(outcome.verdict.into())
}

fn scopes(args: &Args) -> Result<Vec<Scope>, Failure> {
    if args.pairs {
        return Ok(pairs::pairs());
    }
    if args.scopes.is_empty() {
        let builtin = |(name, _): &(&str, _)| Scope::builtin(name, SOMETIMES_NAMES);
        return BUILTIN.iter().map(builtin).collect::<Result<_, _>>().map_err(Failure::input);
    }
    args.scopes.iter().map(|name| Ok(source::load(name)?.scope)).collect()
}

/// What both engines made of all scopes.
#[derive(Serialize)]
struct Outcome {
    verdict: Overall,
    scopes: Vec<Row>,
}

/// What both made of one.
#[derive(Serialize)]
struct Row {
    scope: String,
    unique_states: usize,
    seconds_spillway: f64,
    /// None if it was left out.
    seconds_stateright: Option<f64>,
    /// How they differ, if they do.
    differences: Vec<String>,
}

fn compare(scopes: Vec<Scope>, states_max: NonZeroUsize) -> Outcome {
    let options = Options { states_max: states_max.checked_add(1), ..Options::default() };
    let job = |scope: &Scope, engine, options| Job {
        name: format!("{} · {}", scope.name, Engine::name(engine)),
        scope: scope.clone(),
        engine,
        options,
    };
    let ours = scopes.iter().map(|scope| job(scope, Engine::Spillway, options.clone()));
    let ours = workers::check_all(ours.collect());
    let ended = |report: &Report| !matches!(report.stopped, Some(Stopped::States(_)));
    let small: Vec<bool> = ours.iter().map(|report| report.as_ref().is_some_and(ended)).collect();
    let theirs = scopes.iter().zip(&small).filter(|(_, small)| **small);
    let theirs = theirs.map(|(scope, _)| job(scope, Engine::Stateright, Options::default()));
    let mut theirs = workers::check_all(theirs.collect()).into_iter();
    let pairs = ours.into_iter().zip(small);
    let pairs = pairs.map(|(ours, small)| (ours, small.then(|| theirs.next().flatten()).flatten()));
    let rows = scopes.iter().zip(pairs);
    let rows: Vec<Row> = rows
        .map(|(scope, (ours, theirs))| Row::of(scope, ours.as_ref(), theirs.as_ref()))
        .collect();
    let compared = rows.iter().filter(|row| row.seconds_stateright.is_some()).count();
    let verdict = if rows.iter().any(|row| !row.differences.is_empty()) {
        Overall::Fail
    } else if compared == 0 || interrupt::asked() {
        Overall::Inconclusive
    } else {
        Overall::Pass
    };
    Outcome { verdict, scopes: rows }
}

impl Row {
    fn of(scope: &Scope, ours: Option<&Report>, theirs: Option<&Report>) -> Row {
        Row {
            scope: scope.name.clone(),
            unique_states: ours.map_or(0, |report| report.unique_states),
            seconds_spillway: ours.map_or(0.0, |report| report.seconds),
            seconds_stateright: theirs.map(|report| report.seconds),
            differences: ours.zip(theirs).map_or(Vec::new(), |(a, b)| differences(a, b)),
        }
    }

    fn cells(&self) -> Vec<Cell> {
        let (mark, style) = match (&self.seconds_stateright, self.differences.as_slice()) {
            (None, _) => ("·", style::FAINT),
            (Some(_), []) => ("✓", style::GOOD),
            (Some(_), _) => ("✗", style::BAD),
        };
        let theirs = self.seconds_stateright.map_or("left out".to_owned(), seconds);
        vec![
            Cell::new(mark, style),
            Cell::plain(&self.scope),
            Cell::plain(count(self.unique_states)).right(),
            Cell::plain(seconds(self.seconds_spillway)).right(),
            Cell::plain(theirs).right(),
            Cell::new(self.differences.join("; "), style::BAD),
        ]
    }
}

/// How two reports of one scope differ.
fn differences(ours: &Report, theirs: &Report) -> Vec<String> {
    let mut found = Vec::new();
    let mut compare = |what: &str, ours: String, theirs: String| {
        if ours != theirs {
            found.push(format!("{what}: {ours}, stateright has {theirs}"));
        }
    };
    let is_complete = |report: &Report| report.is_complete().to_string();
    compare("complete", is_complete(ours), is_complete(theirs));
    // Where a violation ends it, each engine ends it elsewhere.
    if ours.is_complete() && theirs.is_complete() {
        compare("unique states", count(ours.unique_states), count(theirs.unique_states));
        compare("generated states", count(ours.generated_states), count(theirs.generated_states));
        compare("depth", ours.depth.to_string(), theirs.depth.to_string());
    }
    for finding in &ours.findings {
        let said = |finding: Option<&spillway_properties::Finding>| {
            let steps = finding.and_then(|f| f.path.as_ref()).map_or(0, Vec::len);
            format!("{:?} in {}", finding.map(|f| f.verdict), counted(steps, "step"))
        };
        compare(finding.name, said(Some(finding)), said(theirs.finding(finding.name)));
    }
    found
}

impl Outcome {
    fn sentence(&self) -> String {
        let compared = self.scopes.iter().filter(|row| row.seconds_stateright.is_some());
        let differ = self.scopes.iter().filter(|row| !row.differences.is_empty()).count();
        let (compared, left_out) =
            (compared.count(), self.scopes.iter().filter(|row| row.seconds_stateright.is_none()));
        let left_out = match left_out.count() {
            0 => String::new(),
            number => format!(", {number} left out"),
        };
        match differ {
            0 => format!(
                "{}: both engines count and find the same{left_out}",
                counted(compared, "scope")
            ),
            differ => format!("the engines differ in {}", counted(differ, "scope")),
        }
    }

    fn human(&self) -> String {
        let head = ["", "scope", "states", "spillway", "stateright", ""];
        let [mark, name, states, ours, theirs, why] =
            head.map(|text| Cell::new(text, style::FAINT));
        let head = vec![mark, name, states.right(), ours.right(), theirs.right(), why];
        let rows: Vec<_> =
            std::iter::once(head).chain(self.scopes.iter().map(Row::cells)).collect();
        format!("{}\n{}", table_of_lines(&rows), verdict_line(self.verdict, &self.sentence()))
    }
}
