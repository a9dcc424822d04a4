//! `spillway properties`: what is promised, in words.

use serde::Serialize;
use spillway_properties::{Kind, catalog};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::format::table::{Cell, table};
use crate::format::{self, Plain};
use crate::{output, style};

/// List the properties with what they say.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How the result is written.
    #[arg(long, value_enum, default_value = "human")]
    format: Plain,
}

#[derive(Serialize)]
struct Property {
    name: &'static str,
    kind: Kind,
    statement: &'static str,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let text = match args.format {
        Plain::Human => human(),
        Plain::Json => {
            let property = |known: spillway_properties::Known| Property {
                name: known.name,
                kind: known.kind,
                statement: known.statement,
            };
            format::json(&catalog::all().map(property).collect::<Vec<_>>())
        }
    };
    output::result(&text)?;
    Ok(Exit::Holds)
}

fn human() -> String {
    let of = |kind| catalog::all().filter(move |known| known.kind == kind);
    let rows = |kind| {
        let row = |known: spillway_properties::Known| {
            vec![Cell::new(known.name, style::STRONG), Cell::plain(known.statement)]
        };
        of(kind).map(row).collect::<Vec<_>>()
    };
    let part = |label: &str, kind| format!("{}\n{}", style::faint(label), table(&rows(kind)));
    [
        part("always: in every state and over every step", Kind::Always),
        part("eventually: at last, on every fair run (not decided yet)", Kind::Eventually),
        part("sometimes: on some run, if the scope is there to reach it", Kind::Sometimes),
    ]
    .join("\n")
}
