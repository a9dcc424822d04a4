//! Bad scope files: told with file, line and column, what was expected, and the nearest name; nothing is explored.

mod common;

use common::{Folder, TINY};

/// What is told of the tiny scope with one text in place of another.
fn told(from: &str, to: &str) -> String {
    assert!(TINY.contains(from));
    let folder = Folder::new();
    folder.write("bad.toml", &TINY.replacen(from, to, 1));
    folder.refused(&["check", "bad.toml"])
}

#[test]
fn an_unknown_key_has_a_nearest_one() {
    let told = told("threshold = 0", "treshold = 0");
    assert!(told.starts_with("error: bad.toml:9:1: unknown key `treshold`; expected "), "{told}");
    assert!(told.contains("did you mean `threshold`?"), "{told}");
}

#[test]
fn a_wrong_type_and_a_number_out_of_range_are_told_with_what_was_expected() {
    let text = told("clients = 1", "clients = \"one\"");
    assert!(text.starts_with("error: bad.toml:5:11: "), "{text}");
    assert!(text.contains("expected "), "{text}");
    let text = told("query-servers = 2", "query-servers = 1");
    assert!(text.starts_with("error: bad.toml:6:17: "), "{text}");
    assert!(text.contains('2') && text.contains('8'), "{text}");
}

#[test]
fn an_impossible_combination_has_a_line() {
    let text = told("home = 0", "home = 7");
    assert!(text.starts_with("error: bad.toml:16:8: "), "{text}");
}

#[test]
fn an_unknown_situation_has_a_nearest_one() {
    let text = told("\"overflow-happens\"", "\"overflow-hapens\"");
    assert!(text.contains("did you mean `overflow-happens`?"), "{text}");
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let folder = Folder::new();
    let bad = TINY.replace("class = \"normal\"", "class = \"usual\"");
    folder
        .write("bad.toml", &bad.replace("user = 0\nclass = \"bulk\"", "user = 9\nclass = \"blk\""));
    let told = folder.refused(&["check", "bad.toml"]);
    assert!(told.lines().count() >= 2, "{told}");
    assert!(told.lines().all(|line| line.starts_with("error: bad.toml:")), "{told}");
}

#[test]
fn what_is_no_toml_or_no_text_is_told() {
    let folder = Folder::new();
    folder.write("bad.toml", "name = \n");
    assert!(folder.refused(&["check", "bad.toml"]).starts_with("error: bad.toml:1:"));
    folder.write("bad.toml", "");
    assert!(folder.refused(&["check", "bad.toml"]).contains("the scope is empty"));
    std::fs::write(folder.at("bad.toml"), [b'n', 0xff]).expect("the folder can be written");
    let told = folder.refused(&["check", "bad.toml"]);
    assert!(told.starts_with("error: bad.toml:1: it is not UTF-8 from byte 2 on"), "{told}");
    std::fs::write(folder.at("bad.toml"), b"a\nb\n\xff").expect("the folder can be written");
    let told = folder.refused(&["check", "bad.toml"]);
    assert!(told.starts_with("error: bad.toml:3: it is not UTF-8 from byte 5 on"), "{told}");
}

#[test]
fn a_copy_under_another_name_is_told_apart() {
    let folder = Folder::new();
    folder.write("copy.toml", TINY);
    let ended = folder.run(&["check", "./copy.toml"]);
    assert_eq!(ended.code, 0);
    assert_eq!(ended.err, "warning: ./copy.toml: the scope in it is named `tiny`\n");
    assert!(ended.out.starts_with("tiny  (./copy.toml)\n"), "{}", ended.out);
    assert_eq!(folder.run(&["check", "./tiny.toml"]).err, "");
}

#[test]
fn scopes_that_are_too_large_for_ci_can_be_explored_in_part() {
    let folder = Folder::new();
    let scopes = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/scopes");
    let scopes = std::fs::read_dir(scopes).expect("the folder is there");
    let scopes: Vec<_> = scopes.map(|scope| scope.expect("it can be read").path()).collect();
    assert!(!scopes.is_empty());
    for path in scopes {
        let path = path.to_str().expect("the name is text");
        let ended = folder.run(&["check", path, "--states-max", "2000"]);
        assert_eq!((ended.code, ended.err.contains("warning")), (3, false), "{}", ended.err);
    }
}
