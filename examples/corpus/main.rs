//! Writes the corpus anew: a shortest counterexample for each seeded bug, a shortest witness for each situation that a
//! scope is there to reach, and a run for each thing that went wrong on the way.
//!
//! `cargo run --release --example corpus`, some minutes; needed when the protocol or a scope has changed. With `-- found`
//! it writes only what went wrong, in a moment. That what is in the corpus replays, and is complete, is tested in
//! `tests/corpus.rs`.
#![allow(clippy::print_stdout)]

mod choosing;
mod found;

use std::error::Error;
use std::path::{Path, PathBuf};

use spillway_model::scope::BUILTIN;
use spillway_model::{Mutant, Scope};
use spillway_properties::{
    CheckedMachine, Go, Options, PROMISES, SOMETIMES_NAMES, Until, catalog, check, random,
};
use spillway_traces::{
    Action, Expect, Header, Machine, Observed, Refusal, Source, Spillway, Trace, Verdict, View,
    record, shrink,
};

/// Scopes that are too large to be explored to the end: their witnesses are found on random walks, and shrunk.
const OPEN: [&str; 2] = ["figure", "deep"];
/// Walks of one of those.
const WALKS: u64 = 300;

fn main() -> Result<(), Box<dyn Error>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("traces/corpus");
    let only_found = std::env::args().nth(1).is_some_and(|only| only == "found");
    let folders: &[&str] = if only_found { &["found"] } else { &["mutants", "scopes", "found"] };
    for folder in folders {
        let folder = corpus.join(folder);
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
    }
    what_went_wrong(&corpus)?;
    if only_found {
        return Ok(());
    }
    mutants(&corpus.join("mutants"))?;
    BUILTIN.iter().try_for_each(|(name, _)| witnesses(name, &corpus.join("scopes")))
}

fn what_went_wrong(corpus: &Path) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(corpus.join("found"))?;
    for found in found::FOUND {
        let file = corpus.join("found").join(format!("{}.trace.ndjson", found.name));
        std::fs::write(file, found.trace()?.to_bytes()?)?;
    }
    println!("{} things that went wrong", found::FOUND.len());
    Ok(std::fs::write(corpus.join("README.md"), found::page())?)
}

fn mutants(folder: &Path) -> Result<(), Box<dyn Error>> {
    for promise in PROMISES {
        let scope = Scope::builtin(promise.scope, SOMETIMES_NAMES)?;
        let options = Options {
            property: Some(catalog::find(promise.property)?),
            mutant: Some(promise.mutant),
            until: Until::ViolationOf(promise.property),
            ..Options::default()
        };
        let report = check(&scope, &options, &mut |_| Go::On)?;
        let finding = report.finding(promise.property);
        let path =
            finding.and_then(|finding| finding.path.as_ref()).ok_or(promise.mutant.name())?;
        let expect = Expect::Violates {
            property: promise.property.to_owned(),
            mutant: Some(promise.mutant.name().to_owned()),
        };
        let file = folder.join(format!("{}.trace.ndjson", promise.mutant));
        let end = (Verdict::Violated, promise.property);
        write(&file, &scope, Some(promise.mutant), expect, path, end)?;
    }
    println!("{} counterexamples", PROMISES.len());
    Ok(())
}

fn witnesses(name: &str, folder: &Path) -> Result<(), Box<dyn Error>> {
    let scope = Scope::builtin(name, SOMETIMES_NAMES)?;
    let report = if OPEN.contains(&name) {
        let options = random::Options { seeds: 0..WALKS, ..random::Options::default() };
        random::check(&scope, &options, &mut |_| Go::On)?.report
    } else {
        let options = Options { until: Until::TheEnd, ..Options::default() };
        check(&scope, &options, &mut |_| Go::On)?
    };
    for situation in &scope.sometimes {
        let finding = report.finding(situation);
        let path = finding.and_then(|finding| finding.path.as_ref()).ok_or(situation.as_str())?;
        let path =
            &if OPEN.contains(&name) { shrunk(&scope, path, situation) } else { path.clone() };
        let file = folder.join(name).join(format!("{situation}.trace.ndjson"));
        write(&file, &scope, None, Expect::Accepted, path, (Verdict::Reached, situation))?;
    }
    println!("{name}: {} witnesses", scope.sometimes.len());
    Ok(())
}

/// As little of a walk as still reaches a situation.
fn shrunk(scope: &Scope, path: &[Action], situation: &str) -> Vec<Action> {
    let fresh = || Reaching(CheckedMachine::new(scope.clone(), None));
    let shrunk = shrink(path, fresh, |reached| reached.contains(&situation));
    shrunk.map_or(path.to_vec(), |shrunk| shrunk.actions)
}

/// A machine for which it counts as broken what is reached: shrinking looks for that.
struct Reaching(CheckedMachine);

impl Machine<Spillway> for Reaching {
    fn step(&mut self, action: &Action) -> Result<Observed<Spillway>, Refusal> {
        self.0.step(action)
    }

    fn view(&self) -> View<Spillway> {
        self.0.view()
    }

    fn broken(&self) -> Vec<&'static str> {
        self.0.reached()
    }
}

fn write(
    file: &PathBuf,
    scope: &Scope,
    mutant: Option<Mutant>,
    expect: Expect,
    path: &[Action],
    (verdict, property): (Verdict, &str),
) -> Result<(), Box<dyn Error>> {
    let mut header = Header::new::<Spillway>(Source::Model, 0, scope.to_json());
    header.mutant = mutant.map(|mutant| mutant.name().to_owned());
    header.expect = Some(expect);
    let mut machine = CheckedMachine::new(scope.clone(), mutant);
    let events =
        record(&mut machine, path).map_err(|(step, refusal)| format!("{step}: {refusal}"))?;
    let trace = Trace::new(header, events).finish(verdict, Some(property))?;
    std::fs::create_dir_all(file.parent().ok_or("a file stands in a folder")?)?;
    Ok(std::fs::write(file, trace.to_bytes()?)?)
}
