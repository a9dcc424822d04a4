//! `spillway shrink`: the smallest run that still fails in the same way.

mod conformance;

use std::path::{Path, PathBuf};

use serde::Serialize;
use spillway_traces::replay::Outcome;
use spillway_traces::{Expect, Shrunk, Source, Spillway, Trace, Verdict, replay, shrink};

use super::replay::verdict::unconfirmed;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::format::number::counted;
use crate::format::table::{Cell, table};
use crate::format::{self, Plain};
use crate::run::full_at;
use crate::trace_file::{
    self, Subject, differs, refuse_taken, refused, shell, warn_of, write_free,
};
use crate::{output, style};

/// Make a trace smaller that breaks a property, so that it still breaks that one; or one of the implementation that the
/// model refuses, so that it still refuses the same kind of step for the same reason.
///
/// It ends with 2 if the trace does not apply, is seen otherwise than recorded, or breaks another property than it
/// says; with 3 if a bound of the scope is full before anything breaks.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The trace. One that ends in `.itf.json` is read in the Informal Trace Format.
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
    let trace = trace_file::read(&args.trace, None)?;
    let subject = Subject::of(&args.trace, &trace.header)?;
    let (property, shrunk, smaller) = match trace.header.source {
        Source::Model => of_model(&args.trace, &trace, &subject)?,
        Source::Simulator | Source::Live => conformance::run(&args.trace, &trace, &subject)?,
    };
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

/// A trace that breaks a property on the model.
fn of_model(
    path: &Path,
    trace: &Trace<Spillway>,
    subject: &Subject,
) -> Result<(String, Shrunk<Spillway>, Trace<Spillway>), Failure> {
    let property = broken(path, trace, subject)?;
    warn_of(subject.mutant);
    let fails = |broken: &[&'static str]| broken.contains(&property.as_str());
    let shrunk =
        shrink(&trace.actions(), || subject.machine(), fails).ok_or_else(|| nothing(path))?;
    let smaller =
        subject.trace_under(trace.header.clone(), &shrunk.actions, Verdict::Violated, &property)?;
    Ok((property, shrunk, smaller))
}

/// The property that a trace breaks: the one that it was recorded for, or else the first.
fn broken(path: &Path, trace: &Trace<Spillway>, subject: &Subject) -> Result<String, Failure> {
    let mut machine = subject.watched();
    let replayed = replay(trace, &mut machine);
    let failed = |what: String| Failure::Input(format!("{}: {what}", path.display()));
    let full = machine.full();
    match (&replayed.outcome, full) {
        (Outcome::Refused { event, guard, reason, .. }, None) => {
            return Err(Failure::Input(refused(path, *event, guard, reason)));
        }
        (Outcome::Differs { event, field, recorded, got, .. }, None) => {
            return Err(Failure::Input(differs(path, *event, field, recorded, got)));
        }
        _ => {}
    }
    let breaks = |name: &str| replayed.broken.iter().any(|broken| broken.property == name);
    match (recorded(trace), replayed.broken.first(), full) {
        (Some(name), _, _) if breaks(name) => Ok(name.to_owned()),
        (_, None, Some(full)) => Err(Failure::Inconclusive(format!(
            "{}: nothing is violated before a bound of the scope is full at {}",
            path.display(),
            full_at(full, &subject.scope)
        ))),
        (Some(name), _, _) => Err(failed(unconfirmed(name, &replayed))),
        (None, Some(first), _) => Ok(first.property.clone()),
        (None, None, None) => Err(nothing(path)),
    }
}

/// The property that a trace says it breaks.
fn recorded(trace: &Trace<Spillway>) -> Option<&str> {
    if let Some(Expect::Violates { property, .. }) = &trace.header.expect {
        return Some(property);
    }
    let violated = trace.end.as_ref().filter(|end| end.verdict == Verdict::Violated);
    violated.and_then(|end| end.property.as_deref())
}

fn nothing(path: &Path) -> Failure {
    Failure::Input(format!(
        "{}: there is nothing to shrink; expected a trace that breaks a property",
        path.display()
    ))
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
