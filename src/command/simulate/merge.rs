//! Reports of ranges of seeds that were run apart, as on several machines, as the report of the whole range.
//!
//! What one run over the whole range would have said is said: it would have ended with the first seed that fails, so that
//! later ranges count for nothing then.

use std::path::{Path, PathBuf};

use spillway_properties::Overall;

use super::report::{Report, VERSION};
use crate::failure::Failure;
use crate::source::read_bounded;

/// Bytes of a report, at most: far more than one has.
const REPORT_BYTES_MAX: usize = 1 << 20;

/// A report and the file that it is in.
struct Part<'a> {
    file: &'a Path,
    report: Report,
}

impl Part<'_> {
    fn failed(&self, what: &str) -> Failure {
        Failure::Input(format!("{}: {what}", self.file.display()))
    }
}

/// The reports in these files, merged.
///
/// # Errors
/// One cannot be read or is none, they are not of the same runs, or their ranges overlap or leave seeds out.
pub(super) fn merged(files: &[PathBuf]) -> Result<Report, Failure> {
    let mut parts = files.iter().map(|file| read(file)).collect::<Result<Vec<_>, _>>()?;
    // By their starts; of two with the same start, which overlap, in the order in which they were named.
    parts.sort_by_key(|part| part.report.seeds[0]);
    for pair in parts.windows(2) {
        same_runs(&pair[0], &pair[1])?;
        adjoining(&pair[0], &pair[1])?;
    }
    let mut parts = parts.into_iter().map(|part| part.report);
    let first = parts.next().ok_or_else(|| Failure::Input("expected a report".to_owned()))?;
    Ok(parts.fold(first, append))
}

/// A report and that of the seeds after it.
fn append(mut whole: Report, later: Report) -> Report {
    whole.seeds[1] = later.seeds[1];
    if whole.failed_seed.is_some() {
        return whole;
    }
    whole.runs += later.runs;
    whole.events += later.events;
    whole.steps += later.steps;
    whole.seconds += later.seconds;
    whole.marks.merge(&later.marks);
    Report {
        failed_seed: later.failed_seed,
        wrong: later.wrong,
        configuration: later.configuration,
        trace: later.trace,
        ..whole
    }
}

fn read(file: &Path) -> Result<Part<'_>, Failure> {
    let expected = "expected a report of `spillway simulate --format json`";
    let failed = |what: String| Failure::Input(format!("{}{what}; {expected}", file.display()));
    let bytes = read_bounded(file, REPORT_BYTES_MAX)
        .map_err(|error| failed(format!(": cannot be read: {error}")))?
        .ok_or_else(|| failed(format!(": it is longer than {REPORT_BYTES_MAX} bytes")))?;
    let report: Report = serde_json::from_slice(&bytes)
        .map_err(|error| failed(format!(":{}:{}: {error}", error.line(), error.column())))?;
    let part = Part { file, report };
    match contradiction(&part.report) {
        Some(what) => Err(part.failed(&what)),
        None => Ok(part),
    }
}

/// What no report of this program says.
fn contradiction(report: &Report) -> Option<String> {
    let [start, end] = report.seeds;
    if report.version != VERSION {
        let version = &report.version;
        return Some(format!("it is of spillway {version}; expected {VERSION}, as this one is"));
    }
    if start >= end {
        return Some(format!("`seeds` is [{start},{end}]; expected the first below the second"));
    }
    let most = match report.failed_seed {
        None => end - start,
        Some(seed) if (start..end).contains(&seed) => seed - start + 1,
        Some(seed) => {
            return Some(format!("`failed_seed` is {seed}; expected one from {start} to {end}"));
        }
    };
    let fails = report.failed_seed.is_some();
    if report.runs > most || (fails && report.runs < most) {
        let least = if fails { "exactly" } else { "at most" };
        return Some(format!("`runs` is {}; expected {least} {most}", report.runs));
    }
    let told = [report.wrong.is_some(), report.configuration.is_some()];
    if told != [fails; 2] {
        let what = "`failed_seed`, `wrong` and `configuration` do not go together";
        return Some(format!("{what}; expected all of them or none"));
    }
    if report.verdict != report.verdict() {
        let word = |verdict| match verdict {
            Overall::Pass => "pass",
            Overall::Fail => "fail",
            Overall::Inconclusive => "inconclusive",
        };
        let (found, expected) = (word(report.verdict), word(report.verdict()));
        return Some(format!("`verdict` is {found}; by the rest of it expected {expected}"));
    }
    None
}

/// Refuses reports that differ in what was run.
fn same_runs(one: &Part<'_>, other: &Part<'_>) -> Result<(), Failure> {
    let subject = |report: &Report| {
        [
            ("scope", format!("{:?}", report.scope)),
            ("scope_hash", format!("{:?}", report.scope_hash)),
            ("faults", format!("{:?}", report.faults.name())),
            ("choices", format!("{:?}", report.choices.name())),
            ("bug", format!("{:?}", report.bug.map(|bug| bug.name()))),
            ("compare_every", report.compare_every.to_string()),
        ]
    };
    for ((key, own), (_, others)) in subject(&one.report).into_iter().zip(subject(&other.report)) {
        if own != others {
            let plain = |value: String| match value.strip_prefix("Some(") {
                Some(value) => value.trim_end_matches(')').to_owned(),
                None => value.replace("None", "null"),
            };
            let (own, others) = (plain(own), plain(others));
            let expected = format!("expected {own}, as in {}", one.file.display());
            return Err(other.failed(&format!("`{key}` is {others}; {expected}")));
        }
    }
    Ok(())
}

/// Refuses ranges that overlap or leave seeds out.
fn adjoining(one: &Part<'_>, next: &Part<'_>) -> Result<(), Failure> {
    let (end, [start, _]) = (one.report.seeds[1], next.report.seeds);
    let before = one.file.display();
    let wrong = match start.cmp(&end) {
        std::cmp::Ordering::Equal => return Ok(()),
        std::cmp::Ordering::Less => format!("some are those of {before} again"),
        std::cmp::Ordering::Greater => format!("some are left out after those of {before}"),
    };
    let what = format!("its seeds begin at {start}, and {wrong}");
    Err(next.failed(&format!("{what}; expected {end}, where those end")))
}
