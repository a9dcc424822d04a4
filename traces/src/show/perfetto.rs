//! A trace in Chrome's trace-event format, which Perfetto and `chrome://tracing` open as tracks on a time line.
//!
//! A node is a thread of one process. A step is a slice on it, with what it took, sent and lost as arguments; a message
//! that arrives is a flow between two slices; a fault, a loss, a note is an instant; a broken property an instant over all.

use serde::Serialize;

use super::steps::{origin, origin_node, places};
use crate::event::{Event, Sent};
use crate::file::{EVENTS_MAX, Trace, Verdict};
use crate::flight::{Flights, Landing};
use crate::machine::Machine;
use crate::vocabulary::Vocabulary;

/// How long a unit of virtual time is on the page. Events at the same time follow each other by a microsecond.
pub const UNIT_MICROS: u64 = 1_000;
/// Readers hold microseconds in doubles, exact up to here.
const MICROS_MAX: u64 = 1 << 53;
/// The latest virtual time that fits, wherever events at the same time push it.
const TIME_MAX: u64 = (MICROS_MAX - EVENTS_MAX) / UNIT_MICROS - 1;

/// The one process.
const PROCESS: u32 = 1;
/// The thread of the first node: not that of the process, which readers treat as its main one.
const THREAD_MIN: usize = 2;

/// Shows a trace as Chrome trace-event JSON.
///
/// With a machine, which must be in its first state, each property is shown as broken where it breaks; without one, as the
/// trace's end says, after the last event. A unit of virtual time lasts [`UNIT_MICROS`]; where times run backwards or are
/// too large for readers, the index of an event stands for its time, and `otherData` says so.
pub fn show_perfetto<V: Vocabulary>(
    trace: &Trace<V>,
    mut machine: Option<&mut dyn Machine<V>>,
) -> String {
    let mut page = Page::new(trace);
    page.threads();
    let mut flights = Flights::<V>::new();
    let mut broken = machine.as_ref().map_or(Vec::new(), |machine| machine.broken());
    for event in &trace.events {
        let landing = flights.apply(event.index, &event.action, &event.observed);
        page.step(event, &landing);
        let Some(running) = &mut machine else { continue };
        if running.step(&event.action).is_err() {
            machine = None;
            continue;
        }
        let now = running.broken();
        for property in now.iter().filter(|name| !broken.contains(name)) {
            page.breaks(event.index, property);
        }
        broken = now;
    }
    page.finish()
}

/// An entry of `traceEvents`, its keys in this order.
#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cat: Option<&'a str>,
    ph: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ts: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dur: Option<u64>,
    pid: u32,
    tid: usize,
    /// Of a flow: the same at both of its ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u64>,
    /// Of the end of a flow: that it ends at the slice around it, not at the next.
    #[serde(skip_serializing_if = "Option::is_none")]
    bp: Option<&'a str>,
    /// Of an instant: how far it reaches, `t`hread or `g`lobal.
    #[serde(skip_serializing_if = "Option::is_none")]
    s: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    args: Option<Arguments>,
}

/// What is told of an entry when it is selected.
#[derive(Serialize)]
#[serde(untagged)]
enum Arguments {
    Name { name: String },
    Place { sort_index: usize },
    Step(Step),
}

#[derive(Serialize)]
struct Step {
    index: u64,
    time: u64,
    action: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    took: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sent: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lost: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

/// What is told of the whole.
#[derive(Serialize)]
struct About<'a> {
    title: String,
    tool: &'a str,
    time: &'a str,
    verdict: String,
}

/// Which of the entries at the same time comes first. A flow joins the last slice before it in the file, so that nothing
/// may come between.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Metadata,
    Slice,
    Flow,
    Instant,
}

struct Page<'a, V: Vocabulary> {
    trace: &'a Trace<V>,
    nodes: Vec<V::Node>,
    /// When each event begins, in microseconds: strictly increasing.
    begins: Vec<u64>,
    /// Whether virtual time is shown, and not the index in its place.
    timed: bool,
    flows: u64,
    /// The properties that broke.
    broken: Vec<String>,
    lines: Vec<(u64, Rank, String)>,
}

impl<'a, V: Vocabulary> Page<'a, V> {
    fn new(trace: &'a Trace<V>) -> Self {
        let times = || trace.events.iter().map(|event| event.time);
        let timed = times().is_sorted() && times().all(|time| time <= TIME_MAX);
        let mut next = 0;
        let begins = trace.events.iter().map(|event| {
            let time = if timed { event.time } else { event.index };
            let begin = next.max(time.saturating_mul(UNIT_MICROS));
            next = begin + 1;
            begin
        });
        let (begins, nodes) = (begins.collect(), super::nodes(trace));
        Page { trace, nodes, begins, timed, flows: 0, broken: Vec::new(), lines: Vec::new() }
    }

    fn thread(&self, node: V::Node) -> usize {
        THREAD_MIN + self.nodes.partition_point(|other| *other < node)
    }

    fn begin(&self, event: u64) -> u64 {
        let begin = usize::try_from(event).ok().and_then(|place| self.begins.get(place));
        begin.copied().unwrap_or(0)
    }

    /// A step lasts until the next, but no longer than a unit: what passes between is not its work.
    fn duration(&self, event: u64) -> u64 {
        let (begin, next) = (self.begin(event), self.begin(event + 1));
        next.checked_sub(begin).map_or(UNIT_MICROS, |gap| gap.clamp(1, UNIT_MICROS))
    }

    fn write(&mut self, rank: Rank, entry: &Entry<'_>) {
        let line = serde_json::to_string(entry).expect("entries are strings and numbers");
        self.lines.push((entry.ts.unwrap_or(0), rank, line));
    }

    fn threads(&mut self) {
        let entry = |name, tid, args| Entry {
            name,
            cat: None,
            ph: "M",
            ts: None,
            dur: None,
            pid: PROCESS,
            tid,
            id: None,
            bp: None,
            s: None,
            args: Some(args),
        };
        let name = super::title(self.trace);
        let main = PROCESS as usize;
        self.write(Rank::Metadata, &entry("process_name", main, Arguments::Name { name }));
        for place in 0..self.nodes.len() {
            let (tid, name) = (THREAD_MIN + place, self.nodes[place].to_string());
            self.write(Rank::Metadata, &entry("thread_name", tid, Arguments::Name { name }));
            let args = Arguments::Place { sort_index: place };
            self.write(Rank::Metadata, &entry("thread_sort_index", tid, args));
        }
    }

    fn step(&mut self, event: &Event<V>, landing: &Landing<V>) {
        let fault = V::is_fault(&event.action);
        let taken = super::taken(event, landing).map(ToString::to_string);
        let action = event.action.to_string();
        // A delivery is best known by what it delivers.
        let name = taken.as_ref().filter(|_| V::delivers(&event.action).is_some());
        let name = name.unwrap_or(&action).clone();
        for node in places(event) {
            let (ts, tid) = (self.begin(event.index), self.thread(node));
            let cat = if fault { "fault" } else { "step" };
            let args = Arguments::Step(step(event, taken.clone()));
            let entry = Entry { args: Some(args), ..self.entry(&name, cat, "X", ts, tid) };
            let dur = Some(self.duration(event.index));
            self.write(Rank::Slice, &Entry { dur, ..entry });
        }
        if let Some(origin) = origin(event, landing) {
            self.flow(event, origin, &name);
        }
        if fault {
            self.instant(event, "fault", &action);
        }
        for lost in &event.observed.lost {
            self.instant(event, "loss", &format!("loses {}", mail(lost)));
        }
        for note in &event.observed.notes {
            self.instant(event, "note", &note.to_string());
        }
    }

    /// An entry with what all but metadata have.
    fn entry<'b>(
        &self,
        name: &'b str,
        cat: &'b str,
        ph: &'b str,
        ts: u64,
        tid: usize,
    ) -> Entry<'b> {
        Entry {
            name,
            cat: Some(cat),
            ph,
            ts: Some(ts),
            dur: None,
            pid: PROCESS,
            tid,
            id: None,
            bp: None,
            s: None,
            args: None,
        }
    }

    fn flow(&mut self, event: &Event<V>, origin: u64, name: &str) {
        let id = Some(self.flows);
        self.flows += 1;
        let from = self.thread(origin_node(self.trace, event, origin));
        let start = self.entry(name, "message", "s", self.begin(origin), from);
        self.write(Rank::Flow, &Entry { id, ..start });
        let to = self.thread(event.node);
        let end = self.entry(name, "message", "f", self.begin(event.index), to);
        self.write(Rank::Flow, &Entry { id, bp: Some("e"), ..end });
    }

    fn instant(&mut self, event: &Event<V>, cat: &str, name: &str) {
        let (ts, tid) = (self.begin(event.index), self.thread(event.node));
        let entry = self.entry(name, cat, "i", ts, tid);
        self.write(Rank::Instant, &Entry { s: Some("t"), ..entry });
    }

    fn breaks(&mut self, event: u64, property: &str) {
        let node = usize::try_from(event).ok().and_then(|place| self.trace.events.get(place));
        let tid = node.map_or(THREAD_MIN, |event| self.thread(event.node));
        let name = format!("breaks {property}");
        let entry = self.entry(&name, "property", "i", self.begin(event), tid);
        self.write(Rank::Instant, &Entry { s: Some("g"), ..entry });
        self.broken.push(property.to_owned());
    }

    fn finish(mut self) -> String {
        let end = self.trace.end.as_ref().filter(|end| end.verdict == Verdict::Violated);
        let recorded = end.and_then(|end| end.property.clone());
        if let Some(property) = recorded.filter(|property| !self.broken.contains(property)) {
            self.breaks((self.begins.len() as u64).saturating_sub(1), &property);
        }
        self.lines.sort_by_key(|(ts, rank, _)| (*rank != Rank::Metadata, *ts, *rank));
        let about = About {
            title: super::title(self.trace),
            tool: &self.trace.header.tool,
            time: match self.timed {
                true => "a unit of virtual time, in the model a step, lasts 1000 µs",
                false => "an event lasts 1000 µs: virtual time is not shown, it cannot be drawn",
            },
            verdict: super::verdict(self.trace),
        };
        let about = serde_json::to_string(&about).expect("it is all strings");
        let lines: Vec<String> = self.lines.into_iter().map(|(_, _, line)| line).collect();
        format!("{{\"traceEvents\":[\n{}\n],\n\"otherData\":{about}}}\n", lines.join(",\n"))
    }
}

fn step<V: Vocabulary>(event: &Event<V>, took: Option<String>) -> Step {
    let observed = &event.observed;
    Step {
        index: event.index,
        time: event.time,
        action: event.action.to_string(),
        cause: event.cause,
        took,
        sent: observed.sent.iter().map(mail).collect(),
        lost: observed.lost.iter().map(mail).collect(),
        notes: observed.notes.iter().map(ToString::to_string).collect(),
    }
}

fn mail<V: Vocabulary>(sent: &Sent<V>) -> String {
    format!("{} → {}: {}", sent.from, sent.to, sent.message)
}
