//! What the page's script is given: the events as people read them, and of the state only the beginning and what each
//! event changed, so that a long trace stays small.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Remarks;
use crate::event::{Event, Sent};
use crate::file::Trace;
use crate::flight::{Flights, Landing};
use crate::machine::{IN_FLIGHT, ITEMS_BETWEEN, Machine, View};
use crate::nearest::Nearest;
use crate::vocabulary::Vocabulary;

/// The most events of one page, which a browser must hold in memory; the page says how many it leaves out.
pub const PAGE_EVENTS_MAX: usize = 100_000;

/// All that the script knows.
#[derive(Serialize)]
pub(super) struct Data {
    /// The nodes by name. Everywhere else a node is its place in here.
    nodes: Vec<String>,
    /// The nodes in listing order.
    order: Vec<usize>,
    /// The field of messages on their way, and what stands between the items of a list.
    in_flight: &'static str,
    items_between: &'static str,
    /// Whether there are states at all, and if not the reason.
    states: bool,
    no_states: Option<String>,
    /// The fields before the first event.
    start: Vec<Change>,
    /// The properties that do not hold before the first event.
    pub(super) broken_at_start: Vec<&'static str>,
    /// Where in the diagram the room of each event begins, as parts of its height.
    pub(super) bands: Vec<f64>,
    pub(super) steps: Vec<Step>,
    pub(super) refused: Option<Refused>,
}

/// An event. What is empty is left out, as most of it is.
#[derive(Serialize)]
pub(super) struct Step {
    node: usize,
    action: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<u64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    fault: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    took: Option<Mail>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sent: Vec<Mail>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lost: Vec<Mail>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
    /// The fields that it changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<Change>,
    /// The properties that held before it and do not hold after it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) breaks: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remarks: Vec<String>,
}

/// A message: from, to, what it says, and the event that sent it if it is not this one.
#[derive(Serialize)]
struct Mail(usize, usize, String, Option<u64>);

/// A field of a node with its new value; none if it holds nothing. The script knows the old one.
#[derive(Serialize)]
struct Change(usize, &'static str, Option<String>);

/// The event that the machine refused. It and those after it have no state.
#[derive(Serialize)]
pub(super) struct Refused {
    pub(super) step: u64,
    pub(super) guard: &'static str,
    reason: String,
    nearest: Option<Nearest>,
}

impl Data {
    /// Runs a trace on a machine, if there is one, and writes down what there is to see.
    pub(super) fn new<V: Vocabulary>(
        trace: &Trace<V>,
        machine: Option<&mut dyn Machine<V>>,
        remarks: &Remarks,
    ) -> Data {
        let view = machine.as_ref().map(|machine| machine.view()).unwrap_or_default();
        let mut nodes = Nodes::<V>::new();
        let mut data = Data {
            nodes: Vec::new(),
            order: Vec::new(),
            in_flight: IN_FLIGHT,
            items_between: ITEMS_BETWEEN,
            states: machine.is_some(),
            no_states: remarks.no_states.clone(),
            start: nodes.changes(&View::<V>::new(), &view),
            broken_at_start: machine.as_ref().map(|m| m.broken()).unwrap_or_default(),
            bands: Vec::new(),
            steps: Vec::new(),
            refused: None,
        };
        data.run(trace, &mut nodes, machine, view, remarks);
        data.nodes = nodes.names;
        data.order = nodes.places.into_values().collect();
        data
    }

    fn run<V: Vocabulary>(
        &mut self,
        trace: &Trace<V>,
        nodes: &mut Nodes<V>,
        mut machine: Option<&mut dyn Machine<V>>,
        mut view: View<V>,
        remarks: &Remarks,
    ) {
        let mut flights = Flights::<V>::new();
        let mut broken = self.broken_at_start.clone();
        for event in trace.events.iter().take(PAGE_EVENTS_MAX) {
            let landing = flights.apply(event.index, &event.action, &event.observed);
            let mut step = nodes.step(event, &landing);
            step.remarks = remarks.events.get(&event.index).cloned().unwrap_or_default();
            if let Some(running) = &mut machine {
                match running.step(&event.action) {
                    Ok(_) => {
                        let (next, now) = (running.view(), running.broken());
                        step.changes = nodes.changes(&view, &next);
                        step.breaks =
                            now.iter().filter(|name| !broken.contains(name)).copied().collect();
                        (view, broken) = (next, now);
                    }
                    Err(refusal) => {
                        let (guard, reason) = (refusal.guard, refusal.reason);
                        let nearest = refusal.nearest;
                        self.refused = Some(Refused { step: event.index, guard, reason, nearest });
                        machine = None;
                    }
                }
            }
            self.steps.push(step);
        }
    }

    /// What the diagram says of events beyond the trace.
    pub(super) fn marks(&self) -> BTreeMap<u64, Vec<String>> {
        let mut marks = BTreeMap::<u64, Vec<String>>::new();
        for (index, step) in (0..).zip(&self.steps) {
            for property in &step.breaks {
                marks.entry(index).or_default().push(format!("✗ breaks {property}"));
            }
            for _ in &step.remarks {
                marks.entry(index).or_default().push("! see the remark".to_owned());
            }
        }
        if let Some(refused) = &self.refused {
            let mark = format!("✗ refused by guard {}", refused.guard);
            marks.entry(refused.step).or_default().push(mark);
        }
        marks
    }
}

/// The nodes as they come in sight, which for one that only a later state names is not before that.
struct Nodes<V: Vocabulary> {
    names: Vec<String>,
    places: BTreeMap<V::Node, usize>,
}

impl<V: Vocabulary> Nodes<V> {
    fn new() -> Self {
        Nodes { names: Vec::new(), places: BTreeMap::new() }
    }

    fn place(&mut self, node: V::Node) -> usize {
        *self.places.entry(node).or_insert_with(|| {
            self.names.push(node.to_string());
            self.names.len() - 1
        })
    }

    fn step(&mut self, event: &Event<V>, landing: &Landing<V>) -> Step {
        let observed = &event.observed;
        let took = V::delivers(&event.action).and_then(|(from, to)| {
            let message = crate::show::taken(event, landing)?.to_string();
            let since = event.cause.or(landing.taken.as_ref().map(|flying| flying.since));
            Some(Mail(self.place(from), self.place(to), message, since))
        });
        let lost = observed.lost.iter().zip(&landing.lost);
        let lost = lost.map(|(lost, since)| self.mail(lost, *since)).collect();
        Step {
            node: self.place(event.node),
            action: event.action.to_string(),
            time: (event.time != event.index).then_some(event.time),
            fault: V::is_fault(&event.action),
            cause: event.cause,
            took,
            sent: observed.sent.iter().map(|sent| self.mail(sent, None)).collect(),
            lost,
            notes: observed.notes.iter().map(ToString::to_string).collect(),
            changes: Vec::new(),
            breaks: Vec::new(),
            remarks: Vec::new(),
        }
    }

    fn mail(&mut self, sent: &Sent<V>, since: Option<u64>) -> Mail {
        Mail(self.place(sent.from), self.place(sent.to), sent.message.to_string(), since)
    }

    fn changes(&mut self, before: &View<V>, after: &View<V>) -> Vec<Change> {
        let empty = BTreeMap::new();
        let mut changes = Vec::new();
        let nodes: BTreeSet<V::Node> = before.keys().chain(after.keys()).copied().collect();
        for node in nodes {
            let place = self.place(node);
            let old = before.get(&node).unwrap_or(&empty);
            let new = after.get(&node).unwrap_or(&empty);
            let fields: BTreeSet<_> = old.keys().chain(new.keys()).copied().collect();
            for field in fields.into_iter().filter(|field| old.get(field) != new.get(field)) {
                changes.push(Change(place, field, new.get(field).cloned()));
            }
        }
        changes
    }
}
