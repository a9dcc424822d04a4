//! A trace as a Mermaid sequence diagram, which code forges render inside Markdown.

use crate::event::Event;
use crate::file::Trace;
use crate::flight::Flights;
use crate::vocabulary::Vocabulary;

/// The background of a fault.
const FAULT_COLOR: &str = "rgb(253, 226, 223)";

/// Shows a trace as a Mermaid `sequenceDiagram`.
///
/// A message is drawn where it is delivered, or, ending in a cross, where it is lost; anything else is a note over its
/// node. Mermaid itself refuses very large diagrams (more than 50 000 characters, unless configured otherwise).
pub fn show_mermaid<V: Vocabulary>(trace: &Trace<V>) -> String {
    let nodes = super::nodes(trace);
    let mut page = Page::<V> { lines: vec!["sequenceDiagram".to_owned()], nodes };
    page.line(format!("title {}", escape(&super::title(trace))));
    for place in 0..page.nodes.len() {
        let name = escape(&page.nodes[place].to_string());
        page.line(format!("participant n{place} as {name}"));
    }
    let mut flights = Flights::<V>::new();
    for event in &trace.events {
        let landing = flights.apply(event.index, &event.action, &event.observed);
        let fault = V::is_fault(&event.action);
        if fault {
            page.line(format!("rect {FAULT_COLOR}"));
        }
        let taken = super::taken(event, &landing).map(ToString::to_string);
        page.event(event, super::words(event, &landing), taken);
        if fault {
            page.line("end".to_owned());
        }
    }
    page.verdict(&super::verdict(trace));
    page.lines.join("\n    ") + "\n"
}

struct Page<V: Vocabulary> {
    lines: Vec<String>,
    nodes: Vec<V::Node>,
}

impl<V: Vocabulary> Page<V> {
    fn line(&mut self, line: String) {
        self.lines.push(line);
    }

    /// A node's name in the diagram's source, where a name of its own could be one of Mermaid's words.
    fn id(&self, node: V::Node) -> String {
        format!("n{}", self.nodes.partition_point(|other| *other < node))
    }

    fn event(&mut self, event: &Event<V>, action: String, taken: Option<String>) {
        match V::delivers(&event.action) {
            Some((from, to)) => {
                let text = escape(&taken.unwrap_or(action));
                self.line(format!("{}->>{}: {text}", self.id(from), self.id(to)));
            }
            None => self.note("over", event.node, &action),
        }
        for lost in &event.observed.lost {
            let text = escape(&lost.message.to_string());
            self.line(format!("{}-x{}: {text}", self.id(lost.from), self.id(lost.to)));
        }
        for note in &event.observed.notes {
            self.note("right of", event.node, &note.to_string());
        }
    }

    fn note(&mut self, place: &str, node: V::Node, text: &str) {
        self.line(format!("Note {place} {}: {}", self.id(node), escape(text)));
    }

    fn verdict(&mut self, verdict: &str) {
        let over = match self.nodes.len() {
            0 => return self.line(format!("%% {}", escape(verdict))),
            1 => "n0".to_owned(),
            count => format!("n0,n{}", count - 1),
        };
        self.line(format!("Note over {over}: {}", escape(verdict)));
    }
}

/// Text that Mermaid shows as it is: what it, or the HTML it makes, would read as syntax becomes a numbered entity.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.trim().chars() {
        match char {
            ';' | '#' | ':' | '%' | '&' | '<' | '>' | '"' | '`' | '\\' => {
                escaped += &format!("#{};", u32::from(char));
            }
            '\n' => escaped += "<br/>",
            _ if char.is_control() => escaped.push(' '),
            _ => escaped.push(char),
        }
    }
    // A text that says nothing would be a syntax error.
    if escaped.is_empty() { "·".to_owned() } else { escaped }
}
