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
    assert!(sizes.iter().all(|(from, to)| to * 2 < *from), "{sizes:?}");
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
