//! What people see of a trace.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Move, PingPong, THERE, Table, play, rally};
use spillway_traces::{Trace, show_mermaid, show_svg, show_text};

#[test]
fn text_with_a_machine_shows_what_changed() {
    insta::assert_snapshot!(show_text(&rally(), Some(&mut Table::default())));
}

#[test]
fn text_without_a_machine_shows_the_events() {
    insta::assert_snapshot!(show_text(&rally(), None));
}

#[test]
fn text_says_when_the_machine_refuses() {
    let trace = play(&[Move::Serve, Move::Serve, Move::Serve, THERE]);
    let mut table = Table { to_ping: [1].into(), ..Table::default() };
    insta::assert_snapshot!(show_text(&trace, Some(&mut table)));
}

#[test]
fn text_says_that_the_writer_died() {
    let trace = Trace { end: None, ..rally() };
    assert!(show_text(&trace, None).ends_with("its writer died after the last event\n"));
}

#[test]
fn mermaid() {
    insta::assert_snapshot!(show_mermaid(&rally()));
}

#[test]
fn mermaid_escapes_what_it_would_read_as_syntax() {
    let mut trace = rally();
    trace.events[1].observed.notes = vec!["a;b#c:d\ne%%{f} <g> & \"h\"".into(), " ".into()];
    let text = show_mermaid(&trace);
    let note = "Note right of n1: a#59;b#35;c#58;d<br/>e#37;#37;{f} #60;g#62; #38; #34;h#34;\n";
    assert!(text.contains(note), "{text}");
    assert!(text.contains("Note right of n1: ·\n"), "{text}");
}

#[test]
fn a_trace_without_events_can_be_shown() {
    let trace = play(&[]);
    let verdict = "Verdict: violated (short-rallies)";
    assert!(show_text(&trace, None).contains(verdict));
    assert!(show_mermaid(&trace).contains("%% Verdict"));
    assert!(show_svg(&trace).contains(verdict));
}

/// The picture's texts with their colors.
fn texts(svg: &str) -> Vec<(String, String)> {
    let document = roxmltree::Document::parse(svg).unwrap();
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    texts
        .map(|node| {
            let color = node.attribute("fill").unwrap_or_default();
            (node.text().unwrap_or_default().to_owned(), color.to_owned())
        })
        .collect()
}

#[test]
fn svg_is_well_formed_and_says_everything() {
    let svg = show_svg(&rally());
    let texts = texts(&svg);
    let color = |text: &str| {
        let found = texts.iter().find(|(other, _)| other == text);
        found.unwrap_or_else(|| panic!("`{text}` is missing in {texts:?}")).1.as_str()
    };
    color("ball #1; spin <1>");
    color("hit 1");
    color("in flight: ball #2; spin <0>");
    color("A ping-pong trace from the model, seed 7: 7 events");
    assert_ne!(color("ping serves"), color("wind blows at pong"), "a fault stands out");
    assert_eq!(color("wind blows at pong"), color("lost: ball #3; spin <1>"));
    assert_eq!(color("Verdict: violated (short-rallies)"), color("wind blows at pong"));
    assert_eq!(texts.iter().filter(|(text, _)| text == "ping").count(), 2, "named at both ends");
}

#[test]
fn svg_needs_nothing_else() {
    let svg = show_svg(&rally());
    for word in ["<script", "<style", "@import", "url(http", "href", "<image"] {
        assert!(!svg.contains(word), "{word}");
    }
}

/// Labels may be wide; none may be cut off at the picture's edge, nor lie on another.
#[test]
fn svg_labels_are_inside_and_apart() {
    let svg = show_svg(&rally());
    let document = roxmltree::Document::parse(&svg).unwrap();
    let number = |node: roxmltree::Node<'_, '_>, name| -> f64 {
        node.attribute(name).unwrap().parse().unwrap()
    };
    let view: Vec<f64> = document
        .root_element()
        .attribute("viewBox")
        .unwrap()
        .split(' ')
        .map(|part| part.parse().unwrap())
        .collect();
    let mut boxes: Vec<[f64; 4]> = Vec::new();
    for node in document.descendants().filter(|node| node.has_tag_name("text")) {
        let (x, y, size) = (number(node, "x"), number(node, "y"), number(node, "font-size"));
        let width = node.text().unwrap().chars().count() as f64 * size * 0.5;
        let left = match node.attribute("text-anchor") {
            Some("start") => x,
            Some("middle") => x - width / 2.0,
            _ => x - width,
        };
        let this = [left, y - size * 0.75, left + width, y + size * 0.2];
        assert!(this[0] >= view[0] && this[2] <= view[0] + view[2], "{:?}", node.text());
        assert!(this[1] >= view[1] && this[3] <= view[1] + view[3], "{:?}", node.text());
        for other in &boxes {
            let apart = this[2] <= other[0]
                || other[2] <= this[0]
                || this[3] <= other[1]
                || other[3] <= this[1];
            assert!(apart, "{:?} lies on another label", node.text());
        }
        boxes.push(this);
    }
    assert!(boxes.len() > 20);
}

#[test]
fn the_same_trace_gives_the_same_picture() {
    let again: Trace<PingPong> = rally();
    assert_eq!(show_svg(&again), show_svg(&rally()));
}
