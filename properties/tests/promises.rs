//! Every seeded bug is killed by the guarantee that promises it, in the scope and at the depth that it promises.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};

use spillway_model::{Mutant, Protocol, Scope};
use spillway_properties::sizes::Small;
use spillway_properties::{
    ALWAYS, Checked, Go, Options, PROMISES, Promise, SOMETIMES_NAMES, Verdict, catalog, check,
    promise,
};
use spillway_traces::{Action, Node, RequestId};
use stateright::Model;

fn kill(promise: &Promise) -> Result<Vec<Action>, String> {
    let scope = Scope::builtin(promise.scope, SOMETIMES_NAMES).unwrap();
    let options = Options {
        mutant: Some(promise.mutant),
        property: Some(catalog::find(promise.property).unwrap()),
        ..Options::default()
    };
    let report = check(&scope, &options, &mut |_| Go::On).unwrap();
    let finding = report.finding(promise.property).unwrap();
    match (&finding.path, finding.verdict) {
        (Some(path), Verdict::Violated) if path.len() == promise.steps => Ok(path.clone()),
        (Some(path), _) => Err(format!("{promise:?}: killed in {} steps", path.len())),
        (None, verdict) => Err(format!("{promise:?}: survived, {verdict:?}")),
    }
}

#[test]
fn every_mutant_is_killed_as_promised() {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut broken = Vec::new();
        while let Some(promise) = PROMISES.get(next.fetch_add(1, Ordering::Relaxed)) {
            broken.extend(kill(promise).err());
        }
        broken
    };
    let broken: Vec<String> = std::thread::scope(|threads| {
        let both = [threads.spawn(work), threads.spawn(work)];
        both.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_mutant_has_one_promise_and_every_guarantee_a_mutant() {
    let promised: Vec<Mutant> = PROMISES.iter().map(|promise| promise.mutant).collect();
    assert_eq!(promised, Mutant::ALL);
    let biting: BTreeSet<&str> = PROMISES.iter().map(|promise| promise.property).collect();
    let all: BTreeSet<&str> = ALWAYS.iter().map(|known| known.name).collect();
    assert_eq!(biting, all);
}

/// A counterexample that can be found by hand: one query arrives, and is offered although nothing is too much.
#[test]
fn the_shortest_counterexample_is_the_one_found_by_hand() {
    let (client, session, server) = (Node::client(0), Node::communication(0), Node::query(0));
    let request = RequestId(0);
    let by_hand = vec![
        Action::Issue { client, request },
        Action::Deliver { from: client, to: session },
        Action::Deliver { from: session, to: server },
        Action::Offer { server, request },
    ];
    let promise = promise(Mutant::OfferedBelowThreshold);
    assert_eq!(kill(&promise).unwrap(), by_hand);
}

/// A second search that shares nothing with the first but the model: level by level, the first violation in a level.
#[test]
fn no_counterexample_is_shorter_than_the_promised_one() {
    let small = PROMISES.iter().filter(|promise| promise.steps <= 14 && promise.scope != "full");
    let small: Vec<&Promise> = small.collect();
    assert!(small.len() >= 10, "there are short promises to look at");
    for promise in small {
        let scope = Scope::builtin(promise.scope, SOMETIMES_NAMES).unwrap();
        let model = Protocol::<Small>::new(scope, Some(promise.mutant));
        let model = Checked::new(model).only(promise.property);
        let mut level: VecDeque<_> = model.init_states().into();
        let (mut seen, mut steps, mut actions) = (HashSet::new(), 0, Vec::new());
        while level.iter().all(|state| model.broken(state).is_empty()) {
            let mut next = VecDeque::new();
            for state in level {
                model.actions(&state, &mut actions);
                for action in actions.drain(..) {
                    let state = model.next_state(&state, action).unwrap();
                    next.extend(seen.insert(Exact(state.clone())).then_some(state));
                }
            }
            (level, steps) = (next, steps + 1);
            assert!(!level.is_empty(), "{promise:?} is broken somewhere");
        }
        assert_eq!(steps, promise.steps, "{promise:?}");
    }
}

/// A state compared in full, not by its fingerprint.
#[derive(PartialEq, Hash)]
struct Exact<T>(T);
impl<T: PartialEq> Eq for Exact<T> {}
