//! `spillway cover`: writes a suite of traces that takes every transition of a scope, for an implementation to repeat; or
//! has ours repeat them at once.

mod on_nodes;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use serde::Serialize;
use spillway_model::{Protocol, Scope};
use spillway_properties::cover::{Cover, cover};
use spillway_properties::sizes::Tier;
use spillway_properties::with_tier;
use spillway_traces::{
    Action, Expect, Header, Source, Spillway, Trace, Verdict, WriteError, record,
};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::format::number::{count, counted};
use crate::trace_file::{Subject, shell};
use crate::{format, output, source, style};

/// Traces of one suite, at most: a folder of more is of no use to anybody.
const TRACES_MAX: usize = 99_999;

/// Write a suite of traces that takes every transition of a scope at least once.
///
/// The scope is explored to its end, without the properties. The traces are few and short, say that they are to be
/// accepted, and carry a digest of the state after each step, so that `spillway replay` compares every state.
///
/// With `--on impl` nothing is written: the nodes of the implementation take every transition together with the model as
/// it is found, and what is observed, the states, and what may be done next are compared. That ends with 0 if they agree
/// to the end, 1 if they part, 3 if there is more than `--transitions-max`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The scope: a builtin one or the path of a scope file. Those named `cover-…` are made for this.
    #[arg(default_value = "cover-tasks")]
    scope: String,
    /// The folder that is made and gets the traces; SCOPE-suite if none is named.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    nodes: on_nodes::NodesArgs,
    /// Transitions of the scope's graph, at most.
    #[arg(long, value_name = "N", default_value = "100000")]
    transitions_max: NonZeroUsize,
    /// Write the result as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Written {
    scope: String,
    unique_states: usize,
    transitions: usize,
    traces: usize,
    traces_min: usize,
    steps: usize,
    folder: String,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let scope = source::load(&args.scope)?.scope;
    if args.nodes.is_asked() {
        return on_nodes::run(args, &scope);
    }
    let folder = args.out.clone().unwrap_or_else(|| format!("{}-suite", scope.name).into());
    if folder.symlink_metadata().is_ok() {
        return Err(Failure::input(WriteError::Exists(folder)));
    }
    let suite = suite_of(&scope, args.transitions_max)?;
    if suite.paths.len() > TRACES_MAX {
        let many = count(suite.paths.len());
        let what = format!("{}: it takes {many} traces to cover it; expected", scope.name);
        return Err(Failure::Input(format!("{what} {} at most", count(TRACES_MAX))));
    }
    write(&scope, &suite, &folder)?;
    let written = Written {
        scope: scope.name,
        unique_states: suite.states,
        transitions: suite.transitions,
        traces: suite.paths.len(),
        traces_min: suite.paths_min,
        steps: suite.steps(),
        folder: shell(&folder),
    };
    output::result(&if args.json { format::json(&written) } else { human(&written) })?;
    Ok(Exit::Holds)
}

fn suite_of(scope: &Scope, transitions_max: NonZeroUsize) -> Result<Cover<Action>, Failure> {
    let failed = |what: String| Failure::Input(format!("{} cannot be covered: {what}", scope.name));
    let tier = Tier::of(scope).ok_or_else(|| failed("it is too large to explore".to_owned()))?;
    let suite = with_tier!(tier.next().unwrap_or(tier), S => {
        cover(&Protocol::<S>::new(scope.clone(), None), transitions_max.get())
    });
    suite.map_err(|error| failed(error.to_string()))
}

fn write(scope: &Scope, suite: &Cover<Action>, folder: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::Input(format!("`{}` cannot be made: {error}", folder.display()))
    };
    std::fs::create_dir(folder).map_err(failed)?;
    let subject = Subject { scope: scope.clone(), mutant: None, bug: None };
    for (number, path) in suite.paths.iter().enumerate() {
        let mut header = Header::new::<Spillway>(Source::Model, 0, scope.to_json());
        header.expect = Some(Expect::Accepted);
        let events = record(&mut subject.machine(), path).map_err(|(place, refusal)| {
            Failure::Input(format!(
                "a bug of this program: step {place} of its own path: {refusal}"
            ))
        })?;
        let trace = Trace::new(header, events).finish(Verdict::Holds, None);
        let file = folder.join(format!("{}-{number:05}.trace.ndjson", scope.name));
        trace.map_err(Failure::input)?.write_new(&file).map_err(Failure::input)?;
    }
    Ok(())
}

fn human(written: &Written) -> String {
    format!(
        "{}  {} take every one of {} between {} states, in {}; no fewer than {} could\n  written  {}/\n",
        style::strong(&written.scope),
        counted(written.traces, "trace"),
        counted(written.transitions, "transition"),
        count(written.unique_states),
        counted(written.steps, "step"),
        count(written.traces_min),
        written.folder,
    )
}
