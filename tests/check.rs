//! `spillway check`: verdicts, exit codes and the shape of every format.

mod common;

use common::{BROKEN, Folder, MUTANT, TRACE, steady};
use serde_json::Value;

fn json(text: &str) -> Value {
    assert_eq!(text.lines().count(), 1, "one object, and nothing else: {text}");
    serde_json::from_str(text).expect("it is JSON")
}

/// The verdict on a property.
fn property<'a>(report: &'a Value, name: &str) -> &'a Value {
    let properties = report["properties"].as_array().expect("a list");
    properties.iter().find(|p| p["name"] == name).expect("the property is listed")
}

#[test]
fn what_holds_passes() {
    let folder = Folder::new();
    let ended = folder.run(&["check", "tiny.toml"]);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    insta::assert_snapshot!(steady(&ended.out));
    assert_eq!(folder.files(), ["tiny.toml"]);
}

#[test]
fn json_is_as_specified() {
    let folder = Folder::new();
    let ended = folder.run(&["check", "tiny.toml", "--format", "json"]);
    assert_eq!(ended.code, 0);
    let keys = [
        "verdict",
        "scope",
        "engine",
        "threads",
        "unique_states",
        "generated_states",
        "depth",
        "seconds",
        "collision_probability",
        "properties",
    ];
    let places = keys.map(|key| ended.out.find(&format!("\"{key}\":")).expect("the key is there"));
    assert!(places.is_sorted(), "the keys are in order: {}", ended.out);
    let report = json(&ended.out);
    assert_eq!(report.as_object().map(serde_json::Map::len), Some(keys.len()));
    assert_eq!(report["verdict"], "pass");
    assert_eq!((&report["scope"], &report["engine"]), (&"tiny".into(), &"spillway".into()));
    assert!(report["unique_states"].as_u64() < report["generated_states"].as_u64());
    assert!(report["seconds"].is_f64() && report["collision_probability"].is_f64());
    let of = |name, kind: &str, verdict: &str| {
        let expected =
            serde_json::json!({ "name": name, "kind": kind, "verdict": verdict, "trace": null });
        assert_eq!(property(&report, name), &expected);
    };
    of("fresh-answer", "always", "holds");
    of("every-task-settled", "eventually", "inconclusive");
    of("overflow-happens", "sometimes", "reached");
}

#[test]
fn a_violation_is_told_in_words_and_written() {
    let folder = Folder::new();
    let ended = folder.run(&["check", "tiny.toml", "--mutant", MUTANT]);
    assert_eq!(ended.code, 1);
    assert!(
        ended.err.starts_with("warning: the seeded bug `load-unchecked` is on: "),
        "{}",
        ended.err
    );
    insta::assert_snapshot!(steady(&ended.out));
    assert_eq!(folder.files(), [TRACE, "tiny.toml"]);
}

#[test]
fn the_same_trace_comes_out_twice_and_none_is_written_over() {
    let folder = Folder::new();
    for file in [TRACE, "tiny.load-unchecked.threshold-kept-2.trace.ndjson"] {
        let ended = folder.run(&["check", "tiny.toml", "--mutant", MUTANT, "--format", "json"]);
        let report = json(&ended.out);
        assert_eq!((ended.code, &report["verdict"]), (1, &"fail".into()));
        assert_eq!(
            (&report["mutant"], &report["stopped"]["by"]),
            (&MUTANT.into(), &"violation".into())
        );
        assert_eq!(property(&report, BROKEN)["trace"], file);
    }
    assert_eq!(
        folder.read(TRACE),
        folder.read("tiny.load-unchecked.threshold-kept-2.trace.ndjson")
    );
}

#[test]
fn a_trace_goes_where_it_is_told_to_and_nowhere_else() {
    let folder = Folder::new();
    let check = ["check", "tiny.toml", "--mutant", MUTANT, "--trace-out"];
    let to = |path| [check.as_slice(), &[path]].concat();
    assert_eq!(folder.run(&to("t.ndjson")).code, 1);
    assert_eq!(folder.files(), ["t.ndjson", "tiny.toml"]);
    let before = folder.read("t.ndjson");
    assert!(folder.refused(&to("t.ndjson")).contains("`t.ndjson` exists already"));
    assert!(folder.refused(&to("tiny.toml")).contains("`tiny.toml` exists already"));
    assert!(folder.refused(&to("no/t.ndjson")).contains("`no/t.ndjson` is in no folder"));
    assert_eq!(folder.read("t.ndjson"), before);
    let ended = folder.run(&["check", "tiny.toml", "--trace-out", "u.ndjson"]);
    assert_eq!(
        (ended.code, ended.err.as_str()),
        (0, "note: `u.ndjson` is not written: there is no run to show\n")
    );
    assert_eq!(folder.files(), ["t.ndjson", "tiny.toml"]);
}

#[test]
fn one_property_can_be_asked_for() {
    let folder = Folder::new();
    let with =
        |args: &[&str]| folder.run(&[&["check", "tiny.toml", "--format", "json"], args].concat());
    let ended = with(&["--property", "fresh-answer", "--mutant", MUTANT]);
    assert_eq!((ended.code, &json(&ended.out)["verdict"]), (0, &"pass".into()));
    assert_eq!(json(&ended.out)["properties"].as_array().map(Vec::len), Some(1));
    // Liveness is not decided, and whoever asks for it hears so.
    let ended = with(&["--property", "every-task-settled"]);
    assert_eq!((ended.code, &json(&ended.out)["verdict"]), (3, &"inconclusive".into()));
    // A situation that is not reached fails, whether the scope lists it or not.
    let ended = with(&["--property", "stale-replica-waits"]);
    assert_eq!((ended.code, &json(&ended.out)["verdict"]), (1, &"fail".into()));
}

#[test]
fn a_situation_has_a_witness() {
    let folder = Folder::new();
    let ended = folder.run(&[
        "check",
        "tiny.toml",
        "--property",
        "overflow-happens",
        "--trace-out",
        "w.ndjson",
    ]);
    assert_eq!(ended.code, 0);
    let ended = folder.run(&["replay", "w.ndjson"]);
    assert_eq!(ended.code, 0);
    assert!(ended.out.ends_with("✓ overflow-happens is reached, as recorded\n"), "{}", ended.out);
}

#[test]
fn every_violation_is_written_when_all_are_asked_for() {
    let folder = Folder::new();
    let ended = folder.run(&["check", "tiny.toml", "--mutant", "returned-lost", "--all"]);
    assert_eq!(ended.code, 1);
    assert!(ended.out.contains("\nalso written\n"), "{}", ended.out);
    assert!(folder.files().len() > 2, "{:?}", folder.files());
}

#[test]
fn further_violations_go_beside_the_first() {
    let folder = Folder::new();
    std::fs::create_dir(folder.at("out")).expect("the folder can be written");
    let check = ["check", "tiny.toml", "--mutant", "returned-lost", "--format", "json"];
    let to = |more: &[&str]| {
        let ended = folder.run(&[check.as_slice(), &["--trace-out"], more].concat());
        assert_eq!((ended.code, ended.err.lines().count()), (1, 1), "{}", ended.err);
        json(&ended.out)
    };
    let report = to(&["out/t.trace.ndjson", "--all"]);
    let properties = report["properties"].as_array().expect("a list");
    let violated: Vec<&Value> = properties.iter().filter(|p| p["verdict"] == "violated").collect();
    let traces: Vec<&str> = violated.iter().filter_map(|p| p["trace"].as_str()).collect();
    assert!(traces.len() > 1 && traces.len() == violated.len(), "{violated:?}");
    assert!(traces.contains(&"out/t.trace.ndjson"), "{traces:?}");
    for (property, trace) in violated.iter().zip(traces) {
        let name = property["name"].as_str().unwrap_or_default();
        assert!(["out/t.trace.ndjson", &format!("out/t.{name}.trace.ndjson")].contains(&trace));
        let end = folder.read(trace).lines().last().map(str::to_owned).unwrap_or_default();
        assert!(end.contains(&format!("\"property\":\"{name}\"")), "{trace} ends with {end}");
    }
    // Without `--all` one file is asked for, and one is written.
    to(&["one.ndjson"]);
    assert_eq!(folder.files(), ["one.ndjson", "out", "tiny.toml"]);
}

#[test]
fn junit_has_a_case_for_each_property() {
    let folder = Folder::new();
    let ended = folder.run(&["check", "tiny.toml", "--mutant", MUTANT, "--format", "junit"]);
    assert_eq!(ended.code, 1);
    let out = &ended.out;
    assert!(
        out.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests="),
        "{out}"
    );
    assert!(
        out.contains(
            "name=\"threshold-kept\">\n      <failure message=\"threshold-kept is violated after"
        ),
        "{out}"
    );
    assert!(out.contains("name=\"overflow-happens\"/>"), "{out}");
    assert!(
        out.contains("name=\"no-starvation\">\n      <skipped message=\"liveness is not decided"),
        "{out}"
    );
    assert!(out.contains(&format!("spillway replay {TRACE}</failure>")), "{out}");
}

#[test]
fn github_gets_commands_of_one_line() {
    let folder = Folder::new();
    let ended = folder.run(&["check", "tiny.toml", "--mutant", MUTANT, "--format", "github"]);
    assert_eq!(ended.code, 1);
    let lines: Vec<&str> = ended.out.lines().collect();
    let [error, notice] = lines.as_slice() else { panic!("two commands: {}", ended.out) };
    let start = "::error title=spillway check tiny --mutant load-unchecked%3A threshold-kept::threshold-kept is violated after 7 steps%0A";
    assert!(error.starts_with(start), "{error}");
    assert!(
        notice.starts_with(
            "::notice title=spillway check tiny --mutant load-unchecked::tiny fails: "
        ),
        "{notice}"
    );
}

#[test]
fn a_bound_leaves_it_inconclusive() {
    let folder = Folder::new();
    for (option, value) in [("--depth-max", "5"), ("--states-max", "50")] {
        let ended = folder.run(&["check", "tiny.toml", option, value, "--format", "json"]);
        let report = json(&ended.out);
        assert_eq!((ended.code, &report["verdict"]), (3, &"inconclusive".into()), "{option}");
        assert_eq!(format!("--{}", report["stopped"]["by"].as_str().unwrap_or_default()), option);
        let message = report["stopped"]["message"].as_str().unwrap_or_default();
        let states = format!("{} states, by --states-max 50", report["unique_states"]);
        assert!(option != "--states-max" || message.contains(&states), "{message}");
    }
    let theirs = ["check", "tiny.toml", "--states-max", "50", "--engine", "stateright"];
    let ended = folder.run(&theirs);
    assert_eq!(ended.code, 3);
    assert!(ended.out.contains(" generated states, by --states-max 50"), "{}", ended.out);
}

#[test]
fn a_scope_that_is_too_small_names_its_knob() {
    let folder = Folder::new();
    folder
        .write("small.toml", &common::TINY.replace("threshold = 0", "threshold = 0\nlink-max = 1"));
    let ended = folder.run(&["check", "small.toml", "--format", "json"]);
    let report = json(&ended.out);
    assert_eq!((ended.code, &report["verdict"]), (3, &"inconclusive".into()));
    let stopped = &report["stopped"];
    assert_eq!(
        (&stopped["by"], &stopped["trace"]),
        (&"link-max".into(), &"tiny.scope-bounds.trace.ndjson".into())
    );
    let message = stopped["message"].as_str().unwrap_or_default();
    assert!(message.starts_with("the link A0 → B0 is full: it holds 1 message"), "{message}");
    assert!(message.ends_with("raise `link-max`"), "{message}");
    let junit = folder.run(&["check", "small.toml", "--format", "junit"]).out;
    assert!(junit.contains("errors=\"1\""), "{junit}");
    assert!(junit.contains("name=\"scope-bounds\">\n      <error message=\"the link "), "{junit}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_check_says_what_it_covered() {
    use std::process::{Command, Stdio};
    let folder = Folder::new();
    let child = Command::new(env!("CARGO_BIN_EXE_spillway"))
        .args(["check", "deep", "--format", "json"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(killed.expect("there is kill").success());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(3));
    let report = json(&String::from_utf8_lossy(&output.stdout));
    assert_eq!(report["stopped"]["by"], "interrupted");
    assert!(report["unique_states"].as_u64() > Some(1_000), "{report}");
}
