//! `spillway shrink`: the smallest run that still fails in the same way.

mod nodes;

use std::path::{Path, PathBuf};

use serde::Serialize;
use spillway_model::Scope;
use spillway_properties::shrinking::{OnModel, SmallerFailure, smaller};
use spillway_traces::file::scope_hash;
use spillway_traces::replay::Outcome;
use spillway_traces::{Expect, Header, Source, Spillway, Trace, Verdict, replay};

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

/// Make a trace smaller that fails, so that it still fails for the same reason: fewer steps, requests, nodes, faults and
/// features.
///
/// A trace that breaks a property still breaks that one. One of the implementation that the model refuses is still refused
/// at the same kind of step by the same guard, or differs in the same part of what was observed or of the state. A run of
/// the simulator is run again in ever smaller configurations before its steps are looked at; where all does not settle, or
/// a node panics, which no step shows, the smaller run is all that is written.
///
/// It ends with 2 if the trace does not apply, is seen otherwise than recorded, breaks another property than it says, or
/// does not fail; with 3 if a bound of the scope is full before anything breaks.
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
    sizes_from: Sizes,
    sizes_to: Sizes,
    minimal: bool,
    tried: u64,
    trace: PathBuf,
    #[serde(skip)]
    of_steps: bool,
}

/// How large a scope is.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Sizes {
    clients: u16,
    communication_servers: u16,
    query_servers: u16,
    control_servers: u16,
    requests: u32,
}

impl Sizes {
    fn of(scope: &Scope) -> Sizes {
        let nodes = &scope.nodes;
        Sizes {
            clients: nodes.clients,
            communication_servers: nodes.communication_servers,
            query_servers: nodes.query_servers,
            control_servers: nodes.control_servers,
            requests: scope.requests.len() as u32 * scope.rounds,
        }
    }
}

impl std::fmt::Display for Sizes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Sizes { clients, communication_servers, query_servers, control_servers, requests } =
            self;
        let requests = counted(*requests as usize, "request");
        write!(
            f,
            "A{clients} B{communication_servers} C{query_servers} K{control_servers}, {requests}"
        )
    }
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    if let Some(path) = &args.out {
        refuse_taken(path)?;
    }
    let trace = trace_file::read(&args.trace, None)?;
    let subject = Subject::of(&args.trace, &trace.header)?;
    let of_model = trace.header.source == Source::Model || recorded(&trace).is_some();
    let smaller = match of_model {
        true => on_model(&args.trace, &trace, &subject)?,
        false => nodes::run(&args.trace, &trace, &subject)?,
    };
    let written = match &args.out {
        Some(path) => smaller.trace.write_new(path).map(|()| path.clone()),
        None => write_free(&smaller.trace, &format!("{}.shrunk", trace_file::stem(&args.trace))),
    };
    let done = Done {
        property: smaller.by,
        from: trace.events.len(),
        to: smaller.trace.events.len(),
        sizes_from: Sizes::of(&subject.scope),
        sizes_to: Sizes::of(&smaller.scope),
        minimal: smaller.minimal,
        tried: smaller.tried,
        trace: written.map_err(Failure::input)?,
        of_steps: smaller.of_steps,
    };
    output::result(&match args.format {
        Plain::Human => human(&args.trace, &done),
        Plain::Json => format::json(&done),
    })?;
    Ok(Exit::Holds)
}

/// A trace that breaks a property on the model.
fn on_model(
    path: &Path,
    trace: &Trace<Spillway>,
    subject: &Subject,
) -> Result<SmallerFailure, Failure> {
    let property = broken(path, trace, subject)?;
    warn_of(subject.mutant);
    let failing = OnModel { mutant: subject.mutant, property: &property };
    let smaller =
        smaller(&subject.scope, &trace.actions(), &failing).ok_or_else(|| nothing(path))?;
    let actions = smaller.actions();
    let subject = Subject { scope: smaller.scope.clone(), ..subject.clone() };
    let scope = subject.scope.to_json();
    let header =
        Header { scope_hash: scope_hash(&scope), scope, run: None, ..trace.header.clone() };
    let trace = subject.trace_under(header, &actions, Verdict::Violated, &property)?;
    Ok(SmallerFailure {
        by: property,
        scope: subject.scope,
        trace,
        tried: smaller.tried,
        minimal: smaller.minimal,
        of_steps: true,
    })
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
    let how = match (done.of_steps, done.minimal) {
        (true, true) if done.from == done.to => "no step can be left out",
        (true, true) => "no further step can be left out",
        (false, true) => "no smaller run fails like this that was thought of",
        (_, false) => "a smaller one may exist: the search was cut off",
    };
    let fact = |label: &str, text: String| vec![Cell::new(label, style::FAINT), Cell::plain(text)];
    let new = shell(&done.trace);
    let mut rows = vec![
        fact("breaks", done.property.clone()),
        fact("from", format!("{}  {}", counted(done.from, "step"), from.display())),
        fact("to", format!("{}  {}", counted(done.to, "step"), done.trace.display())),
    ];
    if done.sizes_from != done.sizes_to {
        rows.push(fact("sizes", format!("{} → {}", done.sizes_from, done.sizes_to)));
    }
    rows.extend([
        fact(
            "tried",
            format!("{}; {how}", counted(usize::try_from(done.tried).unwrap_or(usize::MAX), "run")),
        ),
        fact("show", format!("spillway show {new}")),
        fact("replay", format!("spillway replay {new}")),
    ]);
    table(&rows)
}
