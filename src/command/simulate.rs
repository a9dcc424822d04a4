//! `spillway simulate`: the implementation under virtual time, seed by seed, held to the model at every step.

mod human;
mod merge;
mod report;
mod runs;

use std::num::{NonZeroU16, NonZeroU64, NonZeroUsize};
use std::ops::Range;
use std::path::PathBuf;
use std::time::Instant;

use spillway_impl::bug::Bug;
use spillway_impl::sim::swarm::{Choices, FaultSet};

use self::report::Report;
use self::runs::{Runs, Tally};
use crate::command::check::walks::seeds;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::format::{self, Format, github, junit, sarif};
use crate::trace_file::{refuse_taken, write_free};
use crate::{interrupt, names, output};

/// Threads, at most.
const THREADS_MAX: u16 = 256;

/// Run the implementation under virtual time, seed by seed, and hold it to the model at every step.
///
/// Each seed stands for a configuration: sizes, knobs, workload, latencies and faults; of a scope for all that the scope
/// leaves open. In a run things go wrong for a while; then they heal, and all must settle. The model must accept each
/// step, every property hold, and the state of the nodes be that of the model. The run with the lowest seed that fails is
/// written as a trace.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A scope to run: a builtin one by name, or a file by its path. Nodes, knobs and requests are those of the scope. Its
    /// budgets bound explorations and no run; faults are those that its kind of links and its nodes can have.
    scope: Option<String>,
    /// The seeds, from A up to but without B: one run for each, the same on every machine that has this version.
    #[arg(long, value_name = "A..B", default_value = "0..200", value_parser = seeds)]
    seeds: Range<u64>,
    /// What goes wrong: none, crashes, network, disk, clocks or all.
    #[arg(long, value_name = "NAME", default_value = "all", value_parser = names::fault_sets(), hide_possible_values = true)]
    faults: FaultSet,
    /// Who chooses what the protocol leaves open: the configured strategy, or anybody, at random among all that is legal.
    #[arg(long, value_name = "NAME", default_value = "configured", value_parser = names::choices())]
    choices: Choices,
    /// A seeded bug of the implementation, to see that it is found.
    #[arg(long, value_name = "NAME", value_parser = names::bugs(), hide_possible_values = true)]
    bug: Option<Bug>,
    /// The nodes' state is compared with the model's after every N events; steps and properties always are.
    #[arg(long, value_name = "N", default_value = "1")]
    compare_every: NonZeroU64,
    /// Where the trace of a run that fails is written. With one seed it is written in any case.
    #[arg(long, value_name = "FILE")]
    trace_out: Option<PathBuf>,
    /// Print the configuration of each seed, without running it.
    #[arg(long, conflicts_with_all = ["trace_out", "compare_every", "format", "threads", "marks", "require_marks"])]
    print: bool,
    /// List how often each kind of fault and each interesting branch was met. JSON has this in any case.
    #[arg(long)]
    marks: bool,
    /// Fail if one of the marks was never met: what never happened has tested nothing.
    #[arg(long)]
    require_marks: bool,
    /// Threads; the result is the same whatever their number. [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=i64::from(THREADS_MAX)))]
    threads: Option<u16>,
    /// Run nothing, and merge the reports of ranges of seeds that were run elsewhere with `--format json` into the report
    /// of the whole range.
    #[arg(long, value_name = "REPORT", num_args = 1..,
        conflicts_with_all = ["scope", "seeds", "faults", "choices", "bug", "compare_every", "trace_out", "print", "threads"])]
    merge: Vec<PathBuf>,
    /// How the result is written.
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

impl Args {
    fn threads(&self) -> NonZeroUsize {
        match self.threads.and_then(NonZeroU16::new) {
            Some(threads) => threads.into(),
            None => std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        }
    }
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let report = match args.merge.as_slice() {
        [] => {
            let runs = Runs::of(args)?;
            if args.print {
                let text = args.seeds.clone().map(|seed| format!("{}\n", runs.swarm(seed)));
                output::result(&text.collect::<String>())?;
                return Ok(Exit::Holds);
            }
            simulate(args, &runs)?
        }
        files => merge::merged(files)?,
    };
    tell(args, &Report { marks_required: args.require_marks, ..report })
}

fn simulate(args: &Args, runs: &Runs) -> Result<Report, Failure> {
    args.trace_out.as_deref().map_or(Ok(()), refuse_taken)?;
    if let Some(bug) = args.bug {
        output::warning(&format!("the seeded bug `{}` is on: {}", bug.name(), bug.about()));
    }
    interrupt::watch()?;
    let begun = Instant::now();
    let tally = runs.all(args.seeds.clone(), args.threads())?;
    let seconds = begun.elapsed().as_secs_f64();
    let trace = trace(args, runs, &tally)?;
    Ok(Report::of(runs, args.seeds.clone(), tally, seconds, trace.as_deref()))
}

/// Runs the seed again that fails, or the only one, and writes what happened.
fn trace(args: &Args, runs: &Runs, tally: &Tally) -> Result<Option<PathBuf>, Failure> {
    let only = args.seeds.end - args.seeds.start == 1 && args.trace_out.is_some();
    let failed = tally.failed.as_ref().map(|(seed, _)| *seed);
    let Some(seed) = failed.or(only.then_some(args.seeds.start)) else { return Ok(None) };
    let trace = runs.one(seed, true)?.trace.expect("it was to be recorded");
    match &args.trace_out {
        Some(path) => {
            trace.write_new(path).map_err(Failure::input)?;
            Ok(Some(path.clone()))
        }
        None => {
            let stem = runs.scope_name().map_or(String::new(), |name| format!("{name}-"));
            let stem = format!("simulated-{stem}{seed}");
            write_free(&trace, &stem).map(Some).map_err(Failure::input)
        }
    }
}

fn tell(args: &Args, report: &Report) -> Result<Exit, Failure> {
    let verdict = report.verdict();
    output::result(&match args.format {
        Format::Human => human::text(report, args.marks),
        Format::Json => format::json(&Report { verdict, ..report.clone() }),
        Format::Junit => junit::report(&report.suite()),
        Format::Github => github::report(&report.suite()),
        Format::Sarif => sarif::report(&sarif::of_suite(&report.suite(), |_| None)),
    })?;
    Ok(verdict.into())
}
