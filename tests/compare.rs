//! `spillway compare`: tables, one JSON object, charts, and what it refuses.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::Folder;
use serde_json::Value;

/// As little as it measures.
const LITTLE: [&str; 5] = ["compare", "--requests", "1000", "--steps", "1"];

fn object(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Without what takes time.
fn untimed(mut object: Value) -> Value {
    object.as_object_mut().unwrap().remove("seconds").unwrap();
    object
}

#[test]
fn one_object_has_every_allocator_and_figure_and_is_the_same_again() {
    let folder = Folder::new();
    let run = || {
        let ended = folder.run(&[&LITTLE[..], &["--format", "json", "--hop-us", "100"]].concat());
        assert_eq!((ended.code, ended.err.as_str()), (0, ""));
        assert_eq!(ended.out.lines().count(), 1);
        untimed(object(&ended.out))
    };
    let told = run();
    assert_eq!(told["verdict"], Value::Null, "another setting than the default is not judged");
    let names: Vec<&str> = told["allocators"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["name"].as_str().unwrap())
        .collect();
    for name in ["ideal", "control", "none", "query-servers", "communication-server", "clients"] {
        assert!(names.contains(&name), "{names:?}");
    }
    for name in ["random", "two-choices", "shortest-queue", "delay-shedder"] {
        assert!(names.contains(&name), "{names:?}");
    }
    for row in told["allocators"].as_array().unwrap() {
        assert!(row["hot"]["all"]["answered"].as_u64().unwrap() > 0, "{row}");
        assert!(
            row["loads"].as_array().unwrap().len() > 5
                && row["in-time"].as_array().unwrap().len() == 3
        );
    }
    assert_eq!(told["figures"].as_array().unwrap().len(), 7);
    assert_eq!(run(), told);
}

#[test]
fn a_scope_is_measured_with_its_servers_and_knobs_and_drawn() {
    let folder = Folder::new();
    let more = ["tiny.toml", "--svg", "charts"];
    let ended = folder.run(&[&LITTLE[..], &more].concat());
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    assert!(
        ended.out.starts_with("2 query servers, a query of 10.0 ms on average"),
        "{}",
        ended.out
    );
    assert!(
        ended.out.contains("over ideal") && ended.out.contains("\n  control  "),
        "{}",
        ended.out
    );
    let charts = ["wait-interactive", "wait-normal", "wait-bulk", "goodput", "step"];
    for chart in charts {
        let text = folder.read(&format!("charts/{chart}.svg"));
        assert!(text.starts_with("<svg ") && text.contains("<polyline"), "{chart}");
        assert!(text.contains("control") && text.contains("ideal"), "{chart} has its legend");
        assert!(ended.out.contains(&format!("charts/{chart}.svg")));
    }
    let again = folder.run(&[&LITTLE[..], &more].concat());
    assert_eq!((again.code, again.out.as_str()), (2, ""), "nothing is written over");
    assert!(again.err.contains("charts is there already; expected a new folder"), "{}", again.err);
}

#[test]
fn bad_usage_is_told_with_what_was_expected() {
    let folder = Folder::new();
    let told = |args: &[&str]| {
        let ended = folder.run(&[&["compare"], args].concat());
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{args:?}");
        ended.err
    };
    assert!(told(&["nowhere"]).contains("no builtin scope is named `nowhere`"));
    assert!(told(&["--requests", "0"]).contains("0 is not in 1000..=10000000"));
    assert!(told(&["--steps", "x"]).contains("invalid digit"));
    assert!(told(&["--work-us", "5"]).contains("5 is not in 100..=10000000"));
}
