//! A full disk ends a run with a report. Where there is a shell that bounds the size of files, this makes one.
#![allow(clippy::unwrap_used, missing_docs)]
#![cfg(unix)]

mod common;

use std::process::Command;

use common::web::Web;
use spillway_checker::{Checker, Report, Stop, Verdict};

const WEB: Web = Web { states: 90_000, degree: 6, seed: 5 };
/// Set where files are bounded.
const BOUNDED: &str = "SPILLWAY_TEST_FILES_ARE_BOUNDED";

/// Runs a test of this file once more, where no file may have more than some kilobytes.
fn where_files_are_bounded(test: &str, run: impl Fn()) {
    if std::env::var_os(BOUNDED).is_some() {
        return run();
    }
    // The signal that a process gets for it is ignored: what it wants to write fails then, as on a full disk.
    let script = r#"trap '' XFSZ && ulimit -f 8 && exec "$0" "$@""#;
    let this = std::env::current_exe().unwrap();
    let output = Command::new("sh")
        .args(["-c", script])
        .arg(this)
        .args(["--exact", test, "--nocapture"])
        .env(BOUNDED, "")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{output:?}");
}

fn check(report: &Report<Web>, what: &str) {
    match &report.stopped {
        Some(Stop::System(message)) => assert!(message.starts_with(what), "{message}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(report.verdict("true"), Some(Verdict::Inconclusive));
    assert!(report.unexplored_states > 0);
}

#[test]
fn parents_that_cannot_be_written_end_a_run() {
    where_files_are_bounded("parents_that_cannot_be_written_end_a_run", || {
        for threads in [1, 2] {
            let report = Checker::new(WEB).threads(threads).run().unwrap();
            check(&report, "the parents of states cannot be written: ");
        }
    });
}

#[test]
fn states_that_cannot_be_spilled_end_a_run() {
    where_files_are_bounded("states_that_cannot_be_spilled_end_a_run", || {
        for threads in [1, 2] {
            let checker = Checker::new(WEB).threads(threads).memory_budget(2 << 20);
            check(&checker.packed().run().unwrap(), "states cannot be written aside: ");
        }
    });
}
