//! Failures that are kept: of the simulator under a seeded bug of the implementation, and of random walks of the model under
//! one of its own. Each is made again from its seed and shrunk, still fails for the same reason, and the median of what is
//! left is at most a fifth.
//!
//! `cargo test --test kept_failures -- --nocapture` prints the table; with `--include-ignored` that of many more failures.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::fmt;
use std::time::Instant;

use spillway_impl::bug::Bug;
use spillway_impl::sim::swarm::{FaultSet, Swarm};
use spillway_model::{Mutant, Scope};
use spillway_properties::shrinking::{
    Failed, OnModel, OnNodes, REPLAYS_MAX, RUNS_MAX, SmallerFailure, smaller, smaller_failure,
};
use spillway_properties::simulated::{Judging, Simulated, Wrong, simulate};
use spillway_properties::{CheckedMachine, SOMETIMES_NAMES, random};
use spillway_traces::{Action, Machine, Trace, record};

const EVERY_EVENT: Judging = Judging { compare_every: 1, record: true };

/// What is left of the median failure, as a part of the whole.
const PARTS: usize = 5;

/// A failure of the simulator: the bug, the faults, and by what it shows. The seed is the first on which it shows so: what a
/// seed stands for changes with every feature.
type Found = (&'static str, FaultSet, &'static str);

const SIMULATED: [Found; 20] = [
    ("second-reply-taken", FaultSet::All, "refinement"),
    ("client-silent-at-reset", FaultSet::All, "refinement"),
    ("change-alone-carried", FaultSet::All, "refinement"),
    ("request-not-repeated", FaultSet::All, "settling"),
    ("pending-not-resent", FaultSet::All, "refinement"),
    ("same-link-only-resent", FaultSet::All, "refinement"),
    ("token-ignored", FaultSet::All, "refinement"),
    ("offered-below-threshold", FaultSet::All, "refinement"),
    ("incarnation-reused", FaultSet::All, "refinement"),
    ("finish-unmatched", FaultSet::All, "refinement"),
    ("done-unsaid", FaultSet::All, "refinement"),
    ("not-offered-again", FaultSet::All, "refinement"),
    ("revoked-copy-kept", FaultSet::All, "refinement"),
    ("gap-applied", FaultSet::All, "refinement"),
    ("acknowledged-before-flushed", FaultSet::All, "refinement"),
    ("duplicate-before-flushed", FaultSet::All, "refinement"),
    ("torn-frame-accepted", FaultSet::All, "a node panics"),
    ("stored-in-memory", FaultSet::All, "refinement"),
    ("freed-at-accept", FaultSet::All, "refinement"),
    ("superseded-goes-on", FaultSet::All, "refinement"),
];

/// Those that take longer.
const SIMULATED_LONG: [Found; 4] = [
    ("pending-not-repeated", FaultSet::All, "settling"),
    ("snapshot-skipped", FaultSet::All, "refinement"),
    ("assigned-kept", FaultSet::All, "refinement"),
    ("done-unmatched", FaultSet::All, "refinement"),
];

/// Failures of random walks of the model: the bug and the scope. The walk is the first that breaks something.
const WALKED: [(Mutant, &str); 4] = [
    (Mutant::LoadUnchecked, "figure"),
    (Mutant::AcknowledgedBeforeStored, "figure"),
    (Mutant::TokenIgnored, "figure"),
    (Mutant::RulesIgnored, "figure"),
];

/// Seeds among which that is.
const WALKS: u64 = 100;
/// Seeds of the simulator on which a bug is to show.
const SEEDS: u64 = 200;

/// A failure that was made small.
struct Row {
    name: String,
    by: String,
    from: usize,
    to: usize,
    tried: u64,
    minimal: bool,
    seconds: f64,
    sizes: [String; 2],
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Row { name, by, from, to, tried, minimal, seconds, sizes: [before, after] } = self;
        let part = *to as f64 / *from as f64;
        let cut = if *minimal { "" } else { " (cut off)" };
        write!(
            f,
            "| {name} | {by} | {from} | {to} | {part:.3} | {before} | {after} | {tried}{cut} | {seconds:.1} |"
        )
    }
}

fn sizes(scope: &Scope) -> String {
    let nodes = &scope.nodes;
    let (a, b, c, k) =
        (nodes.clients, nodes.communication_servers, nodes.query_servers, nodes.control_servers);
    format!("A{a} B{b} C{c} K{k} r{}", scope.requests.len())
}

fn simulated(bug: &str, set: FaultSet, seed: u64) -> (Swarm, Simulated) {
    let mut swarm = Swarm::derive(seed, set);
    swarm.config.bug = Some(Bug::named(bug).unwrap());
    let run = simulate(&swarm, EVERY_EVENT).unwrap();
    (swarm, run)
}

/// The first seed on which a bug shows in this way.
fn first(bug: &str, set: FaultSet, by: &str) -> u64 {
    let shows = |seed: &u64| match simulated(bug, set, *seed).1.wrong {
        None => false,
        Some(Wrong::Differs(_)) => by == "refinement",
        Some(Wrong::Unsettled(_)) => by == "settling",
        Some(Wrong::Panicked(_)) => by == "a node panics",
        Some(Wrong::Breaks(property)) => by == property,
    };
    (0..SEEDS).find(shows).unwrap_or_else(|| panic!("{bug} does not show by {by}"))
}

/// Shrinks a run of the simulator that fails, and asserts that what is left fails for the same reason.
fn of_simulator(bug: &str, set: FaultSet, seed: u64) -> Row {
    let (swarm, run) = simulated(bug, set, seed);
    let trace = run.trace.unwrap();
    let scope = Scope::from_json(&trace.header.scope).unwrap();
    let actions = trace.actions();
    let begun = Instant::now();
    let failed =
        Failed { scope: &scope, bug: swarm.config.bug, actions: &actions, swarm: Some(&swarm) };
    let smaller = smaller_failure(&failed, &trace.header).unwrap().unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    assert!(smaller.tried <= REPLAYS_MAX + RUNS_MAX);
    let parted = OnNodes::of(&scope, swarm.config.bug, &actions);
    match parted {
        Some(_) => {
            let again = OnNodes::of(&smaller.scope, swarm.config.bug, &smaller.trace.actions());
            assert_eq!(again, parted, "{bug}");
        }
        None => assert_eq!(again(&smaller).way, run.way, "{bug}"),
    }
    // What is written is read again as it is.
    let bytes = smaller.trace.to_bytes().unwrap();
    assert_eq!(Trace::from_bytes(&bytes).unwrap(), smaller.trace, "{bug}");
    assert_eq!(Scope::from_json(&smaller.trace.header.scope).unwrap(), smaller.scope);
    Row {
        name: format!("{bug}, {} {seed}", set.name()),
        by: smaller.by,
        from: actions.len(),
        to: smaller.trace.events.len(),
        tried: smaller.tried,
        minimal: smaller.minimal,
        seconds,
        sizes: [sizes(&scope), sizes(&smaller.scope)],
    }
}

/// Runs what is left once more, from the configuration in its header, and finds the same trace.
fn again(smaller: &SmallerFailure) -> Simulated {
    let swarm = serde_json::from_value(smaller.trace.header.run.clone().unwrap()).unwrap();
    let run = simulate(&swarm, EVERY_EVENT).unwrap();
    assert_eq!(run.trace.as_ref(), Some(&smaller.trace));
    run
}

/// The first random walk that breaks a property: its seed, its steps and the property.
fn walked(scope: &Scope, mutant: Mutant) -> (u64, Vec<Action>, &'static str) {
    let options = random::Options { mutant: Some(mutant), ..random::Options::default() };
    let found = (0..WALKS).find_map(|seed| {
        let walk = random::steps(scope, &options, seed).unwrap();
        let mut machine = CheckedMachine::new(scope.clone(), Some(mutant));
        record(&mut machine, &walk).unwrap();
        machine.broken().first().map(|property| (seed, walk, *property))
    });
    found.unwrap_or_else(|| panic!("{mutant} breaks nothing"))
}

/// Shrinks a random walk of the model that breaks a property, and asserts that what is left breaks it at its last step.
fn of_model(mutant: Mutant, scope: &str) -> Row {
    let scope = Scope::builtin(scope, SOMETIMES_NAMES).unwrap();
    let (seed, walk, property) = walked(&scope, mutant);
    let begun = Instant::now();
    let smaller = smaller(&scope, &walk, &OnModel { mutant: Some(mutant), property }).unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    let mut machine = CheckedMachine::new(smaller.scope.clone(), Some(mutant));
    let actions = smaller.actions();
    let (last, before) = actions.split_last().unwrap();
    record(&mut machine, before).unwrap();
    assert!(!machine.broken().contains(&property));
    machine.step(last).unwrap();
    assert!(machine.broken().contains(&property));
    Row {
        name: format!("model: {mutant}, {seed}"),
        by: property.to_owned(),
        from: walk.len(),
        to: actions.len(),
        tried: smaller.tried,
        minimal: smaller.minimal,
        seconds,
        sizes: [sizes(&scope), sizes(&smaller.scope)],
    }
}

/// Prints the table, and asserts what is to be reached.
fn judge(rows: &[Row]) {
    println!("| failure | by | steps | left | part | sizes | left | tried | s |");
    println!("|---|---|---|---|---|---|---|---|---|");
    rows.iter().for_each(|row| println!("{row}"));
    let mut parts: Vec<f64> = rows.iter().map(|row| row.to as f64 / row.from as f64).collect();
    parts.sort_by(f64::total_cmp);
    let median = parts[parts.len() / 2];
    println!("median of {}: {median:.3}", parts.len());
    assert!(median * PARTS as f64 <= 1.0, "the median is {median}");
}

fn rows(failures: &[Found]) -> Vec<Row> {
    let of = |(bug, set, by): &Found| {
        let row = of_simulator(bug, *set, first(bug, *set, by));
        assert!(row.by.starts_with(by), "{bug}: {}", row.by);
        row
    };
    failures.iter().map(of).collect()
}

#[test]
fn kept_failures_become_small_and_fail_for_the_same_reason() {
    let mut all = rows(&SIMULATED);
    all.extend(WALKED.map(|(mutant, scope)| of_model(mutant, scope)));
    judge(&all);
}

#[test]
#[ignore = "takes minutes: long runs, many of whose candidates are as long"]
fn so_do_those_that_take_longer() {
    judge(&rows(&SIMULATED_LONG));
}
