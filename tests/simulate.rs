//! `spillway simulate` from outside: runs that hold, a seeded bug from its seed to the line that is refused, and bad usage.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::{Folder, TINY};
use serde_json::Value;

/// What `simulate` reports in JSON, but for how long it took.
fn reported(folder: &Folder, args: &[&str], code: i32) -> Value {
    let ended = folder.run(&[&["simulate", "--format", "json"], args].concat());
    assert_eq!(ended.code, code, "{ended:?}");
    let mut told: Value = serde_json::from_str(&ended.out).unwrap();
    told.as_object_mut().unwrap().remove("seconds").unwrap();
    told
}

#[test]
fn runs_that_hold_say_so_whatever_the_threads() {
    let folder = Folder::new();
    let run = |threads| reported(&folder, &["--seeds", "20..50", "--threads", threads], 0);
    let told = run("1");
    assert_eq!((told["verdict"].as_str(), told["runs"].as_u64()), (Some("pass"), Some(30)));
    assert!(told["steps"].as_u64().unwrap() > 10_000, "{told}");
    assert!(told["marks"]["offer"].as_u64().is_some_and(|met| met > 0), "{told}");
    assert_eq!(run("3"), told);
    assert_eq!(reported(&folder, &["--seeds", "20..50"], 0), told, "on all cores");
}

#[test]
fn the_first_seed_that_fails_is_the_same_whatever_the_threads() {
    let folder = Folder::new();
    let run = |threads| {
        let args = ["--seeds", "0..300", "--bug", "strategy-ignored", "--threads", threads];
        let mut told = reported(&folder, &args, 1);
        let trace = told["trace"].take();
        let bytes = std::fs::read(folder.at(trace.as_str().unwrap())).unwrap();
        (told, bytes)
    };
    let (told, bytes) = run("1");
    let failed = told["failed_seed"].as_u64().unwrap();
    assert_eq!(told["runs"].as_u64(), Some(failed + 1), "the first that fails ends it");
    // Three processes with as many threads: the same report, and the same bytes of the trace.
    for threads in ["2", "5"] {
        assert_eq!(run(threads), (told.clone(), bytes.clone()), "with {threads} threads");
    }
}

#[test]
fn a_trace_is_the_same_bytes_in_another_process() {
    let folder = Folder::new();
    let traced = |name: &str, args: &[&str]| {
        let all = [&["simulate", "--seeds", "7..8", "--trace-out", name], args].concat();
        let ended = folder.run(&all);
        assert_eq!(ended.code, 0, "{ended:?}");
        std::fs::read(folder.at(name)).unwrap()
    };
    for (number, args) in [&[][..], &["figure"], &["--choices", "random"]].into_iter().enumerate() {
        let name = |run| format!("{number}-{run}.trace.ndjson");
        let one = traced(&name(1), &[args, &["--threads", "1"]].concat());
        let other = traced(&name(2), &[args, &["--threads", "4"]].concat());
        assert!(one.len() > 10_000);
        if let Some(line) =
            one.split(|b| *b == b'\n').zip(other.split(|b| *b == b'\n')).position(|(a, b)| a != b)
        {
            panic!("{args:?}: line {} differs", line + 1);
        }
        assert_eq!(one.len(), other.len());
    }
}

#[test]
fn a_scope_is_run_and_its_trace_holds() {
    let folder = Folder::new();
    let told = reported(&folder, &["figure", "--seeds", "0..6"], 0);
    assert_eq!((told["scope"].as_str(), told["runs"].as_u64()), (Some("figure"), Some(6)));
    let printed = folder.run(&["simulate", "figure", "--seeds", "3..4", "--print"]);
    assert!(printed.out.starts_with("seed 3 of figure: A6 B3 C3 K1, "), "{}", printed.out);
    assert!(printed.out.contains("workload: the 14 requests given, "), "{}", printed.out);
    let args = ["simulate", "tiny.toml", "--seeds", "3..4", "--trace-out", "t.trace.ndjson"];
    let ended = folder.run(&args);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.out.ends_with(
        "1 run of tiny under the faults `all`: the model accepts every step, and all settles\n"
    ));
    let header = folder.read("t.trace.ndjson");
    assert!(header.lines().next().unwrap().contains("\"name\":\"simulated-tiny-3\""), "{header}");
    for args in [&["validate"][..], &["replay"], &["replay", "--on", "impl"]] {
        let ended = folder.run(&[args, &["t.trace.ndjson"]].concat());
        assert_eq!(ended.code, 0, "{args:?}: {ended:?}");
    }
}

#[test]
fn marks_are_listed_and_may_be_required() {
    let folder = Folder::new();
    let ended = folder.run(&["simulate", "--seeds", "0..2", "--faults", "none", "--marks"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let row = |name: &str| {
        let row = ended.out.lines().find(|line| line.trim_start().starts_with(name)).unwrap();
        row.split_whitespace().nth(1).unwrap().to_owned()
    };
    assert_eq!(row("write-torn "), "0");
    let args = ["simulate", "--seeds", "0..2", "--faults", "none", "--require-marks"];
    let ended = folder.run(&args);
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.out.contains("  never met in any run: "), "{}", ended.out);
    assert!(ended.out.contains("write-torn"), "{}", ended.out);
    assert!(ended.out.contains(" marks never met\n"), "{}", ended.out);
    let junit = folder.run(&[&args[..], &["--format", "junit"]].concat());
    assert!(junit.code == 1 && junit.out.contains("write-torn"), "{junit:?}");
}

/// Runs these seeds into a file of the folder.
fn part(folder: &Folder, name: &str, args: &[&str]) {
    let ended = folder.run(&[&["simulate", "--format", "json"], args].concat());
    assert!(ended.code < 2, "{ended:?}");
    folder.write(name, &ended.out);
}

#[test]
fn reports_of_ranges_are_merged_into_that_of_the_whole() {
    let folder = Folder::new();
    for (name, seeds) in [("c", "25..30"), ("a", "0..11"), ("b", "11..25")] {
        part(&folder, name, &["--seeds", seeds]);
    }
    let merged = reported(&folder, &["--merge", "c", "a", "b"], 0);
    assert_eq!(merged, reported(&folder, &["--seeds", "0..30"], 0));
    // What each alone cannot meet all together can: one run is on datagrams or is not.
    part(&folder, "d", &["--seeds", "30..31"]);
    reported(&folder, &["--merge", "d", "--require-marks"], 1);
    let required = reported(&folder, &["--merge", "a", "b", "c", "--require-marks"], 0);
    assert_eq!(required["marks"], merged["marks"]);
}

#[test]
fn the_lowest_seed_that_fails_is_that_of_the_merged_report() {
    let folder = Folder::new();
    let bug = ["--bug", "load-unchecked"];
    let whole =
        reported(&folder, &[&bug[..], &["--seeds", "1..300", "--trace-out", "w"]].concat(), 1);
    let failed = whole["failed_seed"].as_u64().unwrap();
    assert!(failed > 1, "there are seeds before it");
    let (before, after) = (format!("1..{failed}"), format!("{failed}..300"));
    part(&folder, "a", &[&bug[..], &["--seeds", &before]].concat());
    part(&folder, "b", &[&bug[..], &["--seeds", &after, "--trace-out", "t"]].concat());
    part(&folder, "c", &[&bug[..], &["--seeds", "300..310", "--trace-out", "u"]].concat());
    let mut merged = reported(&folder, &["--merge", "b", "a"], 1);
    assert_eq!(merged["trace"].as_str(), Some("t"));
    merged["trace"] = whole["trace"].clone();
    assert_eq!(merged, whole);
    let mut wider = reported(&folder, &["--merge", "a", "b", "c"], 1);
    (wider["seeds"], wider["trace"]) = (whole["seeds"].clone(), whole["trace"].clone());
    assert_eq!(wider, whole, "what comes after the first failure counts for nothing");
}

#[test]
fn reports_that_do_not_go_together_are_refused_by_name() {
    let folder = Folder::new();
    part(&folder, "a", &["--seeds", "0..2"]);
    part(&folder, "late", &["--seeds", "3..4"]);
    part(&folder, "over", &["--seeds", "1..3"]);
    part(&folder, "quiet", &["--seeds", "2..3", "--faults", "none"]);
    part(&folder, "random", &["--seeds", "2..3", "--choices", "random"]);
    part(&folder, "scoped", &["tiny.toml", "--seeds", "2..3"]);
    part(&folder, "b", &["--seeds", "2..3"]);
    let text = folder.read("b");
    folder.write("old", &text.replace("\"version\":\"", "\"version\":\"9."));
    folder.write("short", &text[..text.len() / 2]);
    folder.write("odd", &text.replace("\"verdict\":\"pass\"", "\"verdict\":\"fail\""));
    folder.write("empty", &text.replace("[2,3]", "[3,3]"));
    folder.write("many", &text.replace("\"runs\":1,", "\"runs\":2,"));
    folder.write("unmarked", &text.replace("\"stall\":", "\"stall-ish\":"));
    for (files, expected) in [
        (
            ["a", "late"],
            "late: its seeds begin at 3, and some are left out after those of a; expected 2, where those end",
        ),
        (
            ["a", "over"],
            "over: its seeds begin at 1, and some are those of a again; expected 2, where those end",
        ),
        (["a", "a"], "a: its seeds begin at 0, and some are those of a again"),
        (["a", "quiet"], "quiet: `faults` is \"none\"; expected \"all\", as in a"),
        (["a", "random"], "random: `choices` is \"random\"; expected \"configured\", as in a"),
        (["a", "scoped"], "scoped: `scope` is \"tiny\"; expected null, as in a"),
        (["a", "old"], "old: it is of spillway 9."),
        (["a", "short"], "short:1:"),
        (["a", "odd"], "odd: `verdict` is fail; by the rest of it expected pass"),
        (["a", "empty"], "empty: `seeds` is [3,3]; expected the first below the second"),
        (["a", "many"], "many: `runs` is 2; expected at most 1"),
        (["a", "unmarked"], "unmarked:1:"),
        (["a", "none"], "none: cannot be read: "),
        (["a", "tiny.toml"], "expected a report of `spillway simulate --format json`"),
    ] {
        let told = folder.refused(&["simulate", "--merge", files[0], files[1]]);
        assert!(told.contains(expected), "{files:?}: {told}");
    }
    let told = folder.refused(&["simulate", "--merge", "a", "b", "--seeds", "0..3"]);
    assert!(told.contains("cannot be used with"), "{told}");
}

#[test]
fn a_seeded_bug_is_found_and_its_trace_is_refused_at_the_line() {
    let folder = Folder::new();
    let args = [
        "simulate",
        "--seeds",
        "20..60",
        "--bug",
        "load-unchecked",
        "--trace-out",
        "t.trace.ndjson",
    ];
    let ended = folder.run(&args);
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.err.contains("the seeded bug `load-unchecked` is on"), "{}", ended.err);
    let validated = folder.run(&["validate", "t.trace.ndjson"]);
    assert_eq!(validated.code, 1, "{validated:?}");
    assert!(validated.out.contains("with the seeded bug load-unchecked"), "{}", validated.out);
    let text = std::fs::read_to_string(folder.at("t.trace.ndjson")).unwrap();
    let last = text.lines().count() - 1; // the end stands behind the last event
    assert!(validated.out.contains(&format!("(line {last})")), "{last}: {}", validated.out);
    // The nodes with the bug do it again.
    let replayed = folder.run(&["replay", "--on", "impl", "t.trace.ndjson"]);
    assert_eq!(replayed.code, 0, "{replayed:?}");
}

#[test]
fn the_configuration_of_a_seed_is_printed() {
    let folder = Folder::new();
    let ended = folder.run(&["simulate", "--seeds", "7..8", "--faults", "crashes", "--print"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.out.starts_with("seed 7: "), "{}", ended.out);
    assert!(ended.out.contains("faults crashes"), "{}", ended.out);
}

#[test]
fn bad_usage_is_told_with_what_was_expected() {
    let folder = Folder::new();
    for (args, expected) in [
        (["simulate", "--seeds", "5..5"], "there is no seed in it"),
        (["simulate", "--seeds", "9..5"], "there is no seed in it"),
        (["simulate", "--seeds", "9"], "expected A..B"),
        (["simulate", "--seeds", "0..99999999999999999999"], "a seed is at most"),
        (["simulate", "--threads", "0"], "0 is not in 1..=256"),
        (["simulate", "--threads", "257"], "257 is not in 1..=256"),
        (["simulate", "--choices", "radnom"], "did you mean `random`?"),
        (["simulate", "--faults", "crahses"], "did you mean `crashes`?"),
        (["simulate", "--bug", "load-uncheked"], "did you mean `load-unchecked`?"),
        (["simulate", "--compare-every", "0"], "invalid value '0'"),
    ] {
        let ended = folder.run(&args);
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{args:?}");
        assert!(ended.err.contains(expected), "{args:?}: {}", ended.err);
    }
}

#[test]
fn a_scope_that_cannot_be_run_is_told_with_its_place() {
    let folder = Folder::new();
    folder.write("bad.toml", &TINY.replace("threshold = 0", "threshold = 65"));
    let endless = TINY.replace("\"tiny\"", "\"endless\"");
    folder.write("endless.toml", &endless.replace("[nodes]", "rounds = 10000\n\n[nodes]"));
    for (scope, expected) in [
        ("figrue", "did you mean `figure`?"),
        ("no.toml", "no.toml: cannot be read: "),
        ("bad.toml", "bad.toml:9:"),
        (
            "endless.toml",
            "endless.toml: `rounds` is 10000, which makes 20000 requests; expected 4096 requests at most",
        ),
    ] {
        let told = folder.refused(&["simulate", scope, "--seeds", "0..1"]);
        assert!(told.contains(expected), "{scope}: {told}");
    }
}
