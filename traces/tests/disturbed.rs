//! Which message is delivered after a datagram link has lost, doubled or reordered some: causes and diagrams.
#![allow(clippy::unwrap_used, missing_docs)]

use serde_json::json;
use spillway_traces::spillway::{Action, Message};
use spillway_traces::{
    Event, Header, Node, Observed, Recorder, RequestId, Sent, Source, Spillway, Trace, Verdict,
    show_mermaid, show_svg, show_text,
};

const LINK: (Node, Node) = (Node::client(0), Node::communication(0));

fn request(id: u32) -> Message {
    Message::Request { request: RequestId::of(id), token: 0 }
}

fn issue(id: u32) -> (Action, Observed<Spillway>) {
    let (from, to) = LINK;
    let sent = vec![Sent { from, to, message: request(id) }];
    let action = Action::Issue { client: from, request: RequestId::of(id) };
    (action, Observed { sent, ..Observed::default() })
}

fn deliver(took: Option<Message>) -> (Action, Observed<Spillway>) {
    let (from, to) = LINK;
    (Action::Deliver { from, to }, Observed { took, ..Observed::default() })
}

fn only(action: Action) -> (Action, Observed<Spillway>) {
    (action, Observed::default())
}

fn record(steps: Vec<(Action, Observed<Spillway>)>) -> Vec<Event<Spillway>> {
    let mut recorder = Recorder::new();
    steps.into_iter().map(|(action, observed)| recorder.event(action, observed)).collect()
}

/// r0 is doubled, then overtaken by r1 and its own copy, then r1 is lost: r0's copy and r0 arrive, both sent by event 0.
fn run(took: bool) -> Vec<Event<Spillway>> {
    let (from, to) = LINK;
    let took = took.then(|| request(0));
    let lost = vec![Sent { from, to, message: request(1) }];
    record(vec![
        issue(0),
        issue(1),
        only(Action::Duplicate { from, to }),
        only(Action::Reorder { from, to }),
        (Action::Drop { from, to }, Observed { lost, ..Observed::default() }),
        deliver(took),
        deliver(took),
    ])
}

#[test]
fn a_copy_is_caused_by_what_sent_the_first() {
    for took in [true, false] {
        let causes: Vec<Option<u64>> = run(took).iter().map(|event| event.cause).collect();
        assert_eq!(causes, [None, None, None, None, None, Some(0), Some(0)]);
    }
}

/// Without recorded messages only the order on the link tells.
#[test]
fn a_message_that_was_overtaken_is_delivered_last() {
    let (from, to) = LINK;
    let steps = |disturbance| {
        record(vec![issue(0), issue(1), issue(2), only(disturbance), deliver(None), deliver(None)])
    };
    let causes = |events: Vec<Event<Spillway>>| [events[4].cause, events[5].cause];
    assert_eq!(causes(steps(Action::Reorder { from, to })), [Some(1), Some(2)]);
    assert_eq!(causes(steps(Action::Drop { from, to })), [Some(1), Some(2)]);
    assert_eq!(causes(steps(Action::Duplicate { from, to })), [Some(0), Some(1)]);
    let nothing_there = record(vec![only(Action::Reorder { from, to }), issue(0), deliver(None)]);
    assert_eq!(nothing_there[2].cause, Some(1));
}

#[test]
fn every_picture_says_which_message_it_was() {
    let header = Header::new::<Spillway>(Source::Model, 0, json!({}));
    let trace = Trace::new(header, run(true)).finish(Verdict::Holds, None).unwrap();
    let doubled = "the next message from A0 to B0 is doubled: Request r0 token 0";
    let overtaken = "the next message from A0 to B0 is overtaken: Request r0 token 0";
    let text = show_text(&trace, None);
    for line in [
        format!("2  A0  {doubled}\n"),
        format!("3  A0  {overtaken}\n"),
        "4  A0  the next message from A0 to B0 is lost\n".into(),
        "loses A0 → B0: Request r1 token 0\n".into(),
        "6  B0  B0 takes the next message from A0: Request r0 token 0  (sent by event 0)\n".into(),
    ] {
        assert!(text.contains(&line), "{line}{text}");
    }
    let mermaid = show_mermaid(&trace);
    assert!(
        mermaid.contains("Note over n0: the next message from A0 to B0 is doubled#58; Request")
    );
    assert_eq!(mermaid.matches("n0->>n1: Request r0 token 0\n").count(), 2, "{mermaid}");
    assert_eq!(mermaid.matches("n0-xn1: Request r1 token 0\n").count(), 1, "{mermaid}");
    let svg = show_svg(&trace);
    assert!(svg.contains(doubled) && svg.contains(overtaken), "{svg}");
    assert!(!svg.contains("in flight"), "everything arrived or was lost: {svg}");
    // Both arrows start at the row of event 0.
    let starts: Vec<&str> = svg
        .lines()
        .filter(|line| line.starts_with("<line") && line.contains("url(#head)"))
        .map(|line| line.split("y1=").nth(1).unwrap().split(' ').next().unwrap())
        .collect();
    assert_eq!(starts.len(), 2);
    assert_eq!(starts[0], starts[1]);
}
