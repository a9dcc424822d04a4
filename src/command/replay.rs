//! `spillway replay`: runs a trace again, step by step, and compares it with what was recorded.

mod nodes;
mod sarif;
pub(super) mod verdict;

use std::path::{Path, PathBuf};

use serde::Serialize;
use spillway_properties::Overall;
use spillway_traces::file::event_line;
use spillway_traces::show::one_line;
use spillway_traces::{Expect, Replayed, Spillway, Trace, Verdict, replay};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::format::{self, Case, Format, Outcome, Suite, github, junit};
use crate::output;
use crate::run::full_at;
use crate::style::{faint, strong};
use crate::trace_file::{Subject, read, shell, warn_of};
use verdict::Judged;

/// What a trace is run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum On {
    /// The model, with every property judged.
    Model,
    /// The implementation: its nodes are made to choose what the trace says.
    Impl,
    /// The implementation, then the model.
    Both,
}

impl On {
    fn name(self) -> &'static str {
        match self {
            On::Model => "model",
            On::Impl => "impl",
            On::Both => "both",
        }
    }
}

/// Run a trace again, step by step, and compare.
///
/// It ends with 0 if every event matches and nothing is violated, or if the trace says what is expected of it and
/// that is met; with 1 if a property is violated, as recorded or not, or an event is seen otherwise than recorded; with
/// 2 if the trace does not apply, as a guard refuses an event; with 3 if a bound of the scope is full.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The trace. One that ends in `.itf.json` is read in the Informal Trace Format.
    trace: PathBuf,
    /// What it is run on.
    #[arg(long, value_enum, default_value = "model")]
    on: On,
    /// The scope that the trace must be of: a builtin one or the path of a scope file. An ITF trace that has no header
    /// of ours needs it.
    #[arg(long, value_name = "SCOPE")]
    scope: Option<String>,
    /// How the result is written.
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

/// A replay that has been made, with all that is written about it.
struct Done<'a> {
    file: String,
    on: On,
    subject: &'a Subject,
    trace: &'a Trace<Spillway>,
    replayed: Replayed,
    overall: Overall,
    /// The verdict in a sentence.
    summary: String,
    /// Whether a bound of the scope was full.
    full: bool,
    /// The command that makes it again, if an event does not match.
    again: Option<String>,
    seconds: f64,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let trace = read(&args.trace, args.scope.as_deref())?;
    let subject = Subject::of(&args.trace, &trace.header)?;
    warn_of(subject.mutant);
    let begun = std::time::Instant::now();
    let on_nodes = match args.on {
        On::Model => None,
        On::Impl | On::Both => Some(nodes::run(&trace, &subject)?),
    };
    let (replayed, judged, full) = match on_nodes {
        Some((replayed, judged)) if args.on == On::Impl || !replayed.matched() => {
            (replayed, judged, false)
        }
        _ => on_model(&trace, &subject),
    };
    let Judged { overall, exit, summary } = judged;
    let done = Done {
        on: args.on,
        again: (!replayed.matched()).then(|| again(args)),
        file: args.trace.display().to_string(),
        subject: &subject,
        trace: &trace,
        replayed,
        overall,
        summary,
        full,
        seconds: begun.elapsed().as_secs_f64(),
    };
    output::result(&match args.format {
        Format::Human => human(&done),
        Format::Json => json(&done),
        Format::Junit => junit::report(&suite(&done)),
        Format::Github => github::report(&suite(&done)),
        Format::Sarif => format::sarif::report(&sarif::of(&done)),
    })?;
    Ok(exit)
}

fn again(args: &Args) -> String {
    let on = if args.on == On::Model { String::new() } else { format!("--on {} ", args.on.name()) };
    let scope = args.scope.as_ref().map(|scope| format!("--scope {} ", shell(Path::new(scope))));
    format!("spillway replay {on}{}{}", scope.unwrap_or_default(), shell(&args.trace))
}

/// On the model, every property judged. Whether a bound of the scope was full, too.
fn on_model(trace: &Trace<Spillway>, subject: &Subject) -> (Replayed, Judged, bool) {
    let mut machine = subject.watched();
    let replayed = replay(trace, &mut machine);
    let ended = verdict::Ended {
        reached: machine.reached(),
        full: machine.full().map(|full| full_at(full, &subject.scope)),
    };
    let judged = verdict::of(trace, &replayed, &ended);
    (replayed, judged, ended.full.is_some())
}

fn human(done: &Done<'_>) -> String {
    let header = &done.trace.header;
    let mutant = done.subject.mutant.map(|mutant| format!(", with the seeded bug {mutant}"));
    let of = format!(
        "a trace of scope {} from the {}{}",
        done.subject.scope.name,
        header.source,
        mutant.unwrap_or_default()
    );
    let why = header.why.as_deref().map(|why| format!("{}\n", one_line(why)));
    let why = why.unwrap_or_default();
    let again = done.again.as_ref().map(|again| format!("replay   {again}"));
    let told = done.replayed.to_string();
    let told: String =
        told.lines().chain(again.as_deref()).map(|line| format!("  {line}\n")).collect();
    let verdict = format::verdict_line(done.overall, &done.summary);
    format!("{}\n{}\n{why}\n{told}\n{verdict}", strong(&done.file), faint(of))
}

#[derive(Serialize)]
struct Object<'a> {
    verdict: Overall,
    trace: &'a str,
    on: &'static str,
    scope: &'a str,
    mutant: Option<&'static str>,
    events: usize,
    recorded: Option<Recorded<'a>>,
    expect: &'a Option<Expect>,
    /// The line of the last event that matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    again: &'a Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    #[serde(flatten)]
    replayed: &'a Replayed,
    summary: &'a str,
}

#[derive(Serialize)]
struct Recorded<'a> {
    verdict: Verdict,
    property: &'a Option<String>,
}

fn json(done: &Done<'_>) -> String {
    let end = done.trace.end.as_ref();
    format::json(&Object {
        verdict: done.overall,
        trace: &done.file,
        on: done.on.name(),
        scope: &done.subject.scope.name,
        mutant: done.subject.mutant.map(|mutant| mutant.name()),
        events: done.trace.events.len(),
        recorded: end.map(|end| Recorded { verdict: end.verdict, property: &end.property }),
        expect: &done.trace.header.expect,
        last_line: done.replayed.steps.checked_sub(1).map(event_line),
        again: &done.again,
        why: done.trace.header.why.as_deref(),
        replayed: &done.replayed,
        summary: &done.summary,
    })
}

/// One case: the trace.
fn suite(done: &Done<'_>) -> Suite {
    let outcome = match done.overall {
        Overall::Pass => Outcome::Passed,
        Overall::Fail => Outcome::Failed(done.summary.clone(), done.replayed.to_string()),
        Overall::Inconclusive => Outcome::Undecided(done.summary.clone()),
    };
    Suite {
        name: "spillway replay".to_owned(),
        seconds: done.seconds,
        summary: format!("{}: {}", done.file, done.summary),
        cases: vec![Case { name: done.file.clone(), outcome }],
    }
}
