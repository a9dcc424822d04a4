//! The page to step through: what it says, that no text of a trace gets out of its place, and that long traces stay small.
#![allow(clippy::unwrap_used)]

mod common;

use common::{BACK, Move, PingPong, THERE, Table, play, rally};
use serde_json::{Value, json};
use spillway_traces::{Expect, Header, Machine, Remarks, Trace, show_html};

fn page(trace: &Trace<PingPong>) -> String {
    let machine: &mut dyn Machine<PingPong> = &mut Table::default();
    show_html(trace, Some(machine), &Remarks::default())
}

/// What the script is given.
fn data(page: &str) -> Value {
    let start = r#"<script type="application/json" id="data">"#;
    let (_, rest) = page.split_once(start).unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

/// The same, one step a line.
fn listed(page: &str) -> String {
    let mut data = data(page);
    let steps = data["steps"].take();
    data.as_object_mut().unwrap().retain(|key, _| !["steps", "bands"].contains(&key.as_str()));
    let steps = steps.as_array().unwrap().iter().map(|step| format!("\n{step}"));
    data.to_string() + &steps.collect::<String>()
}

#[test]
fn data_are_what_happened_and_what_it_changed() {
    insta::assert_snapshot!(listed(&page(&rally())));
}

#[test]
fn data_after_a_refusal_are_events_only() {
    let trace = play(&[Move::Serve, Move::Serve, Move::Serve, THERE]);
    let mut table = Table { to_ping: [1].into(), ..Table::default() };
    let page = show_html(&trace, Some(&mut table), &Remarks::default());
    insta::assert_snapshot!(listed(&page));
    let refused = "The trace does not apply: refused by guard few-balls, <a href=\"#step-2\">";
    assert!(page.contains(refused), "{page}");
    assert!(page.contains(">✗ refused by guard few-balls</text>"), "the diagram says so too");
}

#[test]
fn the_header_says_where_it_comes_from_and_how_it_ended() {
    let mut trace = rally();
    trace.header.mutant = Some("forgetful".into());
    let property = "short-rallies".to_owned();
    trace.header.expect = Some(Expect::Violates { property, mutant: Some("forgetful".into()) });
    let statement = "no ball is hit more than 3 times";
    let remarks = Remarks {
        statements: [("short-rallies".into(), statement.into())].into(),
        mutant: Some("A ball keeps its count.".into()),
        ..Remarks::default()
    };
    let long = [Move::Serve, THERE, BACK, THERE];
    trace.events = play(&long).events;
    let page = show_html(&trace, Some(&mut Table::default()), &remarks);
    for said in [
        "<h1>ping-pong</h1>",
        "<dt>seed</dt><dd>7</dd>",
        "<dd>forgetful <span>A ball keeps its count.</span></dd>",
        "<dd>violates short-rallies under forgetful</dd>",
        "Verdict: violated (short-rallies), <a href=\"#step-3\">step 3</a></strong> <q>no ball is",
        ">✗ breaks short-rallies</text>",
    ] {
        assert!(page.contains(said), "{said} is missing in {page}");
    }
}

#[test]
fn without_a_machine_the_events_are_shown_and_why_there_are_no_states() {
    let no_states = Some("nobody knows this table".to_owned());
    let page = show_html(&rally(), None, &Remarks { no_states, ..Remarks::default() });
    let data = data(&page);
    assert_eq!(
        (&data["states"], &data["no_states"]),
        (&json!(false), &json!("nobody knows this table"))
    );
    assert_eq!(data["steps"].as_array().unwrap().len(), rally().events.len());
    assert!(data["steps"].as_array().unwrap().iter().all(|step| step.get("changes").is_none()));
}

#[test]
fn a_trace_without_events_has_a_page() {
    assert_eq!(data(&page(&play(&[])))["steps"], json!([]));
}

#[test]
fn the_same_trace_gives_the_same_page() {
    assert_eq!(page(&rally()), page(&rally()));
}

#[test]
fn a_page_needs_nothing_else() {
    let page = page(&rally()).replace("url(#head)", "");
    assert!(page.contains("default-src 'none'"));
    for word in
        ["@import", "url(", "http:", "https:", "src=", "<link", "<img", "fetch(", "innerHTML"]
    {
        assert!(!page.contains(word), "{word}");
    }
}

/// Texts that would be markup, a script, the end of one, or a slot of the template.
const HOSTILE: [&str; 4] = [
    "</script><script>document.title='broken out'</script>",
    "<img src=x onerror=\"document.title='broken out'\">",
    "<!--<script>",
    "{{data}} '\"` & \u{2028} ]]> </style></title>",
];

#[test]
fn no_text_of_a_trace_is_markup() {
    let calm = page(&rally());
    let mut trace = rally();
    let scope = json!({ "name": HOSTILE[0], "about": HOSTILE[1], HOSTILE[2]: HOSTILE[3] });
    trace.header = Header {
        mutant: Some(HOSTILE[2].into()),
        tool: HOSTILE[0].into(),
        why: Some(HOSTILE[1].into()),
        ..Header::new::<PingPong>(trace.header.source, 0, scope)
    };
    trace.events[1].observed.notes = HOSTILE.map(str::to_owned).into();
    trace.end.as_mut().unwrap().property = Some(HOSTILE[0].into());
    let remarks = Remarks {
        statements: [(HOSTILE[0].into(), HOSTILE[1].into())].into(),
        mutant: Some(HOSTILE[3].into()),
        events: [(1, vec![HOSTILE[0].into()])].into(),
        no_states: Some(HOSTILE[0].into()),
    };
    let page = show_html(&trace, Some(&mut Table::default()), &remarks);
    for word in ["<script", "</script", "<img", "<!--", "<style", "</style", "</title"] {
        assert_eq!(page.matches(word).count(), calm.matches(word).count(), "{word}");
    }
    assert_eq!(data(&page)["steps"][1]["notes"], json!(HOSTILE), "the script gets it as it is");
}

#[test]
fn a_long_trace_keeps_differences_only() {
    let short = [Move::Serve, THERE, BACK, Move::Wind { to: common::Player::Pong }];
    let moves: Vec<Move> = short.iter().cycle().take(5_000).cloned().collect();
    let page = page(&play(&moves));
    assert_eq!(data(&page)["steps"].as_array().unwrap().len(), 5_000);
    let bytes = page.len() / 5_000;
    assert!(bytes < 2_000, "{bytes} bytes an event");
}
