//! A check as people read it: what was judged, how much was explored, what breaks, and what to do next.

use std::path::Path;

use spillway_properties::{Finding, Kind, Report, Stopped, UNDECIDED, Verdict, catalog};

use super::words::{kind, steps, summary, why_stopped, word};
use super::{Done, Run, walks};
use crate::format::number::{count, counted, probability, rate, seconds};
use crate::format::table::{Cell, table};
use crate::format::verdict_line;
use crate::style::{self, faint, strong};
use crate::trace_file::shell;

/// The whole report.
pub(super) fn text(done: &Done<'_>) -> String {
    let (report, scope) = (&done.report, &done.subject.scope);
    let file = done.file.as_ref().map(|file| format!("  ({file})")).unwrap_or_default();
    let mut parts = vec![
        format!("{}{}\n{}\n", strong(&scope.name), faint(file), faint(&scope.about)),
        table(&rows(done)),
        facts(done),
    ];
    let mut runs = done.runs.iter();
    parts.extend(runs.next().map(|run| shown(done, run)));
    parts.extend(runs.next().map(|run| others(run, runs)));
    parts.push(verdict_line(report.overall(), &summary(done)));
    parts.join("\n")
}

/// A row for each property; those of a kind of which nothing is known share one.
fn rows(done: &Done<'_>) -> Vec<Vec<Cell>> {
    let mut rows = Vec::new();
    for of in [Kind::Always, Kind::Eventually, Kind::Sometimes] {
        let of_kind = done.report.findings.iter().filter(|finding| finding.kind == of);
        let (open, decided): (Vec<_>, Vec<_>) =
            of_kind.partition(|finding| finding.verdict == Verdict::Inconclusive);
        let mut cells: Vec<_> = decided.into_iter().map(|finding| row(done, finding)).collect();
        match open.as_slice() {
            [] => {}
            [only] => cells.push(row(done, only)),
            several => cells.push(vec![
                Cell::new(format!("{} properties", several.len()), style::FAINT),
                Cell::new(format!("? {}", what(done, several[0])), style::FAINT),
            ]),
        }
        let labels = std::iter::once(kind(of)).chain(std::iter::repeat(""));
        let labels = labels.map(|label| Cell::new(label, style::FAINT));
        rows.extend(labels.zip(cells).map(|(label, cells)| [vec![label], cells].concat()));
    }
    rows
}

/// The verdict in words: of random walks, whose word "inconclusive" tells little, what did not happen.
fn what(done: &Done<'_>, finding: &Finding) -> &'static str {
    match &done.walks {
        Some(_) => walks::word(finding),
        None => word(finding.verdict),
    }
}

fn row(done: &Done<'_>, finding: &Finding) -> Vec<Cell> {
    let (mark, of_name, style) = match finding.verdict {
        Verdict::Holds | Verdict::Reached => ("✓", style::PLAIN, style::GOOD),
        Verdict::Violated | Verdict::NotReached => ("✗", style::STRONG, style::BAD),
        Verdict::Inconclusive => ("?", style::FAINT, style::FAINT),
    };
    let after = match &done.walks {
        Some(walks) => walks::place(finding, walks),
        None => steps(finding).map(|steps| format!("after {}", counted(steps, "step"))),
    };
    vec![
        Cell::new(finding.name, of_name),
        Cell::new(format!("{mark} {}", what(done, finding)), style),
        Cell::new(after.unwrap_or_default(), style::FAINT),
    ]
}

/// How much was explored, and what qualifies the verdict.
fn facts(done: &Done<'_>) -> String {
    let report = &done.report;
    let mut rows = Vec::new();
    let mut fact = |label, text| rows.push(named(label, text));
    if let Some(walks) = &done.walks {
        walks::facts(report, walks).into_iter().for_each(|(label, text)| fact(label, text));
    } else if report.unique_states > 0 {
        fact("explored", explored(report));
        fact("took", took(report));
        let missed = probability(report.collision_probability());
        fact("collisions", format!("a state was missed with probability {missed} at most"));
    }
    match report.stopped {
        Some(Stopped::Violation) | None => {}
        Some(stopped) => fact("stopped", why_stopped(stopped, done)),
    }
    if report.findings.iter().any(|finding| finding.kind == Kind::Eventually) {
        fact("undecided", UNDECIDED.to_owned());
    }
    table(&rows)
}

fn explored(report: &Report) -> String {
    format!(
        "{} unique of {} generated states, depth {}",
        count(report.unique_states),
        count(report.generated_states),
        count(report.depth)
    )
}

fn took(report: &Report) -> String {
    let rate = rate(report.generated_states, report.seconds);
    format!("{} on {}, {rate}", seconds(report.seconds), counted(report.threads, "thread"))
}

/// A run in full: what it shows, the run itself, and what to do with it.
fn shown(done: &Done<'_>, run: &Run) -> String {
    let statement = match (catalog::find(run.property), done.report.stopped) {
        (Ok(known), _) => known.statement.to_owned(),
        (Err(_), Some(stopped)) => why_stopped(stopped, done),
        (Err(_), None) => String::new(),
    };
    let text = crate::command::show::painted(&run.trace, &done.subject);
    let text: String = text.lines().map(|line| indented(line) + "\n").collect();
    let head = strong(run.property);
    format!("{head}\n{}\n\n{text}\n{}", faint(statement), next(done, run))
}

fn indented(line: &str) -> String {
    if line.is_empty() { String::new() } else { format!("  {line}") }
}

/// Where the run was written, and the commands that take it.
fn next(done: &Done<'_>, run: &Run) -> String {
    let Some(file) = &run.file else { return "  the trace was not written\n".to_owned() };
    let shrinkable =
        done.report.finding(run.property).is_some_and(|f| f.verdict == Verdict::Violated);
    let mut rows = vec![named("written", file.display().to_string())];
    let command = |verb: &str| format!("spillway {verb} {}", shell(file));
    rows.push(named("show", command("show")));
    rows.push(named("replay", command("replay")));
    if let Some(walks) = &done.walks {
        rows.extend(walks::again(done, walks, run.property).map(|text| named("walk again", text)));
    } else if shrinkable {
        rows.push(named("shrink", command("shrink")));
    }
    table(&rows)
}

fn named(label: &str, text: String) -> Vec<Cell> {
    vec![Cell::new(label, style::FAINT), Cell::plain(text)]
}

/// The files of the other runs.
fn others<'a>(first: &'a Run, rest: impl Iterator<Item = &'a Run>) -> String {
    let file = |file: &Path| file.display().to_string();
    let row = |run: &Run| named(run.property, run.file.as_deref().map(file).unwrap_or_default());
    let rows: Vec<_> = std::iter::once(first).chain(rest).map(row).collect();
    format!("{}\n{}", faint("also written"), table(&rows))
}
