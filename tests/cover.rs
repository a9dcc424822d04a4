//! `spillway cover` from outside: a folder of traces that replay, and nothing overwritten.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::Folder;

#[test]
fn a_suite_is_written_and_each_of_its_traces_replays() {
    let folder = Folder::new();
    let ended = folder.run(&["cover", "tiny.toml", "--out", "suite"]);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{ended:?}");
    let mut files: Vec<_> =
        std::fs::read_dir(folder.at("suite")).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    assert!(
        ended.out.starts_with(&format!("tiny  {} traces take every one of", files.len())),
        "{}",
        ended.out
    );
    assert!(ended.out.ends_with("  written  suite/\n"));
    for file in files.iter().step_by(10) {
        let replayed = folder.run(&["replay", file.to_str().unwrap()]);
        assert_eq!(replayed.code, 0, "{replayed:?}");
        assert!(replayed.out.contains("events match"));
    }
    let again = folder.run(&["cover", "tiny.toml", "--out", "suite"]);
    assert_eq!((again.code, again.out.as_str()), (2, ""));
    assert!(again.err.contains("suite"), "{}", again.err);
}

#[test]
fn json_tells_the_counts() {
    let folder = Folder::new();
    let ended = folder.run(&["cover", "tiny.toml", "--json"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let told: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    let traces = std::fs::read_dir(folder.at("tiny-suite")).unwrap().count();
    assert_eq!(told["traces"], traces);
    assert_eq!(told["folder"], "tiny-suite");
    assert!(told["transitions"].as_u64().unwrap() > told["unique_states"].as_u64().unwrap());
}

#[test]
fn on_the_nodes_nothing_is_written() {
    let folder = Folder::new();
    let before = std::fs::read_dir(folder.at(".")).unwrap().count();
    let ended = folder.run(&["cover", "tiny.toml", "--on", "impl"]);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{ended:?}");
    assert!(ended.out.contains("tiny: the nodes and the model agree on "), "{}", ended.out);
    let walked =
        folder.run(&["cover", "figure", "--on", "impl", "--seeds", "0..3", "--depth", "50"]);
    assert_eq!(walked.code, 0, "{walked:?}");
    assert!(
        walked.out.contains("figure: the nodes and the model agree on 3 random walks, 150 steps")
    );
    assert_eq!(std::fs::read_dir(folder.at(".")).unwrap().count(), before);
    let bounded =
        folder.run(&["cover", "figure", "--on", "impl", "--transitions-max", "500", "--json"]);
    assert_eq!(bounded.code, 3, "{bounded:?}");
    let told: serde_json::Value = serde_json::from_str(&bounded.out).unwrap();
    assert_eq!((&told["verdict"], &told["steps"]), (&"inconclusive".into(), &500.into()));
}

#[test]
fn where_the_nodes_part_from_the_model_the_run_is_written_and_fails_again() {
    let folder = Folder::new();
    let args = ["cover", "cover-tasks", "--on", "impl", "--bug", "done-unsaid"];
    let ended = folder.run(&[&args[..], &["--trace-out", "parted.trace.ndjson"]].concat());
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(
        ended.out.contains("cover-tasks: the nodes and the model part after "),
        "{}",
        ended.out
    );
    assert!(ended.out.contains("  replay   spillway replay --on both parted.trace.ndjson\n"));
    let replayed = folder.run(&["replay", "--on", "both", "parted.trace.ndjson"]);
    assert_eq!(replayed.code, 1, "{replayed:?}");
    assert_eq!(folder.run(&["replay", "--on", "impl", "parted.trace.ndjson"]).code, 0);
    assert_eq!(folder.run(&["validate", "parted.trace.ndjson"]).code, 1);
}

#[test]
fn what_goes_together_on_the_nodes_is_told() {
    let folder = Folder::new();
    for args in [
        &["--seeds", "0..3"][..],
        &["--bug", "done-unsaid"],
        &["--on", "impl", "--out", "suite"],
        &["--on", "impl", "--seeds", "3..3"],
        &["--on", "impl", "--depth", "3"],
        &["--on", "impl", "--seeds", "0..3", "--transitions-max", "3"],
        &["--on", "model"],
    ] {
        let ended = folder.run(&[&["cover", "tiny.toml"], args].concat());
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{args:?}");
    }
}

#[test]
fn what_cannot_be_covered_is_refused_with_the_reason() {
    let folder = Folder::new();
    for (args, why) in [
        (vec!["cover", "tiny.toml", "--transitions-max", "10"], "more than 10 transitions"),
        (vec!["cover", "figure"], "more than 100000 transitions"),
        (vec!["cover", "nothing"], "no builtin scope is named `nothing`"),
        (vec!["cover", "tiny.toml", "--out", "none/suite"], "none/suite"),
    ] {
        let ended = folder.run(&args);
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{args:?}");
        assert!(ended.err.contains(why), "{}", ended.err);
    }
}
