//! `spillway validate` from outside: what is accepted, what is refused and where, and what cannot be decided.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::path::Path;

use common::Folder;
use spillway_model::Scope;
use spillway_properties::{CheckedMachine, SOMETIMES_NAMES};
use spillway_traces::{
    Action, Event, Header, Node, RequestId, Source, Spillway, Trace, Verdict, record,
};

const REDISTRIBUTION: &str = "redistribution.trace.ndjson";

fn corpus(name: &str) -> Trace<Spillway> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("traces/corpus");
    Trace::open(corpus.join(name)).unwrap()
}

/// Writes a trace with these events in place of its own, renumbered and with an end that fits: altered by somebody who
/// knows the format.
fn write(folder: &Folder, trace: &Trace<Spillway>, events: Vec<Event<Spillway>>) {
    let mut trace = trace.clone();
    trace.header.expect = None;
    trace.events = events;
    for (event, index) in trace.events.iter_mut().zip(0..) {
        (event.index, event.time, event.cause) = (index, index, None);
    }
    let trace = Trace::new(trace.header, trace.events).finish(Verdict::Holds, None).unwrap();
    std::fs::write(folder.at("t.trace.ndjson"), trace.to_bytes().unwrap()).unwrap();
}

/// The line that is refused; 0 if none is.
fn refused_line(folder: &Folder, more: &[&str]) -> (i32, u64) {
    let args = [&["validate", "t.trace.ndjson", "--format", "json"], more].concat();
    let ended = folder.run(&args);
    let told: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    let refused = &told["traces"][0]["judgement"]["refused"];
    let line = ["refused", "differs"].iter().find_map(|kind| refused[kind]["line"].as_u64());
    (ended.code, line.unwrap_or(0))
}

#[test]
fn a_trace_of_the_model_is_accepted() {
    let folder = Folder::new();
    let trace = corpus(REDISTRIBUTION);
    write(&folder, &trace, trace.events.clone());
    let ended = folder.run(&["validate", "t.trace.ndjson"]);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{ended:?}");
    assert!(ended.out.contains("12 events accepted, the last at line 13"), "{}", ended.out);
    assert!(ended.out.ends_with("the model accepts every event, and every property holds\n"));
}

#[test]
fn a_line_that_is_missing_swapped_or_altered_is_refused_there() {
    let folder = Folder::new();
    let trace = corpus(REDISTRIBUTION);
    let lines = trace.events.len();
    // Every event carries a digest of the state, so that the first one after a missing one shows it.
    for at in 0..lines - 1 {
        let mut events = trace.events.clone();
        events.remove(at);
        write(&folder, &trace, events);
        assert_eq!(refused_line(&folder, &[]), (1, at as u64 + 2), "without event {at}");

        let mut events = trace.events.clone();
        events.swap(at, at + 1);
        write(&folder, &trace, events);
        assert_eq!(refused_line(&folder, &[]), (1, at as u64 + 2), "events {at} and next swapped");
    }
    for at in 0..lines {
        let mut events = trace.events.clone();
        events[at].observed.notes.push(spillway_traces::Note::Dropped);
        write(&folder, &trace, events);
        assert_eq!(refused_line(&folder, &[]), (1, at as u64 + 2), "event {at} altered");
    }
}

#[test]
fn a_loss_that_nobody_recorded_is_found_if_it_may_be_hidden() {
    let folder = Folder::new();
    let scope = Scope::builtin("datagram", SOMETIMES_NAMES).unwrap();
    let (client, server) = (Node::client(0), Node::communication(0));
    let actions = [
        Action::Issue { client, request: RequestId(0) },
        Action::Drop { from: client, to: server },
        Action::Resend { from: client, to: server },
        Action::Deliver { from: client, to: server },
    ];
    let header = Header::new::<Spillway>(Source::Model, 0, scope.to_json());
    let mut events = record(&mut CheckedMachine::new(scope, None), &actions).unwrap();
    events.iter_mut().for_each(|event| event.observed.state = None);
    events.remove(1);
    write(&folder, &Trace::new(header, Vec::new()), events);
    // Nobody asks again while the first request may still arrive.
    assert_eq!(refused_line(&folder, &[]), (1, 3));
    assert_eq!(refused_line(&folder, &["--hidden", "drop"]), (0, 0));
    let cut = folder.run(&["validate", "t.trace.ndjson", "--hidden", "drop", "--hidden-max", "0"]);
    assert_eq!(cut.code, 3, "{cut:?}");
    assert!(cut.out.contains("came to their bound"), "{}", cut.out);
}

#[test]
fn a_trace_whose_writer_died_is_inconclusive() {
    let folder = Folder::new();
    let bytes = corpus(REDISTRIBUTION).to_bytes().unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let end = text.trim_end().rfind('\n').unwrap();
    std::fs::write(folder.at("t.trace.ndjson"), &text[..end + 1]).unwrap();
    let ended = folder.run(&["validate", "t.trace.ndjson"]);
    assert_eq!(ended.code, 3, "{ended:?}");
    assert!(ended.out.contains("its writer died"), "{}", ended.out);
}

#[test]
fn bad_usage_is_told_with_what_was_expected() {
    let folder = Folder::new();
    for (args, expected) in [
        (vec!["validate"], "<TRACES>"),
        (vec!["validate", "none.trace.ndjson"], "cannot be opened"),
        (vec!["validate", "tiny.toml"], "tiny.toml:1"),
        (vec!["validate", "t", "--hidden", "dorp"], "did you mean `drop`?"),
        (vec!["validate", "t", "--hidden", "crash"], "expected one of drop, duplicate"),
    ] {
        let ended = folder.run(&args);
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{args:?}");
        assert!(ended.err.contains(expected), "{args:?}: {}", ended.err);
    }
}

/// The trace of the corpus, its only assignment given to its own source.
fn assigned_to_its_source(folder: &Folder) {
    let trace = corpus(REDISTRIBUTION);
    let mut events = trace.events.clone();
    for event in &mut events {
        if let Action::Assign { source, to, .. } = &mut event.action {
            *to = *source;
        }
    }
    write(folder, &trace, events);
}

#[test]
fn a_refusal_says_the_guard_the_nearest_step_and_how_it_differs() {
    let folder = Folder::new();
    assigned_to_its_source(&folder);
    let human = folder.run(&["validate", "t.trace.ndjson"]);
    assert_eq!(human.code, 1, "{human:?}");
    insta::assert_snapshot!("a_refusal_in_words", human.out);
    let json = folder.run(&["validate", "t.trace.ndjson", "--format", "json"]).out;
    insta::assert_snapshot!("a_refusal_for_programs", json);
    for on in ["model", "impl", "both"] {
        let ended = folder.run(&["replay", "--on", on, "t.trace.ndjson"]);
        assert!(
            ended.out.contains("it differs in `to`: C1 instead of C0\n"),
            "{on}: {}",
            ended.out
        );
        let again = if on == "model" { String::new() } else { format!("--on {on} ") };
        let again = format!("replay   spillway replay {again}t.trace.ndjson\n");
        assert!(ended.out.contains(&again), "{on}: {}", ended.out);
    }
}

#[test]
fn what_is_seen_otherwise_is_told_with_the_message_and_its_part() {
    let folder = Folder::new();
    let trace = corpus(REDISTRIBUTION);
    let mut events = trace.events.clone();
    let sends = events.iter_mut().rev().find(|event| !event.observed.sent.is_empty()).unwrap();
    sends.observed.sent[0].to = Node::client(7);
    write(&folder, &trace, events);
    let ended = folder.run(&["validate", "t.trace.ndjson"]);
    assert_eq!(ended.code, 1, "{ended:?}");
    let told = "message 1 differs in `to`: B0 instead of A7\n";
    assert!(ended.out.contains(told), "{}", ended.out);
    let mut events = trace.events.clone();
    let sends = events.iter_mut().find(|event| !event.observed.sent.is_empty()).unwrap();
    sends.observed.sent.clear();
    write(&folder, &trace, events);
    let ended = folder.run(&["replay", "--on", "impl", "t.trace.ndjson"]);
    assert!(ended.out.contains("message 1 is not recorded: A"), "{}", ended.out);
}

#[test]
fn a_digest_that_differs_on_the_nodes_is_told_with_what_the_model_has_instead() {
    let folder = Folder::new();
    let trace = corpus(REDISTRIBUTION);
    let mut events = trace.events.clone();
    events[4].observed.state = Some("0".repeat(16));
    write(&folder, &trace, events);
    let ended = folder.run(&["replay", "--on", "impl", "t.trace.ndjson"]);
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.out.contains("differs in `state`"), "{}", ended.out);
    assert!(ended.out.contains("nodes and model are in the same state"), "{}", ended.out);
}

#[test]
fn a_run_with_hidden_steps_is_validated_again_and_not_replayed() {
    let folder = Folder::new();
    assigned_to_its_source(&folder);
    let args = ["validate", "t.trace.ndjson", "--hidden", "drop,slow", "--hidden-max", "2"];
    let ended = folder.run(&args);
    assert_eq!(ended.code, 1, "{ended:?}");
    let again = "replay   spillway validate --hidden drop,slow --hidden-max 2 t.trace.ndjson\n";
    assert!(ended.out.contains(again), "{}", ended.out);
}
