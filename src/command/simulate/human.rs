//! The report of `spillway simulate` for people.

use std::path::Path;

use spillway_impl::sim::marks::Mark;

use super::report::Report;
use crate::format;
use crate::format::number::{count, counted, rate, seconds};
use crate::format::table::{Cell, table_of_lines};
use crate::style;
use crate::trace_file::shell;

/// The report.
pub(super) fn text(report: &Report, with_marks: bool) -> String {
    let mut told = format!(
        "  ran      {}, {}, {}\n  took     {}, {}\n",
        counted(report.runs as usize, "run"),
        counted(report.events as usize, "event"),
        counted(report.steps as usize, "step"),
        seconds(report.seconds),
        rate(report.events as usize, report.seconds),
    );
    if with_marks {
        told += &format!("\n{}", marks(report));
    }
    let details = report.wrong.as_ref().map(|wrong| &wrong.details);
    for part in [report.configuration.as_ref(), details].into_iter().flatten() {
        told += &indented(part);
        told.push('\n');
    }
    if let Some(missed) = report.missed() {
        told += &indented(&missed.to_string());
    }
    if let Some(path) = &report.trace {
        let file = shell(Path::new(path));
        told += &format!("  written  {file}\n  show     spillway show {file}\n");
        told += &format!("  validate spillway validate {file}\n");
    }
    format!("{told}\n{}", format::verdict_line(report.verdict(), &report.summary()))
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

fn marks(report: &Report) -> String {
    let row = |mark: &Mark| {
        let met = report.marks.count(*mark);
        let style = if met == 0 { style::WARN } else { style::PLAIN };
        vec![
            Cell::new(mark.name(), style),
            Cell::new(count(met as usize), style).right(),
            Cell::plain(mark.about()),
        ]
    };
    table_of_lines(&Mark::ALL.iter().map(row).collect::<Vec<_>>())
}
