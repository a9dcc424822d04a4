//! Traces of datagram links and of outages: recorded, replayed, shown and shrunk like any other.
#![allow(clippy::unwrap_used, missing_docs)]

use spillway_model::Scope;
use spillway_properties::{
    CheckedMachine, Go, Options, PROMISES, SOMETIMES_NAMES, catalog, check, promise,
};
use spillway_traces::{
    Action, Header, Machine, Node, RequestId, Source, Spillway, Trace, Verdict, record, replay,
    show_text, shrink,
};

fn scope(name: &str) -> Scope {
    Scope::builtin(name, SOMETIMES_NAMES).unwrap()
}

fn traced(name: &str, actions: &[Action]) -> Trace<Spillway> {
    let scope = scope(name);
    let header = Header::new::<Spillway>(Source::Model, 0, serde_json::to_value(&scope).unwrap());
    let events = record(&mut CheckedMachine::new(scope, None), actions).unwrap();
    Trace::new(header, events).finish(Verdict::Holds, None).unwrap()
}

fn again(name: &str, trace: &Trace<Spillway>) -> String {
    let mut machine = CheckedMachine::new(scope(name), None);
    let replayed = replay(trace, &mut machine);
    assert!(replayed.matched() && replayed.broken.is_empty(), "{replayed}");
    show_text(trace, Some(&mut CheckedMachine::new(scope(name), None)))
}

/// A query is doubled, overtaken and lost; the copy arrives.
#[test]
fn a_copy_arrives_although_the_first_is_lost() {
    let (from, to, request) = (Node::client(0), Node::communication(0), RequestId(0));
    let trace = traced(
        "datagram",
        &[
            Action::Issue { client: from, request },
            Action::Duplicate { from, to },
            Action::Reorder { from, to },
            Action::Drop { from, to },
            Action::Deliver { from, to },
        ],
    );
    assert_eq!(trace.events[4].cause, Some(0));
    let text = again("datagram", &trace);
    assert!(text.contains("loses A0 → B0: Request r0 token 0"), "{text}");
    assert!(text.contains("B0  pending: – → r0 at C0"), "{text}");
}

/// What is sent to a node that is down, or where nobody hears it, is shown as lost, and what is out of order as such.
#[test]
fn what_nobody_hears_is_shown_as_lost() {
    let (client, session) = (Node::client(0), Node::communication(0));
    let (server, request) = (Node::query(0), RequestId(0));
    let trace = traced(
        "pull-back",
        &[
            Action::Issue { client, request },
            Action::Deliver { from: client, to: session },
            Action::Deliver { from: session, to: server },
            Action::Cut { from: server, to: Node::CONTROL },
            Action::Offer { server, request },
            Action::PullBack { server, request },
            Action::Stop { node: Node::CONTROL },
            Action::Heal { from: server, to: Node::CONTROL },
            Action::Restart { node: Node::CONTROL },
        ],
    );
    let text = again("pull-back", &trace);
    for line in [
        "C0  not heard by: – → K",
        "loses C0 → K: Offer r0 token 0 as C0.0.1",
        "K  is down: – → yes",
        "r0 Bulk refused",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

/// The shortest counterexamples of these features survive recording and replaying, and are as short as shrinking gets.
#[test]
fn counterexamples_replay_and_shrink_no_further() {
    let new = PROMISES.iter().filter(|promise| {
        let name = promise.scope;
        name.starts_with("datagram") || ["downtime", "pull-back", "cut", "reroute"].contains(&name)
    });
    let mut seen = 0;
    for promise in new.map(|p| promise(p.mutant)) {
        let scope = scope(promise.scope);
        let property = Some(catalog::find(promise.property).unwrap());
        let mutant = Some(promise.mutant);
        let options = Options { mutant, property, ..Options::default() };
        let report = check(&scope, &options, &mut |_| Go::On).unwrap();
        let path = report.finding(promise.property).unwrap().path.clone().unwrap();
        let fresh = || CheckedMachine::new(scope.clone(), mutant);
        let events = record(&mut fresh(), &path).unwrap();
        let header = Header::new::<Spillway>(Source::Model, 0, serde_json::json!({}));
        let replayed = replay(&Trace::new(header, events), &mut fresh());
        assert!(replayed.matched(), "{promise:?}: {replayed}");
        let shrunk = shrink(&path, fresh, |broken| broken.contains(&promise.property)).unwrap();
        assert_eq!(shrunk.actions.len(), promise.steps, "{promise:?}");
        let mut machine = fresh();
        shrunk.actions.iter().for_each(|action| drop(machine.step(action).unwrap()));
        assert!(machine.broken().contains(&promise.property));
        seen += 1;
    }
    assert!(seen >= 14, "{seen}");
}
