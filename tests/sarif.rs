//! `--format sarif`: the structure that readers rely on, for a check and for a replay.

mod common;

use common::{BROKEN, Folder, MUTANT, TRACE};
use serde_json::{Value, json};

/// The only run of a log, after what holds for every log.
fn run(out: &str) -> Value {
    assert_eq!(out.lines().count(), 1, "one object, and nothing else: {out}");
    let log: Value = serde_json::from_str(out).expect("it is JSON");
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().is_some_and(|uri| uri.ends_with("sarif-schema-2.1.0.json")));
    assert_eq!(log["runs"].as_array().map(Vec::len), Some(1));
    let run = log["runs"][0].clone();
    let driver = &run["tool"]["driver"];
    assert_eq!(
        (&driver["name"], &driver["version"]),
        (&"spillway".into(), &env!("CARGO_PKG_VERSION").into())
    );
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    for result in list(&run["results"]) {
        assert_eq!(rule(&run, &result["ruleIndex"])["id"], result["ruleId"]);
        assert!(result["locations"][0]["physicalLocation"]["region"]["startLine"].is_u64());
        assert!(result["message"]["text"].as_str().is_some_and(|text| !text.is_empty()));
    }
    for note in list(&run["invocations"][0]["toolExecutionNotifications"]) {
        assert_eq!(
            rule(&run, &note["associatedRule"]["index"])["id"],
            note["associatedRule"]["id"]
        );
        assert_eq!(note["level"], "note");
    }
    run
}

fn rule<'a>(run: &'a Value, index: &Value) -> &'a Value {
    let index = index.as_u64().and_then(|index| usize::try_from(index).ok()).expect("an index");
    &run["tool"]["driver"]["rules"][index]
}

/// What may be left out where it is empty.
fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The levels and rules of the results.
fn results(run: &Value) -> Vec<(&str, &str)> {
    let results = list(&run["results"]).iter();
    results.filter_map(|r| Some((r["level"].as_str()?, r["ruleId"].as_str()?))).collect()
}

fn place(file: &str, line: u64) -> Value {
    json!({ "physicalLocation": { "artifactLocation": { "uri": file }, "region": { "startLine": line } } })
}

#[test]
fn a_check_that_holds_has_rules_and_no_results() {
    let folder = Folder::new();
    let ended = folder.run(&["check", "tiny.toml", "--format", "sarif"]);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    let run = run(&ended.out);
    assert!(results(&run).is_empty());
    let rules = list(&run["tool"]["driver"]["rules"]);
    let of = |name| rules.iter().find(|rule| rule["id"] == name).expect("the rule is there");
    let statement = "at most one final reply (answer or refusal) to a request";
    let about = of("answered-once")["shortDescription"]["text"].as_str();
    assert!(about.is_some_and(|about| about.contains(statement)), "{about:?}");
    // That liveness is not decided is told, but no result: it would be listed for good.
    let notes = list(&run["invocations"][0]["toolExecutionNotifications"]);
    assert!(notes.iter().any(|note| note["associatedRule"]["id"] == "no-starvation"));
    assert_eq!(ended.out, folder.run(&["check", "tiny.toml", "--format", "sarif"]).out);
}

#[test]
fn a_violation_has_its_place_and_its_run() {
    let folder = Folder::new();
    let ended = folder.run(&["check", "tiny.toml", "--mutant", MUTANT, "--format", "sarif"]);
    assert_eq!(ended.code, 1);
    let run = run(&ended.out);
    assert_eq!(results(&run), [("error", BROKEN)]);
    let result = &run["results"][0];
    assert_eq!(result["locations"], json!([place("tiny.toml", 1)]));
    assert_eq!(result["relatedLocations"], json!([place(TRACE, 8)]));
    let steps = list(&result["codeFlows"][0]["threadFlows"][0]["locations"]);
    assert_eq!(steps[6]["location"]["physicalLocation"], place(TRACE, 8)["physicalLocation"]);
    let messages = std::iter::once(result).chain(steps.iter().map(|step| &step["location"]));
    let read: Vec<&str> = messages.filter_map(|of| of["message"]["text"].as_str()).collect();
    insta::assert_snapshot!(read.join("\n"));
}

#[test]
fn without_a_scope_file_the_trace_is_the_place() {
    let folder = Folder::new();
    let check = ["check", "--mutant", MUTANT, "--trace-out", "a b.ndjson", "--format", "sarif"];
    let run = run(&folder.run(&check).out);
    let lines = folder.read("a b.ndjson").lines().count() as u64;
    assert_eq!(results(&run), [("error", BROKEN)]);
    assert_eq!(run["results"][0]["locations"], json!([place("a%20b.ndjson", lines - 1)]));
    assert!(run["results"][0]["relatedLocations"].is_null());
    let steps = list(&run["results"][0]["codeFlows"][0]["threadFlows"][0]["locations"]);
    assert_eq!(steps.len() as u64, lines - 2, "the header and the end are no steps");
}

#[test]
fn what_is_not_decided_is_a_warning_if_it_should_be() {
    let folder = Folder::new();
    let sarif = |args: &[&str]| {
        let ended = folder.run(&[&["check"], args, &["--format", "sarif"]].concat());
        assert_eq!(ended.code, 3, "{}", ended.err);
        run(&ended.out)
    };
    let bounded = sarif(&["tiny.toml", "--depth-max", "5"]);
    assert!(results(&bounded).contains(&("warning", "fresh-answer")));
    let live = sarif(&["catch-up", "--property", "no-starvation"]);
    assert_eq!(results(&live), [("warning", "no-starvation")]);
    assert_eq!(live["results"][0]["locations"], json!([place("model/scopes/catch-up.toml", 1)]));
    folder
        .write("tiny.toml", &common::TINY.replace("threshold = 0", "threshold = 0\nlink-max = 1"));
    let full = sarif(&["tiny.toml"]);
    assert_eq!(results(&full), [("warning", "scope-bounds")]);
    assert!(!list(&full["results"][0]["codeFlows"]).is_empty(), "the run to the full bound");
}

#[test]
fn a_replay_tells_the_line_that_breaks_a_property() {
    let folder = Folder::with_trace();
    let ended = folder.run(&["replay", TRACE, "--format", "sarif"]);
    assert_eq!(ended.code, 1);
    let run = run(&ended.out);
    assert_eq!(results(&run), [("error", BROKEN)]);
    assert_eq!(run["results"][0]["locations"], json!([place(TRACE, 8)]));
    let text = run["results"][0]["message"]["text"].as_str().unwrap_or_default();
    assert!(text.starts_with("threshold-kept is violated at event 6, as recorded\n"), "{text}");
}

#[test]
fn a_replay_tells_what_else_is_wrong() {
    let folder = Folder::with_trace();
    let lines: Vec<String> = folder.read(TRACE).lines().map(str::to_owned).collect();
    let replay = |lines: &[String], code| {
        folder.write("t.ndjson", &(lines.join("\n") + "\n"));
        let ended = folder.run(&["replay", "t.ndjson", "--format", "sarif"]);
        assert_eq!(ended.code, code, "{}", ended.err);
        run(&ended.out)
    };
    let cut = replay(&lines[..4], 3);
    assert_eq!(results(&cut), [("warning", "record-confirmed")]);
    let mut sound = lines[..8].to_vec();
    sound[0] = sound[0].replace("\"mutant\":\"load-unchecked\",", "");
    let differs = replay(&sound, 1);
    assert_eq!(results(&differs), [("error", "seen-as-recorded")]);
    assert_eq!(differs["results"][0]["locations"], json!([place("t.ndjson", 8)]));
    let refused = replay(&[&lines[..2], &[lines[2].replace("\"A0\"", "\"A9\"")]].concat(), 2);
    assert_eq!(results(&refused), [("error", "trace-applies")]);
}

#[test]
fn input_that_is_none_is_an_error_as_ever() {
    let folder = Folder::new();
    folder.refused(&["check", "no.toml", "--format", "sarif"]);
    folder.refused(&["replay", "no.ndjson", "--format", "sarif"]);
}

#[test]
fn seeded_bugs_are_rules_too() {
    let folder = Folder::new();
    let ended = folder.run(&["mutants", "--only", MUTANT, "--format", "sarif"]);
    let run = run(&ended.out);
    assert!(results(&run).is_empty());
    assert_eq!(run["tool"]["driver"]["rules"][0]["id"], MUTANT);
}
