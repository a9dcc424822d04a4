//! Whatever a trace says, reading, replaying and validating it ends, without a panic: with a refusal, a verdict, or none.
//!
//! The traces are those of the simulator, of which bytes, events, actions, observations and the scope in the header are
//! altered by somebody who numbers and digests anew. What is read is replayed on the judged model, on the nodes and on both,
//! and validated with hidden steps, within small bounds.
#![allow(clippy::unwrap_used, missing_docs)]

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;
use spillway_impl::sim::swarm::{FaultSet, Swarm};
use spillway_model::{Growable, Protocol, Scope, universe};
use spillway_properties::refinement::{Lockstep, NodesMachine};
use spillway_properties::simulated::{Judging, simulate};
use spillway_properties::{CheckedAcceptor, CheckedMachine, HIDEABLE};
use spillway_traces::file::scope_hash;
use spillway_traces::{
    Action, Bounds, Event, Node, Recorder, RequestId, Spillway, Trace, Verdict, from_itf, replay,
    to_itf, validate,
};

/// Events of a trace, so that a case takes milliseconds.
const EVENTS_MAX: usize = 120;
const BOUNDS: Bounds = Bounds { events_back_max: 4, hidden_max: 2, states_max: 200 };
const CASES: u32 = 192;

/// Runs on connections and on datagrams.
static TRACES: LazyLock<Vec<Trace<Spillway>>> = LazyLock::new(|| {
    let recorded = |seed| {
        let judging = Judging { compare_every: 64, record: true };
        let run = simulate(&Swarm::derive(seed, FaultSet::All), judging).unwrap();
        let mut trace = run.trace.unwrap();
        trace.events.truncate(EVENTS_MAX);
        finished(trace)
    };
    (0..8).map(recorded).collect()
});

fn finished(trace: Trace<Spillway>) -> Trace<Spillway> {
    Trace::new(trace.header, trace.events).finish(Verdict::Holds, None).unwrap()
}

/// Runs whatever a trace says. That it comes back is what is tested.
fn run(trace: &Trace<Spillway>) {
    let Ok(scope) = Scope::from_json(&trace.header.scope) else { return };
    let replayed = replay(trace, &mut CheckedMachine::new(scope.clone(), None));
    assert!(replayed.steps <= trace.events.len() as u64);
    let _ = replayed.to_string();
    let _ = replay(trace, &mut NodesMachine::new(scope.clone())).to_string();
    if let Ok(mut both) = Lockstep::new(scope.clone()) {
        let _ = replay(trace, &mut both).to_string();
    }
    for hidden in [Vec::new(), HIDEABLE.to_vec()] {
        let first = CheckedAcceptor::new(scope.clone(), None, hidden.into_iter().collect(), false);
        let validated = validate(trace, first, BOUNDS);
        assert!(validated.states_max <= BOUNDS.states_max.max(1));
        let _ = validated.judgement.to_string();
    }
}

/// Numbers events anew: the times and causes are those that a recorder gives.
fn renumbered(trace: &Trace<Spillway>, steps: Vec<Event<Spillway>>) -> Trace<Spillway> {
    let mut recorder = Recorder::new();
    let events = steps.into_iter().map(|event| recorder.event(event.action, event.observed));
    finished(Trace::new(trace.header.clone(), events.collect()))
}

fn any_node() -> impl Strategy<Value = Node> {
    let roles = prop_oneof![
        Just(Node::client as fn(u16) -> Node),
        Just(Node::communication as fn(u16) -> Node),
        Just(Node::query as fn(u16) -> Node),
        Just(Node::control as fn(u16) -> Node),
    ];
    let index = prop_oneof![4 => 0..4u16, 1 => any::<u16>()];
    prop_oneof![
        (roles, index)
            .prop_map(|(node, index)| node(index))
            .prop_filter("a control server", |node| { node.to_string().parse::<Node>().is_ok() }),
        Just(Node::GLOBAL),
    ]
}

/// Any action at all, whether or not there is such a node or request.
fn any_action() -> impl Strategy<Value = Action> {
    let request = prop_oneof![4 => 0..20u64, 1 => any::<u64>()].prop_map(RequestId);
    (0..29u8, any_node(), any_node(), any_node(), request).prop_map(|(kind, a, b, c, request)| {
        match kind {
            0 => Action::Issue { client: a, request },
            1 => Action::Retry { client: a, request },
            2 => Action::Deliver { from: a, to: b },
            3 => Action::Route { server: a, request, to: b },
            4 => Action::Start { server: a, request },
            5 => Action::Serve { server: a, request },
            6 => Action::Offer { server: a, request },
            7 => Action::Assign { source: a, request, to: b, by: c },
            8 => Action::Sync { server: a },
            9 => Action::Crash { node: a },
            10 => Action::Reset { a, b },
            11 => Action::Move { client: a, to: b },
            12 => Action::Leave { client: a },
            13 => Action::Cancel { client: a, request },
            14 => Action::Stop { node: a },
            15 => Action::Restart { node: a },
            16 => Action::Cut { from: a, to: b },
            17 => Action::Heal { from: a, to: b },
            18 => Action::PullBack { server: a, request },
            19 => Action::Resend { from: a, to: b },
            20 => Action::Drop { from: a, to: b },
            21 => Action::Duplicate { from: a, to: b },
            22 => Action::Reorder { from: a, to: b },
            23 => Action::Compact {},
            24 => Action::Flush {},
            25 => Action::Lease { to: a },
            26 => Action::Slow { server: a },
            27 => Action::GiveBack { source: a, request, by: c },
            _ => Action::Calm { server: a },
        }
    })
}

/// A place in a JSON value, and another leaf for it.
fn alter(value: &mut Value, place: &Index, leaf: Value) {
    fn leaves(value: &Value, path: String, all: &mut Vec<String>) {
        match value {
            Value::Array(items) => {
                all.push(path.clone());
                let items = items.iter().enumerate();
                items.for_each(|(at, item)| leaves(item, format!("{path}/{at}"), all));
            }
            Value::Object(fields) => {
                all.push(path.clone());
                fields.iter().for_each(|(key, item)| leaves(item, format!("{path}/{key}"), all));
            }
            _ => all.push(path),
        }
    }
    let mut all: Vec<String> = Vec::new();
    leaves(value, String::new(), &mut all);
    let path: &String = place.get(&all);
    if let Some(target) = value.pointer_mut(path) {
        *target = leaf;
    }
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        prop_oneof![0..4u64, Just(255), any::<u64>()].prop_map(Value::from),
        prop_oneof![Just("any"), Just("flushed"), Just("datagram"), Just("bulk"), Just("")]
            .prop_map(Value::from),
        Just(Value::Array(Vec::new())),
        Just(Value::Object(Default::default())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn flipped_bytes(which: Index, flips in prop::collection::vec((any::<Index>(), any::<u8>()), 1..4)) {
        let mut bytes = which.get(&TRACES).to_bytes().unwrap();
        for (place, byte) in flips {
            *place.get_mut(&mut bytes) = byte;
        }
        if let Ok(trace) = Trace::from_bytes(&bytes) {
            run(&trace);
        }
    }

    #[test]
    fn events_deleted_doubled_and_swapped(
        which: Index,
        changes in prop::collection::vec((any::<Index>(), any::<Index>(), 0..3u8), 1..6),
    ) {
        let trace = which.get(&TRACES);
        let mut events = trace.events.clone();
        for (one, other, how) in changes {
            let (one, other) = (one.index(events.len()), other.index(events.len()));
            match how {
                0 => drop(events.remove(one)),
                1 => events.insert(other, events[one].clone()),
                _ => events.swap(one, other),
            }
        }
        run(&renumbered(trace, events));
    }

    #[test]
    fn any_actions_put_in(
        which: Index,
        actions in prop::collection::vec((any::<Index>(), any_action()), 1..4),
    ) {
        let trace = which.get(&TRACES);
        let mut events = trace.events.clone();
        for (at, action) in actions {
            let event = &mut events[at.index(trace.events.len())];
            event.action = action;
        }
        run(&renumbered(trace, events));
    }

    /// What the model allows at a place, whatever the trace says there: runs that go on for longer.
    #[test]
    fn steps_that_can_be_named(which: Index, places in prop::collection::vec(any::<Index>(), 1..40)) {
        let trace = which.get(&TRACES);
        let scope = Scope::from_json(&trace.header.scope).unwrap();
        let named = universe(&Protocol::<Growable>::new(scope, None));
        let template = trace.events[0].clone();
        let steps = places.iter().map(|place| Event { action: *place.get(&named), ..template.clone() });
        let head = trace.events.iter().take(30).cloned();
        let mut altered = renumbered(trace, head.chain(steps).collect());
        altered.events.iter_mut().for_each(|event| event.observed = Default::default());
        run(&renumbered(trace, altered.events));
    }

    #[test]
    fn another_scope_in_the_header(which: Index, place: Index, leaf in leaf()) {
        let mut trace = which.get(&TRACES).clone();
        alter(&mut trace.header.scope, &place, leaf);
        trace.header.scope_hash = scope_hash(&trace.header.scope);
        run(&finished(trace));
    }

    #[test]
    fn other_observations(which: Index, event: Index, place: Index, leaf in leaf()) {
        let mut trace = which.get(&TRACES).clone();
        let event = event.get_mut(&mut trace.events);
        let mut json = serde_json::to_value(&*event).unwrap();
        alter(&mut json["observed"], &place, leaf);
        if let Ok(other) = serde_json::from_value::<Event<Spillway>>(json) {
            *event = other;
            run(&finished(trace));
        }
    }

    #[test]
    fn damaged_itf(which: Index, flips in prop::collection::vec((any::<Index>(), "[ -~]"), 1..4)) {
        let mut itf = to_itf(which.get(&TRACES), None).unwrap();
        for (place, byte) in flips {
            let place = place.index(itf.len());
            if itf.is_char_boundary(place) && itf.is_char_boundary(place + 1) {
                itf.replace_range(place..place + 1, &byte);
            }
        }
        if let Ok(trace) = from_itf::<Spillway>(&itf, None) {
            run(&trace);
        }
    }

    #[test]
    fn any_text_as_itf(text in any::<String>()) {
        prop_assert!(from_itf::<Spillway>(&text, None).is_err());
    }
}
