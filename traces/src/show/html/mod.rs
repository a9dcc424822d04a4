//! A trace as one page of HTML that needs nothing else: the diagram, and step by step what happened and what it changed.
//!
//! The page's words are data: whatever comes from a trace is either escaped here, or goes to the script as JSON in which
//! no markup can occur, and from there into text nodes only. The page itself forbids the browser any network.

mod data;

use std::collections::BTreeMap;

use crate::file::{Expect, Trace};
use crate::machine::Machine;
use crate::vocabulary::Vocabulary;

use super::svg::{self, Part, escape};
use data::Data;

pub use data::PAGE_EVENTS_MAX;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPTS: [&str; 3] =
    [include_str!("model.js"), include_str!("panel.js"), include_str!("page.js")];

/// What a page says beyond the trace and the machine's states: what only the program knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    /// The claims of properties, by name, in a sentence each.
    pub statements: BTreeMap<String, String>,
    /// What the seeded bug of the trace does.
    pub mutant: Option<String>,
    /// Remarks on events, by index.
    pub events: BTreeMap<u64, Vec<String>>,
    /// Why there are no states, where there is no machine.
    pub no_states: Option<String>,
}

/// Shows a trace as a self-contained HTML page.
///
/// With a machine, which must be in its first state, the page shows the state after each event and what the event
/// changed, which properties it broke, and the event that the machine refuses, after which there are no states. At most
/// [`PAGE_EVENTS_MAX`] events are shown. The same trace always gives the same bytes.
pub fn show_html<V: Vocabulary>(
    trace: &Trace<V>,
    machine: Option<&mut dyn Machine<V>>,
    remarks: &Remarks,
) -> String {
    let mut data = Data::new(trace, machine, remarks);
    let drawing = svg::part(trace, &data.marks());
    data.bands = drawing.bands.iter().map(|y| y / drawing.height).collect();
    let Part { heads, body, width, .. } = drawing;
    let json = harmless(&serde_json::to_string(&data).unwrap_or_default());
    fill(PAGE, |slot| match slot {
        "title" => escape(&name(trace).unwrap_or_else(|| super::title(trace))),
        "style" => STYLE.to_owned(),
        "header" => header(trace, &data, remarks),
        "width" => format!("{width:.0}"),
        "label" => escape(&format!("Sequence diagram. {}", super::title(trace))),
        "heads" => heads.clone(),
        "diagram" => body.clone(),
        "left-out" => left_out(trace.events.len()),
        "data" => json.clone(),
        "script" => SCRIPTS.concat(),
        _ => String::new(),
    })
}

/// The template with its `{{slots}}` filled. What fills them is not looked at again.
fn fill(template: &str, slot: impl Fn(&str) -> String) -> String {
    let mut parts = template.split("{{");
    let mut page = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once("}}").unwrap_or((part, ""));
        page += &slot(name);
        page += rest;
    }
    page
}

/// JSON that can stand in a `<script>`: what HTML would read as markup only occurs in strings, and is escaped there.
fn harmless(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for char in json.chars() {
        match char {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\u{7f}'..='\u{9f}' => {
                text += &format!("\\u{:04x}", u32::from(char));
            }
            _ => text.push(char),
        }
    }
    text
}

/// The scope's name, if scopes of this vocabulary have one.
fn name<V: Vocabulary>(trace: &Trace<V>) -> Option<String> {
    Some(trace.header.scope.get("name")?.as_str()?.to_owned())
}

/// The top of the page: what the trace is, where it comes from, and how it ended.
fn header<V: Vocabulary>(trace: &Trace<V>, data: &Data, remarks: &Remarks) -> String {
    let header = &trace.header;
    let heading = name(trace).unwrap_or_else(|| header.vocabulary.clone());
    let scope = serde_json::to_string_pretty(&crate::strict::sorted(&header.scope));
    let mut html = format!(
        "<details class=\"scope\"><summary>The whole scope</summary><pre>{}</pre></details>\n",
        lines(&scope.unwrap_or_default())
    );
    html += &format!("<h1>{}</h1>\n", escape(&heading));
    if let Some(about) = header.scope.get("about").and_then(|about| about.as_str()) {
        html += &format!("<p class=\"about\">{}</p>\n", escape(about));
    }
    html += "<dl class=\"facts\">\n";
    let mut fact = |name: &str, value: &str, more: Option<&str>| {
        let more = more.map(|more| format!(" <span>{}</span>", escape(more)));
        let (value, more) = (escape(value), more.unwrap_or_default());
        html += &format!("<div><dt>{name}</dt><dd>{value}{more}</dd></div>\n");
    };
    fact("vocabulary", &header.vocabulary, None);
    fact("source", &header.source.to_string(), None);
    fact("seed", &header.seed.to_string(), None);
    fact("events", &trace.events.len().to_string(), None);
    fact("written by", &header.tool, None);
    if let Some(expect) = &header.expect {
        fact("expected", &expected(expect), None);
    }
    if let Some(why) = super::why(trace) {
        fact("why", &why, None);
    }
    if let Some(mutant) = &header.mutant {
        fact("seeded bug", mutant, remarks.mutant.as_deref());
    }
    html += "</dl>\n";
    html + &outcome(trace, data, remarks)
}

/// Text of several lines.
fn lines(text: &str) -> String {
    text.lines().map(escape).collect::<Vec<_>>().join("\n")
}

fn expected(expect: &Expect) -> String {
    match expect {
        Expect::Accepted => "accepted".to_owned(),
        Expect::Refused { line } => format!("refused at line {line}"),
        Expect::Violates { property, mutant: None } => format!("violates {property}"),
        Expect::Violates { property, mutant: Some(mutant) } => {
            format!("violates {property} under {mutant}")
        }
    }
}

/// How the trace ended, what broke, where, and what that means.
fn outcome<V: Vocabulary>(trace: &Trace<V>, data: &Data, remarks: &Remarks) -> String {
    let ended = trace.end.as_ref().and_then(|end| end.property.as_deref());
    let broken = data.broken_at_start.iter().map(|property| (*property, None));
    let later = (0u64..).zip(&data.steps);
    let later = later.flat_map(|(at, step)| step.breaks.iter().map(move |name| (*name, Some(at))));
    let (about, others): (Vec<_>, Vec<_>) =
        broken.chain(later).partition(|(property, _)| ended == Some(*property));
    let class = match super::good_news(trace) {
        _ if data.refused.is_some() => "bad",
        Some(true) => "good",
        Some(false) => "bad",
        None => "open",
    };
    let verdict = escape(&super::verdict(trace));
    let at = about.first().map_or(String::new(), |(_, at)| format!(", {}", place(*at)));
    let mut html = format!("<div class=\"verdict {class}\">\n");
    let mut line = |what: String, property: Option<&str>| {
        html += &format!("<p><strong>{what}</strong>{}</p>\n", claim(remarks, property));
    };
    line(format!("{verdict}{at}"), ended);
    for (property, at) in others {
        line(format!("✗ {} breaks, {}", escape(property), place(at)), Some(property));
    }
    if let Some(refused) = &data.refused {
        let (at, guard) = (place(Some(refused.step)), escape(refused.guard));
        line(format!("✗ The trace does not apply: refused by guard {guard}, {at}"), None);
    }
    html + "</div>\n"
}

/// Where something happens, as a link to the step.
fn place(step: Option<u64>) -> String {
    match step {
        Some(step) => format!("<a href=\"#step-{step}\">step {step}</a>"),
        None => "<a href=\"#start\">before the first step</a>".to_owned(),
    }
}

/// The claim of a property, if it is known.
fn claim(remarks: &Remarks, property: Option<&str>) -> String {
    match property.and_then(|property| remarks.statements.get(property)) {
        Some(statement) => format!(" <q>{}</q>", escape(statement)),
        None => String::new(),
    }
}

fn left_out(events: usize) -> String {
    let mut html = String::new();
    for (max, what) in [(PAGE_EVENTS_MAX, "shown"), (svg::DRAWN_EVENTS_MAX, "drawn")] {
        if let Some(more) = events.checked_sub(max).filter(|more| *more > 0) {
            html += &format!("<p class=\"left-out\">The last {more} events are not {what}.</p>\n");
        }
    }
    html
}
