//! The corpus is complete, and every trace of it shows what it is there to show.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use spillway_model::scope::BUILTIN;
use spillway_model::{Mutant, Scope};
use spillway_properties::{CheckedMachine, PROMISES, SOMETIMES_NAMES};
use spillway_traces::{Expect, Machine, Outcome, Spillway, Trace, Verdict, replay};

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("traces/corpus")
}

/// Every trace below a folder.
fn traces(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(traces(&path)),
            false => found.extend(Some(path)),
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

#[test]
fn the_program_replays_the_corpus() {
    let mut all: Vec<PathBuf> = traces(&corpus()).into_iter().collect();
    // The library replays them all, above; the program takes one of every kind, and those at the top.
    let kinds = ["corpus", "mutants", "crash", "default"];
    let kind = |path: &PathBuf| path.parent().unwrap().file_name().unwrap().to_owned();
    all.retain(|path| kinds.contains(&kind(path).to_str().unwrap()));
    assert!(all.len() > Mutant::ALL.len());
    for trace in all {
        let mut program = Command::new(env!("CARGO_BIN_EXE_spillway"));
        let output = program.arg("replay").arg(&trace).output().unwrap();
        assert!(output.status.success(), "{}: {output:?}", trace.display());
    }
}
