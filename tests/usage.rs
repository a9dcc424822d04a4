//! Bad usage: every mistake on the command line ends with code 2, says what was expected, and offers the nearest name.

mod common;

use std::process::{Command, Stdio};

use common::Folder;

#[test]
fn unknown_names_are_told_with_the_nearest() {
    let folder = Folder::new();
    let cases: &[(&[&str], &str)] = &[
        (&["chek"], "a similar subcommand exists: 'check'"),
        (&["check", "--treads", "2"], "a similar argument exists: '--threads'"),
        (&["check", "defalt"], "did you mean `default`?"),
        (&["check", "--property", "fresh-anwser"], "did you mean `fresh-answer`?"),
        (&["check", "--property", "zzz"], "`spillway properties` lists them"),
        (&["check", "--mutant", "load-uncheked"], "did you mean `load-unchecked`?"),
        (&["check", "--mutant", "zzz"], "`spillway mutants --list` lists them"),
        (&["check", "--format", "jsn"], "a similar value exists: 'json'"),
        (&["check", "--engine", "statewrong"], "a similar value exists: 'stateright'"),
        (&["check", "--threads", "0"], "invalid value '0' for '--threads <N>'"),
        (&["check", "--threads", "257"], "257 is not in 1..=256"),
        (&["scopes", "describe", "default", "--toml"], "unexpected argument '--toml'"),
        (&["check", "--states-max", "many"], "invalid value 'many' for '--states-max <N>'"),
        (&["replay", "t", "--on", "imple"], "a similar value exists: 'impl'"),
        (&["show", "t", "--as", "mermad"], "a similar value exists: 'mermaid'"),
        (&["scopes", "describe", "defalt"], "did you mean `default`?"),
    ];
    for (args, expected) in cases {
        let told = folder.refused(args);
        assert!(told.contains(expected), "{args:?} says: {told}");
    }
}

#[test]
fn files_that_are_not_there_are_told_by_name() {
    let folder = Folder::new();
    let told = folder.refused(&["check", "./no.toml"]);
    assert!(told.starts_with("error: ./no.toml: cannot be read: "), "{told}");
    assert!(told.ends_with("; expected a scope file\n"), "{told}");
    for command in ["replay", "shrink", "show"] {
        let told = folder.refused(&[command, "no.trace.ndjson"]);
        assert!(told.starts_with("error: `no.trace.ndjson` cannot be opened: "), "{told}");
    }
}

#[cfg(unix)]
#[test]
fn files_without_end_and_folders_are_no_files() {
    let folder = Folder::new();
    std::fs::create_dir(folder.at("d.toml")).expect("the folder can be written");
    std::fs::create_dir(folder.at("d.itf.json")).expect("the folder can be written");
    std::os::unix::fs::symlink("/dev/zero", folder.at("z.itf.json")).expect("links can be made");
    let told = folder.refused(&["check", "d.toml"]);
    assert!(told.starts_with("error: d.toml: cannot be read: "), "{told}");
    let told = folder.refused(&["check", "/dev/zero"]);
    assert!(told.starts_with("error: /dev/zero:1:1: the file is too long; expected "), "{told}");
    for command in ["replay", "shrink", "show"] {
        let told = folder.refused(&[command, "d.itf.json"]);
        assert!(told.starts_with("error: d.itf.json: cannot be read: "), "{told}");
        // A folder is one of live nodes, whatever it is called.
        let told = folder.refused(&[command, "d.toml"]);
        assert!(told.starts_with("error: d.toml: no file whose name ends with "), "{told}");
        let told = folder.refused(&[command, "/dev/zero"]);
        assert!(told.starts_with("error: /dev/zero:1: the line is too long"), "{told}");
    }
    let told = folder.refused(&["show", "z.itf.json"]);
    assert!(told.starts_with("error: z.itf.json: it is too long; expected at most "), "{told}");
}

#[test]
fn nothing_is_asked_and_the_help_answers() {
    let folder = Folder::new();
    let ended = folder.run(&[]);
    assert_eq!((ended.code, ended.out.as_str()), (2, ""));
    assert!(ended.err.contains("Usage: spillway <COMMAND>"), "{}", ended.err);
    assert_eq!(folder.run(&["--help"]).code, 0);
    assert_eq!(folder.run(&["--version"]).out, format!("spillway {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn completions_know_the_names() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish"] {
        let ended = folder.run(&["completions", shell]);
        assert_eq!(ended.code, 0);
        for name in ["load-unchecked", "fresh-answer", "trace-out"] {
            assert!(ended.out.contains(name), "{shell} does not complete {name}");
        }
    }
}

#[test]
fn listings_name_everything() {
    let folder = Folder::new();
    let scopes = folder.run(&["scopes", "list"]).out;
    assert!(scopes.trim_start().starts_with("default "), "{scopes}");
    let shown = folder.run(&["scopes", "show", "tiny.toml"]);
    assert_eq!((shown.code, shown.out.as_str()), (0, common::TINY));
    let described = folder.run(&["scopes", "describe", "tiny.toml"]);
    insta::assert_snapshot!(described.out);
    let json = folder.run(&["scopes", "describe", "tiny.toml", "--format", "json"]).out;
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!(json["requests"][1]["class"], "bulk");

    let properties = folder.run(&["properties"]).out;
    assert!(properties.contains("a query server holds more tasks than its threshold"));
    let mutants = folder.run(&["mutants", "--list"]).out;
    assert!(mutants.contains("A query server accepts an assignment whatever its load."));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_spillway"))
        .args(["completions", "zsh"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
