//! The trace file: what is written is read back, and every breach of the format is refused by its line.
#![allow(clippy::unwrap_used)]

mod common;

use common::{PingPong, header, rally};
use serde_json::json;
use spillway_traces::file::{Limits, scope_hash, vocabulary_hash};
use spillway_traces::{Expect, Reader, Trace, TraceError, Verdict, WriteError, Writer, show_text};

type Rally = Trace<PingPong>;

fn lines() -> Vec<String> {
    let text = String::from_utf8(rally().to_bytes().unwrap()).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn read(lines: &[String]) -> Result<Rally, TraceError> {
    Rally::from_bytes((lines.join("\n") + "\n").as_bytes())
}

/// The message for the rally with `old` replaced by `new` in one line, counted from 1 as in the message.
fn refused(line: usize, old: &str, new: &str) -> String {
    let mut lines = lines();
    let changed = lines[line - 1].replacen(old, new, 1);
    assert_ne!(changed, lines[line - 1], "line {line} has no `{old}`");
    lines[line - 1] = changed;
    read(&lines).unwrap_err().to_string()
}

#[test]
fn a_trace_is_one_json_object_a_line_with_its_keys_in_order() {
    let lines = lines();
    assert_eq!(
        lines[0],
        r#"{"header":{"format":1,"tool":"spillway 0.1.0","vocabulary":"ping-pong","vocabulary_hash":"ccb9dd548758bc48","source":"model","seed":7,"scope":{"a":[1,{"b":-1,"c":2}],"balls":3},"scope_hash":"c606988a9e95c8d1"}}"#
    );
    assert_eq!(
        lines[2],
        r#"{"event":{"index":1,"time":1,"node":"pong","action":{"return":{"from":"ping","to":"pong"}},"cause":0,"observed":{"took":{"hits":1},"sent":[{"from":"pong","to":"ping","message":{"hits":2}}],"notes":["hit 1"]}}}"#
    );
    assert_eq!(
        lines[8],
        r#"{"end":{"count":7,"verdict":"violated","property":"short-rallies","digest":"af98ae544527097b"}}"#
    );
}

#[test]
fn what_is_written_is_read_back() {
    let trace = rally();
    assert_eq!(Rally::from_bytes(&trace.to_bytes().unwrap()).unwrap(), trace);
}

#[test]
fn hashes_depend_on_meaning_not_on_key_order() {
    let scope = |text: &str| scope_hash(&serde_json::from_str(text).unwrap());
    assert_eq!(scope(r#"{"a":1,"b":{"c":2,"d":3}}"#), scope(r#"{"b":{"d":3,"c":2},"a":1}"#));
    assert_ne!(scope(r#"{"a":1}"#), scope(r#"{"a":2}"#));
    assert_eq!(vocabulary_hash::<PingPong>().len(), 16);
}

#[test]
fn expectations_of_the_corpus_are_kept() {
    let violates = Expect::Violates { property: "p".into(), mutant: Some("m".into()) };
    let cases = [
        (Expect::Accepted, r#""expect":"accepted""#),
        (Expect::Refused { line: 5 }, r#""expect":{"refused":{"line":5}}"#),
        (violates, r#""expect":{"violates":{"property":"p","mutant":"m"}}"#),
    ];
    for (expect, json) in cases {
        let mut trace = rally();
        trace.header.expect = Some(expect);
        let bytes = trace.to_bytes().unwrap();
        assert!(String::from_utf8_lossy(&bytes).contains(json));
        assert_eq!(Rally::from_bytes(&bytes).unwrap().header, trace.header);
    }
}

#[test]
fn why_a_trace_is_kept_is_in_its_header_and_an_older_file_has_none() {
    let mut trace = rally();
    assert_eq!(Rally::from_bytes(&trace.to_bytes().unwrap()).unwrap().header.why, None);
    trace.header.why = Some("It went wrong once.\n\u{1b}[2J".into());
    let bytes = trace.to_bytes().unwrap();
    assert!(String::from_utf8_lossy(&bytes).contains(r#""why":"It went wrong once.\n"#));
    assert_eq!(Rally::from_bytes(&bytes).unwrap().header, trace.header);
    // A line of its own below the title, without what would speak to a terminal.
    let text = show_text(&trace, None);
    assert_eq!(text.lines().nth(1), Some("It went wrong once.  [2J"));
}

#[test]
fn an_empty_file_is_refused() {
    let error = Rally::from_bytes(b"").unwrap_err();
    assert_eq!(error.to_string(), "line 1: the file is empty; expected a header");
}

#[test]
fn the_first_line_is_a_header_and_the_only_one() {
    let error = read(&lines()[1..]).unwrap_err();
    assert_eq!(error.to_string(), "line 1: the first line is an event; expected a header");
    let mut twice = lines();
    twice.insert(1, twice[0].clone());
    let error = read(&twice).unwrap_err();
    assert_eq!(error.to_string(), "line 2: a second header; expected an event or an end");
}

#[test]
fn another_format_is_refused_before_its_keys_are_judged() {
    let expected = "line 1: format 2 is unknown; expected format 1, which spillway 0.1.0 reads";
    assert_eq!(refused(1, r#""format":1"#, r#""format":2"#), expected);
    assert_eq!(refused(1, r#""format":1,"tool""#, r#""format":2,"instrument""#), expected);
}

#[test]
fn another_vocabulary_is_refused() {
    assert_eq!(
        refused(1, "ping-pong", "ping-gong"),
        "line 1: the vocabulary is `ping-gong`; expected a trace of `ping-pong`; did you mean `ping-pong`?"
    );
}

#[test]
fn a_grown_vocabulary_reads_old_traces() {
    let mut lines = lines();
    lines[0] = lines[0].replace("ccb9dd548758bc48", "0000000000000000");
    lines.pop();
    assert_eq!(read(&lines).unwrap().events, rally().events);
}

#[test]
fn an_unknown_action_is_refused_with_the_nearest_one() {
    let expected = "line 3: action `retrun` is unknown; expected one of serve, return, rest, wind; did you mean `return`?";
    assert_eq!(refused(3, r#"{"return""#, r#"{"retrun""#), expected);
    assert_eq!(
        refused(2, r#""serve""#, r#""xyzzy""#),
        "line 2: action `xyzzy` is unknown; expected one of serve, return, rest, wind"
    );
}

#[test]
fn wrong_arguments_of_an_action_are_refused() {
    assert_eq!(
        refused(3, r#","to":"pong"}}"#, "}}"),
        "line 3: action `return`: missing field `to`; expected the arguments of `return`"
    );
}

#[test]
fn other_unknown_names_are_refused_with_the_nearest_one() {
    assert_eq!(
        refused(1, r#""model""#, r#""mode""#),
        "line 1: header: unknown variant `mode`, expected one of `model`, `simulator`, `live`; expected a header with format, tool, vocabulary, vocabulary_hash, source, seed, scope and scope_hash; did you mean `model`?"
    );
    assert_eq!(
        refused(2, r#"{"event""#, r#"{"evnt""#),
        "line 2: `evnt` is no kind of line; expected `header`, `event` or `end`; did you mean `event`?"
    );
    assert_eq!(
        refused(9, "violated", "violate"),
        "line 9: end: unknown variant `violate`, expected one of `holds`, `violated`, `reached`, `not-reached`, `inconclusive`, `refused`; expected an end with count, verdict and digest; did you mean `violated`?"
    );
}

#[test]
fn unknown_keys_are_tolerated_anywhere() {
    let mut lines = lines();
    lines.pop();
    for line in &mut lines {
        *line = line.replacen("{\"", r#"{"later":[],""#, 1).replacen(":{\"", r#":{"soon":1,""#, 1);
        assert!(line.contains("later") && line.contains("soon"));
    }
    assert_eq!(read(&lines).unwrap().events, rally().events);
}

#[test]
fn what_was_observed_may_be_missing() {
    let mut lines = lines();
    lines[1] = r#"{"event":{"index":0,"time":0,"node":"ping","action":"serve"}}"#.to_owned();
    lines.pop();
    assert_eq!(read(&lines).unwrap().events[0].observed, Default::default());
}

#[test]
fn events_are_numbered_without_a_gap() {
    assert_eq!(
        refused(3, r#""index":1"#, r#""index":2"#),
        "line 3: the event's index is 2; expected index 1: events are numbered from 0 without a gap"
    );
}

#[test]
fn a_cause_is_an_earlier_event() {
    assert_eq!(
        refused(3, r#""cause":0"#, r#""cause":1"#),
        "line 3: event 1 is caused by event 1; expected a cause that is an earlier event"
    );
}

#[test]
fn an_event_happens_where_its_action_does() {
    assert_eq!(
        refused(3, r#""node":"pong""#, r#""node":"ping""#),
        "line 3: the event's node is `ping`; expected `pong`, where the action `pong returns the ball of ping` happens"
    );
}

#[test]
fn the_end_counts_the_events() {
    assert_eq!(
        refused(9, r#""count":7"#, r#""count":8"#),
        "line 9: the end counts 8 events; expected 7, as there are"
    );
}

#[test]
fn an_altered_line_shows_in_the_digest() {
    let message = refused(3, r#""notes":["hit 1"]"#, r#""notes":["hit 9"]"#);
    assert!(message.starts_with("line 9: the lines before have the digest "), "{message}");
    let end = "; expected af98ae544527097b, so a line was altered since it was written";
    assert!(message.ends_with(end), "{message}");
}

#[test]
fn an_altered_scope_shows_in_its_hash() {
    assert_eq!(
        refused(1, r#""balls":3"#, r#""balls":4"#),
        "line 1: the scope's hash is 651d753a356b941c, so the scope was altered; expected the `scope_hash` of the header, c606988a9e95c8d1"
    );
}

#[test]
fn nothing_follows_the_end() {
    let mut lines = lines();
    lines.push(lines[1].clone());
    let error = read(&lines).unwrap_err();
    assert_eq!(error.to_string(), "line 10: a line after the end; expected nothing after the end");
}

#[test]
fn floats_are_refused_anywhere() {
    assert_eq!(
        refused(2, r#""time":0"#, r#""time":0.5"#),
        "line 2: 0.5 is not an integer of 64 bits, at column 30; expected one JSON object, integers only, no key twice"
    );
    for (line, old, new) in [
        (1, r#""balls":3"#, r#""balls":3.0"#),
        (1, r#""seed":7"#, r#""seed":18446744073709551616"#),
        (2, r#"{"hits":1}"#, r#"{"hits":1e2}"#),
        (2, r#"{"event""#, r#"{"weight":1.5,"event""#),
    ] {
        let message = refused(line, old, new);
        assert!(message.contains("is not an integer of 64 bits"), "{message}");
    }
}

#[test]
fn a_key_occurs_once_in_an_object() {
    assert_eq!(
        refused(2, r#""time":0"#, r#""time":0,"time":1"#),
        "line 2: the key `time` occurs twice, at column 35; expected one JSON object, integers only, no key twice"
    );
}

#[test]
fn a_truncated_file_is_refused_at_its_last_line_and_good_up_to_there() {
    let bytes = rally().to_bytes().unwrap();
    for cut in [1, 5] {
        let error = Rally::from_bytes(&bytes[..bytes.len() - cut]).unwrap_err();
        assert!(error.truncated);
        assert_eq!(
            error.to_string(),
            "line 9: the file is truncated: its last line does not end; expected a newline after every line"
        );
    }
    let mut reader = Reader::<PingPong, _>::new(&bytes[..bytes.len() - 1]).unwrap();
    assert_eq!(reader.by_ref().filter_map(Result::ok).count(), 7);
    assert_eq!(reader.end(), None);
    assert!(reader.next().is_none(), "a reader ends after its first error");
}

#[test]
fn a_line_that_is_cut_short_is_refused() {
    let mut lines = lines();
    lines.truncate(3);
    let cut = lines[2].len() / 2;
    lines[2].truncate(cut);
    let error = read(&lines).unwrap_err();
    assert!(error.truncated);
    let message = error.to_string();
    let start = "line 3: the line is cut short, the file is truncated: EOF while parsing";
    assert!(message.starts_with(start), "{message}");
}

#[test]
fn a_trace_without_end_is_readable_and_incomplete() {
    let mut lines = lines();
    lines.pop();
    let trace = read(&lines).unwrap();
    assert!(!trace.is_complete());
    assert_eq!(trace.events, rally().events);
    assert!(rally().is_complete());
    let bytes = trace.to_bytes().unwrap();
    assert_eq!(Rally::from_bytes(&bytes).unwrap(), trace, "no end is made up on writing");
}

#[test]
fn bad_utf_8_is_refused() {
    let mut bytes = rally().to_bytes().unwrap();
    let line_2 = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    bytes[line_2 + 4] = 0xff;
    let error = Rally::from_bytes(&bytes).unwrap_err();
    assert_eq!(error.to_string(), "line 2: it is not UTF-8 from byte 5 on; expected UTF-8");
}

#[test]
fn what_is_no_object_is_refused() {
    let mut lines = lines();
    lines[1] = "[]".to_owned();
    let message = read(&lines).unwrap_err().to_string();
    assert_eq!(message, "line 2: it is not an object; expected `header`, `event` or `end`");
    lines[1] = "nonsense".to_owned();
    let message = read(&lines).unwrap_err().to_string();
    assert!(message.starts_with("line 2: expected ident, at column 2; "), "{message}");
    lines[1] = String::new();
    assert_eq!(read(&lines).unwrap_err().line, 2);
}

/// Bounds of a header, of other lines and of events.
fn limits(header_bytes_max: usize, line_bytes_max: usize, events_max: u64) -> Limits {
    Limits { header_bytes_max, line_bytes_max, events_max }
}

#[test]
fn a_line_and_a_file_are_bounded() {
    let bytes = rally().to_bytes().unwrap();
    let lengths: Vec<usize> = lines().iter().map(|line| line.len() + 1).collect();
    let header = lengths[0];
    let longest = lengths[1..].iter().copied().max().unwrap();
    let read = |header_bytes_max, line_bytes_max, events_max| {
        let limits = limits(header_bytes_max, line_bytes_max, events_max);
        let reader = Reader::<PingPong, _>::with_limits(bytes.as_slice(), limits)?;
        reader.collect::<Result<Vec<_>, _>>()
    };
    assert_eq!(read(header, longest, 7).unwrap().len(), 7);
    let too_long = |bytes| format!("the line is too long; expected at most {bytes} bytes");
    let error = read(header, longest - 1, 7).unwrap_err();
    assert!(error.line > 1 && error.to_string().ends_with(&too_long(longest - 1)), "{error}");
    let error = read(header - 1, longest, 7).unwrap_err();
    assert_eq!(error.to_string(), format!("line 1: {}", too_long(header - 1)));
    let error = read(header, longest, 6).unwrap_err();
    assert_eq!(error.to_string(), "line 8: one event too many; expected at most 6 events");
}

#[test]
fn a_writer_keeps_the_same_bounds() {
    let events = rally().events;
    let write = |limits| Writer::<PingPong, _>::with_limits(Vec::new(), &header(), limits);
    let mut writer = write(limits(1000, 1000, 1)).unwrap();
    writer.event(&events[0]).unwrap();
    assert_eq!(
        writer.event(&events[1]).unwrap_err().to_string(),
        "the trace cannot be written: line 3: one event too many; expected at most 1 events"
    );
    let error = write(limits(1000, 10, 1)).unwrap().event(&events[0]).unwrap_err().to_string();
    assert!(error.ends_with("line 2: the line is too long; expected at most 10 bytes"), "{error}");
    let Err(WriteError::Invalid(error)) = write(limits(10, 1000, 1)) else {
        panic!("a header too long was written")
    };
    assert_eq!(error.to_string(), "line 1: the line is too long; expected at most 10 bytes");
}

#[test]
fn a_writer_refuses_what_a_reader_would() {
    let mut gap = rally();
    gap.events.remove(0);
    assert_eq!(
        gap.to_bytes().unwrap_err().to_string(),
        "the trace cannot be written: line 2: the event's index is 1; expected index 0: events are numbered from 0 without a gap"
    );
    let mut float = rally();
    float.header.scope = json!({ "rate": 0.5 });
    float.header.scope_hash = scope_hash(&float.header.scope);
    let message = float.to_bytes().unwrap_err().to_string();
    assert!(message.contains("line 1: 0.5 is not an integer of 64 bits"), "{message}");
    let mut altered = rally();
    altered.header.scope = json!({});
    assert!(matches!(altered.to_bytes(), Err(WriteError::Invalid(_))));
}

#[test]
fn a_refused_event_leaves_no_bytes() {
    let events = rally().events;
    let mut writer = Writer::<PingPong, _>::new(Vec::new(), &header()).unwrap();
    assert!(writer.event(&events[1]).is_err());
    for event in &events {
        writer.event(event).unwrap();
    }
    let (bytes, end) = writer.finish(Verdict::Violated, Some("short-rallies")).unwrap();
    assert_eq!(bytes, rally().to_bytes().unwrap());
    assert_eq!(Some(end), rally().end);
}

#[test]
fn a_file_is_never_overwritten() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.trace.ndjson");
    rally().write_new(&path).unwrap();
    assert_eq!(Rally::open(&path).unwrap(), rally());
    let before = std::fs::read(&path).unwrap();
    let error = rally().write_new(&path).unwrap_err();
    assert!(matches!(&error, WriteError::Exists(at) if *at == path), "{error}");
    assert!(error.to_string().contains("exists already and a trace is never overwritten"));
    let created = Writer::<PingPong, _>::create_new(&path, &header());
    assert!(matches!(created, Err(WriteError::Exists(_))));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_refused_trace_leaves_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.trace.ndjson");
    let mut gap = rally();
    gap.events.remove(0);
    gap.write_new(&path).unwrap_err();
    assert!(!path.exists());
    let error = Rally::open(&path).unwrap_err();
    assert_eq!(error.line, 0);
    assert!(error.to_string().ends_with("; expected a readable trace file"), "{error}");
    let nowhere = rally().write_new(directory.path().join("no/such")).unwrap_err();
    assert!(matches!(nowhere, WriteError::Io { .. }), "{nowhere}");
}

#[test]
fn a_writer_that_dies_leaves_a_trace_without_end() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.trace.ndjson");
    let mut writer = Writer::<PingPong, _>::create_new(&path, &header()).unwrap();
    writer.event(&rally().events[0]).unwrap();
    writer.flush().unwrap();
    let trace = Rally::open(&path).unwrap();
    assert_eq!((trace.events.len(), trace.is_complete()), (1, false));
    drop(writer);
    assert!(!Rally::open(&path).unwrap().is_complete());
}
