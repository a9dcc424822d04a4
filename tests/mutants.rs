//! `spillway mutants`: the promises of the seeded bugs, and the matrix.

mod common;

use common::Folder;

#[test]
fn every_seeded_bug_is_found_as_promised() {
    let folder = Folder::new();
    let ended = folder.run(&["mutants"]);
    assert_eq!(ended.code, 0, "{}", ended.out);
    assert!(ended.out.ends_with("found as promised\n"), "{}", ended.out);
    assert_eq!(folder.files(), ["tiny.toml"]);
}

#[test]
fn the_list_is_for_programs_too() {
    let folder = Folder::new();
    let listed = folder.run(&["mutants", "--list", "--format", "json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed.out).expect("it is JSON");
    let listed = listed.as_array().expect("a list");
    let found =
        listed.iter().find(|mutant| mutant["name"] == common::MUTANT).expect("it is listed");
    assert_eq!(found["about"], "A query server accepts an assignment whatever its load.");
    assert_eq!(found["promised"]["property"], common::BROKEN);
    assert_eq!(listed.len(), folder.run(&["mutants", "--list"]).out.lines().count());
    for format in ["junit", "github", "sarif"] {
        let told = folder.refused(&["mutants", "--list", "--format", format]);
        assert!(told.ends_with("expected `--format human` or `json`\n"), "{told}");
    }
}

#[test]
fn one_seeded_bug_can_be_looked_at_in_every_format() {
    let folder = Folder::new();
    let only =
        |format: &str| folder.run(&["mutants", "--only", common::MUTANT, "--format", format]);
    let json: serde_json::Value = serde_json::from_str(&only("json").out).expect("it is JSON");
    assert_eq!(
        (&json["verdict"], &json["mutants"][0]["name"]),
        (&"pass".into(), &common::MUTANT.into())
    );
    assert_eq!(json["mutants"][0]["steps"], json["mutants"][0]["promised"]["steps"]);
    assert!(
        only("junit")
            .out
            .contains("<testcase classname=\"spillway mutants\" name=\"load-unchecked\"/>")
    );
    assert_eq!(
        only("github").out,
        "::notice title=spillway mutants::1 seeded bug found as promised\n"
    );
}

#[test]
fn the_matrix_has_a_row_for_a_bug_and_a_column_for_a_property() {
    let folder = Folder::new();
    let ended = folder.run(&["mutants", "--full", "--only", common::MUTANT]);
    assert_eq!(ended.code, 0, "{}", ended.out);
    assert!(ended.out.contains(" 1  synced-info\n"), "{}", ended.out);
    assert!(ended.out.contains("\n  load-unchecked"), "{}", ended.out);
    assert!(ended.out.contains("\n  bugs found"), "{}", ended.out);
}

/// What a check with a seeded bug does when nobody names a scope.
#[test]
fn a_check_with_a_seeded_bug_knows_where_to_look() {
    let folder = Folder::new();
    let ended = folder.run(&["check", "--mutant", common::MUTANT]);
    assert_eq!(ended.code, 1, "{}", ended.err);
    assert!(ended.out.contains("threshold-kept is violated after"), "{}", ended.out);
}

/// From every seeded bug to a trace that replays, shows and shrinks.
#[test]
fn every_counterexample_can_be_worked_with() {
    let folder = Folder::new();
    let listed = folder.run(&["mutants", "--list"]).out;
    for mutant in listed.lines().filter_map(|line| line.split_whitespace().next()) {
        let trace = &format!("{mutant}.trace.ndjson");
        let run = |args: &[&str]| {
            let ended = folder.run(args);
            (ended.code, ended.out)
        };
        let (code, out) = run(&["check", "--mutant", mutant, "--trace-out", trace]);
        assert_eq!(code, 1, "{mutant}: {out}");
        let (code, out) = run(&["replay", trace]);
        assert!(code == 1 && out.ends_with(", as recorded\n"), "{mutant}: {out}");
        let (code, out) = run(&["show", trace]);
        assert!(code == 0 && out.contains("! breaks "), "{mutant}: {out}");
        let (code, out) = run(&["shrink", trace]);
        assert_eq!(code, 0, "{mutant}: {out}");
        let (code, out) = run(&["replay", &format!("{mutant}.shrunk.trace.ndjson")]);
        assert!(code == 1 && out.ends_with(", as recorded\n"), "{mutant}: {out}");
    }
}

#[cfg(unix)]
#[test]
fn an_interruption_is_told() {
    use std::process::{Command, Stdio};
    let child = Command::new(env!("CARGO_BIN_EXE_spillway"))
        .args(["mutants", "--full"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    std::thread::sleep(std::time::Duration::from_millis(500));
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(killed.expect("there is kill").success());
    let output = child.wait_with_output().expect("it ends");
    let out = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{out}");
    assert!(out.contains("\n? interrupted: "), "{out}");
}
