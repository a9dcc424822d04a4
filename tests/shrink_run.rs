//! `spillway shrink` on a run of the implementation: smaller, and refused for the same reason.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::Folder;

#[test]
fn a_run_with_a_seeded_bug_becomes_small_and_is_refused_for_the_same_reason() {
    let folder = Folder::new();
    let run = |args: &[&str], code| {
        let ended = folder.run(args);
        assert_eq!(ended.code, code, "{args:?}: {ended:?}");
        ended.out
    };
    let mut sizes = Vec::new();
    for bug in ["load-unchecked", "rules-ignored", "done-unsaid", "incarnation-reused"] {
        let (trace, small) = (format!("{bug}.trace.ndjson"), format!("{bug}.small.ndjson"));
        run(&["simulate", "--seeds", "0..60", "--bug", bug, "--trace-out", &trace], 1);
        let told = run(&["shrink", &trace, "--out", &small, "--format", "json"], 0);
        let told: serde_json::Value = serde_json::from_str(&told).unwrap();
        if bug == "incarnation-reused" {
            // Only the nodes' state shows it, which no trace has: the model accepts every step.
            sizes.push((told["from"].as_u64().unwrap(), told["to"].as_u64().unwrap()));
            continue;
        }
        let judgement = |file: &str| {
            let told = run(&["validate", file, "--format", "json"], 1);
            let told: serde_json::Value = serde_json::from_str(&told).unwrap();
            let refused = told["traces"][0]["judgement"]["refused"].clone();
            let (kind, detail) = refused.as_object().unwrap().iter().next().unwrap();
            let by = detail.get("guard").or(detail.get("field")).unwrap();
            (kind.clone(), by.clone())
        };
        assert_eq!(judgement(&small), judgement(&trace), "{bug}");
        run(&["replay", "--on", "impl", &small], 0);
        sizes.push((told["from"].as_u64().unwrap(), told["to"].as_u64().unwrap()));
    }
    assert!(sizes.iter().all(|(from, to)| to * 5 <= *from), "{sizes:?}");
}

#[test]
fn a_run_that_is_right_has_nothing_to_shrink() {
    let folder = Folder::new();
    let ended = folder.run(&["simulate", "--seeds", "3..4", "--trace-out", "t.trace.ndjson"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let ended = folder.run(&["shrink", "t.trace.ndjson"]);
    assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{ended:?}");
    assert!(ended.err.contains("there is nothing to shrink"), "{}", ended.err);
}

/// No step of its trace shows that a run does not settle, or that a node panics: the run itself becomes smaller.
#[test]
fn a_run_that_does_not_settle_or_panics_becomes_a_smaller_run_that_does_so_too() {
    let folder = Folder::new();
    for (bug, seeds, faults, by) in [
        ("request-not-repeated", "0..1", "all", "settling"),
        ("torn-frame-accepted", "34..35", "all", "a node panics"),
    ] {
        let (trace, small) = (format!("{bug}.trace.ndjson"), format!("{bug}.small.ndjson"));
        let args = ["simulate", "--seeds", seeds, "--faults", faults, "--bug", bug, "--trace-out"];
        let ended = folder.run(&[&args[..], &[&trace]].concat());
        assert_eq!(ended.code, 1, "{ended:?}");
        let ended = folder.run(&["shrink", &trace, "--out", &small, "--format", "json"]);
        assert_eq!((ended.code, ended.err.contains("panicked")), (0, false), "{ended:?}");
        let told: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
        assert_eq!(told["property"], by);
        assert!(told["to"].as_u64().unwrap() * 5 <= told["from"].as_u64().unwrap(), "{told}");
        let requests = |sizes: &str| told[sizes]["requests"].as_u64().unwrap();
        assert!(requests("sizes_to") * 5 <= requests("sizes_from"), "{told}");
        // It is a trace like any other, and its run can be made smaller again, though there is nothing left to take.
        assert_eq!(folder.run(&["show", &small]).code, 0);
        let ended = folder.run(&["shrink", &small, "--out", "again.ndjson"]);
        assert_eq!(ended.code, 0, "{ended:?}");
        std::fs::remove_file(folder.at("again.ndjson")).unwrap();
    }
}

#[test]
fn a_run_in_the_header_that_is_none_or_another_one_is_refused_at_its_line() {
    let folder = Folder::new();
    let simulate =
        ["simulate", "--seeds", "0..9", "--bug", "done-unsaid", "--trace-out", "t.trace.ndjson"];
    assert_eq!(folder.run(&simulate).code, 1);
    let text = folder.read("t.trace.ndjson");
    let mut lines: Vec<&str> = text.lines().collect();
    lines.pop(); // the end has the digest of the lines before
    let (header, events) = lines.split_first().unwrap();
    let header: serde_json::Value = serde_json::from_str(header).unwrap();
    let altered = |key: &str, value: serde_json::Value| {
        let mut header = header.clone();
        header["header"]["run"][key] = value;
        let header = header.to_string();
        let lines = [&[header.as_str()], events].concat();
        folder.write("altered.ndjson", &(lines.join("\n") + "\n"));
        let ended = folder.run(&["shrink", "altered.ndjson"]);
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{ended:?}");
        assert!(ended.err.contains("altered.ndjson:1: the run in the header is "), "{ended:?}");
        ended.err
    };
    let told = altered("set", "earthquakes".into());
    assert!(told.contains("is none: unknown variant `earthquakes`"), "{told}");
    let told = altered("hot-factor", 0.into());
    assert!(told.contains("is none: no such run can be: work takes time"), "{told}");
    let told = altered("seed", 77.into());
    assert!(told.contains("is another one; expected that of its scope and mutant"), "{told}");
}
