//! `spillway engines`, and that a check comes out the same with any number of threads and with either engine.

mod common;

use common::Folder;
use serde_json::Value;

fn object(text: &str) -> Value {
    assert_eq!(text.lines().count(), 1, "one object, and nothing else: {text}");
    serde_json::from_str(text).expect("it is JSON")
}

#[test]
fn both_engines_count_and_find_the_same() {
    let folder = Folder::new();
    let ended = folder.run(&["engines", "tiny.toml", "refusals", "--format", "json"]);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    let outcome = object(&ended.out);
    assert_eq!(outcome["verdict"], "pass");
    let scopes = outcome["scopes"].as_array().expect("a list");
    let names: Vec<_> = scopes.iter().map(|row| row["scope"].as_str().unwrap_or("")).collect();
    assert_eq!(names, ["tiny", "refusals"]);
    assert_eq!(scopes[1]["unique_states"], 1_692);
    for row in scopes {
        assert!(row["seconds_stateright"].is_f64() && row["seconds_spillway"].is_f64(), "{row}");
        assert_eq!(row["differences"].as_array().map(Vec::len), Some(0), "{row}");
    }
}

#[test]
fn what_is_too_large_is_left_out_and_said_to_be() {
    let folder = Folder::new();
    let ended = folder.run(&["engines", "tiny.toml", "refusals", "--states-max", "1500"]);
    assert_eq!(ended.code, 0);
    assert!(ended.out.contains("left out\n"), "{}", ended.out);
    let last = "✓ 1 scope: both engines count and find the same, 1 left out\n";
    assert!(ended.out.ends_with(last), "{}", ended.out);
    // Where nothing was compared nothing is shown.
    let ended = folder.run(&["engines", "refusals", "--states-max", "5"]);
    assert_eq!(ended.code, 3);
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let folder = Folder::new();
    assert!(folder.refused(&["engines", "nosuch"]).contains("no builtin scope is named `nosuch`"));
    let told = folder.refused(&["engines", "--states-max", "0"]);
    assert!(told.contains("expected a whole number, 1 at least"), "{told}");
    folder.refused(&["engines", "--pairs", "tiny.toml"]);
}

/// What a check says, but for its time and its threads.
fn said(folder: &Folder, args: &[&str]) -> Value {
    let ended = folder.run(&[&["check"], args, &["--format", "json"]].concat());
    let mut report = object(&ended.out);
    let keys = report.as_object_mut().expect("an object");
    for key in ["seconds", "threads", "engine"] {
        assert!(keys.remove(key).is_some(), "{key} is there");
    }
    report
}

#[test]
fn a_check_says_the_same_with_any_number_of_threads_and_with_stateright() {
    // Levels of thousands of states, so that threads share them.
    let folder = Folder::new();
    let scope = "catch-up-crash";
    let one = said(&folder, &[scope, "--threads", "1"]);
    assert_eq!((&one["verdict"], &one["unique_states"]), (&"pass".into(), &86_410.into()));
    for threads in ["2", "4"] {
        assert_eq!(said(&folder, &[scope, "--threads", threads]), one, "{threads} threads");
        let bounded = |threads| said(&folder, &[scope, "--depth-max", "25", "--threads", threads]);
        assert_eq!(bounded(threads), bounded("1"), "{threads} threads, bounded");
    }
    assert_eq!(said(&folder, &[scope, "--engine", "stateright"]), one);
}

#[test]
fn a_trace_has_the_same_bytes_with_any_number_of_threads() {
    let folder = Folder::new();
    let traces = ["1", "2", "4"].map(|threads| {
        let file = format!("{threads}.ndjson");
        let check = ["check", "--mutant", "finish-unmatched", "--trace-out", &file];
        let ended = folder.run(&[check.as_slice(), &["--threads", threads]].concat());
        assert_eq!(ended.code, 1, "{}", ended.err);
        folder.read(&file)
    });
    assert_eq!(traces[0], traces[1]);
    assert_eq!(traces[0], traces[2]);
}
