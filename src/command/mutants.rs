//! `spillway mutants`: which property finds which seeded bug, and whether all are found as promised.

mod matrix;
mod nodes;
mod promised;

use serde::Serialize;
use spillway_impl::bug::Bug;
use spillway_model::Mutant;
use spillway_properties::{Overall, PROMISES, catalog};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::format::table::{Cell, table};
use crate::format::{self, Format, Suite, github, junit, sarif};
use crate::{interrupt, names, output, style};
use promised::Promised;

/// Check that each seeded bug is found, by the property and in as many steps as promised.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Whose bugs: those of the model, found by exploration, or of the implementation, found by the simulator.
    #[arg(long, value_enum, default_value = "model", conflicts_with_all = ["full", "only", "list"])]
    on: On,
    /// Judge each bug by every property, and show the matrix of both.
    #[arg(long)]
    full: bool,
    /// Only this seeded bug.
    #[arg(long, value_name = "NAME", value_parser = names::mutants(), hide_possible_values = true)]
    only: Option<Mutant>,
    /// List the seeded bugs and what they do, without checking anything; as `human` or `json`.
    #[arg(long, conflicts_with_all = ["full", "only"])]
    list: bool,
    /// How the result is written.
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

/// Whose bugs are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum On {
    /// The model.
    Model,
    /// The implementation.
    Impl,
}

/// What all forms of the result can do.
trait Outcome {
    fn overall(&self) -> Overall;
    fn human(&self) -> String;
    fn json(&self) -> String;
    fn suite(&self) -> Suite;
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    if args.list {
        output::result(&list(args.format)?)?;
        return Ok(Exit::Holds);
    }
    interrupt::watch()?;
    let all = Mutant::ALL.iter().copied();
    let mutants: Vec<Mutant> = all.filter(|m| args.only.is_none_or(|only| only == *m)).collect();
    let outcome: Box<dyn Outcome> = match (args.on, args.full) {
        (On::Impl, _) => Box::new(nodes::check_all(Bug::ALL)?),
        (On::Model, false) => Box::new(promised::check_all(&mutants)?),
        (On::Model, true) => Box::new(matrix::check_all(&mutants)?),
    };
    output::result(&match args.format {
        Format::Human => outcome.human(),
        Format::Json => outcome.json(),
        Format::Junit => junit::report(&outcome.suite()),
        Format::Github => github::report(&outcome.suite()),
        Format::Sarif => sarif::report(&sarif::of_suite(&outcome.suite(), about)),
    })?;
    Ok(outcome.overall().into())
}

/// A verdict on fewer than all says why it is on fewer.
fn sentence(overall: Overall, sentence: String) -> String {
    match overall != Overall::Pass && interrupt::asked() {
        true => format!("interrupted: {sentence}"),
        false => sentence,
    }
}

/// What a seeded bug does, or what a property says.
fn about(name: &str) -> Option<String> {
    let mutant = name.parse().ok().map(Mutant::about);
    let statement = || catalog::find(name).ok().map(|known| known.statement);
    let bug = || Bug::named(name).map(Bug::about);
    mutant.or_else(statement).or_else(bug).map(str::to_owned)
}

/// A seeded bug as it is listed.
#[derive(Serialize)]
struct Listed {
    name: &'static str,
    about: &'static str,
    /// None if nothing is promised for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    promised: Option<Promised>,
}

fn list(as_: Format) -> Result<String, Failure> {
    let all = Mutant::ALL.iter();
    match as_ {
        Format::Human => {
            let row = |m: &Mutant| vec![Cell::new(m.name(), style::STRONG), Cell::plain(m.about())];
            Ok(table(&all.map(row).collect::<Vec<_>>()))
        }
        Format::Json => {
            let promised = |m: &Mutant| PROMISES.iter().find(|promise| promise.mutant == *m);
            let listed = |m: &Mutant| Listed {
                name: m.name(),
                about: m.about(),
                promised: promised(m).copied().map(Promised::from),
            };
            Ok(format::json(&all.map(listed).collect::<Vec<_>>()))
        }
        // Those are of verdicts, and a list has none.
        Format::Junit | Format::Github | Format::Sarif => Err(Failure::Input(
            "`--list` is not written in this format; expected `--format human` or `json`"
                .to_owned(),
        )),
    }
}
