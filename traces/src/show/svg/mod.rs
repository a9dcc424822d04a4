//! A trace as an SVG sequence diagram: as a picture that needs nothing else (no script, no style sheet, no font of its
//! own), or as a part of the page that [`super::show_html`] makes.

mod drawing;
mod palette;
mod pen;

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::file::Trace;
use crate::vocabulary::Vocabulary;

use drawing::{Drawing, GUTTER, HEAD_GAP, HEAD_HEIGHT};
use palette::{PAGE, PRINT};
use pen::{Anchor, text_at, text_width};

pub(super) use pen::escape;

/// The most events that are drawn; the picture says how many it leaves out.
pub const DRAWN_EVENTS_MAX: usize = 10_000;

// All lengths are in pixels.
const MARGIN: f64 = 28.0;
const HEADER_HEIGHT: f64 = 92.0;
const FOOTER_HEIGHT: f64 = 84.0;
const TITLE_SIZE: f64 = 15.0;
/// What a page leaves free beside a diagram, and below it.
const PAGE_MARGIN: f64 = 12.0;

/// Shows a trace as a self-contained SVG sequence diagram, dark on white.
///
/// Arrows run from where a message was sent to where it was delivered; one that was lost is dashed, up to a cross; one
/// still in flight at the end is dotted. Faults are red. At most [`DRAWN_EVENTS_MAX`] events are drawn.
pub fn show_svg<V: Vocabulary>(trace: &Trace<V>) -> String {
    let mut drawing = Drawing::<V>::new(trace, &PRINT);
    for event in trace.events.iter().take(DRAWN_EVENTS_MAX) {
        drawing.event(event, &[]);
    }
    drawing.in_flight();
    picture(drawing, trace)
}

/// Puts the picture together, now that its size is known.
fn picture<V: Vocabulary>(mut drawing: Drawing<V>, trace: &Trace<V>) -> String {
    let (title, verdict) = (super::title(trace), super::verdict(trace));
    for text in [&title, &verdict] {
        let right = drawing.left - GUTTER + text_width(text, TITLE_SIZE);
        drawing.right = drawing.right.max(right);
    }
    let (x, y) = (drawing.left - GUTTER - MARGIN, -HEADER_HEIGHT);
    let (width, height) = (drawing.right + MARGIN - x, drawing.y + FOOTER_HEIGHT - y);
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="{x:.0} {y:.0} {width:.0} {height:.0}" width="{width:.0}" height="{height:.0}" font-family="Helvetica, Arial, sans-serif" role="img">
<title>{}</title>
{}<rect x="{x:.0}" y="{y:.0}" width="{width:.0}" height="{height:.0}" fill="{}"/>
"##,
        escape(&title),
        drawing.definitions(),
        PRINT.paper
    );
    let (top, bottom) = (-HEAD_GAP, drawing.y + HEAD_GAP);
    drawing.rules(&mut svg);
    drawing.lifelines(&mut svg, top, bottom, &[top, bottom]);
    svg += &drawing.layers();
    let edge = drawing.left - GUTTER;
    text_at(&mut svg, &title, edge, y + 34.0, Anchor::Start, PRINT.ink, TITLE_SIZE);
    let color = match super::good_news(trace) {
        Some(true) => PRINT.good,
        Some(false) => PRINT.bad,
        None => PRINT.muted,
    };
    let verdict = match trace.events.len().saturating_sub(DRAWN_EVENTS_MAX) {
        0 => verdict,
        left_out => format!("{verdict} ({left_out} later events are not drawn)"),
    };
    text_at(&mut svg, &verdict, edge, drawing.y + 62.0, Anchor::Start, color, TITLE_SIZE);
    svg + "</svg>\n"
}

/// A diagram as a part of a page.
pub(super) struct Part {
    /// The nodes' names, which stay in sight while the rest scrolls.
    pub(super) heads: String,
    /// The events. What belongs to one is grouped under `data-step`.
    pub(super) body: String,
    /// Its size.
    pub(super) width: f64,
    pub(super) height: f64,
    /// Where the room of each event begins, and that of the last ends.
    pub(super) bands: Vec<f64>,
}

/// Draws a trace for a page, with what there is to say of some events beyond the trace.
pub(super) fn part<V: Vocabulary>(trace: &Trace<V>, marks: &BTreeMap<u64, Vec<String>>) -> Part {
    let mut drawing = Drawing::<V>::new(trace, &PAGE);
    for event in trace.events.iter().take(DRAWN_EVENTS_MAX) {
        drawing.event(event, marks.get(&event.index).map_or(&[], Vec::as_slice));
    }
    let mut bands = drawing.bands.clone();
    bands.push(drawing.y);
    drawing.in_flight();
    let x = (drawing.left - GUTTER - PAGE_MARGIN).floor();
    let width = (drawing.right + PAGE_MARGIN - x).ceil();
    let height = (drawing.y + PAGE_MARGIN).ceil();
    let open = |top: f64, height: f64| {
        format!(r#"<svg viewBox="{x:.0} {top:.0} {width:.0} {height:.0}" aria-hidden="true">"#)
    };
    let mut heads = open(-HEAD_HEIGHT, 2.0 * HEAD_HEIGHT) + "\n";
    drawing.lifelines(&mut heads, 0.0, HEAD_HEIGHT, &[0.0]);
    let mut body = open(0.0, height) + "\n";
    let _ = write!(body, "{}", drawing.definitions());
    drawing.rules(&mut body);
    drawing.lifelines(&mut body, 0.0, height, &[]);
    body += &drawing.layers();
    Part { heads: heads + "</svg>\n", body: body + "</svg>\n", width, height, bands }
}
