//! `spillway check`: explores a scope, judges every property, and writes down what breaks one.

mod human;
mod json;
mod sarif;
mod suite;
pub(crate) mod walks;
mod words;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use spillway_model::Mutant;
use spillway_properties::random::Walks;
use spillway_properties::{
    EVENTUALLY, Finding, Kind, Known, Options, PROMISES, Report, SCOPE_BOUNDS, Until,
    Verdict as Found,
};
use spillway_traces::{Action, Spillway, Trace, Verdict};

use crate::engine::{self, Engine};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::format::{self, Format, github, junit};
use crate::progress::Line;
use crate::source::Source;
use crate::trace_file::{Subject, beside, refuse_taken, warn_of, write_free};
use crate::{interrupt, memory, names, output, source};

/// Threads, at most: each takes memory before it explores anything, and no machine has more cores to offer.
const THREADS_MAX: i64 = 256;

/// Explore a scope and judge every property.
///
/// A violation is printed as a shortest run that shows it, and written to a trace file.
///
/// With --random it does not explore: it walks, seed by seed. That shows what breaks, shrunk to a small run, and what is
/// reached; it never shows that a guarantee holds. If nothing breaks on any walk it ends with 0, and says of each
/// guarantee that it is inconclusive; it ends with 3 if it was stopped before, or a bound of the scope is full.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A builtin scope, or the path of a scope file, which has a `/` or ends in `.toml`. If left out `default` or,
    /// with a mutant, the scope in which that is promised to be found.
    scope: Option<String>,
    /// Judge this property only.
    #[arg(long, value_name = "NAME", value_parser = names::properties(), hide_possible_values = true)]
    property: Option<Known>,
    /// Turn a seeded bug on.
    #[arg(long, value_name = "NAME", value_parser = names::mutants(), hide_possible_values = true)]
    mutant: Option<Mutant>,
    /// What explores: our engine, or stateright's as an independent second opinion.
    #[arg(long, value_enum, default_value = "spillway")]
    engine: Engine,
    /// Threads, 256 at most; one for each core if left out, and one for stateright. The result is the same with any number;
    /// but with stateright which of the shortest runs is found may differ from time to time.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=THREADS_MAX))]
    threads: Option<u16>,
    /// Where the trace goes, a new file. With `--all` those of further violations go beside it, named for what they
    /// break. If left out a name is made up for the trace of a violation.
    #[arg(long, value_name = "FILE")]
    trace_out: Option<PathBuf>,
    /// How the result is written.
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
    /// Explore to the end instead of stopping at the first violation.
    #[arg(long)]
    all: bool,
    /// Steps of a run, at most.
    #[arg(long, value_name = "N", help_heading = "Bounds", value_parser = names::bound)]
    depth_max: Option<NonZeroUsize>,
    /// States, at most: the exploration ends with the steps at which there are so many. With stateright generated states,
    /// give or take a block.
    #[arg(long, value_name = "N", help_heading = "Bounds", value_parser = names::bound)]
    states_max: Option<NonZeroUsize>,
    /// Seconds, at most.
    #[arg(long, value_name = "N", help_heading = "Bounds", value_parser = clap::value_parser!(u64).range(1..))]
    seconds_max: Option<u64>,
    /// Memory, at most. If left out four fifths of what is available at the start. For random walks the room for
    /// counting what differs, 1024 if left out: what does not fit is walked and judged, but not counted.
    #[arg(long, value_name = "MIB", help_heading = "Bounds", value_parser = clap::value_parser!(u64).range(1..))]
    memory_max: Option<u64>,
    #[command(flatten)]
    walks: walks::WalkArgs,
}

/// A check that has been made, with all that is written about it.
struct Done<'a> {
    args: &'a Args,
    subject: Subject,
    /// The file of the scope, as it was named, unless it is a builtin one.
    file: Option<String>,
    report: Report,
    /// What only random walks have, if it was those.
    walks: Option<Walks>,
    /// The runs that are worth showing, the most telling first.
    runs: Vec<Run>,
}

/// A run that breaks or reaches something.
struct Run {
    property: &'static str,
    trace: Trace<Spillway>,
    /// Where it was written, if it could be.
    file: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let (subject, file) = subject(args)?;
    if let Some(path) = &args.trace_out {
        refuse_taken(path)?;
    }
    warn_of(subject.mutant);
    let (report, walks) = judge(args, &subject)?;
    let runs = runs(args, &subject, &report, walks.as_ref())?;
    let done = Done { args, subject, file, report, walks, runs };
    output::result(&match args.format {
        Format::Human => human::text(&done),
        Format::Json => json::text(&done),
        Format::Junit => junit::report(&suite::of(&done)),
        Format::Github => github::report(&suite::of(&done)),
        Format::Sarif => format::sarif::report(&sarif::of(&done)),
    })?;
    Ok(done.report.overall().into())
}

/// The scope and the seeded bug that are asked for, and the file that the scope is from.
fn subject(args: &Args) -> Result<(Subject, Option<String>), Failure> {
    let promised = args.mutant.and_then(promised).map(|promise| promise.scope);
    let name = args.scope.as_deref().or(promised).unwrap_or(source::DEFAULT);
    let Source { scope, file, .. } = source::load(name)?;
    Ok((Subject { scope, mutant: args.mutant, bug: None }, file))
}

fn promised(mutant: Mutant) -> Option<spillway_properties::Promise> {
    PROMISES.iter().find(|promise| promise.mutant == mutant).copied()
}

fn threads(args: &Args) -> NonZeroUsize {
    let asked = args.threads.and_then(|threads| NonZeroUsize::new(threads.into()));
    asked.unwrap_or_else(|| match (args.engine, args.walks.random) {
        (Engine::Stateright, false) => NonZeroUsize::MIN,
        _ => engine::cores(),
    })
}

/// What the exploration is there to find.
fn until(args: &Args) -> Until {
    let promised = args.mutant.filter(|_| args.scope.is_none()).and_then(promised);
    match (&args.property, promised) {
        _ if args.all => Until::TheEnd,
        (Some(known), _) => Until::ViolationOf(known.name),
        (None, Some(promise)) => Until::ViolationOf(promise.property),
        (None, None) => Until::FirstViolation,
    }
}

fn judge(args: &Args, subject: &Subject) -> Result<(Report, Option<Walks>), Failure> {
    if let Some(known) = args.property.filter(|known| known.kind == Kind::Eventually) {
        return Ok((undecided(args, subject, &known), None));
    }
    interrupt::watch()?;
    match args.walks.random {
        true => walks::walk(args, subject),
        false => Ok((explore(args, subject)?, None)),
    }
}

fn explore(args: &Args, subject: &Subject) -> Result<Report, Failure> {
    let options = Options {
        property: args.property,
        mutant: subject.mutant,
        until: until(args),
        threads: threads(args),
        depth_max: args.depth_max,
        states_max: args.states_max,
        seconds_max: args.seconds_max,
        memory_mib_max: args.memory_max.or_else(memory::default_mib_max),
    };
    let line = Line::new(args.states_max.map(NonZeroUsize::get));
    let report = args.engine.check(&subject.scope, &options, &mut |progress| line.show(progress));
    report.map_err(Failure::input)
}

/// What is known of a liveness guarantee, for which no exploration would change anything.
fn undecided(args: &Args, subject: &Subject, known: &Known) -> Report {
    debug_assert!(EVENTUALLY.iter().any(|eventually| eventually.name == known.name));
    Report {
        scope: subject.scope.name.clone(),
        mutant: subject.mutant.map(Mutant::name),
        threads: threads(args).get(),
        unique_states: 0,
        generated_states: 0,
        depth: 0,
        seconds: 0.0,
        stopped: None,
        findings: vec![Finding {
            name: known.name,
            kind: known.kind,
            verdict: Found::Inconclusive,
            counts: true,
            path: None,
        }],
        bound_path: None,
        trouble: None,
    }
}

/// Writes down the runs that are worth it.
fn runs(
    args: &Args,
    subject: &Subject,
    report: &Report,
    walks: Option<&Walks>,
) -> Result<Vec<Run>, Failure> {
    let mut runs = Vec::new();
    for (property, verdict, actions) in telling(args, report) {
        let seed = walks.and_then(|walks| walks::seed(walks, property));
        let trace = subject.trace(seed.unwrap_or(0), actions, verdict, property)?;
        let file = match (&args.trace_out, runs.is_empty()) {
            (Some(path), true) => trace.write_new(path).map(|()| path.clone()),
            (Some(_), false) if !args.all => break, // one file, one trace
            (Some(path), false) => write_free(&trace, &beside(path, property)),
            (None, _) => write_free(&trace, &stem(report, property)),
        };
        // What was found must be told even if the disk is full.
        let file = file.map_err(|error| output::error(&error.to_string())).ok();
        runs.push(Run { property, trace, file });
    }
    if let (Some(path), true) = (&args.trace_out, runs.is_empty()) {
        output::note(&format!("`{}` is not written: there is no run to show", path.display()));
    }
    Ok(runs)
}

/// The runs to write, the most telling first: the violation that was looked for, then the shorter ones.
fn telling<'a>(args: &Args, report: &'a Report) -> Vec<(&'static str, Verdict, &'a [Action])> {
    let of = |found: Found, verdict: Verdict| {
        let found = report.findings.iter().filter(move |finding| finding.verdict == found);
        found.filter_map(move |f| f.path.as_deref().map(|path| (f.name, verdict, path)))
    };
    let mut violated: Vec<_> = of(Found::Violated, Verdict::Violated).collect();
    let sought = until(args);
    violated.sort_by_key(|(name, _, path)| (sought != Until::ViolationOf(name), path.len()));
    if !args.all {
        violated.truncate(1); // the others were met by chance
    }
    if let Some(path) = &report.bound_path {
        violated.push((SCOPE_BOUNDS, Verdict::Inconclusive, path));
    }
    if violated.is_empty() && args.property.is_some() && args.trace_out.is_some() {
        violated.extend(of(Found::Reached, Verdict::Reached));
    }
    violated
}

/// What the file of a trace is called.
fn stem(report: &Report, property: &str) -> String {
    let parts = [Some(report.scope.as_str()), report.mutant, Some(property)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(".")
}
