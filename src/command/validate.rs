//! `spillway validate`: does the model accept what an implementation did?

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;
use spillway_properties::catalog::nearest;
use spillway_properties::{CheckedAcceptor, HIDEABLE, Overall};
use spillway_traces::file::event_line;
use spillway_traces::{Bounds, Expect, Judgement, Outcome, Spillway, Trace, Validated, validate};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::format::number::counted;
use crate::format::{self, Case, Format, Suite, github, junit, sarif};
use crate::live_folder::Folder;
use crate::output;
use crate::style::{faint, strong};
use crate::trace_file::{Subject, read, shell, warn_of};

/// Does the model accept what an implementation did? Every property is judged on the way.
///
/// It ends with 0 if the model accepts every trace, or does with one what that says is expected of it; with 1 if it
/// refuses one, or a property is violated; with 3 if that could not be decided: a search for hidden steps came to its
/// bound, or the trace has no end.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The traces. A folder is what `serve --trace-dir` wrote there.
    #[arg(required = true)]
    traces: Vec<PathBuf>,
    /// Kinds of step that may have happened without being recorded: drop, duplicate, reorder, slow, calm.
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = kind)]
    hidden: Vec<&'static str>,
    /// Hidden steps that a search puts in, at most.
    #[arg(long, value_name = "N", default_value_t = Bounds::default().hidden_max)]
    hidden_max: usize,
    /// Events that a search for hidden steps goes back, at most.
    #[arg(long, value_name = "N", default_value_t = Bounds::default().events_back_max)]
    events_back_max: usize,
    /// How the result is written.
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

fn kind(text: &str) -> Result<&'static str, String> {
    HIDEABLE.into_iter().find(|kind| *kind == text).ok_or_else(|| {
        let meant =
            nearest(text, HIDEABLE.into_iter()).map(|near| format!("; did you mean `{near}`?"));
        format!("expected one of {}{}", HIDEABLE.join(", "), meant.unwrap_or_default())
    })
}

/// One trace, judged.
#[derive(Serialize)]
struct Row {
    trace: String,
    scope: String,
    source: String,
    seed: u64,
    verdict: Overall,
    summary: String,
    /// The line of the last event that was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_line: Option<u64>,
    /// Of a folder: where the event was written that is refused, or after which a property breaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    written_at: Option<String>,
    /// The command that runs it again up to what is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    again: Option<String>,
    #[serde(flatten)]
    validated: Validated,
    #[serde(skip)]
    seconds: f64,
    #[serde(skip)]
    of: String,
}

#[derive(Serialize)]
struct Object<'a> {
    verdict: Overall,
    traces: &'a [Row],
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let rows: Vec<Row> =
        args.traces.iter().map(|path| one(path, args)).collect::<Result<_, Failure>>()?;
    let any = |verdict| rows.iter().any(|row| row.verdict == verdict);
    let verdict = match (any(Overall::Fail), any(Overall::Inconclusive)) {
        (true, _) => Overall::Fail,
        (false, true) => Overall::Inconclusive,
        (false, false) => Overall::Pass,
    };
    output::result(&match args.format {
        Format::Human => rows.iter().map(human).collect::<Vec<_>>().join("\n"),
        Format::Json => format::json(&Object { verdict, traces: &rows }),
        Format::Junit => junit::report(&suite(&rows)),
        Format::Github => github::report(&suite(&rows)),
        Format::Sarif => sarif::report(&sarif::of_suite(&suite(&rows), |_| None)),
    })?;
    Ok(verdict.into())
}

fn one(path: &Path, args: &Args) -> Result<Row, Failure> {
    let folder = path.is_dir().then(|| Folder::read(path)).transpose()?;
    let (trace, folder) = match folder {
        Some(mut folder) => (folder.take_trace(), Some(folder)),
        None => (read(path, None)?, None),
    };
    let subject = Subject::of(path, &trace.header)?;
    warn_of(subject.mutant);
    let begun = Instant::now();
    let digests = trace.events.iter().any(|event| event.observed.state.is_some());
    let hidden = args.hidden.iter().copied().collect();
    let first = CheckedAcceptor::new(subject.scope.clone(), subject.mutant, hidden, digests);
    let bounds = Bounds {
        hidden_max: args.hidden_max,
        events_back_max: args.events_back_max,
        ..Bounds::default()
    };
    let validated = validate(&trace, first, bounds);
    let (verdict, summary) = judge(&trace, &validated);
    Ok(Row {
        trace: path.display().to_string(),
        scope: subject.scope.name.clone(),
        source: trace.header.source.to_string(),
        seed: trace.header.seed,
        verdict,
        summary,
        last_line: validated.events.checked_sub(1).map(event_line),
        written_at: folder.as_ref().and_then(|folder| folder.place(wrong_at(&validated)?)),
        again: (verdict != Overall::Pass).then(|| again(path, args)),
        seconds: begun.elapsed().as_secs_f64(),
        of: of(&trace, &subject),
        validated,
    })
}

/// The event that is refused, or after which a property first breaks.
fn wrong_at(validated: &Validated) -> Option<u64> {
    match &validated.judgement {
        Judgement::Refused(Outcome::Refused { event, .. } | Outcome::Differs { event, .. }) => {
            Some(*event)
        }
        _ => validated.broken.first()?.event,
    }
}

/// The command that runs a trace again. One that needs hidden steps does not replay: it is validated again.
fn again(path: &Path, args: &Args) -> String {
    let file = shell(path);
    if args.hidden.is_empty() {
        return format!("spillway replay --on both {file}");
    }
    let mut command = format!("spillway validate --hidden {}", args.hidden.join(","));
    let usual = Bounds::default();
    for (flag, max, usual) in [
        ("--hidden-max", args.hidden_max, usual.hidden_max),
        ("--events-back-max", args.events_back_max, usual.events_back_max),
    ] {
        if max != usual {
            command += &format!(" {flag} {max}");
        }
    }
    format!("{command} {file}")
}

fn of(trace: &Trace<Spillway>, subject: &Subject) -> String {
    let header = &trace.header;
    let bug = header.mutant.as_ref().map(|name| format!(", with the seeded bug {name}"));
    let seed = if header.seed == 0 { String::new() } else { format!(", seed {}", header.seed) };
    let name = &subject.scope.name;
    format!("a trace of {name} from the {}{seed}{}", header.source, bug.unwrap_or_default())
}

/// What is said of a trace, in a sentence.
fn judge(trace: &Trace<Spillway>, validated: &Validated) -> (Overall, String) {
    let (verdict, summary) = plainly(validated);
    let refused_at = match &validated.judgement {
        Judgement::Refused(Outcome::Refused { line, .. } | Outcome::Differs { line, .. }) => {
            Some(*line)
        }
        _ => None,
    };
    match &trace.header.expect {
        None | Some(Expect::Accepted) => (verdict, summary),
        Some(Expect::Refused { line }) => match refused_at {
            Some(at) if at == *line => (Overall::Pass, format!("{summary}, as expected")),
            _ => (Overall::Fail, format!("{summary}; expected was a refusal of line {line}")),
        },
        Some(Expect::Violates { property, .. }) => {
            let broken = validated.broken.iter().any(|broken| broken.property == *property);
            match broken {
                true => (Overall::Pass, format!("{property} is violated, as expected")),
                false => (Overall::Fail, format!("{summary}; expected was that {property} breaks")),
            }
        }
    }
}

fn plainly(validated: &Validated) -> (Overall, String) {
    match (&validated.judgement, validated.broken.first()) {
        (Judgement::Refused(outcome), _) => (Overall::Fail, refused(outcome)),
        (_, Some(broken)) => {
            let line = broken.event.map_or(1, event_line);
            (
                Overall::Fail,
                format!("the model accepts it, and {} breaks at line {line}", broken.property),
            )
        }
        (Judgement::Inconclusive { why, .. }, None) => (Overall::Inconclusive, why.clone()),
        (Judgement::Accepted, None) if !validated.complete => {
            let what = "every event is accepted, but the trace has no end: its writer died";
            (Overall::Inconclusive, what.to_owned())
        }
        (Judgement::Accepted, None) => {
            (Overall::Pass, "the model accepts every event, and every property holds".to_owned())
        }
    }
}

fn refused(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Refused { event, line, guard, .. } => {
            format!("the model refuses event {event} (line {line}) by guard `{guard}`")
        }
        Outcome::Differs { event, line, field, .. } => {
            format!("the model sees event {event} (line {line}) otherwise, in `{field}`")
        }
        Outcome::Matched => unreachable!("what matches is not refused"),
    }
}

fn human(row: &Row) -> String {
    let validated = &row.validated;
    let mut told = format!("  {} accepted", counted(validated.events as usize, "event"));
    if let Some(line) = row.last_line {
        told += &format!(", the last at line {line}");
    }
    if validated.hidden > 0 {
        told += &format!(", with {} put in", counted(validated.hidden as usize, "hidden step"));
    }
    told.push('\n');
    if validated.judgement != Judgement::Accepted {
        let lines = validated.judgement.to_string();
        told.extend(lines.lines().map(|line| format!("  {line}\n")));
    }
    for broken in &validated.broken {
        let line = broken.event.map_or(1, event_line);
        told += &format!("  property `{}` breaks at line {line}\n", broken.property);
    }
    if let Some(place) = &row.written_at {
        told += &format!("  written  {place}\n");
    }
    if let Some(again) = &row.again {
        told += &format!("  show     spillway show {}\n", shell(Path::new(&row.trace)));
        told += &format!("  replay   {again}\n");
    }
    let verdict = format::verdict_line(row.verdict, &row.summary);
    format!("{}\n{}\n\n{told}\n{verdict}", strong(&row.trace), faint(&row.of))
}

/// A case for each trace.
fn suite(rows: &[Row]) -> Suite {
    let outcome = |row: &Row| match row.verdict {
        Overall::Pass => format::Outcome::Passed,
        Overall::Fail => {
            format::Outcome::Failed(row.summary.clone(), row.validated.judgement.to_string())
        }
        Overall::Inconclusive => format::Outcome::Undecided(row.summary.clone()),
    };
    let accepted = rows.iter().filter(|row| row.verdict == Overall::Pass).count();
    Suite {
        name: "spillway validate".to_owned(),
        seconds: rows.iter().map(|row| row.seconds).sum(),
        summary: format!("{accepted} of {} are well", counted(rows.len(), "trace")),
        cases: rows
            .iter()
            .map(|row| Case { name: row.trace.clone(), outcome: outcome(row) })
            .collect(),
    }
}
