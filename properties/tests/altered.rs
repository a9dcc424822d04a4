//! A recorded trace of which one line was deleted, swapped with the next, or altered is refused, at that line or after it.
//!
//! Somebody who does not know the format is found out by the reader, at the latest by the digest in the `end`. Somebody who
//! does, and numbers and digests anew, can only make what the model refuses, or another run that may be: that two steps
//! which do not touch each other happened the other way round nobody can tell, so that such a trace is accepted, and must
//! be. That it is a run is shown apart, by a replay on the model without history or properties, or by both orders leading
//! to the same state, from where the rest is the same.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use spillway_impl::sim::swarm::{FaultSet, Swarm};
use spillway_model::{Growable, ModelMachine, Protocol, Scope};
use spillway_properties::CheckedAcceptor;
use spillway_properties::simulated::{Judging, simulate};
use spillway_traces::file::event_line;
use spillway_traces::{
    Acceptor, Action, Bounds, Event, Judgement, Note, Outcome, Recorder, Spillway, Trace, Verdict,
    replay, validate,
};

/// Runs of different faults, each with links, strategies and sizes of its own.
const RUNS: [(FaultSet, u64); 4] =
    [(FaultSet::All, 3), (FaultSet::All, 7), (FaultSet::None, 21), (FaultSet::All, 40)];
/// Events of a run that are altered, from its start on: what is altered there still has all its consequences to come.
const EVENTS_MAX: usize = 400;
/// Events after an altered one in which nearly every refusal comes.
const WINDOW: usize = 48;
/// Of swaps that lead to the same state, and of causes, every so many is replayed all the same.
const REPLAYED_EVERY: usize = 100;

fn recorded(set: FaultSet, seed: u64) -> Trace<Spillway> {
    let judging = Judging { compare_every: 64, record: true };
    let run = simulate(&Swarm::derive(seed, set), judging).unwrap();
    assert_eq!(run.wrong, None, "seed {seed}");
    let mut trace = run.trace.unwrap();
    trace.events.truncate(EVENTS_MAX);
    finished(trace)
}

fn finished(trace: Trace<Spillway>) -> Trace<Spillway> {
    Trace::new(trace.header, trace.events).finish(Verdict::Holds, None).unwrap()
}

fn scope(trace: &Trace<Spillway>) -> Scope {
    Scope::from_json(&trace.header.scope).unwrap()
}

fn start(trace: &Trace<Spillway>) -> CheckedAcceptor {
    CheckedAcceptor::new(scope(trace), None, BTreeSet::new(), false)
}

/// What is done to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Alteration {
    Deleted,
    Swapped,
    Argument,
    Took,
    Sent,
    Lost,
    Notes,
}

/// All that is done to the event at a place: the events from there on, as far as they change.
fn alterations(events: &[Event<Spillway>], at: usize) -> Vec<(Alteration, Vec<Event<Spillway>>)> {
    let event = &events[at];
    let mut all = vec![(Alteration::Deleted, Vec::new())];
    if let Some(next) = events.get(at + 1) {
        all.push((Alteration::Swapped, vec![next.clone(), event.clone()]));
    }
    for action in others(&event.action) {
        let (node, event) = (action.node(), event.clone());
        all.push((Alteration::Argument, vec![Event { node, action, ..event }]));
    }
    let mut observed = |what, change: &dyn Fn(&mut Event<Spillway>)| {
        let mut event = event.clone();
        change(&mut event);
        all.push((what, vec![event]));
    };
    let other = event.observed.sent.iter().chain(&event.observed.lost).next().cloned();
    if event.observed.took.is_some() {
        observed(Alteration::Took, &|event| event.observed.took = None);
        observed(Alteration::Took, &|event| {
            event.observed.took = event.observed.took.map(|message| numbered(&message));
        });
    }
    for at in 0..event.observed.sent.len() {
        observed(Alteration::Sent, &|event| _ = event.observed.sent.remove(at));
        observed(Alteration::Sent, &|event| {
            event.observed.sent[at].message = numbered(&event.observed.sent[at].message);
        });
    }
    for at in 0..event.observed.lost.len() {
        observed(Alteration::Lost, &|event| _ = event.observed.lost.remove(at));
    }
    if let Some(sent) = other {
        observed(Alteration::Sent, &|event| event.observed.sent.push(sent.clone()));
        observed(Alteration::Lost, &|event| event.observed.lost.push(sent.clone()));
    }
    observed(Alteration::Notes, &|event| event.observed.notes.push(Note::Dropped));
    if let Some(last) = event.observed.notes.len().checked_sub(1) {
        observed(Alteration::Notes, &|event| event.observed.notes.truncate(last));
    }
    all
}

/// The action with one argument altered: another node of its role, another request.
fn others(action: &Action) -> Vec<Action> {
    let json = serde_json::to_value(action).unwrap();
    let (kind, arguments) = json.as_object().unwrap().iter().next().unwrap();
    let altered = arguments.as_object().unwrap().iter().flat_map(|(name, value)| {
        let values = match value {
            Value::Number(number) => {
                let number = number.as_u64().unwrap();
                vec![Value::from(number + 1), Value::from(number.saturating_sub(1))]
            }
            Value::String(node) => {
                let role = &node[..1];
                (0..3).map(|index| Value::from(format!("{role}{index}"))).collect()
            }
            _ => Vec::new(),
        };
        values.into_iter().map(move |value| {
            let mut arguments = arguments.clone();
            arguments[name] = value;
            Value::Object([(kind.clone(), arguments)].into_iter().collect())
        })
    });
    let read = altered.filter_map(|json| serde_json::from_value::<Action>(json).ok());
    read.filter(|other| other != action).collect()
}

/// The message with its first number one higher.
fn numbered(message: &spillway_traces::Message) -> spillway_traces::Message {
    let mut json = serde_json::to_value(message).unwrap();
    let arguments = json.as_object_mut().unwrap().values_mut().next().unwrap();
    let number = arguments.as_object_mut().unwrap().values_mut().find(|value| value.is_u64());
    if let Some(number) = number {
        *number = Value::from(number.as_u64().unwrap() + 1);
    }
    serde_json::from_value(json).unwrap()
}

/// Numbers events anew, with the causes that they have now: altered by somebody who knows the format.
fn renumbered(trace: &Trace<Spillway>, events: Vec<Event<Spillway>>) -> Trace<Spillway> {
    let mut recorder = Recorder::new();
    let mut time = 0;
    let renumber = |event: Event<Spillway>| {
        time = event.time.max(time);
        recorder.event_at(time, event.action, event.observed)
    };
    let events = events.into_iter().map(renumber).collect();
    finished(Trace::new(trace.header.clone(), events))
}

/// How many alterations were refused at the very line, soon after it, and were other runs that may be.
type Counts = BTreeMap<Alteration, [u64; 3]>;

/// Alters every line of a run in every way.
fn alter(trace: &Trace<Spillway>, counts: &mut Counts) {
    let events = &trace.events;
    let mut now = start(trace);
    let mut swaps = 0;
    for at in 0..events.len() {
        for (what, changed) in alterations(events, at) {
            let gone = if what == Alteration::Swapped { 2 } else { 1 };
            let count = &mut counts.entry(what).or_default();
            if what == Alteration::Swapped && leads_to_the_same(&now, &events[at..at + 2]) {
                swaps += 1;
                count[2] += 1;
                if swaps % REPLAYED_EVERY == 0 {
                    is_a_run(trace, altered(events, at, gone, &changed), what);
                }
                continue;
            }
            // From the state before it, as far as nearly every refusal comes; then, if there is none, all of it.
            let until = (at + gone + WINDOW).min(events.len());
            let rest = changed.iter().chain(&events[at + gone..until]).cloned();
            let mut part = Trace::new(trace.header.clone(), rest.collect());
            for (event, index) in part.events.iter_mut().zip(at as u64..) {
                (event.index, event.cause) = (index, None);
            }
            match refused_at(&validate(&part, now.clone(), Bounds::default()).judgement) {
                Some(event) => {
                    assert!(event >= at as u64, "{what:?} {at}: refused at {event}");
                    count[usize::from(event > at as u64)] += 1;
                }
                None => {
                    let whole = renumbered(trace, altered(events, at, gone, &changed));
                    match refused_at(&validate(&whole, start(trace), Bounds::default()).judgement) {
                        Some(event) => {
                            assert!(event >= at as u64, "{what:?} {at}: refused at {event}");
                            count[usize::from(event > at as u64)] += 1;
                        }
                        None => {
                            count[2] += 1;
                            assert!(!is_recorded(what, &whole.events), "{what:?} {at} is accepted");
                            is_a_run(trace, whole.events, what);
                        }
                    }
                }
            }
        }
        now.step(&events[at].action).unwrap();
    }
}

/// Whether what was altered can be seen at all: what no event of a trace records is not compared.
fn is_recorded(what: Alteration, events: &[Event<Spillway>]) -> bool {
    events.iter().any(|event| match what {
        Alteration::Took => event.observed.took.is_some(),
        Alteration::Sent => !event.observed.sent.is_empty(),
        Alteration::Lost => !event.observed.lost.is_empty(),
        Alteration::Notes => !event.observed.notes.is_empty(),
        Alteration::Deleted | Alteration::Swapped | Alteration::Argument => false,
    })
}

fn altered(
    events: &[Event<Spillway>],
    at: usize,
    gone: usize,
    changed: &[Event<Spillway>],
) -> Vec<Event<Spillway>> {
    let all = events[..at].iter().chain(changed).chain(&events[at + gone..]);
    all.cloned().collect()
}

fn refused_at(judgement: &Judgement) -> Option<u64> {
    match judgement {
        Judgement::Accepted => None,
        Judgement::Refused(
            Outcome::Refused { event, line, .. } | Outcome::Differs { event, line, .. },
        ) => {
            assert_eq!(*line, event_line(*event));
            Some(*event)
        }
        other => panic!("{other:?}"),
    }
}

/// Whether two events, each as it was observed, lead to the same state in either order.
fn leads_to_the_same(before: &CheckedAcceptor, two: &[Event<Spillway>]) -> bool {
    let after = |order: [&Event<Spillway>; 2]| {
        let mut system = before.clone();
        let same = order.into_iter().all(|event| {
            system.step(&event.action).is_ok_and(|observed| observed == event.observed)
        });
        same.then(|| system.fingerprint())
    };
    let straight = after([&two[0], &two[1]]);
    straight.is_some() && after([&two[1], &two[0]]) == straight
}

/// Replays an altered trace on the model alone: it must be a run that may be.
fn is_a_run(trace: &Trace<Spillway>, events: Vec<Event<Spillway>>, what: Alteration) {
    let altered = renumbered(trace, events);
    let mut model = ModelMachine::new(Protocol::<Growable>::new(scope(trace), None));
    let replayed = replay(&altered, &mut model);
    assert_eq!(replayed.outcome, Outcome::Matched, "{what:?} was accepted: {replayed}");
}

#[test]
fn whoever_renumbers_and_digests_anew_is_refused_or_has_made_another_run() {
    let mut counts = Counts::new();
    for (set, seed) in RUNS {
        alter(&recorded(set, seed), &mut counts);
    }
    let told: Vec<String> = counts
        .iter()
        .map(|(what, [there, after, runs])| {
            format!("{what:?}: {there} at the line, {after} after it, {runs} other runs")
        })
        .collect();
    for what in [Alteration::Took, Alteration::Sent, Alteration::Lost, Alteration::Notes] {
        // Another run only where the one event that records such a thing was altered, and none does any more.
        let [there, after, runs] = counts[&what];
        assert!(there > 100 && after == 0 && runs <= RUNS.len() as u64, "{what:?}: {told:?}");
    }
    for what in [Alteration::Deleted, Alteration::Swapped, Alteration::Argument] {
        let [there, after, _] = counts[&what];
        assert!(there > 100 && after > 0, "{what:?}: {told:?}");
    }
    assert!(counts[&Alteration::Swapped][2] > 100, "steps that do not touch each other: {told:?}");
}

#[test]
fn a_cause_that_is_altered_is_refused_there() {
    let trace = recorded(FaultSet::All, 3);
    let mut caused = 0;
    for at in 1..trace.events.len() {
        let before = trace.events[at].cause;
        let other = match before {
            Some(0) => 1,
            Some(cause) => cause - 1,
            None => 0,
        };
        let mut causes = vec![Some(other).filter(|other| *other < at as u64)];
        causes.extend(before.map(|_| None));
        for cause in causes {
            if cause == before {
                continue;
            }
            caused += 1;
            let mut altered = trace.clone();
            altered.events.truncate(at + 1);
            altered.events[at].cause = cause;
            if altered.events.iter().all(|event| event.cause.is_none()) {
                continue; // a trace without causes says nothing of them
            }
            let altered = finished(altered);
            let read = Trace::<Spillway>::from_bytes(&altered.to_bytes().unwrap()).unwrap();
            let judged = validate(&read, start(&read), Bounds::default()).judgement;
            let Judgement::Refused(Outcome::Differs { event, field: "cause", .. }) = judged else {
                panic!("event {at}, caused by {cause:?}: {judged:?}");
            };
            assert_eq!(event, at as u64);
            if at % REPLAYED_EVERY == 0 {
                let mut model = ModelMachine::new(Protocol::<Growable>::new(scope(&read), None));
                let replayed = replay(&read, &mut model).outcome;
                assert!(matches!(replayed, Outcome::Differs { field: "cause", .. }), "{replayed}");
            }
        }
    }
    assert!(caused > 400, "{caused}");
}

/// A file whose lines were changed by somebody who leaves numbers and digest as they are.
#[test]
fn a_file_of_which_a_line_was_changed_is_not_read() {
    for (set, seed) in RUNS {
        let mut trace = recorded(set, seed);
        trace.events.truncate(100);
        let trace = finished(trace);
        let bytes = String::from_utf8(trace.to_bytes().unwrap()).unwrap();
        let lines: Vec<&str> = bytes.lines().collect();
        let refused = |lines: &[&str]| {
            let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
            Trace::<Spillway>::from_bytes(text.as_bytes()).unwrap_err().line
        };
        for at in 0..trace.events.len() {
            let line = event_line(at as u64);
            let place = line as usize - 1;
            let mut deleted = lines.clone();
            deleted.remove(place);
            assert_eq!(refused(&deleted), line, "without line {line}");
            if at + 1 < trace.events.len() {
                let mut swapped = lines.clone();
                swapped.swap(place, place + 1);
                assert_eq!(refused(&swapped), line, "line {line} and the next one swapped");
            }
            let mut doubled = lines.clone();
            doubled.insert(place, lines[place]);
            assert_eq!(refused(&doubled), line + 1, "line {line} twice");
            for other in rewritten(&trace.events, at) {
                let mut altered = lines.clone();
                altered[place] = &other;
                let found = refused(&altered);
                assert!(found >= line && found <= lines.len() as u64, "{other}: {found}");
            }
        }
    }
}

/// The line of an event with one value changed, whether or not the reader can see that at the line.
fn rewritten(events: &[Event<Spillway>], at: usize) -> Vec<String> {
    let event = &events[at];
    let line =
        |json: Value| Value::Object([("event".to_owned(), json)].into_iter().collect()).to_string();
    let json = serde_json::to_value(event).unwrap();
    let with = |key: &str, value: Value| {
        let mut json = json.clone();
        json[key] = value;
        line(json)
    };
    let mut all = vec![
        with("index", (event.index + 1).into()),
        with("time", (event.time + 1).into()),
        with("node", "A9".into()),
        with("cause", event.index.into()),
    ];
    if at > 0 {
        all.push(with("cause", (event.index - 1).into()));
    }
    if let Some(before) = event.time.checked_sub(1) {
        all.push(with("time", before.into()));
    }
    for (_, changed) in alterations(events, at).into_iter().filter(|(_, c)| c.len() == 1) {
        all.push(line(serde_json::to_value(&changed[0]).unwrap()));
    }
    all.retain(|other| *other != line(json.clone()));
    all
}

#[test]
fn time_does_not_go_back_whoever_digests_it() {
    let trace = recorded(FaultSet::All, 3);
    for at in (1..trace.events.len()).filter(|at| trace.events[at - 1].time > 0) {
        let mut altered = trace.clone();
        altered.events[at].time = trace.events[at - 1].time - 1;
        let refused = Trace::new(altered.header, altered.events).finish(Verdict::Holds, None);
        let said = refused.unwrap_err().to_string();
        assert!(said.contains("time does not go back"), "{said}");
    }
}
