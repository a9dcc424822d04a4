//! `spillway shrink`: the smallest run that still breaks the same property.

use std::path::{Path, PathBuf};

use serde::Serialize;
use spillway_traces::{Spillway, Trace, Verdict, replay, shrink};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::format::number::counted;
use crate::format::table::{Cell, table};
use crate::format::{self, Plain};
use crate::trace_file::{self, Subject, refuse_taken, shell, warn_of, write_free};
use crate::{output, style};

/// Make a trace smaller that breaks a property, so that it still breaks that one.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The trace.
    trace: PathBuf,
    /// Where the smaller one goes, a new file. If left out a name is made up.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// How the result is written.
    #[arg(long, value_enum, default_value = "human")]
    format: Plain,
}

#[derive(Serialize)]
struct Done {
    property: String,
    from: usize,
    to: usize,
    minimal: bool,
    tried: u64,
    trace: PathBuf,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    if let Some(path) = &args.out {
        refuse_taken(path)?;
    }
    let trace = trace_file::read(&args.trace)?;
    let subject = Subject::of(&args.trace, &trace.header)?;
    warn_of(subject.mutant);
    let nothing = || {
        Failure::Input(format!(
            "{}: there is nothing to shrink; expected a trace that breaks a property",
            args.trace.display()
        ))
    };
    let property = broken(&trace, &subject).ok_or_else(nothing)?;
    let fails = |broken: &[&'static str]| broken.contains(&property.as_str());
    let shrunk = shrink(&trace.actions(), || subject.machine(), fails).ok_or_else(nothing)?;
    let smaller =
        subject.trace_under(trace.header.clone(), &shrunk.actions, Verdict::Violated, &property)?;
    let written = match &args.out {
        Some(path) => smaller.write_new(path).map(|()| path.clone()),
        None => write_free(&smaller, &format!("{}.shrunk", trace_file::stem(&args.trace))),
    };
    let done = Done {
        property,
        from: shrunk.from,
        to: shrunk.to,
        minimal: shrunk.minimal,
        tried: shrunk.tried,
        trace: written.map_err(Failure::input)?,
    };
    output::result(&match args.format {
        Plain::Human => human(&args.trace, &done),
        Plain::Json => format::json(&done),
    })?;
    Ok(Exit::Holds)
}

/// The property that a trace breaks: that of its verdict, or else the first.
fn broken(trace: &Trace<Spillway>, subject: &Subject) -> Option<String> {
    let replayed = replay(trace, &mut subject.machine());
    let recorded = trace.end.as_ref().and_then(|end| end.property.clone());
    let named = replayed.broken.iter().find(|broken| Some(&broken.property) == recorded.as_ref());
    named.or(replayed.broken.first()).map(|broken| broken.property.clone())
}

fn human(from: &Path, done: &Done) -> String {
    let how = match (done.from == done.to, done.minimal) {
        (true, true) => "no step can be left out",
        (false, true) => "no further step can be left out",
        (_, false) => "a smaller one may exist: the search was cut off",
    };
    let fact = |label: &str, text: String| vec![Cell::new(label, style::FAINT), Cell::plain(text)];
    let new = shell(&done.trace);
    let rows = [
        fact("breaks", done.property.clone()),
        fact("from", format!("{}  {}", counted(done.from, "step"), from.display())),
        fact("to", format!("{}  {}", counted(done.to, "step"), done.trace.display())),
        fact(
            "tried",
            format!("{}; {how}", counted(usize::try_from(done.tried).unwrap_or(usize::MAX), "run")),
        ),
        fact("show", format!("spillway show {new}")),
        fact("replay", format!("spillway replay {new}")),
    ];
    table(&rows)
}
