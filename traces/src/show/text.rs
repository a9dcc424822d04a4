//! A trace as text: for each event what was done and seen, and, with a machine, only what it changed.

use std::collections::{BTreeMap, BTreeSet};

use crate::event::{Event, Observed};
use crate::file::Trace;
use crate::flight::Flights;
use crate::machine::{IN_FLIGHT, ITEMS_BETWEEN, Machine, View};
use crate::vocabulary::Vocabulary;

/// What stands for the value of a field that holds nothing.
const NOTHING: &str = "–";

/// Shows a trace as text.
///
/// With a machine, which must be in its first state, each event is followed by the fields that it changed and the
/// properties that it broke. When the machine refuses an event, the text says so and goes on with the events only.
pub fn show_text<V: Vocabulary>(
    trace: &Trace<V>,
    mut machine: Option<&mut dyn Machine<V>>,
) -> String {
    let indent = decimal_digits(trace.events.len().saturating_sub(1)) + 2;
    let mut page = Page { text: super::title(trace) + "\n", indent };
    if let Some(why) = super::why(trace) {
        page.text += &format!("{why}\n");
    }
    let mut flights = Flights::<V>::new();
    let mut broken = match &machine {
        Some(machine) => machine.broken(),
        None => Vec::new(),
    };
    for event in &trace.events {
        let landing = flights.apply(event.index, &event.action, &event.observed);
        page.headline(event, &super::words(event, &landing), super::taken(event, &landing));
        page.mail::<V>(&event.observed);
        let Some(running) = &mut machine else { continue };
        let before = running.view();
        if let Err(refusal) = running.step(&event.action) {
            page.detail(format!("! {refusal}"));
            page.detail("! from here on only the events are shown, without the state");
            machine = None;
            continue;
        }
        page.changes::<V>(&before, &running.view());
        let now = running.broken();
        for property in now.iter().filter(|name| !broken.contains(name)) {
            page.detail(format!("! breaks {property}"));
        }
        broken = now;
    }
    page.text + "\n" + &super::verdict(trace) + "\n"
}

struct Page {
    text: String,
    indent: usize,
}

impl Page {
    fn headline<V: Vocabulary>(
        &mut self,
        event: &Event<V>,
        action: &str,
        taken: Option<&V::Message>,
    ) {
        let width = self.indent - 2;
        let Event { index, time, node, .. } = event;
        let mut line = format!("\n{index:>width$}  {node}  {action}");
        if let Some(message) = taken {
            line += &format!(": {message}");
        }
        if let Some(cause) = event.cause {
            line += &format!("  (sent by event {cause})");
        }
        if time != index {
            line += &format!("  (time {time})");
        }
        self.text += &line;
        self.text.push('\n');
    }

    fn detail(&mut self, text: impl AsRef<str>) {
        self.text += &" ".repeat(self.indent);
        self.text += text.as_ref();
        self.text.push('\n');
    }

    fn mail<V: Vocabulary>(&mut self, observed: &Observed<V>) {
        for sent in &observed.sent {
            self.detail(format!("sends {} → {}: {}", sent.from, sent.to, sent.message));
        }
        for lost in &observed.lost {
            self.detail(format!("loses {} → {}: {}", lost.from, lost.to, lost.message));
        }
        for note in &observed.notes {
            self.detail(format!("so {note}"));
        }
    }

    fn changes<V: Vocabulary>(&mut self, before: &View<V>, after: &View<V>) {
        let empty = BTreeMap::new();
        let nodes: BTreeSet<_> = before.keys().chain(after.keys()).collect();
        for node in nodes {
            let before = before.get(node).unwrap_or(&empty);
            let after = after.get(node).unwrap_or(&empty);
            let fields: BTreeSet<_> = before.keys().chain(after.keys()).collect();
            let mut label = node.to_string();
            for field in fields {
                let (old, new) = (before.get(field), after.get(field));
                if old == new || *field == IN_FLIGHT {
                    continue;
                }
                self.detail(format!("{label}  {field}: {}", change(old, new)));
                // Further fields of the node stand below the first.
                label = " ".repeat(label.chars().count());
            }
        }
    }
}

/// A value before and after; of lists, only the items that differ.
fn change(old: Option<&String>, new: Option<&String>) -> String {
    let items = |value: Option<&String>| -> Vec<String> {
        value.map_or(Vec::new(), |v| v.split(ITEMS_BETWEEN).map(str::to_owned).collect())
    };
    let (old, new) = (items(old), items(new));
    let without = |these: &[String], those: &[String]| {
        let left: Vec<&str> =
            these.iter().filter(|item| !those.contains(item)).map(String::as_str).collect();
        if left.is_empty() { NOTHING.to_owned() } else { left.join(ITEMS_BETWEEN) }
    };
    match (without(&old, &new), without(&new, &old)) {
        // The same items, in another order or number.
        (gone, come) if gone == come => {
            format!("{} → {}", old.join(ITEMS_BETWEEN), new.join(ITEMS_BETWEEN))
        }
        (gone, come) => format!("{gone} → {come}"),
    }
}

fn decimal_digits(number: usize) -> usize {
    number.to_string().len()
}
