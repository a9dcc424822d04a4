//! A trace as an SVG sequence diagram that needs nothing else: no script, no style sheet, no font of its own.
//!
//! Time runs down, one row an event. Only one label starts at a node in any row, and further lines have rows of their
//! own, so that no two labels can overlap; where a label crosses a line, its white outline cuts the line.

use std::fmt::Write;

use crate::event::{Event, Sent};
use crate::file::Trace;
use crate::flight::{Flights, Landing};
use crate::vocabulary::Vocabulary;

/// The most events that are drawn; the picture says how many it leaves out.
pub const DRAWN_EVENTS_MAX: usize = 10_000;

// All lengths are in pixels.
const MARGIN: f64 = 28.0;
const ROW: f64 = 34.0;
const DETAIL_ROW: f64 = 17.0;
const HEAD_HEIGHT: f64 = 26.0;
const HEAD_WIDTH_MIN: f64 = 52.0;
const BOX_HEIGHT: f64 = 22.0;
const BOX_PADDING: f64 = 10.0;
const COLUMN_MIN: f64 = 110.0;
const COLUMN_MAX: f64 = 170.0;
const DOT: f64 = 3.5;
const GAP: f64 = 9.0;
const GUTTER: f64 = 34.0;
/// How far a message that never arrives is drawn towards its receiver.
const LOST_PART: f64 = 0.62;
const LOOP_WIDTH: f64 = 36.0;
/// From the first or last row to the middle of the heads.
const HEAD_GAP: f64 = 24.0;
const HEADER_HEIGHT: f64 = 92.0;
const FOOTER_HEIGHT: f64 = 84.0;

const TEXT_SIZE: f64 = 12.5;
const DETAIL_SIZE: f64 = 11.0;
const TITLE_SIZE: f64 = 15.0;
/// The width of a character as a part of its height. No font is measured, so this is on the generous side.
const NARROW: f64 = 0.56;
const WIDE: f64 = 1.05;

const INK: &str = "#1f2430";
const MUTED: &str = "#5b6472";
const LIFELINE: &str = "#c3c9d4";
const RULE: &str = "#edeff3";
const ARROW: &str = "#2b62a8";
const BAD: &str = "#c0281c";
const GOOD: &str = "#1f7a3f";
const STYLE_STEP: &str = r##"fill="#edf3fb" stroke="#8fabd0""##;
const STYLE_FAULT: &str = r##"fill="#fde9e7" stroke="#c0281c""##;
const STYLE_HEAD: &str = r##"fill="#1f2430" stroke="#1f2430""##;

/// Shows a trace as a self-contained SVG sequence diagram, dark on white.
///
/// Arrows run from where a message was sent to where it was delivered; one that was lost is dashed, up to a cross; one
/// still in flight at the end is dotted. Faults are red. At most [`DRAWN_EVENTS_MAX`] events are drawn.
pub fn show_svg<V: Vocabulary>(trace: &Trace<V>) -> String {
    let mut drawing = Drawing::<V>::new(trace);
    for event in trace.events.iter().take(DRAWN_EVENTS_MAX) {
        drawing.event(event);
    }
    drawing.in_flight();
    drawing.finish(trace)
}

#[derive(Clone, Copy)]
enum Anchor {
    Start,
    Middle,
    End,
}

struct Drawing<V: Vocabulary> {
    nodes: Vec<V::Node>,
    column: f64,
    flights: Flights<V>,
    /// The height at which each event happens.
    rows: Vec<f64>,
    /// Where the room of each event begins.
    bands: Vec<f64>,
    /// Where the next row begins.
    y: f64,
    left: f64,
    right: f64,
    arrows: String,
    marks: String,
    labels: String,
}

impl<V: Vocabulary> Drawing<V> {
    fn new(trace: &Trace<V>) -> Self {
        let nodes = super::nodes(trace);
        let boxed = trace.events.iter().filter(|event| V::delivers(&event.action).is_none());
        let widths = boxed.map(|event| text_width(&event.action.to_string(), TEXT_SIZE));
        let widest = widths.fold(0.0, f64::max) + 2.0 * (BOX_PADDING + GAP);
        let column = widest.clamp(COLUMN_MIN, COLUMN_MAX);
        let right = column * nodes.len().saturating_sub(1) as f64;
        Drawing {
            nodes,
            column,
            flights: Flights::new(),
            rows: Vec::new(),
            bands: Vec::new(),
            y: 0.0,
            left: -HEAD_WIDTH_MIN / 2.0,
            right: right + HEAD_WIDTH_MIN / 2.0,
            arrows: String::new(),
            marks: String::new(),
            labels: String::new(),
        }
    }

    fn x(&self, node: V::Node) -> f64 {
        self.nodes.partition_point(|other| *other < node) as f64 * self.column
    }

    /// Where an event was drawn, if it was.
    fn row_of(&self, event: u64) -> Option<f64> {
        self.rows.get(usize::try_from(event).ok()?).copied()
    }

    fn event(&mut self, event: &Event<V>) {
        let landing = self.flights.apply(event.index, &event.action, &event.observed);
        let y = self.y + ROW / 2.0;
        self.rows.push(y);
        let details = event.observed.notes.len() + event.observed.lost.len();
        let next = self.y + ROW + DETAIL_ROW * details as f64;
        self.bands.push(self.y);
        let side = match V::delivers(&event.action) {
            Some((from, to)) => self.delivery(event, &landing, from, to, y),
            None => self.boxed(event, &landing, y),
        };
        self.details(event, &landing, side);
        self.y = next;
    }

    /// Draws the arrow of a delivery; its label stands on the side that the arrow does not come from.
    fn delivery(
        &mut self,
        event: &Event<V>,
        landing: &Landing<V>,
        from: V::Node,
        to: V::Node,
        y: f64,
    ) -> Anchor {
        let (x1, x2) = (self.x(from), self.x(to));
        let start = landing.taken.as_ref().map(|flying| flying.since).or(event.cause);
        let y1 = start.and_then(|event| self.row_of(event)).unwrap_or(y);
        if from == to {
            self.self_arrow(x1, y1, y);
        } else {
            self.line(
                x1,
                y1,
                x2 - (x2 - x1).signum() * DOT,
                y,
                ARROW,
                r#"marker-end="url(#head)""#,
            );
        }
        self.dot(x2, y, ARROW);
        let side = if x1 > x2 || from == to { Anchor::End } else { Anchor::Start };
        let text = match super::taken(event, landing) {
            Some(message) => message.to_string(),
            None => event.action.to_string(),
        };
        self.label(&text, x2, y - 5.0, side, INK, TEXT_SIZE);
        side
    }

    fn boxed(&mut self, event: &Event<V>, landing: &Landing<V>, y: f64) -> Anchor {
        let text = super::words(event, landing);
        let fault = V::is_fault(&event.action);
        let (style, color) = if fault { (STYLE_FAULT, BAD) } else { (STYLE_STEP, INK) };
        let (x, width) = (self.x(event.node), text_width(&text, TEXT_SIZE) + 2.0 * BOX_PADDING);
        rectangle(&mut self.marks, x, y, width, BOX_HEIGHT, style);
        // The text goes with its box, not with the labels: inside it needs no outline.
        text_at(&mut self.marks, &text, x, y + 4.5, Anchor::Middle, color, TEXT_SIZE);
        self.reach(x - width / 2.0, x + width / 2.0);
        Anchor::Start
    }

    fn details(&mut self, event: &Event<V>, landing: &Landing<V>, side: Anchor) {
        let mut y = self.y + ROW + 8.0;
        for note in &event.observed.notes {
            let x = self.x(event.node);
            self.label(&note.to_string(), x, y, side, GOOD, DETAIL_SIZE);
            y += DETAIL_ROW;
        }
        for (lost, since) in event.observed.lost.iter().zip(&landing.lost) {
            let y1 = since.and_then(|event| self.row_of(event)).unwrap_or(y - 4.0);
            let (x, y2) = (self.never_arrives(lost, y1, y - 4.0, BAD, "5 4"), y - 4.0);
            let _ = writeln!(
                self.marks,
                r#"<path d="M{} {}l8 8m0 -8l-8 8" stroke="{BAD}" stroke-width="2"/>"#,
                x - 4.0,
                y2 - 4.0
            );
            self.label(&format!("lost: {}", lost.message), x, y, Anchor::Start, BAD, DETAIL_SIZE);
            y += DETAIL_ROW;
        }
    }

    /// Draws the way of a message that does not arrive, and gives where it ends.
    fn never_arrives(
        &mut self,
        sent: &Sent<V>,
        y1: f64,
        y2: f64,
        color: &str,
        dashes: &str,
    ) -> f64 {
        let (x1, x2) = (self.x(sent.from), self.x(sent.to));
        let x = x1 + (x2 - x1) * LOST_PART;
        self.line(x1, y1, x, y2, color, &format!(r#"stroke-dasharray="{dashes}""#));
        x
    }

    /// What is still on its way when the trace ends.
    fn in_flight(&mut self) {
        let remaining = self.flights.remaining();
        let remaining: Vec<_> = remaining
            .map(|(from, to, flying)| {
                (Sent { from, to, message: flying.message.clone() }, flying.since)
            })
            .collect();
        if !remaining.is_empty() {
            self.y += DETAIL_ROW / 2.0;
        }
        for (sent, since) in remaining {
            let y = self.y + DETAIL_ROW / 2.0;
            let y1 = self.row_of(since).unwrap_or(y);
            let x = self.never_arrives(&sent, y1, y, MUTED, "1.5 3.5");
            self.dot(x, y, MUTED);
            let text = format!("in flight: {}", sent.message);
            self.label(&text, x, y + 4.0, Anchor::Start, MUTED, DETAIL_SIZE);
            self.y += DETAIL_ROW;
        }
    }

    fn line(&mut self, x1: f64, y1: f64, x2: f64, y2: f64, color: &str, more: &str) {
        let _ = writeln!(
            self.arrows,
            r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" stroke="{color}" {more}/>"#
        );
    }

    fn self_arrow(&mut self, x: f64, y1: f64, y2: f64) {
        let (far, end) = (x + LOOP_WIDTH, x + DOT);
        let _ = writeln!(
            self.arrows,
            r#"<path d="M{x} {y1}C{far} {y1} {far} {y2} {end} {y2}" stroke="{ARROW}" marker-end="url(#head)"/>"#
        );
    }

    fn dot(&mut self, x: f64, y: f64, color: &str) {
        let _ =
            writeln!(self.marks, r#"<circle cx="{x:.1}" cy="{y:.1}" r="{DOT}" fill="{color}"/>"#);
    }

    fn label(&mut self, text: &str, x: f64, y: f64, anchor: Anchor, color: &str, size: f64) {
        let width = text_width(text, size);
        let (x, left, right) = match anchor {
            Anchor::Start => (x + GAP, x, x + GAP + width),
            Anchor::Middle => (x, x - width / 2.0, x + width / 2.0),
            Anchor::End => (x - GAP, x - GAP - width, x),
        };
        self.reach(left, right);
        text_at(&mut self.labels, text, x, y, anchor, color, size);
    }

    /// Makes the picture wide enough.
    fn reach(&mut self, left: f64, right: f64) {
        self.left = self.left.min(left);
        self.right = self.right.max(right);
    }

    /// Puts the picture together, now that its size is known.
    fn finish(mut self, trace: &Trace<V>) -> String {
        let (title, verdict) = (super::title(trace), super::verdict(trace));
        self.right = self.right.max(self.left - GUTTER + text_width(&title, TITLE_SIZE));
        self.right = self.right.max(self.left - GUTTER + text_width(&verdict, TITLE_SIZE));
        let (x, y) = (self.left - GUTTER - MARGIN, -HEADER_HEIGHT);
        let (width, height) = (self.right + MARGIN - x, self.y + FOOTER_HEIGHT - y);
        let mut svg = format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="{x:.0} {y:.0} {width:.0} {height:.0}" width="{width:.0}" height="{height:.0}" font-family="Helvetica, Arial, sans-serif" role="img">
<title>{}</title>
<defs><marker id="head" markerWidth="9" markerHeight="8" refX="8.5" refY="4" orient="auto" markerUnits="userSpaceOnUse"><path d="M0 0L9 4L0 8z" fill="{ARROW}"/></marker></defs>
<rect x="{x:.0}" y="{y:.0}" width="{width:.0}" height="{height:.0}" fill="#ffffff"/>
"##,
            escape(&title)
        );
        self.background(&mut svg);
        let Drawing { arrows, marks, labels, left, y: bottom, .. } = &self;
        let _ = write!(
            svg,
            r##"<g fill="none" stroke-width="1.5">
{arrows}</g>
<g>
{marks}</g>
<g stroke="#ffffff" stroke-width="4" stroke-linejoin="round" paint-order="stroke">
{labels}</g>
"##
        );
        let edge = left - GUTTER;
        text_at(&mut svg, &title, edge, y + 34.0, Anchor::Start, INK, TITLE_SIZE);
        let color = match super::good_news(trace) {
            Some(true) => GOOD,
            Some(false) => BAD,
            None => MUTED,
        };
        let left_out = trace.events.len().saturating_sub(DRAWN_EVENTS_MAX);
        let verdict = match left_out {
            0 => verdict,
            _ => format!("{verdict} ({left_out} later events are not drawn)"),
        };
        text_at(&mut svg, &verdict, edge, bottom + 62.0, Anchor::Start, color, TITLE_SIZE);
        svg + "</svg>\n"
    }

    /// Rules, event numbers, lifelines and the names of the nodes, at both ends.
    fn background(&self, svg: &mut String) {
        let (left, right) = (self.left - GUTTER, self.right);
        for (index, y) in self.bands.iter().enumerate() {
            let _ = writeln!(
                svg,
                r#"<line x1="{left:.1}" y1="{y:.1}" x2="{right:.1}" y2="{y:.1}" stroke="{RULE}"/>"#
            );
            let (x, y) = (left + GUTTER - 8.0, y + ROW / 2.0 + 4.0);
            text_at(svg, &index.to_string(), x, y, Anchor::End, MUTED, DETAIL_SIZE);
        }
        let (top, bottom) = (-HEAD_GAP, self.y + HEAD_GAP);
        for node in &self.nodes {
            let (x, name) = (self.x(*node), node.to_string());
            let width = (text_width(&name, TEXT_SIZE) + 2.0 * BOX_PADDING).max(HEAD_WIDTH_MIN);
            let _ = writeln!(
                svg,
                r#"<line x1="{x:.1}" y1="{top}" x2="{x:.1}" y2="{bottom:.1}" stroke="{LIFELINE}" stroke-width="1.5"/>"#
            );
            for y in [top, bottom] {
                rectangle(svg, x, y, width, HEAD_HEIGHT, STYLE_HEAD);
                text_at(svg, &name, x, y + 4.5, Anchor::Middle, "#ffffff", TEXT_SIZE);
            }
        }
    }
}

/// A box with round corners around this point.
fn rectangle(svg: &mut String, x: f64, y: f64, width: f64, height: f64, style: &str) {
    let (left, top) = (x - width / 2.0, y - height / 2.0);
    let _ = writeln!(
        svg,
        r#"<rect x="{left:.1}" y="{top:.1}" width="{width:.1}" height="{height:.1}" rx="5" {style}/>"#
    );
}

fn text_at(svg: &mut String, text: &str, x: f64, y: f64, anchor: Anchor, color: &str, size: f64) {
    let anchor = match anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    let _ = writeln!(
        svg,
        r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" font-size="{size}" fill="{color}">{}</text>"#,
        escape(text)
    );
}

/// About how wide a text is.
fn text_width(text: &str, size: f64) -> f64 {
    let em = |char: char| if char < '\u{2e80}' { NARROW } else { WIDE };
    text.chars().map(em).sum::<f64>() * size
}

/// Text as XML takes it. Control characters, most of which XML forbids, become spaces.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\u{fffe}' | '\u{ffff}' => escaped.push(' '),
            _ if char.is_control() => escaped.push(' '),
            _ => escaped.push(char),
        }
    }
    escaped
}
