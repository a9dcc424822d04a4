//! The corpus is complete, and every trace of it shows what it is there to show.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../examples/corpus/choosing.rs"]
mod choosing;
#[path = "../examples/corpus/found.rs"]
mod found;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use found::{Back, FOUND, Found, Last};
use spillway_impl::bug::Bug;
use spillway_model::scope::BUILTIN;
use spillway_model::{Growable, Mutant, Protocol, Scope};
use spillway_properties::refinement::{Lockstep, NodesMachine, Setting};
use spillway_properties::{CheckedMachine, PROMISES, SOMETIMES_NAMES};
use spillway_traces::file::event_line;
use spillway_traces::{
    Action, Expect, Machine, Observed, Outcome, Replayed, Spillway, Trace, Verdict, replay,
};

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("traces/corpus")
}

/// Every file below a folder but the page that lists them.
fn traces(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(traces(&path)),
            false => found.extend(Some(path).filter(|path| !path.ends_with("README.md"))),
        }
    }
    found
}

fn open(path: &Path) -> Trace<Spillway> {
    Trace::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_seeded_bug_has_its_counterexample() {
    let mut expected = BTreeSet::new();
    for promise in PROMISES {
        let path = corpus().join(format!("mutants/{}.trace.ndjson", promise.mutant));
        let trace = open(&path);
        let property = promise.property.to_owned();
        let mutant = Some(promise.mutant.name().to_owned());
        assert_eq!(trace.header.mutant, mutant);
        assert_eq!(trace.header.expect, Some(Expect::Violates { property, mutant }));
        assert_eq!(trace.events.len(), promise.steps, "{}", path.display());
        let scope = Scope::builtin(promise.scope, SOMETIMES_NAMES).unwrap();
        assert_eq!(trace.header.scope, scope.to_json(), "{}: an older scope", path.display());

        let mut machine = CheckedMachine::new(scope.clone(), Some(promise.mutant));
        let replayed = replay(&trace, &mut machine);
        assert_eq!(replayed.outcome, Outcome::Matched, "{}", path.display());
        let broken: Vec<_> =
            replayed.broken.iter().map(|b| (b.property.as_str(), b.event)).collect();
        let last = promise.steps.checked_sub(1).map(|last| last as u64);
        assert!(broken.contains(&(promise.property, last)), "{}: {broken:?}", path.display());
        expected.insert(path);
    }
    assert_eq!(traces(&corpus().join("mutants")), expected, "nothing else is there");
}

#[test]
fn every_situation_has_its_witness() {
    let mut expected = BTreeSet::new();
    for (name, _) in BUILTIN {
        let scope = Scope::builtin(name, SOMETIMES_NAMES).unwrap();
        for situation in &scope.sometimes {
            let path = corpus().join(format!("scopes/{name}/{situation}.trace.ndjson"));
            let trace = open(&path);
            assert_eq!(trace.header.expect, Some(Expect::Accepted));
            assert_eq!(trace.header.scope, scope.to_json(), "{}: an older scope", path.display());
            let end = trace.end.as_ref().unwrap();
            assert_eq!((end.verdict, end.property.as_ref()), (Verdict::Reached, Some(situation)));
            witnesses(&path, &trace, &scope, situation);
            expected.insert(path);
        }
    }
    assert_eq!(traces(&corpus().join("scopes")), expected, "nothing else is there");
}

/// The trace reaches the situation with its last step and not before, and keeps every guarantee.
fn witnesses(path: &Path, trace: &Trace<Spillway>, scope: &Scope, situation: &str) {
    let mut machine = CheckedMachine::new(scope.clone(), None);
    for event in &trace.events {
        assert!(!machine.reached().contains(&situation), "{}: reached early", path.display());
        let observed = machine.step(&event.action).unwrap();
        assert_eq!(observed, event.observed, "{} event {}", path.display(), event.index);
        assert!(machine.broken().is_empty(), "{}: {:?}", path.display(), machine.broken());
    }
    assert!(machine.reached().contains(&situation), "{}: not reached", path.display());
}

fn file(found: &Found) -> PathBuf {
    corpus().join(format!("found/{}.trace.ndjson", found.name))
}

#[test]
fn what_went_wrong_has_its_trace_and_its_line() {
    let mut expected = BTreeSet::new();
    for found in FOUND {
        let trace = open(&file(found));
        assert!(found.trace().unwrap() == trace, "{}: written anew it differs", found.name);
        let why = trace.header.why.as_deref().unwrap_or_default();
        assert!(why.len() > 20 && !why.contains('\n'), "{}: {why}", found.name);
        assert!(trace.events.len() <= 25, "{}: it comes to the point", found.name);
        expected.insert(file(found));
    }
    assert_eq!(
        traces(&corpus().join("found")),
        expected,
        "nothing else is there, and no name twice"
    );
    assert_eq!(expected.len(), FOUND.len());
    let page = std::fs::read_to_string(corpus().join("README.md")).unwrap();
    assert_eq!(page, found::page(), "`cargo run --release --example corpus -- found` writes it");
}

/// That a replay ended as the trace expects.
fn ended_as_expected(found: &Found, trace: &Trace<Spillway>, replayed: &Replayed, on: &str) {
    let last = trace.events.len() as u64 - 1;
    let met = match (&replayed.outcome, found.last) {
        (Outcome::Matched, Last::Accepted) => true,
        (Outcome::Refused { event, line, .. }, Last::Refused) => {
            (*event, *line) == (last, event_line(last))
        }
        _ => false,
    };
    assert!(met, "{} on {on}: {replayed}", found.name);
    assert!(replayed.broken.is_empty(), "{} on {on}: {replayed}", found.name);
}

#[test]
fn what_went_wrong_is_right_on_model_and_nodes() {
    for found in FOUND {
        let trace = open(&file(found));
        let scope = || Scope::from_json(&trace.header.scope).unwrap();
        let on_model = replay(&trace, &mut CheckedMachine::new(scope(), None));
        ended_as_expected(found, &trace, &on_model, "the model");
        let on_nodes = replay(&trace, &mut NodesMachine::new(scope()));
        ended_as_expected(found, &trace, &on_nodes, "the nodes");
        let on_both = replay(&trace, &mut Lockstep::new(scope()).unwrap());
        ended_as_expected(found, &trace, &on_both, "both");
        explored(found, &trace);
    }
}

/// Exploration lists each step that is taken, and not one that is refused.
fn explored(found: &Found, trace: &Trace<Spillway>) {
    let scope = Scope::from_json(&trace.header.scope).unwrap();
    let protocol = Protocol::<Growable>::new(scope, None);
    let mut state = protocol.initial();
    for event in &trace.events {
        let mut listed = Vec::new();
        protocol.actions_of(&state, &mut listed);
        let refused = found.last == Last::Refused && event.index + 1 == trace.events.len() as u64;
        let is_listed = listed.contains(&event.action);
        assert_eq!(is_listed, !refused, "{}: {}", found.name, event.action);
        if is_listed {
            state = protocol.step(&state, event.action, &mut ());
        }
    }
}

#[test]
fn nodes_that_choose_for_themselves_do_the_same() {
    let choosing: Vec<&Found> = FOUND.iter().filter(|found| found.choosing).collect();
    assert!(!choosing.is_empty());
    for found in choosing {
        let trace = open(&file(found));
        let without_state =
            |observed: &Observed<Spillway>| Observed { state: None, ..observed.clone() };
        let told: Vec<(Action, Observed<Spillway>)> = trace
            .events
            .iter()
            .map(|event| (event.action, without_state(&event.observed)))
            .collect();
        let happens = found.happens();
        assert!(happens.len() < told.len(), "{}: they choose something", found.name);
        assert_eq!(choosing::run(&found.scope(), &happens), told, "{}", found.name);
    }
}

#[test]
fn what_went_wrong_is_noticed_when_it_is_put_back() {
    for found in FOUND {
        let trace = open(&file(found));
        let scope = Scope::from_json(&trace.header.scope).unwrap();
        match found.back {
            Back::Mutant(name, property) => {
                let mutant = Some(name.parse::<Mutant>().unwrap());
                let mut machine = CheckedMachine::new(scope, mutant);
                for event in &trace.events {
                    assert_eq!(machine.broken(), [""; 0], "{}: it breaks early", found.name);
                    machine.step(&event.action).unwrap_or_else(|e| panic!("{}: {e}", found.name));
                    if machine.broken().contains(&property) {
                        break;
                    }
                }
                assert!(machine.broken().contains(&property), "{}: {property}", found.name);
            }
            Back::Bug(name) => {
                let setting = Setting::of(&scope).with(Bug::named(name).unwrap());
                let replayed = replay(&trace, &mut NodesMachine::of(scope, &setting));
                assert_ne!(replayed.outcome, Outcome::Matched, "{}", found.name);
            }
            Back::ByHand(edit) => assert!(edit.ends_with('.'), "{}: it says how", found.name),
        }
    }
}

#[test]
fn the_program_replays_the_corpus() {
    let mut all: Vec<PathBuf> = traces(&corpus()).into_iter().collect();
    // The library replays them all, above; the program takes one of every kind, and those at the top.
    let kinds = ["corpus", "mutants", "found", "crash", "default"];
    let kind = |path: &PathBuf| path.parent().unwrap().file_name().unwrap().to_owned();
    all.retain(|path| kinds.contains(&kind(path).to_str().unwrap()));
    assert!(all.len() > Mutant::ALL.len());
    for trace in all {
        let mut program = Command::new(env!("CARGO_BIN_EXE_spillway"));
        let output = program.arg("replay").arg(&trace).output().unwrap();
        assert!(output.status.success(), "{}: {output:?}", trace.display());
    }
}
