//! A trace from a violation on: replayed, shown, shrunk; and every way in which one can be no good.

mod common;

use common::{BROKEN, Folder, TRACE};

/// Writes a trace that is the given one with a line changed.
fn altered(folder: &Folder, line: usize, from: &str, to: &str) -> &'static str {
    let text = folder.read(TRACE);
    let change = |(at, text): (usize, &str)| {
        if at + 1 != line {
            return text.to_owned() + "\n";
        }
        assert!(text.contains(from), "{text}");
        text.replacen(from, to, 1) + "\n"
    };
    folder.write("altered.ndjson", &text.lines().enumerate().map(change).collect::<String>());
    "altered.ndjson"
}

/// Writes a trace that was never finished, of these lines.
fn unfinished(folder: &Folder, lines: &[String]) -> &'static str {
    folder.write("unfinished.ndjson", &(lines.join("\n") + "\n"));
    "unfinished.ndjson"
}

fn lines(folder: &Folder) -> Vec<String> {
    folder.read(TRACE).lines().map(str::to_owned).collect()
}

#[test]
fn a_replay_confirms_what_was_recorded() {
    let folder = Folder::with_trace();
    let ended = folder.run(&["replay", TRACE]);
    assert_eq!(ended.code, 1);
    assert!(ended.err.contains("the seeded bug `load-unchecked` is on"), "{}", ended.err);
    insta::assert_snapshot!(ended.out);
    assert_eq!(folder.run(&["replay", TRACE, "--scope", "tiny.toml"]).code, 1);
    let json = folder.run(&["replay", TRACE, "--format", "json"]).out;
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!((&json["verdict"], &json["outcome"]), (&"fail".into(), &"matched".into()));
    assert_eq!(json["broken"][0]["property"], BROKEN);
    let junit = folder.run(&["replay", TRACE, "--format", "junit"]).out;
    assert!(
        junit.contains("<failure message=\"threshold-kept is violated at event 6, as recorded\">"),
        "{junit}"
    );
    let github = folder.run(&["replay", TRACE, "--format", "github"]).out;
    assert!(github.starts_with("::error title=spillway replay%3A tiny.load-"), "{github}");
}

#[test]
fn without_the_bug_the_trace_is_not_confirmed() {
    let folder = Folder::with_trace();
    let mut lines = lines(&folder);
    lines[0] = lines[0].replace("\"mutant\":\"load-unchecked\",", "");
    lines.pop();
    let ended = folder.run(&["replay", unfinished(&folder, &lines)]);
    assert_eq!((ended.code, ended.err.as_str()), (1, ""));
    assert!(ended.out.contains("event 6 (line 8) differs in `sent`"), "{}", ended.out);
}

#[test]
fn a_trace_that_expects_its_violation_passes() {
    let folder = Folder::with_trace();
    let mut lines = lines(&folder);
    let expect =
        r#","expect":{"violates":{"property":"threshold-kept","mutant":"load-unchecked"}}}}"#;
    lines[0] = lines[0].strip_suffix("}}").expect("the header ends").to_owned() + expect;
    lines.pop();
    let ended = folder.run(&["replay", unfinished(&folder, &lines)]);
    assert_eq!(ended.code, 0, "{}", ended.out);
    assert!(
        ended.out.ends_with("✓ as expected, threshold-kept is violated under load-unchecked\n")
    );
    lines[0] = lines[0].replace("\"property\":\"threshold-kept\"", "\"property\":\"fresh-answer\"");
    assert_eq!(folder.run(&["replay", unfinished(&folder, &lines)]).code, 1);
}

#[test]
fn a_step_that_is_not_allowed_is_refused_by_a_named_guard() {
    let folder = Folder::with_trace();
    let mut lines = lines(&folder);
    lines.truncate(2); // the header and the first event
    lines.push(r#"{"event":{"index":1,"time":1,"node":"C0","action":{"serve":{"server":"C0","request":0}},"observed":{}}}"#.to_owned());
    let file = unfinished(&folder, &lines);
    let ended = folder.run(&["replay", file]);
    assert_eq!(ended.code, 2);
    assert!(
        ended
            .out
            .contains("events 0 to 0 (line 2) match; event 1 (line 3) is refused: C0 serves r0"),
        "{}",
        ended.out
    );
    assert!(ended.out.contains("\n    guard `"), "{}", ended.out);
    assert!(ended.out.contains("the nearest step allowed was: "), "{}", ended.out);
    let error =
        "error: unfinished.ndjson:3: the trace does not apply: event 1 is refused by guard `";
    let told = folder.refused(&["shrink", file]);
    assert!(told.starts_with(error), "{told}");
    for how in ["text", "mermaid", "svg", "html", "shiviz", "perfetto", "ndjson"] {
        let shown = folder.run(&["show", file, "--as", how]);
        assert_eq!(shown.code, 2, "{how}");
        assert!(!shown.out.is_empty() && shown.err.starts_with(error), "{how}: {}", shown.err);
    }
    // A trace that is there to be refused is none that does not apply.
    let expects = |line: u32| format!(r#","expect":{{"refused":{{"line":{line}}}}}}}}}"#);
    let header = lines[0].strip_suffix("}}").expect("the header ends").to_owned();
    for (line, code) in [(3, 0), (2, 2)] {
        lines[0] = header.clone() + &expects(line);
        assert_eq!(folder.run(&["replay", unfinished(&folder, &lines)]).code, code, "{line}");
    }
}

#[test]
fn an_event_that_differs_cannot_be_shrunk() {
    let folder = Folder::with_trace();
    let mut lines = lines(&folder);
    lines[0] = lines[0].replace("\"mutant\":\"load-unchecked\",", "");
    lines.pop();
    let told = folder.refused(&["shrink", unfinished(&folder, &lines)]);
    assert!(told.starts_with("error: unfinished.ndjson:8: event 6 differs in `sent`: "), "{told}");
}

#[test]
fn a_property_that_is_none_is_told_by_line() {
    let folder = Folder::with_trace();
    let file = altered(&folder, 9, BROKEN, "threshold-kep");
    for command in ["replay", "show", "shrink"] {
        assert_eq!(
            folder.refused(&[command, file]),
            "error: altered.ndjson:9: no property is called `threshold-kep`; did you mean `threshold-kept`?\n"
        );
    }
    let told = folder.refused(&["replay", altered(&folder, 9, BROKEN, "zzz")]);
    assert!(told.ends_with("; `spillway properties` lists them\n"), "{told}");
}

#[test]
fn another_property_than_the_recorded_one_is_not_passed_off_for_it() {
    let folder = Folder::with_trace();
    let file = altered(&folder, 9, BROKEN, "fresh-answer");
    let what = "fresh-answer was recorded as violated, but threshold-kept breaks instead\n";
    let ended = folder.run(&["replay", file]);
    assert_eq!(ended.code, 1);
    assert!(ended.out.ends_with(&format!("✗ {what}")), "{}", ended.out);
    assert_eq!(folder.refused(&["shrink", file]), format!("error: altered.ndjson: {what}"));
}

#[test]
fn a_full_bound_is_told_and_decides_nothing() {
    for link_max in [1, 2] {
        let folder = Folder::new();
        let scope = folder.run(&["scopes", "show", "default"]).out;
        let knobs = format!("[knobs]\nlink-max = {link_max}");
        let lines = scope.lines().filter(|line| !line.starts_with("link-max"));
        let scope: String = lines.map(|line| format!("{line}\n")).collect();
        folder.write("default.toml", &scope.replacen("[knobs]", &knobs, 1));
        let trace = "default.scope-bounds.trace.ndjson";
        assert_eq!(folder.run(&["check", "./default.toml"]).code, 3);
        let events = folder.read(trace).lines().count() - 2;
        let full = format!("event {}: the link ", events - 1);
        let end = "and one more is sent; raise `link-max`\n";
        let ended = folder.run(&["replay", trace]);
        assert_eq!(ended.code, 3);
        let verdict = ended.out.lines().last().unwrap_or_default();
        assert!(verdict.starts_with(&format!("? {full}")), "{verdict}");
        assert!(ended.out.ends_with(end), "{verdict}");
        let shown = folder.run(&["show", trace]);
        assert_eq!((shown.code, shown.err.as_str()), (0, ""));
        let last = shown.out.lines().last().unwrap_or_default();
        assert!(last.starts_with(&format!("! {full}")) && shown.out.ends_with(end), "{last}");
        let shrunk = folder.run(&["shrink", trace]);
        assert_eq!((shrunk.code, shrunk.out.as_str()), (3, ""));
        assert!(shrunk.err.contains(&full) && shrunk.err.ends_with(end), "{}", shrunk.err);
    }
}

#[test]
fn an_empty_line_is_told_as_one() {
    let folder = Folder::with_trace();
    let mut lines = lines(&folder);
    lines[2] = String::new();
    let told = folder.refused(&["replay", unfinished(&folder, &lines)]);
    assert!(told.starts_with("error: unfinished.ndjson:3: the line is empty; "), "{told}");
}

#[test]
fn itf_is_replayed_and_shrunk_too() {
    let folder = Folder::with_trace();
    assert_eq!(folder.run(&["show", TRACE, "--as", "itf", "--out", "t.itf.json"]).code, 0);
    let ended = folder.run(&["replay", "t.itf.json", "--scope", "tiny.toml"]);
    assert_eq!(ended.code, 1, "{}", ended.err);
    assert!(ended.out.ends_with("✗ threshold-kept is violated at event 6, as recorded\n"));
    assert_eq!(folder.run(&["shrink", "t.itf.json"]).code, 0);
    assert_eq!(folder.run(&["replay", "t.shrunk.trace.ndjson"]).code, 1);
    let told = folder.refused(&["show", "t.itf.json", "--scope", "default"]);
    assert!(told.starts_with("error: t.itf.json: a trace of another scope: `tiny`"), "{told}");
}

#[test]
fn a_trace_without_end_is_never_passed() {
    let folder = Folder::with_trace();
    let lines = lines(&folder);
    let ended = folder.run(&["replay", unfinished(&folder, &lines[..4])]);
    assert_eq!(ended.code, 3);
    assert!(ended.out.contains("its writer died"), "{}", ended.out);
}

#[test]
fn a_trace_that_is_none_is_told_by_line() {
    let folder = Folder::with_trace();
    let refused = |file| folder.refused(&["replay", file]);
    let text = folder.read(TRACE);
    folder.write("cut.ndjson", &text[..text.len() / 2]);
    let told = refused("cut.ndjson");
    assert!(told.starts_with("error: cut.ndjson:") && told.contains("truncated"), "{told}");
    let told = refused(altered(&folder, 1, "\"format\":1", "\"format\":2"));
    assert!(
        told.starts_with("error: altered.ndjson:1: format 2 is unknown; expected format 1"),
        "{told}"
    );
    let told =
        refused(altered(&folder, 1, "\"vocabulary\":\"spillway\"", "\"vocabulary\":\"spilway\""));
    assert!(told.ends_with("did you mean `spillway`?\n"), "{told}");
    let told = refused(altered(&folder, 1, "load-unchecked", "load-uncheked"));
    assert!(told.contains("a line was altered since it was written"), "{told}");
    let mut lines = lines(&folder);
    lines[0] = lines[0].replace("load-unchecked", "load-uncheked");
    lines.pop();
    let told = refused(unfinished(&folder, &lines));
    assert!(told.ends_with("did you mean `load-unchecked`?\n"), "{told}");
    let told = refused(altered(&folder, 1, "\"clients\":1", "\"clients\":2"));
    assert!(told.contains("so the scope was altered"), "{told}");
    let told = refused(altered(&folder, 3, "\"deliver\"", "\"delver\""));
    assert!(
        told.starts_with("error: altered.ndjson:3: ")
            && told.ends_with("did you mean `deliver`?\n"),
        "{told}"
    );
    let told = refused(altered(&folder, 3, "A0", "A9"));
    assert!(told.starts_with("error: altered.ndjson:"), "{told}");
    let told = refused("tiny.toml");
    assert!(told.starts_with("error: tiny.toml:1: "), "{told}");
}

#[test]
fn a_trace_of_another_scope_is_refused() {
    let folder = Folder::with_trace();
    for command in ["replay", "show"] {
        let told = folder.refused(&[command, TRACE, "--scope", "default"]);
        assert!(told.contains(":1: a trace of another scope: `tiny`"), "{told}");
    }
}

#[test]
fn a_trace_is_shown_in_every_format() {
    let folder = Folder::with_trace();
    let show = |how: &str| {
        let ended = folder.run(&["show", TRACE, "--as", how]);
        assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{how}");
        ended.out
    };
    assert!(show("text").contains("! breaks threshold-kept"));
    assert!(show("mermaid").contains("sequenceDiagram"));
    assert!(show("svg").starts_with("<svg"));
    assert!(show("shiviz").starts_with(r"(?<host>\S*) (?<clock>{.*})\n(?<event>.*)"));
    assert!(show("perfetto").contains("\"name\":\"breaks threshold-kept\""));
    assert!(show("html").starts_with("<!DOCTYPE html>"));
    assert_eq!(show("ndjson"), folder.read(TRACE));
    assert_eq!(folder.run(&["show", TRACE, "--as", "itf", "--out", "t.itf.json"]).code, 0);
    assert_eq!(folder.read("t.itf.json"), show("itf"));
    let back = folder.run(&["show", "t.itf.json", "--as", "ndjson"]);
    assert_eq!((back.code, back.out), (0, folder.read(TRACE)));
    let told = folder.refused(&["show", TRACE, "--as", "svg", "--out", "t.itf.json"]);
    assert!(told.contains("`t.itf.json` exists already"), "{told}");
}

#[test]
fn a_trace_of_a_system_that_is_not_known_is_shown_as_far_as_it_goes() {
    let folder = Folder::with_trace();
    let mut lines = lines(&folder);
    lines[0] = lines[0].replace("load-unchecked", "load-uncheked");
    lines.pop();
    let file = unfinished(&folder, &lines);
    let ended = folder.run(&["show", file]);
    assert_eq!(ended.code, 2, "what each step changed is missing");
    assert!(ended.out.contains("6  C1  C1 takes the next message from K"), "{}", ended.out);
    assert!(ended.err.contains("warning: only the events are shown"), "{}", ended.err);
    assert!(ended.err.ends_with("did you mean `load-unchecked`?\n"), "{}", ended.err);
    // A diagram has no more than the events, and so lacks nothing.
    for how in ["mermaid", "svg", "shiviz", "perfetto", "ndjson"] {
        let ended = folder.run(&["show", file, "--as", how]);
        assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{how}");
    }
}

#[test]
fn a_page_says_what_broke_where_and_what_that_means() {
    let folder = Folder::with_trace();
    let page = folder.run(&["show", TRACE, "--as", "html"]).out;
    let verdict = "Verdict: violated (threshold-kept), <a href=\"#step-6\">step 6</a></strong> <q>";
    assert!(page.contains(verdict), "{page}");
    assert!(page.contains("<dd>load-unchecked <span>A query server accepts"), "{page}");
    assert!(page.contains(r#""breaks":["threshold-kept"]"#), "{page}");
    let again = folder.run(&["show", TRACE, "--as", "html"]).out;
    assert_eq!(page, again);
}

#[test]
fn a_page_of_a_scope_that_nobody_knows_shows_the_events() {
    let folder = Folder::with_trace();
    let mut lines = lines(&folder);
    lines[0] = lines[0].replace("\"mutant\":\"load-unchecked\"", "\"mutant\":\"yet-unknown\"");
    lines.pop();
    let ended = folder.run(&["show", unfinished(&folder, &lines), "--as", "html"]);
    assert_eq!(ended.code, 2, "what each step changed is missing");
    assert!(ended.err.contains("only the events are shown"), "{}", ended.err);
    assert!(ended.out.contains(r#""states":false,"no_states":"the model knows no such"#));
}

/// The corpus trace as the page's script gets it, one event a line.
#[test]
fn the_data_of_a_page() {
    let folder = Folder::new();
    let trace = concat!(env!("CARGO_MANIFEST_DIR"), "/traces/corpus/redistribution.trace.ndjson");
    let page = folder.run(&["show", trace, "--as", "html"]).out;
    let (_, data) = page.split_once(r#"id="data">"#).expect("the page has data");
    let data = data.split_once("</script>").expect("they end").0;
    insta::assert_snapshot!(
        data.replace("{\"node\"", "\n{\"node\"").replace("],\"refused\"", "],\n\"refused\"")
    );
}

#[test]
fn foreign_itf_is_read_for_a_scope() {
    let folder = Folder::new();
    let step = r##"{"action":{"issue":{"client":"A0","request":{"#bigint":"0"}}}}"##;
    folder
        .write("foreign.itf.json", &format!("{{\"vars\":[\"action\"],\"states\":[{{}},{step}]}}"));
    let told = folder.refused(&["show", "foreign.itf.json"]);
    assert!(told.contains("no `header` in `#meta`"), "{told}");
    let ended = folder.run(&["show", "foreign.itf.json", "--scope", "tiny.toml"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.contains("A0 issues r0"), "{}", ended.out);
}

#[test]
fn shrinking_leaves_out_what_does_not_matter() {
    let folder = Folder::with_trace();
    // The second request has nothing to do with it. Events without what was observed replay on any machine.
    let mut all = actions(&folder);
    all.insert(1, r#"{"issue":{"client":"A0","request":1}}"#.to_owned());
    let mut lines = vec![lines(&folder).swap_remove(0)];
    for (index, action) in all.iter().enumerate() {
        let node = node(action);
        lines.push(format!(
            "{{\"event\":{{\"index\":{index},\"time\":{index},\"node\":\"{node}\",\"action\":{action},\"observed\":{{}}}}}}"
        ));
    }
    let ended = folder.run(&["shrink", unfinished(&folder, &lines)]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    insta::assert_snapshot!(ended.out);
    let ended = folder.run(&["replay", "unfinished.shrunk.trace.ndjson"]);
    assert_eq!(ended.code, 1);
    assert!(
        ended.out.ends_with("✗ threshold-kept is violated at event 6, as recorded\n"),
        "{}",
        ended.out
    );
}

/// The actions of the trace, as JSON.
fn actions(folder: &Folder) -> Vec<String> {
    let action = |line: &String| {
        let line: serde_json::Value = serde_json::from_str(line).expect("it is JSON");
        line.pointer("/event/action").map(serde_json::Value::to_string)
    };
    lines(folder).iter().filter_map(action).collect()
}

/// The node at which an action happens.
fn node(action: &str) -> String {
    let action: serde_json::Value = serde_json::from_str(action).expect("it is JSON");
    let (name, arguments) =
        action.as_object().and_then(|a| a.iter().next()).expect("it is an object");
    let key = match name.as_str() {
        "issue" => "client",
        "deliver" => "to",
        "assign" => return "K".to_owned(),
        _ => "server",
    };
    arguments[key].as_str().expect("it is a node").to_owned()
}

#[test]
fn what_breaks_nothing_cannot_be_shrunk() {
    let folder = Folder::new();
    let witness =
        ["check", "tiny.toml", "--property", "overflow-happens", "--trace-out", "w.ndjson"];
    assert_eq!(folder.run(&witness).code, 0);
    let told = folder.refused(&["shrink", "w.ndjson"]);
    assert!(
        told.contains("there is nothing to shrink; expected a trace that breaks a property"),
        "{told}"
    );
}
