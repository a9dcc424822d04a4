//! Runs a trace again on any machine and compares, event by event, what was recorded with what is seen now.

use std::fmt;

use serde::Serialize;

use crate::event::{Event, Observed, Sent};
use crate::file::{Trace, event_line};
use crate::flight::Flights;
use crate::machine::{Machine, Refusal};
use crate::nearest::{Nearest, first_difference};
use crate::vocabulary::Vocabulary;

/// A property that broke during a replay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// Its name.
    pub property: String,
    /// The event after which it first did not hold; none if it never held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<u64>,
    /// Whether it does not hold after the last event replayed either.
    pub at_end: bool,
}

/// How a replay went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Every event was allowed, and seen as recorded.
    Matched,
    /// An event was not allowed.
    Refused {
        /// Its index.
        event: u64,
        /// Its line in the file.
        line: u64,
        /// Its action in words.
        action: String,
        /// The guard that refused it.
        guard: String,
        /// The guard in words, with the values that it saw.
        reason: String,
        /// The nearest step that was allowed, if one is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        nearest: Option<Nearest>,
    },
    /// An event was allowed, but seen otherwise than recorded.
    Differs {
        /// Its index.
        event: u64,
        /// Its line in the file.
        line: u64,
        /// Its action in words.
        action: String,
        /// The field of `observed` that differs.
        field: &'static str,
        /// What the trace has there.
        recorded: String,
        /// What the machine shows.
        got: String,
        /// Where the two first differ; none of a digest, which does not tell.
        #[serde(skip_serializing_if = "Option::is_none")]
        how: Option<String>,
    },
}

/// The report of a replay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// How many events matched before it stopped. The last that matched is the event before the one in `outcome`.
    pub steps: u64,
    /// How it went.
    pub outcome: Outcome,
    /// Which properties broke, in the order of breaking.
    pub broken: Vec<Broken>,
    /// Whether the trace was written to its end; if not, its writer died, and `matched` says only so much.
    pub complete: bool,
}

impl Replayed {
    /// Whether every event matched. It says nothing of properties.
    pub fn matched(&self) -> bool {
        self.outcome == Outcome::Matched
    }
}

/// Replays a trace from the machine's present state, which should be its first.
///
/// A field that no event of the trace records is not compared; `state` is compared where the event has it and the
/// machine tells it. Causes, where there are some, must be what [`crate::Recorder`] would find in the trace.
pub fn replay<V: Vocabulary, M: Machine<V> + ?Sized>(
    trace: &Trace<V>,
    machine: &mut M,
) -> Replayed {
    let fields = Fields::recorded_in(&trace.events);
    let mut causes = Causes::recorded_in(&trace.events);
    let mut breaks = Breaks::new(machine.broken());
    let mut steps = 0;
    let mut outcome = Outcome::Matched;
    for event in &trace.events {
        let difference = match machine.step(&event.action) {
            Err(refusal) => Some(refused(event, refusal)),
            Ok(observed) => {
                breaks.note(event.index, machine.broken());
                fields.difference(event, &observed).or_else(|| causes.difference(event))
            }
        };
        if let Some(difference) = difference {
            outcome = difference;
            break;
        }
        steps += 1;
    }
    Replayed { steps, outcome, broken: breaks.finish(), complete: trace.is_complete() }
}

/// What a refusal of an event is in a report.
pub(crate) fn refused<V: Vocabulary>(event: &Event<V>, refusal: Refusal) -> Outcome {
    Outcome::Refused {
        event: event.index,
        line: event_line(event.index),
        action: event.action.to_string(),
        guard: refusal.guard.to_owned(),
        reason: refusal.reason,
        nearest: refusal.nearest,
    }
}

/// Which properties broke, and when first.
pub(crate) struct Breaks {
    first: Vec<(&'static str, Option<u64>)>,
    now: Vec<&'static str>,
}

impl Breaks {
    pub(crate) fn new(now: Vec<&'static str>) -> Self {
        Breaks { first: now.iter().map(|name| (*name, None)).collect(), now }
    }

    pub(crate) fn note(&mut self, event: u64, now: Vec<&'static str>) {
        for name in &now {
            if self.first.iter().all(|(known, _)| known != name) {
                self.first.push((name, Some(event)));
            }
        }
        self.now = now;
    }

    pub(crate) fn finish(self) -> Vec<Broken> {
        let broken = self.first.into_iter().map(|(name, event)| Broken {
            property: name.to_owned(),
            event,
            at_end: self.now.contains(&name),
        });
        broken.collect()
    }
}

/// Which messages are on their way by what a trace says itself, so that causes can be compared.
pub(crate) struct Causes<V: Vocabulary>(Option<Flights<V>>);

impl<V: Vocabulary> Causes<V> {
    /// Where no event has a cause, or none says what it sent, none is compared.
    pub(crate) fn recorded_in(events: &[Event<V>]) -> Causes<V> {
        let any = events.iter().any(|event| event.cause.is_some())
            && events.iter().any(|event| !event.observed.sent.is_empty());
        Causes(any.then(Flights::new))
    }

    /// Whether the cause of an event is another one than the event that sent what it takes, if that is known.
    pub(crate) fn difference(&mut self, event: &Event<V>) -> Option<Outcome> {
        let flights = self.0.as_mut()?;
        let landing = flights.apply(event.index, &event.action, &event.observed);
        let sent = landing.taken.map(|flying| flying.since);
        if sent == event.cause {
            return None;
        }
        let words = |cause: Option<u64>| {
            cause.map_or("nothing".to_owned(), |index| {
                format!("event {index} (line {})", event_line(index))
            })
        };
        Some(Outcome::Differs {
            event: event.index,
            line: event_line(event.index),
            action: event.action.to_string(),
            field: "cause",
            recorded: words(event.cause),
            got: words(sent),
            how: None,
        })
    }
}

/// Which fields of `observed` a trace records. An empty list is not written, so one event alone does not tell.
pub(crate) struct Fields {
    took: bool,
    sent: bool,
    lost: bool,
    notes: bool,
}

impl Fields {
    pub(crate) fn recorded_in<V: Vocabulary>(events: &[Event<V>]) -> Fields {
        let any = |has: fn(&Observed<V>) -> bool| events.iter().any(|event| has(&event.observed));
        Fields {
            took: any(|observed| observed.took.is_some()),
            sent: any(|observed| !observed.sent.is_empty()),
            lost: any(|observed| !observed.lost.is_empty()),
            notes: any(|observed| !observed.notes.is_empty()),
        }
    }

    pub(crate) fn difference<V: Vocabulary>(
        &self,
        event: &Event<V>,
        got: &Observed<V>,
    ) -> Option<Outcome> {
        let recorded = &event.observed;
        if recorded.assumed {
            return None;
        }
        let differs = |field, recorded, got, how| {
            let (index, action) = (event.index, event.action.to_string());
            let line = event_line(index);
            Some(Outcome::Differs { event: index, line, action, field, recorded, got, how })
        };
        if self.took && recorded.took != got.took {
            let (a, b) = (recorded.took.as_slice(), got.took.as_slice());
            let how = first_difference("message", a, b, ToString::to_string);
            return differs("took", words(a), words(b), how);
        }
        for (is_recorded, field, a, b) in [
            (self.sent, "sent", &recorded.sent, &got.sent),
            (self.lost, "lost", &recorded.lost, &got.lost),
        ] {
            if is_recorded && a != b {
                return differs(field, mail(a), mail(b), first_difference("message", a, b, letter));
            }
        }
        if self.notes && recorded.notes != got.notes {
            let (a, b) = (&recorded.notes, &got.notes);
            let how = first_difference("note", a, b, ToString::to_string);
            return differs("notes", words(a), words(b), how);
        }
        match (&recorded.state, &got.state) {
            (Some(a), Some(b)) if a != b => differs("state", a.clone(), b.clone(), None),
            _ => None,
        }
    }
}

fn words<'a, T: fmt::Display + 'a>(items: impl IntoIterator<Item = &'a T>) -> String {
    let items: Vec<String> = items.into_iter().map(T::to_string).collect();
    if items.is_empty() { "nothing".to_owned() } else { items.join(", ") }
}

fn mail<V: Vocabulary>(sent: &[Sent<V>]) -> String {
    words(&sent.iter().map(letter).collect::<Vec<_>>())
}

fn letter<V: Vocabulary>(sent: &Sent<V>) -> String {
    format!("{} → {}: {}", sent.from, sent.to, sent.message)
}

impl fmt::Display for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.outcome {
            Outcome::Matched => write!(f, "all {} events match", self.steps)?,
            outcome => write!(f, "{}{outcome}", LastMatch(self.steps))?,
        }
        for Broken { property, event, at_end } in &self.broken {
            write!(f, "\nproperty `{property}` ")?;
            match event {
                Some(event) => write!(f, "breaks at event {event} (line {})", event_line(*event))?,
                None => write!(f, "does not hold before the first event")?,
            }
            f.write_str(if *at_end { "" } else { ", but holds again at the end" })?;
        }
        if !self.complete {
            write!(f, "\nthe trace has no end: its writer died after the last event")?;
        }
        Ok(())
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Matched => write!(f, "every event matches"),
            Outcome::Refused { event, line, action, guard, reason, nearest } => {
                write!(f, "event {event} (line {line}) is refused: {action}")?;
                write!(f, "\n  guard `{guard}`: {reason}")?;
                let Some(Nearest { step, differs }) = nearest else { return Ok(()) };
                write!(f, "\n  the nearest step allowed was: {step}\n  it differs in {differs}")
            }
            Outcome::Differs { event, line, action, field, recorded, got, how } => {
                write!(f, "event {event} (line {line}) differs in `{field}`: {action}")?;
                write!(f, "\n  recorded: {recorded}\n  got:      {got}")?;
                how.as_ref().map_or(Ok(()), |how| write!(f, "\n  {how}"))
            }
        }
    }
}

/// The last line that matched, if one did, as the start of a sentence.
struct LastMatch(u64);

impl fmt::Display for LastMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.checked_sub(1) {
            Some(last) => write!(f, "events 0 to {last} (line {}) match; ", event_line(last)),
            None => write!(f, "no event matches; "),
        }
    }
}
