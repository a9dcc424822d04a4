//! `spillway show`: a trace for eyes or for other tools.

use std::path::{Path, PathBuf};

use spillway_traces::{
    Header, Machine, Source, Spillway, Trace, from_itf, show_mermaid, show_svg, show_text, to_itf,
};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::trace_file::{ITF_EXTENSION, Subject, read, refuse_taken};
use crate::{output, source, style};

/// How a trace is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum As {
    /// For each step what was done and what it changed.
    Text,
    /// A Mermaid sequence diagram.
    Mermaid,
    /// A self-contained SVG sequence diagram.
    Svg,
    /// The Informal Trace Format of Apalache and Quint.
    Itf,
    /// A trace file.
    Ndjson,
}

/// Show a trace, or write it in another format.
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
    /// The scope of an ITF trace that has no header of ours: a builtin scope or the path of a scope file.
    #[arg(long, value_name = "SCOPE")]
    scope: Option<String>,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    if let Some(path) = &args.out {
        refuse_taken(path)?;
    }
    let trace = if args.trace.to_string_lossy().ends_with(ITF_EXTENSION) {
        import(args)?
    } else {
        read(&args.trace)?
    };
    let text = match args.as_ {
        As::Text => text(&args.trace, &trace),
        As::Mermaid => show_mermaid(&trace),
        As::Svg => show_svg(&trace),
        As::Itf => itf(&args.trace, &trace)?,
        As::Ndjson => ndjson(&trace)?,
    };
    output::result_to(&text, args.out.as_deref())?;
    Ok(Exit::Holds)
}

fn import(args: &Args) -> Result<Trace<Spillway>, Failure> {
    let failed = |what: String| Failure::Input(format!("{}: {what}", args.trace.display()));
    let text = std::fs::read_to_string(&args.trace)
        .map_err(|error| failed(format!("cannot be read: {error}; expected an ITF trace")))?;
    let header = match &args.scope {
        Some(name) => {
            let scope = source::load(name)?.scope.to_json();
            Some(Header::new::<Spillway>(Source::Model, 0, scope))
        }
        None => None,
    };
    from_itf(&text, header).map_err(|error| failed(error.to_string()))
}

/// The text, with what each step changed as far as the model knows the scope. An older or newer one need not be
/// known to be read.
fn text(path: &Path, trace: &Trace<Spillway>) -> String {
    match Subject::of(path, &trace.header) {
        Ok(subject) => painted(trace, &subject),
        Err(failure) => {
            failure.tell();
            output::warning("only the events are shown, without what they changed");
            paint(&show_text(trace, None))
        }
    }
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

fn itf(path: &Path, trace: &Trace<Spillway>) -> Result<String, Failure> {
    let mut machine = Subject::of(path, &trace.header)?.machine();
    let machine: &mut dyn Machine<Spillway> = &mut machine;
    to_itf(trace, Some(machine))
        .map_err(|error| Failure::Input(format!("{}: {error}", path.display())))
}

fn ndjson(trace: &Trace<Spillway>) -> Result<String, Failure> {
    let bytes = trace.to_bytes().map_err(Failure::input)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
