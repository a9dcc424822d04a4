//! A check as people read it: what was judged, how much was explored, what breaks, and what to do next.

use std::path::Path;

use spillway_properties::{
    Finding, Kind, Overall, Report, Stopped, UNDECIDED, Verdict, catalog,
};

use super::words::{kind, steps, summary, why_stopped, word};
use super::{Done, Run};
use crate::format::number::{count, counted, probability, rate, seconds};
use crate::format::table::{Cell, table};
use crate::style::{self, faint, strong};
use crate::trace_file::shell;

/// The whole report.
pub(super) fn text(done: &Done<'_>) -> String {
    let (report, scope) = (&done.report, &done.subject.scope);
    let mut parts = vec![
        format!("{}\n{}\n", strong(&scope.name), faint(&scope.about)),
        table(&rows(report)),
        facts(done),
    ];
    let mut runs = done.runs.iter();
    parts.extend(runs.next().map(|run| shown(done, run)));
    parts.extend(runs.next().map(|run| others(run, runs)));
    let (mark, style) = match report.overall() {
        Overall::Pass => ("✓", style::GOOD.bold()),
        Overall::Fail => ("✗", style::BAD),
        Overall::Inconclusive => ("?", style::WARN),
    };
    let verdict = format!("{mark} {}", summary(report, scope));
    parts.push(format!("{}\n", style::paint(style, verdict)));
    parts.join("\n")
}

/// A row for each property; those of which nothing is known share one.
fn rows(report: &Report) -> Vec<Vec<Cell>> {
    let mut rows = Vec::new();
    for of in [Kind::Always, Kind::Eventually, Kind::Sometimes] {
        let mut label = kind(of);
        let mut add = |row: Vec<Cell>| {
            rows.push([vec![Cell::new(label, style::FAINT)], row].concat());
            label = "";
        };
        let of_kind = || report.findings.iter().filter(|finding| finding.kind == of);
        let open = |finding: &&Finding| finding.verdict == Verdict::Inconclusive;
        of_kind().filter(|finding| !open(finding)).for_each(|finding| add(row(finding)));
        let open: Vec<&Finding> = of_kind().filter(open).collect();
        match open.as_slice() {
            [] => {}
            [only] => add(row(only)),
            several => add(vec![
                Cell::new("?", style::FAINT),
                Cell::new(several_named(several), style::FAINT),
                Cell::new(word(Verdict::Inconclusive), style::FAINT),
            ]),
        }
    }
    rows
}

fn several_named(several: &[&Finding]) -> String {
    format!("{} properties", several.len())
}

fn row(finding: &Finding) -> Vec<Cell> {
    let (mark, style) = match finding.verdict {
        Verdict::Holds | Verdict::Reached => ("✓", style::GOOD),
        Verdict::Violated | Verdict::NotReached => ("✗", style::BAD),
        Verdict::Inconclusive => ("?", style::FAINT),
    };
    let name = match finding.verdict {
        Verdict::Violated | Verdict::NotReached => style::STRONG,
        Verdict::Inconclusive => style::FAINT,
        _ => style::PLAIN,
    };
    let after = steps(finding).map(|steps| format!("after {}", counted(steps, "step")));
    vec![
        Cell::new(mark, style),
        Cell::new(finding.name, name),
        Cell::new(word(finding.verdict), style),
        Cell::new(after.unwrap_or_default(), style::FAINT),
    ]
}

/// How much was explored, and what qualifies the verdict.
fn facts(done: &Done<'_>) -> String {
    let report = &done.report;
    let mut rows = Vec::new();
    let mut fact = |label: &str, text: String| {
        rows.push(vec![Cell::new(label, style::FAINT), Cell::plain(text)]);
    };
    if report.unique_states > 0 {
        fact(
            "explored",
            format!(
                "{} unique of {} generated states, depth {}",
                count(report.unique_states),
                count(report.generated_states),
                count(report.depth)
            ),
        );
        fact(
            "took",
            format!(
                "{} on {}, {}",
                seconds(report.seconds),
                counted(report.threads, "thread"),
                rate(report.generated_states, report.seconds)
            ),
        );
        let missed = probability(report.collision_probability());
        fact("collisions", format!("a state was missed with probability {missed} at most"));
    }
    match report.stopped {
        Some(Stopped::Violation) | None => {}
        Some(stopped) => fact("stopped", why_stopped(stopped, &done.subject.scope)),
    }
    if report.findings.iter().any(|finding| finding.kind == Kind::Eventually) {
        fact("undecided", UNDECIDED.to_owned());
    }
    table(&rows)
}

/// A run in full: what it shows, the run itself, and what to do with it.
fn shown(done: &Done<'_>, run: &Run) -> String {
    let statement = match catalog::find(run.property) {
        Ok(known) => known.statement.to_owned(),
        Err(_) => "no bound of the scope binds without being said: a message that has no room ends the check".to_owned(),
    };
    let count = counted(run.trace.events.len(), "step");
    let head = format!("{} in {count}", strong(run.property));
    let text = crate::command::show::painted(&run.trace, &done.subject);
    let text: String = text.lines().map(|line| indented(line) + "\n").collect();
    format!("{head}\n{}\n\n{text}\n{}", faint(statement), next(done, run))
}

fn indented(line: &str) -> String {
    if line.is_empty() { String::new() } else { format!("  {line}") }
}

/// Where the run was written, and the commands that take it.
fn next(done: &Done<'_>, run: &Run) -> String {
    let Some(file) = &run.file else { return "  the trace was not written\n".to_owned() };
    let shrinkable = done.report.finding(run.property).is_some_and(|f| f.verdict == Verdict::Violated);
    let mut rows = vec![named("written", file.display().to_string())];
    let command = |verb: &str, options: &str| format!("spillway {verb} {}{options}", shell(file));
    rows.push(named("show", command("show", " --as svg")));
    rows.push(named("replay", command("replay", "")));
    if shrinkable {
        rows.push(named("shrink", command("shrink", "")));
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
