//! A trace as a log for ShiViz, which draws who knew of what from vector clocks.
//!
//! ShiViz takes the first line of a file as the expression that finds events in the rest, and the second, empty here, as
//! what separates runs. An event is two lines: its node with the clock, and what happened. There are no messages: an
//! arrow is where a clock first tells of an event elsewhere. So a message that never arrives has no arrow, and of two
//! that one step sends to the same node only the first has one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::steps::{origin, origin_node, places};
use crate::event::Event;
use crate::file::Trace;
use crate::flight::{Flights, Landing};
use crate::vocabulary::Vocabulary;

/// What finds an event: ShiViz itself puts `^` before it and `$` behind it. Its `.` ends at every end of a line.
const PARSER: &str = r"(?<host>\S*) (?<clock>{.*})\n(?<event>.*)";

/// Shows a trace as a log that ShiViz opens.
///
/// A step is one event at its node. Where another node sends something in the same step, as the other end of a link that
/// is reset may, it has an event of its own that knows of the first.
pub fn show_shiviz<V: Vocabulary>(trace: &Trace<V>) -> String {
    let mut log = Log::<V>::new(super::nodes(trace));
    log.remark(&super::title(trace));
    let mut flights = Flights::<V>::new();
    for event in &trace.events {
        let landing = flights.apply(event.index, &event.action, &event.observed);
        log.step(trace, event, &landing);
    }
    log.remark(&super::verdict(trace));
    log.text
}

/// How many events of each node are known of, by the node's place.
type Clock = Vec<u64>;

struct Log<V: Vocabulary> {
    nodes: Vec<V::Node>,
    /// What ShiViz calls each node.
    names: Vec<String>,
    /// What each node knows now.
    known: Vec<Clock>,
    /// What a node knew after an event.
    after: BTreeMap<(u64, V::Node), Clock>,
    text: String,
}

impl<V: Vocabulary> Log<V> {
    fn new(nodes: Vec<V::Node>) -> Self {
        let names = names(&nodes);
        let known = vec![vec![0; nodes.len()]; nodes.len()];
        Log { nodes, names, known, after: BTreeMap::new(), text: format!("{PARSER}\n\n") }
    }

    /// A line that ShiViz skips, since no clock stands second in it.
    fn remark(&mut self, text: &str) {
        self.text += &format!("# {}\n", one_line(text));
    }

    fn step(&mut self, trace: &Trace<V>, event: &Event<V>, landing: &Landing<V>) {
        let origin = origin(event, landing);
        let mut heard = origin.map(|at| (at, origin_node(trace, event, at)));
        for node in places(event) {
            let clock = self.tick(node, heard);
            self.after.insert((event.index, node), clock);
            self.write(node, &told(event, landing, node));
            heard = Some((event.index, event.node));
        }
    }

    /// Counts an event at a node, which now also knows what another knew when it sent something.
    fn tick(&mut self, node: V::Node, heard: Option<(u64, V::Node)>) -> Clock {
        let place = self.place(node);
        let heard = heard.and_then(|key| self.after.get(&key));
        let clock = &mut self.known[place];
        for (mine, theirs) in clock.iter_mut().zip(heard.into_iter().flatten()) {
            *mine = (*mine).max(*theirs);
        }
        clock[place] += 1;
        clock.clone()
    }

    fn place(&self, node: V::Node) -> usize {
        self.nodes.partition_point(|other| *other < node)
    }

    fn write(&mut self, node: V::Node, told: &str) {
        let place = self.place(node);
        let counts = self.names.iter().zip(&self.known[place]).filter(|(_, count)| **count > 0);
        let counts = counts.map(|(name, count)| format!("{}:{count}", Value::from(name.as_str())));
        let clock = counts.collect::<Vec<_>>().join(",");
        self.text += &format!("{} {{{clock}}}\n{}\n", self.names[place], one_line(told));
    }
}

/// What a node has to do with a step, in one sentence.
fn told<V: Vocabulary>(event: &Event<V>, landing: &Landing<V>, node: V::Node) -> String {
    let mut parts = vec![format!("{}: {}", event.index, event.action)];
    let here = node == event.node;
    if let Some(message) = super::taken(event, landing).filter(|_| here) {
        parts[0] += &format!(": {message}");
    }
    if event.time != event.index {
        parts[0] += &format!(" (time {})", event.time);
    }
    let sent = event.observed.sent.iter().filter(|sent| sent.from == node);
    parts.extend(sent.map(|s| format!("sends {} → {}: {}", s.from, s.to, s.message)));
    if here {
        let lost = event.observed.lost.iter();
        parts.extend(lost.map(|l| format!("loses {} → {}: {}", l.from, l.to, l.message)));
        parts.extend(event.observed.notes.iter().map(|note| format!("so {note}")));
    }
    parts.join("; ")
}

/// A name for each node, without blanks and different from all others, whatever the nodes call themselves.
fn names<N: ToString>(nodes: &[N]) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let name = |node: &N| {
        let plain = |c: char| if blank(c) || c.is_control() { '_' } else { c };
        let stem: String = node.to_string().chars().map(plain).collect();
        let stem = if stem.is_empty() { "_".to_owned() } else { stem };
        let numbered = (2..).map(|number| format!("{stem}-{number}"));
        let mut free = std::iter::once(stem.clone()).chain(numbered);
        let name = free.find(|name| !taken.contains(name)).unwrap_or(stem.clone());
        taken.insert(name.clone());
        name
    };
    nodes.iter().map(name).collect()
}

/// Whether JavaScript, too, takes it for a blank.
fn blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}'
}

/// Text without anything that ends a line. ShiViz shows all else as it is, and knows no escapes.
fn one_line(text: &str) -> String {
    let ends = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    text.chars().map(|c| if ends(c) { ' ' } else { c }).collect()
}
