//! Shows a trace to people: as text, as a Mermaid or an SVG diagram, as a page, and in the formats of ShiViz and
//! Perfetto.

mod html;
mod mermaid;
mod perfetto;
mod shiviz;
mod steps;
mod svg;
mod text;

use std::collections::BTreeSet;

use crate::event::Event;
use crate::file::{Trace, Verdict};
use crate::flight::Landing;
use crate::vocabulary::Vocabulary;

pub use html::{PAGE_EVENTS_MAX, Remarks, show_html};
pub use mermaid::show_mermaid;
pub use perfetto::{UNIT_MICROS, show_perfetto};
pub use shiviz::show_shiviz;
pub use svg::{DRAWN_EVENTS_MAX, show_svg};
pub use text::show_text;

/// Every node that a trace names, in listing order.
fn nodes<V: Vocabulary>(trace: &Trace<V>) -> Vec<V::Node> {
    let mut nodes = BTreeSet::new();
    for event in &trace.events {
        nodes.insert(event.node);
        nodes.extend(V::delivers(&event.action).into_iter().flat_map(|(from, to)| [from, to]));
        let mail = event.observed.sent.iter().chain(&event.observed.lost);
        nodes.extend(mail.flat_map(|sent| [sent.from, sent.to]));
    }
    nodes.into_iter().collect()
}

/// The message that a delivery took: as recorded, or as sent, if either is known.
fn taken<'a, V: Vocabulary>(
    event: &'a Event<V>,
    landing: &'a Landing<V>,
) -> Option<&'a V::Message> {
    event.observed.took.as_ref().or(landing.taken.as_ref().map(|flying| &flying.message))
}

/// An action in words, with the message that it doubled or made late, if that is known.
fn words<V: Vocabulary>(event: &Event<V>, landing: &Landing<V>) -> String {
    match &landing.disturbed {
        Some(message) => format!("{}: {message}", event.action),
        None => event.action.to_string(),
    }
}

/// What a trace is, in one line.
fn title<V: Vocabulary>(trace: &Trace<V>) -> String {
    let header = &trace.header;
    let mut text = format!("A {} trace from the {}", header.vocabulary, header.source);
    if header.seed != 0 {
        text += &format!(", seed {}", header.seed);
    }
    if let Some(mutant) = &header.mutant {
        text += &format!(", with the seeded bug {mutant}");
    }
    let count = trace.events.len();
    text + &format!(": {count} event{}", if count == 1 { "" } else { "s" })
}

/// Why a trace is in the corpus, as one line, whatever a file has there.
fn why<V: Vocabulary>(trace: &Trace<V>) -> Option<String> {
    trace.header.why.as_deref().map(one_line)
}

/// A text without what would end a line or speak to a terminal.
pub fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// How a trace ended, in one line.
fn verdict<V: Vocabulary>(trace: &Trace<V>) -> String {
    match &trace.end {
        None => "The trace has no end: its writer died after the last event".to_owned(),
        Some(end) => match &end.property {
            Some(property) => format!("Verdict: {} ({property})", end.verdict),
            None => format!("Verdict: {}", end.verdict),
        },
    }
}

/// Whether the verdict is good news, bad news, or neither.
fn good_news<V: Vocabulary>(trace: &Trace<V>) -> Option<bool> {
    match trace.end.as_ref()?.verdict {
        Verdict::Holds | Verdict::Reached => Some(true),
        Verdict::Violated | Verdict::Refused | Verdict::NotReached => Some(false),
        Verdict::Inconclusive => None,
    }
}
