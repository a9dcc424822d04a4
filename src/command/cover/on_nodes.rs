//! `spillway cover --on impl`: the nodes take the transitions of a scope together with the model, without files. A scope
//! that is too large for that is walked at random.

use std::ops::Range;
use std::path::PathBuf;

use serde::Serialize;
use spillway_impl::bug::Bug;
use spillway_model::Scope;
use spillway_properties::Overall;
use spillway_properties::random::STEPS_MAX;
use spillway_properties::refinement::stream::{transitions, walks};
use spillway_properties::refinement::{NodesMachine, Setting, StreamEnd, Streamed};
use spillway_traces::{
    Action, Header, Machine, Observed, Recorder, Source, Spillway, Trace, Verdict,
};

use crate::command::check::walks::seeds;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::format::number::counted;
use crate::progress::Line;
use crate::run::too_small;
use crate::trace_file::{refuse_taken, shell, write_free};
use crate::{format, interrupt, names, output};

/// On what a suite is repeated at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum On {
    /// The implementation.
    Impl,
}

/// What concerns the nodes.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "On the implementation")]
pub(super) struct NodesArgs {
    /// Have it taken by the implementation in lockstep with the model, and write no suite.
    #[arg(long, value_enum, conflicts_with = "out")]
    on: Option<On>,
    /// Random walks instead of every transition, from seed A up to but without B: for scopes that are too large.
    #[arg(long, value_name = "A..B", requires = "on", conflicts_with = "transitions_max", value_parser = seeds)]
    seeds: Option<Range<u64>>,
    /// Steps of a walk, at most.
    #[arg(long, value_name = "N", requires = "seeds", default_value = "1000",
        value_parser = clap::value_parser!(u32).range(1..=i64::from(STEPS_MAX)))]
    depth: u32,
    /// A seeded bug of the implementation, to see that it is found.
    #[arg(long, value_name = "NAME", requires = "on", value_parser = names::bugs(), hide_possible_values = true)]
    bug: Option<Bug>,
    /// Where the run is written on which they part.
    #[arg(long, value_name = "FILE", requires = "on")]
    trace_out: Option<PathBuf>,
}

impl NodesArgs {
    pub(super) fn is_asked(&self) -> bool {
        self.on.is_some()
    }
}

#[derive(Serialize)]
struct Object<'a> {
    verdict: Overall,
    scope: &'a str,
    on: &'static str,
    bug: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seeds: Option<[u64; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unique_states: Option<u64>,
    steps: u64,
    summary: String,
    differs: &'a [String],
    trace: Option<String>,
}

/// Runs it.
pub(super) fn run(args: &super::Args, scope: &Scope) -> Result<Exit, Failure> {
    let asked = &args.nodes;
    asked.trace_out.as_deref().map_or(Ok(()), refuse_taken)?;
    let setting = Setting::of(scope);
    let setting = match asked.bug {
        None => setting,
        Some(bug) => {
            let (name, about) = (bug.name(), bug.about());
            output::warning(&format!("the seeded bug `{name}` is on: {about}"));
            setting.with(bug)
        }
    };
    interrupt::watch()?;
    let streamed = stream(args, scope, &setting)?;
    let verdict = match streamed.end {
        StreamEnd::All => Overall::Pass,
        StreamEnd::Parted { .. } => Overall::Fail,
        StreamEnd::Steps | StreamEnd::Full(_) | StreamEnd::Stopped => Overall::Inconclusive,
    };
    let (differs, trace): (&[String], _) = match &streamed.end {
        StreamEnd::Parted { path, lines, seed } => {
            (lines, Some(shell(&write(asked, scope, &setting, path, seed.unwrap_or(0))?)))
        }
        _ => (&[], None),
    };
    let summary = summary(args, scope, &streamed);
    output::result(&match args.json {
        false => human(differs, trace.as_deref(), &format::verdict_line(verdict, &summary)),
        true => format::json(&Object {
            verdict,
            scope: &scope.name,
            on: "impl",
            bug: asked.bug.map(Bug::name),
            seeds: asked.seeds.as_ref().map(|seeds| [seeds.start, seeds.end]),
            unique_states: asked.seeds.is_none().then_some(streamed.states),
            steps: streamed.steps,
            summary,
            differs,
            trace,
        }),
    })?;
    Ok(verdict.into())
}

fn stream(args: &super::Args, scope: &Scope, setting: &Setting) -> Result<Streamed, Failure> {
    let line = Line::new(None);
    let of = if args.nodes.seeds.is_some() { "walks" } else { "states" };
    let mut watch = |number, steps| line.show_together(of, number, steps);
    match &args.nodes.seeds {
        Some(seeds) => {
            let walked = walks(scope, setting, seeds.clone(), args.nodes.depth, &mut watch);
            walked.map_err(Failure::input)
        }
        None => {
            let steps_max = args.transitions_max.get() as u64;
            Ok(transitions(scope.clone(), setting, steps_max, &mut watch))
        }
    }
}

/// Writes what the nodes did, up to where they part from the model. A last step that they refuse has no observation.
fn write(
    asked: &NodesArgs,
    scope: &Scope,
    setting: &Setting,
    path: &[Action],
    seed: u64,
) -> Result<PathBuf, Failure> {
    let mut header = Header::new::<Spillway>(Source::Simulator, seed, scope.to_json());
    header.mutant = asked.bug.map(|bug| bug.name().to_owned());
    let mut nodes = NodesMachine::of(scope.clone(), setting);
    let mut recorder = Recorder::<Spillway>::new();
    let events = path.iter().map(|action| {
        let observed = nodes.step(action).unwrap_or_else(|_| Observed::default());
        recorder.event(*action, observed)
    });
    let trace = Trace::new(header, events.collect()).finish(Verdict::Refused, None);
    let trace = trace.map_err(Failure::input)?;
    match &asked.trace_out {
        None => write_free(&trace, &format!("{}-parted", scope.name)).map_err(Failure::input),
        Some(path) => trace.write_new(path).map(|()| path.clone()).map_err(Failure::input),
    }
}

fn summary(args: &super::Args, scope: &Scope, streamed: &Streamed) -> String {
    let name = &scope.name;
    let steps = counted(streamed.steps as usize, "step");
    let taken = match &args.nodes.seeds {
        Some(seeds) => {
            let walks = counted((seeds.end - seeds.start) as usize, "random walk");
            format!("{walks}, {steps}")
        }
        None => {
            let transitions = counted(streamed.steps as usize, "transition");
            format!("{transitions} between {}", counted(streamed.states as usize, "state"))
        }
    };
    match &streamed.end {
        StreamEnd::All => format!("{name}: the nodes and the model agree on {taken}"),
        StreamEnd::Parted { path, seed, .. } => {
            let on = seed.map(|seed| format!(" on the walk of seed {seed}")).unwrap_or_default();
            let after = counted(path.len(), "step");
            format!("{name}: the nodes and the model part{on} after {after}")
        }
        StreamEnd::Steps => {
            let max = counted(args.transitions_max.get(), "transition");
            format!("{name}: the nodes and the model agree so far, and there are more than {max}")
        }
        StreamEnd::Full(full) => format!("{name} is inconclusive: {}", too_small(*full, scope)),
        StreamEnd::Stopped => format!("{name}: interrupted after {steps}, on which they agree"),
    }
}

fn human(differs: &[String], trace: Option<&str>, verdict: &str) -> String {
    let mut told: String = differs.iter().map(|line| format!("  {line}\n")).collect();
    if let Some(file) = trace {
        told += &format!("\n  written  {file}\n  show     spillway show {file}\n");
        told += &format!("  replay   spillway replay --on both {file}\n\n");
    }
    told + verdict
}
