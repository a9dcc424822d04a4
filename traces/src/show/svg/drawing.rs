//! Lays a diagram out and draws it, event by event.
//!
//! Time runs down, one row an event. Only one label starts at a node in any row, and further lines have rows of their
//! own, so that no two labels can overlap; where a label crosses a line, its outline cuts the line.

use std::fmt::Write;

use crate::event::{Event, Sent};
use crate::file::Trace;
use crate::flight::{Flights, Landing};
use crate::vocabulary::Vocabulary;

use super::palette::Palette;
use super::pen::{Anchor, rectangle, text_at, text_width};

// All lengths are in pixels.
const ROW: f64 = 34.0;
const DETAIL_ROW: f64 = 17.0;
pub(super) const HEAD_HEIGHT: f64 = 26.0;
const HEAD_WIDTH_MIN: f64 = 52.0;
const BOX_HEIGHT: f64 = 22.0;
const BOX_PADDING: f64 = 10.0;
const COLUMN_MIN: f64 = 110.0;
const COLUMN_MAX: f64 = 170.0;
const DOT: f64 = 3.5;
const GAP: f64 = 9.0;
pub(super) const GUTTER: f64 = 34.0;
/// How far a message that never arrives is drawn towards its receiver.
const LOST_PART: f64 = 0.62;
const LOOP_WIDTH: f64 = 36.0;
/// From the first or last row to the middle of the heads.
pub(super) const HEAD_GAP: f64 = 24.0;

const TEXT_SIZE: f64 = 12.5;
const DETAIL_SIZE: f64 = 11.0;

/// A diagram as far as it is drawn.
pub(super) struct Drawing<V: Vocabulary> {
    palette: &'static Palette,
    nodes: Vec<V::Node>,
    column: f64,
    flights: Flights<V>,
    /// The height at which each event happens.
    rows: Vec<f64>,
    /// Where the room of each event begins.
    pub(super) bands: Vec<f64>,
    /// Where the next row begins.
    pub(super) y: f64,
    pub(super) left: f64,
    pub(super) right: f64,
    arrows: String,
    marks: String,
    labels: String,
}

impl<V: Vocabulary> Drawing<V> {
    pub(super) fn new(trace: &Trace<V>, palette: &'static Palette) -> Self {
        let nodes = super::super::nodes(trace);
        let boxed = trace.events.iter().filter(|event| V::delivers(&event.action).is_none());
        let widths = boxed.map(|event| text_width(&event.action.to_string(), TEXT_SIZE));
        let widest = widths.fold(0.0, f64::max) + 2.0 * (BOX_PADDING + GAP);
        let column = widest.clamp(COLUMN_MIN, COLUMN_MAX);
        let right = column * nodes.len().saturating_sub(1) as f64;
        Drawing {
            palette,
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

    /// Draws an event, and below it what there is to say of it beyond the trace.
    pub(super) fn event(&mut self, event: &Event<V>, marks: &[String]) {
        let before = [self.arrows.len(), self.marks.len(), self.labels.len()];
        let landing = self.flights.apply(event.index, &event.action, &event.observed);
        let y = self.y + ROW / 2.0;
        self.rows.push(y);
        let details = event.observed.notes.len() + event.observed.lost.len() + marks.len();
        let next = self.y + ROW + DETAIL_ROW * details as f64;
        self.bands.push(self.y);
        let side = match V::delivers(&event.action) {
            Some((from, to)) => self.delivery(event, &landing, from, to, y),
            None => self.boxed(event, &landing, y),
        };
        self.details(event, &landing, marks, side);
        self.y = next;
        if self.palette.grouped {
            self.group(event.index, before);
        }
    }

    /// Makes what was drawn since these lengths a group under the event's number, in each layer.
    fn group(&mut self, index: u64, before: [usize; 3]) {
        let layers = [&mut self.arrows, &mut self.marks, &mut self.labels];
        for (layer, start) in layers.into_iter().zip(before) {
            if layer.len() > start {
                layer.insert_str(start, &format!("<g data-step=\"{index}\">\n"));
                layer.push_str("</g>\n");
            }
        }
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
                self.palette.arrow,
                r#"marker-end="url(#head)""#,
            );
        }
        self.dot(x2, y, self.palette.arrow);
        let side = if x1 > x2 || from == to { Anchor::End } else { Anchor::Start };
        let text = match super::super::taken(event, landing) {
            Some(message) => message.to_string(),
            None => event.action.to_string(),
        };
        self.label(&text, x2, y - 5.0, side, self.palette.ink, TEXT_SIZE);
        side
    }

    fn boxed(&mut self, event: &Event<V>, landing: &Landing<V>, y: f64) -> Anchor {
        let text = super::super::words(event, landing);
        let fault = V::is_fault(&event.action);
        let palette = self.palette;
        let (style, color) = match fault {
            true => (palette.box_fault, palette.bad),
            false => (palette.box_step, palette.ink),
        };
        let (x, width) = (self.x(event.node), text_width(&text, TEXT_SIZE) + 2.0 * BOX_PADDING);
        rectangle(&mut self.marks, x, y, width, BOX_HEIGHT, style);
        // The text goes with its box, not with the labels: inside it needs no outline.
        text_at(&mut self.marks, &text, x, y + 4.5, Anchor::Middle, color, TEXT_SIZE);
        self.reach(x - width / 2.0, x + width / 2.0);
        Anchor::Start
    }

    fn details(&mut self, event: &Event<V>, landing: &Landing<V>, marks: &[String], side: Anchor) {
        let bad = self.palette.bad;
        let mut y = self.y + ROW + 8.0;
        for note in &event.observed.notes {
            let x = self.x(event.node);
            self.label(&note.to_string(), x, y, side, self.palette.good, DETAIL_SIZE);
            y += DETAIL_ROW;
        }
        for (lost, since) in event.observed.lost.iter().zip(&landing.lost) {
            let y1 = since.and_then(|event| self.row_of(event)).unwrap_or(y - 4.0);
            let (x, y2) = (self.never_arrives(lost, y1, y - 4.0, bad, "5 4"), y - 4.0);
            let _ = writeln!(
                self.marks,
                r#"<path d="M{} {}l8 8m0 -8l-8 8" stroke="{bad}" stroke-width="2"/>"#,
                x - 4.0,
                y2 - 4.0
            );
            self.label(&format!("lost: {}", lost.message), x, y, Anchor::Start, bad, DETAIL_SIZE);
            y += DETAIL_ROW;
        }
        for mark in marks {
            self.label(mark, self.x(event.node), y, side, bad, DETAIL_SIZE);
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
    pub(super) fn in_flight(&mut self) {
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
            let x = self.never_arrives(&sent, y1, y, self.palette.muted, "1.5 3.5");
            self.dot(x, y, self.palette.muted);
            let text = format!("in flight: {}", sent.message);
            self.label(&text, x, y + 4.0, Anchor::Start, self.palette.muted, DETAIL_SIZE);
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
        let (far, end, color) = (x + LOOP_WIDTH, x + DOT, self.palette.arrow);
        let _ = writeln!(
            self.arrows,
            r#"<path d="M{x} {y1}C{far} {y1} {far} {y2} {end} {y2}" stroke="{color}" marker-end="url(#head)"/>"#
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

    /// The head of an arrow, to be defined once in a document.
    pub(super) fn definitions(&self) -> String {
        format!(
            r#"<defs><marker id="head" markerWidth="9" markerHeight="8" refX="8.5" refY="4" orient="auto" markerUnits="userSpaceOnUse"><path d="M0 0L9 4L0 8z" fill="{}"/></marker></defs>
"#,
            self.palette.arrow
        )
    }

    /// What the events look like, layer over layer.
    pub(super) fn layers(&self) -> String {
        let Drawing { arrows, marks, labels, palette, .. } = self;
        format!(
            r#"<g fill="none" stroke-width="1.5">
{arrows}</g>
<g>
{marks}</g>
<g stroke="{}" stroke-width="4" stroke-linejoin="round" paint-order="stroke">
{labels}</g>
"#,
            palette.paper
        )
    }

    /// Rules between the events, and their numbers.
    pub(super) fn rules(&self, svg: &mut String) {
        let (left, right) = (self.left - GUTTER, self.right);
        let Palette { rule, muted, .. } = self.palette;
        for (index, y) in self.bands.iter().enumerate() {
            let _ = writeln!(
                svg,
                r#"<line x1="{left:.1}" y1="{y:.1}" x2="{right:.1}" y2="{y:.1}" stroke="{rule}"/>"#
            );
            let (x, y) = (left + GUTTER - 8.0, y + ROW / 2.0 + 4.0);
            text_at(svg, &index.to_string(), x, y, Anchor::End, muted, DETAIL_SIZE);
        }
    }

    /// The line of each node between these heights, with its name at the heights that are heads.
    pub(super) fn lifelines(&self, svg: &mut String, top: f64, bottom: f64, heads: &[f64]) {
        let Palette { lifeline, box_head, head_text, .. } = self.palette;
        for node in &self.nodes {
            let (x, name) = (self.x(*node), node.to_string());
            let width = (text_width(&name, TEXT_SIZE) + 2.0 * BOX_PADDING).max(HEAD_WIDTH_MIN);
            let _ = writeln!(
                svg,
                r#"<line x1="{x:.1}" y1="{top}" x2="{x:.1}" y2="{bottom:.1}" stroke="{lifeline}" stroke-width="1.5"/>"#
            );
            for y in heads {
                rectangle(svg, x, *y, width, HEAD_HEIGHT, box_head);
                text_at(svg, &name, x, y + 4.5, Anchor::Middle, head_text, TEXT_SIZE);
            }
        }
    }
}
