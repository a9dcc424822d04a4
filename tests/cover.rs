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
