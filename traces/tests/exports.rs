//! What other tools are given of a trace: logs for ShiViz and time lines for Perfetto, held to what those tools ask.
#![allow(clippy::unwrap_used)]

mod common;
mod odd;

use std::collections::{BTreeMap, BTreeSet};

use common::{PingPong, Table, rally, spillway_trace};
use proptest::prelude::*;
use serde_json::Value;
use spillway_traces::{Spillway, Trace, Vocabulary, show_perfetto, show_shiviz};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/redistribution.trace.ndjson");

fn corpus() -> Trace<Spillway> {
    Trace::open(CORPUS).unwrap()
}

#[test]
fn shiviz_of_the_corpus() {
    insta::assert_snapshot!(show_shiviz(&corpus()));
}

#[test]
fn shiviz_of_a_rally() {
    insta::assert_snapshot!(show_shiviz(&rally()));
}

#[test]
fn perfetto_of_the_corpus() {
    insta::assert_snapshot!(show_perfetto(&corpus(), None));
}

#[test]
fn perfetto_of_a_rally() {
    insta::assert_snapshot!(show_perfetto(&rally(), Some(&mut Table::default())));
}

/// An event of a log: the node, its clock, and what happened.
type Logged = (String, BTreeMap<String, u64>, String);

/// The events that ShiViz finds: a line with a node and a clock, and the line after it.
fn logged(log: &str) -> Vec<Logged> {
    let mut lines = log.split('\n');
    assert_eq!(lines.next(), Some(r"(?<host>\S*) (?<clock>{.*})\n(?<event>.*)"));
    assert_eq!(lines.next(), Some(""), "there is one run");
    let mut events = Vec::new();
    while let Some(line) = lines.next() {
        let clocked = line.split_once(' ').filter(|(_, clock)| clock.starts_with('{'));
        let Some((host, clock)) = clocked else { continue };
        assert!(!host.contains(char::is_whitespace) && !host.is_empty(), "{line:?}");
        events.push((
            host.to_owned(),
            serde_json::from_str(clock).unwrap(),
            lines.next().unwrap().to_owned(),
        ));
    }
    events
}

/// What ShiViz refuses, and what would make its arrows lie.
fn keeps_clocks(events: &[Logged]) {
    let mut known: BTreeMap<&str, BTreeMap<String, u64>> = BTreeMap::new();
    for (host, clock, event) in events {
        let own = known.get(host.as_str()).and_then(|clock| clock.get(host)).unwrap_or(&0) + 1;
        assert_eq!(clock[host], own, "a node counts its events: {event}");
        for (node, count) in clock {
            let last = known.get(node.as_str()).and_then(|clock| clock.get(node)).unwrap_or(&0);
            assert!(*count >= 1 && (node == host || count <= last), "{event} knows the future");
        }
        for (node, count) in known.get(host.as_str()).into_iter().flatten() {
            assert!(clock[node] >= *count, "{event} has forgotten {node}");
        }
        known.insert(host, clock.clone());
    }
}

/// A delivery knows all that the sender knew.
fn hears_of_its_cause<V: Vocabulary>(trace: &Trace<V>, events: &[Logged]) {
    let of = |index: u64| {
        let start = format!("{index}: ");
        events.iter().find(|(_, _, event)| event.starts_with(&start)).unwrap()
    };
    for event in &trace.events {
        let Some(cause) = event.cause else { continue };
        let ((_, clock, told), (sender, before, _)) = (of(event.index), of(cause));
        let sent_elsewhere = V::delivers(&event.action)
            .is_some_and(|(from, _)| trace.events[cause as usize].node != from);
        assert!(sent_elsewhere || clock[sender] >= before[sender], "{told}");
    }
}

#[test]
fn shiviz_gives_an_event_to_each_node_that_sends_in_a_step() {
    let trace = odd::trace();
    let events = logged(&show_shiviz(&trace));
    keeps_clocks(&events);
    let hosts: Vec<&str> = events.iter().map(|(host, _, _)| host.as_str()).collect();
    assert_eq!(hosts, ["a_b", "a_b-2", "_", "\"q\\\"_"]);
    assert_eq!(events[0].2, "0: \"reset\" {a}\\n b");
    assert_eq!(events[1].2, "0: \"reset\" {a}\\n b; sends a_b → : \\n {\"x\": 1}");
    assert_eq!(events[1].1, BTreeMap::from([("a_b".to_owned(), 1), ("a_b-2".to_owned(), 1)]));
    // The delivery of what the other end sent is an arrow from there.
    assert_eq!(events[2].1["a_b-2"], 1);
}

/// The entries of a page, and what holds for all of them.
fn entries(page: &str) -> Vec<Value> {
    let page: Value = serde_json::from_str(page).unwrap();
    assert!(page["otherData"]["time"].is_string());
    let entries = page["traceEvents"].as_array().unwrap().clone();
    let of = |ph: &str| entries.iter().filter(|e| e["ph"] == ph).cloned().collect::<Vec<_>>();
    let names = of("M").into_iter().filter(|e| e["name"] == "thread_name");
    let named: BTreeSet<u64> = names.map(|e| e["tid"].as_u64().unwrap()).collect();
    let slices: BTreeMap<(u64, u64), u64> =
        of("X").iter().map(|e| (at(e), number(e, "dur"))).collect();
    assert_eq!(slices.len(), of("X").len(), "no two slices begin at once on a thread");
    for entry in entries.iter().filter(|e| e["ph"] != "M") {
        assert!(named.contains(&number(entry, "tid")), "{entry} is on a thread without a name");
        assert!(slices.contains_key(&at(entry)), "{entry} is beside the slices");
        assert_eq!(entry["pid"], 1);
    }
    for (((thread, begin), dur), ((other, next), _)) in slices.iter().zip(slices.iter().skip(1)) {
        assert!(*dur >= 1 && (thread != other || begin + dur <= *next), "slices overlap");
    }
    assert!(times(&entries).is_sorted(), "readers want them in order");
    flows(&of("s"), &of("f"));
    entries
}

fn number(entry: &Value, key: &str) -> u64 {
    entry[key].as_u64().unwrap_or_else(|| panic!("no {key} in {entry}"))
}

fn at(entry: &Value) -> (u64, u64) {
    (number(entry, "tid"), number(entry, "ts"))
}

fn times(entries: &[Value]) -> Vec<u64> {
    entries.iter().filter_map(|e| e["ts"].as_u64()).collect()
}

/// Every flow has a start and, later, an end, of the same name; that is what readers pair them by.
fn flows(starts: &[Value], ends: &[Value]) {
    let by_id = |entries: &[Value]| -> BTreeMap<u64, Value> {
        entries.iter().map(|e| (number(e, "id"), e.clone())).collect()
    };
    let (from, to) = (by_id(starts), by_id(ends));
    assert_eq!((from.len(), to.len()), (starts.len(), ends.len()), "an id is of one flow");
    assert!(from.keys().eq(to.keys()));
    for (start, end) in from.values().zip(to.values()) {
        assert_eq!((&start["name"], &start["cat"]), (&end["name"], &end["cat"]));
        assert!(number(start, "ts") < number(end, "ts"));
        assert_eq!(end["bp"], "e");
    }
}

#[test]
fn perfetto_shows_where_a_property_breaks() {
    let instants = |page: String| -> Vec<(String, u64)> {
        let entries = entries(&page);
        let global = entries.iter().filter(|e| e["ph"] == "i" && e["s"] == "g");
        global.map(|e| (e["name"].as_str().unwrap().to_owned(), number(e, "ts"))).collect()
    };
    // As the trace says, which is after its last event; and also as the machine sees it.
    let recorded = instants(show_perfetto(&rally(), None));
    assert_eq!(recorded, [("breaks short-rallies".to_owned(), 6_000)]);
    let crowd = common::play(&[common::Move::Serve, common::Move::Serve, common::THERE]);
    let seen = instants(show_perfetto(&crowd, Some(&mut Table::default())));
    assert_eq!(
        seen,
        [("breaks one-ball".to_owned(), 1_000), ("breaks short-rallies".to_owned(), 2_000)]
    );
}

#[test]
fn perfetto_shows_virtual_time_while_it_can_be_drawn() {
    let at = |times: [u64; 7]| {
        let mut trace = rally();
        trace.events.iter_mut().zip(times).for_each(|(event, time)| event.time = time);
        let entries = entries(&show_perfetto(&trace, None));
        let slices = entries.iter().filter(|e| e["ph"] == "X");
        slices.map(|e| (number(e, "ts"), number(e, "dur"))).collect::<Vec<_>>()
    };
    let same = at([5, 5, 5, 6, 90, 90, 91]);
    let begins = [
        (5_000, 1),
        (5_001, 1),
        (5_002, 998),
        (6_000, 1_000),
        (90_000, 1),
        (90_001, 999),
        (91_000, 1_000),
    ];
    assert_eq!(same, begins);
    let indexes: Vec<(u64, u64)> = (0..7).map(|index| (index * 1_000, 1_000)).collect();
    assert_eq!(at([5, 4, 5, 6, 7, 8, 9]), indexes, "time runs backwards");
    assert_eq!(at([0, 1, 2, 3, 4, 5, u64::MAX]), indexes, "time is too large");
}

#[test]
fn perfetto_shows_each_node_that_sends_in_a_step() {
    let trace = odd::trace();
    let entries = entries(&show_perfetto(&trace, None));
    let threads = |ph: &str| -> Vec<u64> {
        entries.iter().filter(|e| e["ph"] == ph).map(|e| number(e, "tid")).collect()
    };
    assert_eq!((threads("X"), threads("s"), threads("f")), (vec![2, 3, 4, 5], vec![3], vec![4]));
    assert!(entries.iter().any(|e| e["args"]["name"] == "\"q\\\"\n"), "names are kept as they are");
}

#[test]
fn a_trace_without_events_is_exported() {
    let trace: Trace<PingPong> = common::play(&[]);
    assert!(logged(&show_shiviz(&trace)).is_empty());
    let page: Value = serde_json::from_str(&show_perfetto(&trace, None)).unwrap();
    assert_eq!(page["otherData"]["verdict"], "Verdict: violated (short-rallies)");
}

proptest! {
    #[test]
    fn any_trace_is_a_log_with_valid_clocks(trace in spillway_trace()) {
        let events = logged(&show_shiviz(&trace));
        prop_assert!(events.len() >= trace.events.len());
        keeps_clocks(&events);
        hears_of_its_cause(&trace, &events);
    }

    #[test]
    fn any_trace_is_a_page_with_whole_flows(trace in spillway_trace()) {
        let entries = entries(&show_perfetto(&trace, None));
        let slices = entries.iter().filter(|e| e["ph"] == "X").count();
        prop_assert!(slices >= trace.events.len());
        let flows = entries.iter().filter(|e| e["ph"] == "f").count();
        prop_assert!(flows >= trace.events.iter().filter(|event| event.cause.is_some()).count());
    }

    /// Whatever a protocol's words say, they neither end a line nor break the JSON.
    #[test]
    fn any_words_can_be_exported(word in ".*|[\\\\\"{}\n\r\u{2028}\u{85} a]{0,12}") {
        let mut trace = rally();
        for event in &mut trace.events {
            event.observed.notes = vec![word.clone()];
        }
        let events = logged(&show_shiviz(&trace));
        prop_assert_eq!(events.len(), trace.events.len());
        let shown: Vec<String> = events.into_iter().map(|(_, _, event)| event).collect();
        let ends = ['\n', '\r', '\u{2028}', '\u{2029}'];
        prop_assert!(shown.iter().all(|event| !event.contains(ends)));
        let entries = entries(&show_perfetto(&trace, None));
        let notes = entries.iter().filter(|e| e["cat"] == "note" && e["name"] == *word);
        prop_assert_eq!(notes.count(), trace.events.len());
    }
}
