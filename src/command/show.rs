//! `spillway show`: a trace for eyes or for other tools.

use std::path::{Path, PathBuf};

use spillway_properties::catalog;
use spillway_traces::{
    Machine, Remarks, Spillway, Trace, show_html, show_mermaid, show_perfetto, show_shiviz,
    show_svg, show_text, to_itf,
};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::run::{Watched, full_at};
use crate::trace_file::{Subject, read, refuse_taken, refused};
use crate::{output, style};

/// How a trace is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum As {
    /// For each step what was done and what it changed.
    Text,
    /// A Mermaid sequence diagram.
    Mermaid,
    /// A self-contained SVG sequence diagram.
    Svg,
    /// A self-contained page to step through in a browser.
    Html,
    /// The Informal Trace Format of Apalache and Quint.
    Itf,
    /// A log with vector clocks for ShiViz.
    Shiviz,
    /// Chrome trace-event JSON, which Perfetto opens.
    Perfetto,
    /// A trace file.
    Ndjson,
}

/// Show a trace, or write it in another format.
///
/// What can be shown of a trace that does not apply is shown; it ends with 2, as a guard refuses an event, or as the
/// text lacks what each step changed, because the trace is of a scope or a seeded bug that is not known.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The trace. One that ends in `.itf.json` is read in the Informal Trace Format.
    trace: PathBuf,
    /// How it is shown.
    #[arg(long = "as", value_enum, default_value = "text")]
    as_: As,
    /// Where it goes, a new file. If left out standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The scope that the trace must be of: a builtin one or the path of a scope file. An ITF trace that has no header
    /// of ours needs it.
    #[arg(long, value_name = "SCOPE")]
    scope: Option<String>,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    if let Some(path) = &args.out {
        refuse_taken(path)?;
    }
    let trace = read(&args.trace, args.scope.as_deref())?;
    let walk = walk(&args.trace, &trace, args.as_);
    let text = match args.as_ {
        As::Text => paint(&walk.text),
        As::Mermaid => show_mermaid(&trace),
        As::Svg => show_svg(&trace),
        As::Html => page(&trace, &walk),
        As::Itf => itf(&args.trace, &trace)?,
        As::Shiviz => show_shiviz(&trace),
        As::Perfetto => perfetto(&args.trace, &trace),
        As::Ndjson => ndjson(&trace)?,
    };
    output::result_to(&text, args.out.as_deref())?;
    Ok(walk.failure.map_or(Exit::Holds, Failure::tell))
}

/// A trace as the model runs it.
struct Walk {
    /// The system, if its scope is known.
    subject: Option<Subject>,
    /// The trace as text.
    text: String,
    /// The event after which a bound of the scope was full, and what to do about it.
    full: Option<(u64, String)>,
    /// That it does not apply, or that it cannot be shown in full.
    failure: Option<Failure>,
}

/// Runs a trace on the model, as far as that knows its scope. An older or newer one need not be known to be read, and
/// need not be run unless what each step changed is to be shown.
fn walk(path: &Path, trace: &Trace<Spillway>, as_: As) -> Walk {
    let subject = match Subject::of(path, &trace.header) {
        Ok(subject) => subject,
        Err(failure) => {
            let failure = matches!(as_, As::Text | As::Html).then_some(failure);
            if failure.is_some() {
                output::warning("only the events are shown, without what they changed");
            }
            return Walk { subject: None, text: show_text(trace, None), full: None, failure };
        }
    };
    let mut machine = subject.watched();
    let mut text = show_text(trace, Some(&mut machine));
    let full = machine.full().map(|full| (full.0, full_at(full, &subject.scope)));
    if let Some((_, full)) = &full {
        match as_ {
            As::Text => text += &format!("! {full}\n"),
            _ => output::warning(full),
        }
    }
    let failure = refusal(path, &machine).map(Failure::Input);
    Walk { text, full, failure, subject: Some(subject) }
}

fn refusal(path: &Path, machine: &Watched) -> Option<String> {
    let (event, refusal) = machine.refused()?;
    Some(refused(path, event, refusal.guard, &refusal.reason))
}

/// The text of a trace of a known system, in colour.
pub(crate) fn painted(trace: &Trace<Spillway>, subject: &Subject) -> String {
    paint(&show_text(trace, Some(&mut subject.machine())))
}

/// Steps stand out, and breaches more so.
fn paint(text: &str) -> String {
    let mut painted = String::new();
    for line in text.lines() {
        let trimmed = line.trim_start();
        let style = match trimmed.chars().next() {
            Some('!') => style::BAD,
            Some(c) if c.is_ascii_digit() => style::STRONG,
            _ => style::PLAIN,
        };
        painted += &format!("{}\n", style::paint(style, line));
    }
    painted
}

/// The page, with what the properties say, and where a bound was full.
fn page(trace: &Trace<Spillway>, walk: &Walk) -> String {
    let mut remarks = Remarks {
        statements: catalog::all()
            .map(|known| (known.name.to_owned(), known.statement.to_owned()))
            .collect(),
        ..Remarks::default()
    };
    if let Some((event, full)) = &walk.full {
        remarks.events.insert(*event, vec![full.clone()]);
    }
    match &walk.subject {
        Some(subject) => {
            remarks.mutant = subject.mutant.map(|mutant| mutant.about().to_owned());
            show_html(trace, Some(&mut subject.machine()), &remarks)
        }
        None => {
            let why = "the model knows no such scope or seeded bug as the header names";
            remarks.no_states = Some(why.to_owned());
            show_html(trace, None, &remarks)
        }
    }
}

fn itf(path: &Path, trace: &Trace<Spillway>) -> Result<String, Failure> {
    let mut machine = Subject::of(path, &trace.header)?.machine();
    let machine: &mut dyn Machine<Spillway> = &mut machine;
    to_itf(trace, Some(machine))
        .map_err(|error| Failure::Input(format!("{}: {error}", path.display())))
}

/// A system that is not known is shown without where it breaks what, other than the trace says.
fn perfetto(path: &Path, trace: &Trace<Spillway>) -> String {
    let mut machine = Subject::of(path, &trace.header).ok().map(|subject| subject.machine());
    show_perfetto(trace, machine.as_mut().map(|machine| machine as &mut dyn Machine<Spillway>))
}

fn ndjson(trace: &Trace<Spillway>) -> Result<String, Failure> {
    let bytes = trace.to_bytes().map_err(Failure::input)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
