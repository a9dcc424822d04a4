//! The tables of `model/PROTOCOL.md` say what is promised and pinned: every seeded bug, no other, to the figure.
#![allow(clippy::unwrap_used, missing_docs)]

use spillway_model::Mutant;
use spillway_properties::{ALWAYS, PROMISES};

const PROTOCOL: &str = include_str!("../../model/PROTOCOL.md");

/// The rows of the table under a heading, as trimmed cells, without its head.
fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    let section = PROTOCOL.split("\n## ").find(|section| section.starts_with(heading)).unwrap();
    let lines = section.lines().filter(|line| line.starts_with('|')).skip(2);
    lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

#[test]
fn the_table_of_rules_is_what_is_promised() {
    let table: Vec<[String; 4]> = rows("Rules, and the seeded bug")
        .iter()
        .map(|row| [row[1].trim_matches('`'), row[2], row[3], row[4]].map(str::to_owned))
        .collect();
    let promised: Vec<[String; 4]> = PROMISES
        .iter()
        .map(|p| [p.mutant.name().into(), p.property.into(), p.scope.into(), p.steps.to_string()])
        .collect();
    assert_eq!(table, promised);
}

#[test]
fn the_table_of_scopes_is_what_is_pinned() {
    let pinned = include_str!("pinned_counts.rs").replace('_', "");
    let table = rows("Scopes");
    assert_eq!(
        table.len() + 2,
        spillway_model::scope::BUILTIN.len(),
        "all but `figure` and `deep`"
    );
    for row in table {
        let counts = row[1..].iter().map(|count| count.replace(',', "")).collect::<Vec<_>>();
        let line = format!("\"{}\", {};", row[0], counts.join(", "));
        assert!(pinned.contains(&line), "{line} is not pinned");
    }
}

#[test]
fn the_table_of_messages_names_every_message() {
    let named: Vec<&str> = rows("Messages").iter().map(|row| row[0]).collect();
    for message in [
        "Request",
        "Reply",
        "Busy",
        "Query",
        "Answer",
        "Publish",
        "Published",
        "Hello",
        "Update",
        "Offer",
        "Assign",
        "Accept",
        "Reject",
        "Done",
        "Finish",
        "Return",
        "Snapshot",
        "Lead",
        "Cancel",
        "Withdraw",
    ] {
        assert!(named.contains(&message), "{message} is in no row");
    }
}

/// What a guarantee's file says it is broken by exists, and includes what is promised to break it.
#[test]
fn every_guarantee_names_the_mutants_that_break_it() {
    for known in ALWAYS {
        let file = known.name.replace('-', "_");
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/always");
        let text = std::fs::read_to_string(format!("{folder}/{file}.rs")).unwrap();
        let head: String = text.lines().take_while(|line| line.starts_with("//!")).collect();
        let (_, broken_by) = head.split_once("*Broken by*").unwrap();
        let named: Vec<&str> = broken_by.split('`').skip(1).step_by(2).collect();
        for name in &named {
            let exists = name.parse::<Mutant>().is_ok() || ALWAYS.iter().any(|k| k.name == *name);
            assert!(exists, "{}: `{name}` is no mutant", known.name);
        }
        for promise in PROMISES.iter().filter(|promise| promise.property == known.name) {
            let name = promise.mutant.name();
            assert!(named.contains(&name), "{} does not name `{name}`", known.name);
        }
    }
}
