//! The scopes that the program carries are right, and are found by the names of their files.

use spillway_model::scope::{BUILTIN, Scope};

/// Whatever names the text lists: whether properties of these names exist is for the properties' own tests.
fn names_listed(text: &str) -> Vec<String> {
    let table: toml::Table = text.parse().expect("it is TOML");
    let list = table
        .get("expect")
        .and_then(|expect| expect.get("sometimes"))
        .and_then(toml::Value::as_array);
    list.into_iter().flatten().filter_map(toml::Value::as_str).map(str::to_owned).collect()
}

#[test]
fn every_builtin_scope_is_right_and_named_like_its_file() {
    for (name, text) in BUILTIN {
        let listed = names_listed(text);
        let known: Vec<&str> = listed.iter().map(String::as_str).collect();
        let scope = Scope::builtin(name, &known).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(scope.name, *name);
        scope.check().expect("what was parsed was checked");
    }
}

#[test]
fn every_scope_file_is_builtin() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scopes");
    for file in std::fs::read_dir(folder).expect("the folder is there") {
        let path = file.expect("it can be read").path();
        let name =
            path.file_stem().and_then(|stem| stem.to_str()).expect("its name is plain").to_owned();
        assert!(BUILTIN.iter().any(|(builtin, _)| *builtin == name), "{name} is not in BUILTIN");
    }
}

#[test]
fn the_default_scope_file_shows_every_key() {
    let (_, text) = BUILTIN[0];
    let listed = names_listed(text);
    let known: Vec<&str> = listed.iter().map(String::as_str).collect();
    let scope = Scope::default_scope(&known).expect("it is right");
    let written = scope.to_toml();
    let is_key = |line: &&str| line.contains(" = ") && !line.starts_with('#');
    for key in written.lines().filter(is_key).filter_map(|line| line.split(" = ").next()) {
        assert!(
            text.lines().any(|line| line.starts_with(&format!("{key} = "))),
            "{key} is not shown"
        );
    }
    for (key, _) in scope.faults.by_key() {
        assert!(text.contains(&format!("\n{key} = ")), "{key} is not shown");
    }
}

#[test]
fn unknown_names_are_refused() {
    let error = |name| Scope::builtin(name, &[]).expect_err("there is no such scope").to_string();
    let known = BUILTIN.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>();
    let (last, others) = known.split_last().expect("there are some");
    let expected = format!("expected {} or {last}", others.join(", "));
    let near = "did you mean `default`?";
    assert_eq!(
        error("defualt"),
        format!(
            "no builtin scope is named `defualt`; expected one of the {} there are; {near}",
            known.len()
        )
    );
    assert_eq!(error("huge"), format!("no builtin scope is named `huge`; {expected}"));
    let known_none = error("default");
    assert!(known_none.starts_with("scopes/default.toml:"), "{known_none}");
    assert!(
        known_none
            .ends_with("`sometimes[0]` is `overflow-happens`; expected no name, as none is known"),
        "{known_none}"
    );
}
