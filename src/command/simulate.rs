//! `spillway simulate`: the implementation under virtual time, seed by seed, held to the model at every step.

use std::num::NonZeroU64;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Instant;

use serde::Serialize;
use spillway_impl::bug::Bug;
use spillway_impl::sim::marks::Marks;
use spillway_impl::sim::swarm::{FaultSet, Swarm};
use spillway_properties::Overall;
use spillway_properties::simulated::{Judging, Simulated, Wrong, simulate};

use crate::command::check::walks::seeds;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::format::number::{counted, rate, seconds};
use crate::format::{self, Case, Format, Outcome, Suite, github, junit, sarif};
use crate::progress::Line;
use crate::trace_file::{refuse_taken, shell, write_free};
use crate::{interrupt, names, output};

/// Seeds that one thread takes at a time.
const BATCH: u64 = 16;

/// Run the implementation under virtual time, seed by seed, and hold it to the model at every step.
///
/// Each seed stands for a configuration: sizes, knobs, workload, latencies and faults. In a run things go wrong for a
/// while; then they heal, and all must settle. The model must accept each step, every property hold, and the state of
/// the nodes be that of the model. The run with the lowest seed that fails is written as a trace.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The seeds, from A up to but without B: one run for each, the same on every machine that has this version.
    #[arg(long, value_name = "A..B", default_value = "0..200", value_parser = seeds)]
    seeds: Range<u64>,
    /// What goes wrong: none, crashes, network, disk, clocks or all.
    #[arg(long, value_name = "NAME", default_value = "all", value_parser = names::fault_sets(), hide_possible_values = true)]
    faults: FaultSet,
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
    #[arg(long, conflicts_with_all = ["trace_out", "compare_every", "format"])]
    print: bool,
    /// Threads; the result is the same whatever their number.
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: u16,
    /// How the result is written.
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

/// What all runs met.
#[derive(Default)]
struct Tally {
    runs: u64,
    events: u64,
    steps: u64,
    marks: Marks,
    failed: Option<(u64, Wrong)>,
}

#[derive(Serialize)]
struct Object<'a> {
    verdict: Overall,
    seeds: [u64; 2],
    faults: &'static str,
    bug: Option<&'static str>,
    runs: u64,
    events: u64,
    steps: u64,
    seconds: f64,
    marks: &'a Marks,
    failed_seed: Option<u64>,
    wrong: Option<String>,
    trace: Option<String>,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    if args.print {
        let swarms = args.seeds.clone().map(|seed| format!("{}\n", swarm(args, seed)));
        output::result(&swarms.collect::<String>())?;
        return Ok(Exit::Holds);
    }
    args.trace_out.as_deref().map_or(Ok(()), refuse_taken)?;
    if let Some(bug) = args.bug {
        output::warning(&format!("the seeded bug `{}` is on: {}", bug.name(), bug.about()));
    }
    interrupt::watch()?;
    let begun = Instant::now();
    let tally = runs(args)?;
    let took = begun.elapsed().as_secs_f64();
    let trace = trace(args, &tally)?;
    let asked = args.seeds.end - args.seeds.start;
    let verdict = match &tally.failed {
        Some(_) => Overall::Fail,
        None if tally.runs < asked => Overall::Inconclusive,
        None => Overall::Pass,
    };
    output::result(&match args.format {
        Format::Human => human(args, &tally, took, trace.as_deref(), verdict),
        Format::Json => format::json(&object(args, &tally, took, trace.as_deref(), verdict)),
        Format::Junit => junit::report(&suite(args, &tally, took, verdict)),
        Format::Github => github::report(&suite(args, &tally, took, verdict)),
        Format::Sarif => {
            sarif::report(&sarif::of_suite(&suite(args, &tally, took, verdict), |_| None))
        }
    })?;
    Ok(verdict.into())
}

fn swarm(args: &Args, seed: u64) -> Swarm {
    let mut swarm = Swarm::derive(seed, args.faults);
    swarm.config.bug = args.bug;
    swarm
}

fn one(args: &Args, seed: u64, record: bool) -> Result<Simulated, Failure> {
    let judging = Judging { compare_every: args.compare_every.get(), record };
    simulate(&swarm(args, seed), judging).map_err(Failure::input)
}

/// All seeds, in order, until one fails or somebody interrupts: batches are shared out, and added up in their order.
fn runs(args: &Args) -> Result<Tally, Failure> {
    let (mut tally, mut next) = (Tally::default(), args.seeds.start);
    let line = Line::new(None);
    while next < args.seeds.end && tally.failed.is_none() && !interrupt::asked() {
        let ends = |at: u64| (next + at * BATCH).min(args.seeds.end);
        let batches: Vec<Range<u64>> =
            (0..u64::from(args.threads)).map(|at| ends(at)..ends(at + 1)).collect();
        let done = std::thread::scope(|scope| {
            let workers: Vec<_> =
                batches.into_iter().map(|seeds| scope.spawn(|| batch(args, seeds))).collect();
            let join = |worker: std::thread::ScopedJoinHandle<'_, _>| {
                worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            workers.into_iter().map(join).collect::<Vec<Result<Vec<_>, Failure>>>()
        });
        for runs in done {
            for (seed, run) in runs? {
                if tally.failed.is_none() {
                    tally.add(seed, run);
                }
            }
        }
        next = ends(u64::from(args.threads));
        line.show_runs(next - args.seeds.start, args.seeds.end - args.seeds.start, tally.steps);
    }
    Ok(tally)
}

fn batch(args: &Args, seeds: Range<u64>) -> Result<Vec<(u64, Simulated)>, Failure> {
    seeds.map(|seed| Ok((seed, one(args, seed, false)?))).collect()
}

impl Tally {
    fn add(&mut self, seed: u64, run: Simulated) {
        self.runs += 1;
        self.steps += run.steps;
        if let Some(outcome) = &run.outcome {
            self.events += outcome.counts.events;
            self.marks.merge(&outcome.marks);
        }
        self.failed = run.wrong.map(|wrong| (seed, wrong));
    }
}

/// Runs the seed again that fails, or the only one, and writes what happened.
fn trace(args: &Args, tally: &Tally) -> Result<Option<PathBuf>, Failure> {
    let only = args.seeds.end - args.seeds.start == 1 && args.trace_out.is_some();
    let Some(seed) =
        tally.failed.as_ref().map(|(seed, _)| *seed).or(only.then_some(args.seeds.start))
    else {
        return Ok(None);
    };
    let trace = one(args, seed, true)?.trace.expect("it was to be recorded");
    match &args.trace_out {
        Some(path) => {
            trace.write_new(path).map_err(Failure::input)?;
            Ok(Some(path.clone()))
        }
        None => write_free(&trace, &format!("simulated-{seed}")).map(Some).map_err(Failure::input),
    }
}

/// What is wrong, in words.
fn wrong_in_words(wrong: &Wrong) -> String {
    match wrong {
        Wrong::Differs(difference) => difference.to_string(),
        Wrong::Breaks(property) => format!("{property} is violated"),
        Wrong::Unsettled(what) => format!("it does not settle: {}", what.join("; ")),
        Wrong::Panicked(what) => format!("a node panicked: {what}"),
    }
}

fn summary(args: &Args, tally: &Tally, verdict: Overall) -> String {
    match (&tally.failed, verdict) {
        (Some((seed, Wrong::Differs(_))), _) => {
            format!("seed {seed} fails: the nodes do what the model does not")
        }
        (Some((seed, Wrong::Breaks(property))), _) => {
            format!("seed {seed} fails: {property} is violated")
        }
        (Some((seed, Wrong::Panicked(_))), _) => format!("seed {seed} fails: a node panicked"),
        (Some((seed, Wrong::Unsettled(_))), _) => format!("seed {seed} fails: it does not settle"),
        (None, Overall::Pass) => {
            let runs = counted(tally.runs as usize, "run");
            format!(
                "{runs} under the faults `{}`: the model accepts every step, and all settles",
                args.faults.name()
            )
        }
        (None, _) => format!("interrupted after {}", counted(tally.runs as usize, "run")),
    }
}

fn human(
    args: &Args,
    tally: &Tally,
    took: f64,
    trace: Option<&std::path::Path>,
    verdict: Overall,
) -> String {
    let mut told = format!(
        "  ran      {}, {}, {}\n  took     {}, {}\n",
        counted(tally.runs as usize, "run"),
        counted(tally.events as usize, "event"),
        counted(tally.steps as usize, "step"),
        seconds(took),
        rate(tally.events as usize, took),
    );
    if let Some((seed, wrong)) = &tally.failed {
        let lines = swarm(args, *seed).to_string();
        told += &lines.lines().map(|line| format!("  {line}\n")).collect::<String>();
        told.push('\n');
        told +=
            &wrong_in_words(wrong).lines().map(|line| format!("  {line}\n")).collect::<String>();
        told.push('\n');
    }
    if let Some(path) = trace {
        let file = shell(path);
        told += &format!("  written  {file}\n  show     spillway show {file}\n");
        told += &format!("  validate spillway validate {file}\n");
    }
    format!("{told}\n{}", format::verdict_line(verdict, &summary(args, tally, verdict)))
}

fn object<'a>(
    args: &Args,
    tally: &'a Tally,
    took: f64,
    trace: Option<&std::path::Path>,
    verdict: Overall,
) -> Object<'a> {
    Object {
        verdict,
        seeds: [args.seeds.start, args.seeds.end],
        faults: args.faults.name(),
        bug: args.bug.map(Bug::name),
        runs: tally.runs,
        events: tally.events,
        steps: tally.steps,
        seconds: took,
        marks: &tally.marks,
        failed_seed: tally.failed.as_ref().map(|(seed, _)| *seed),
        wrong: tally.failed.as_ref().map(|(_, wrong)| wrong_in_words(wrong)),
        trace: trace.map(|path| path.display().to_string()),
    }
}

fn suite(args: &Args, tally: &Tally, took: f64, verdict: Overall) -> Suite {
    let outcome = match &tally.failed {
        Some((_, wrong)) => Outcome::Failed(summary(args, tally, verdict), wrong_in_words(wrong)),
        None if verdict == Overall::Pass => Outcome::Passed,
        None => Outcome::Undecided(summary(args, tally, verdict)),
    };
    let name =
        format!("seeds {}..{} under {}", args.seeds.start, args.seeds.end, args.faults.name());
    Suite {
        name: "spillway simulate".to_owned(),
        seconds: took,
        summary: summary(args, tally, verdict),
        cases: vec![Case { name, outcome }],
    }
}
