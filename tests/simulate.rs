//! `spillway simulate` from outside: runs that hold, a seeded bug from its seed to the line that is refused, and bad usage.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::Folder;

#[test]
fn runs_that_hold_say_so_whatever_the_threads() {
    let folder = Folder::new();
    let run = |threads| {
        let args = ["simulate", "--seeds", "20..50", "--threads", threads, "--format", "json"];
        let ended = folder.run(&args);
        assert_eq!(ended.code, 0, "{ended:?}");
        let mut told: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
        told.as_object_mut().unwrap().remove("seconds");
        told
    };
    let told = run("1");
    assert_eq!((told["verdict"].as_str(), told["runs"].as_u64()), (Some("pass"), Some(30)));
    assert!(told["steps"].as_u64().unwrap() > 10_000, "{told}");
    assert!(told["marks"]["offer"].as_u64().is_some_and(|met| met > 0), "{told}");
    assert_eq!(run("3"), told);
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
        (["simulate", "--seeds", "9"], "expected A..B"),
        (["simulate", "--faults", "crahses"], "did you mean `crashes`?"),
        (["simulate", "--bug", "load-uncheked"], "did you mean `load-unchecked`?"),
        (["simulate", "--compare-every", "0"], "invalid value '0'"),
    ] {
        let ended = folder.run(&args);
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{args:?}");
        assert!(ended.err.contains(expected), "{args:?}: {}", ended.err);
    }
}
