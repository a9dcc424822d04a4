//! The tables of `model/PROTOCOL.md` say what is promised and pinned: every seeded bug, no other, to the figure.
#![allow(clippy::unwrap_used, missing_docs)]

use spillway_properties::PROMISES;

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
    assert_eq!(table.len() + 1, spillway_model::scope::BUILTIN.len(), "all but `deep`");
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
    ] {
        assert!(named.contains(&message), "{message} is in no row");
    }
}
