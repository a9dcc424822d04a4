//! The suites of the scopes that are made to be covered: every transition is in them, known counts, and the nodes of the
//! implementation take every one as the model does.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use spillway_impl::bug::Bug;
use spillway_model::{Protocol, Scope};
use spillway_properties::cover::{NoCover, cover};
use spillway_properties::refinement::stream::{transitions, walks};
use spillway_properties::refinement::{Lockstep, Setting, StreamEnd};
use spillway_properties::sizes::Small;
use spillway_properties::{Go, Options, Overall, SOMETIMES_NAMES, Until, Verdict, check};
use spillway_traces::{Action, Role};
use stateright::Model;

/// Transitions of a scope that is made to be covered, at most.
const TRANSITIONS_MAX: usize = 100_000;
/// The scopes that are made to be covered.
const SCOPES: [&str; 3] = ["cover-tasks", "cover-deletion", "cover-revocation"];
/// A suite has at most so many traces for a hundred that are proven to be needed.
const TRACES_PERCENT_MAX: usize = 170;
/// The steps of a suite, for each transition.
const STEPS_MAX: usize = 7;

/// What the three together are to reach: situations by name, and faults.
const SITUATIONS: [&str; 7] = [
    "overflow-happens",
    "redistributed-answer",
    "all-full",
    "catch-up",
    "deleted-answer",
    "hidden-answer",
    "revocation-spreads",
];
const CRASHES: [Role; 4] = [Role::Communication, Role::Query, Role::Global, Role::Control];

#[test]
fn together_the_scopes_reach_what_they_are_for() {
    let (mut reached, mut crashed, mut resets) = (BTreeSet::<&str>::new(), BTreeSet::new(), 0);
    for name in SCOPES {
        let model = protocol(name);
        let options = Options { until: Until::TheEnd, ..Options::default() };
        let report = check(model.scope(), &options, &mut |_| Go::On).unwrap();
        assert_eq!(report.overall(), Overall::Pass, "{name} keeps every guarantee");
        reached.extend(SITUATIONS.iter().filter(|situation| {
            let finding = report.finding(situation);
            finding.is_some_and(|finding| finding.verdict == Verdict::Reached)
        }));
        for action in cover(&model, TRANSITIONS_MAX).unwrap().paths.into_iter().flatten() {
            match action {
                Action::Crash { node } => crashed.extend([node.role]),
                Action::Reset { .. } => resets += 1,
                _ => {}
            }
        }
    }
    let missing = SITUATIONS.iter().filter(|situation| !reached.contains(*situation));
    assert_eq!(missing.collect::<Vec<_>>(), [&""; 0]);
    assert_eq!(crashed, BTreeSet::from(CRASHES));
    assert!(resets > 0);
}

#[test]
fn streamed_the_nodes_take_the_same_transitions() {
    let model = protocol("cover-deletion");
    let suite = cover(&model, TRANSITIONS_MAX).unwrap();
    let setting = Setting::of(model.scope());
    let steps_max = TRANSITIONS_MAX as u64;
    let streamed = transitions(model.scope().clone(), &setting, steps_max, &mut |_, _| Go::On);
    assert_eq!((streamed.end, streamed.steps), (StreamEnd::All, suite.transitions as u64));
}

#[test]
fn a_stream_ends_where_it_may_go_no_further() {
    let scope = protocol("cover-tasks").scope().clone();
    let setting = Setting::of(&scope);
    let stream = |steps_max, go| transitions(scope.clone(), &setting, steps_max, &mut |_, _| go);
    let bounded = stream(1_500, Go::On);
    assert_eq!((bounded.end, bounded.steps), (StreamEnd::Steps, 1_500));
    let stopped = stream(TRANSITIONS_MAX as u64, Go::Stop);
    assert_eq!((stopped.end, stopped.steps), (StreamEnd::Stopped, 1_000));
}

#[test]
fn a_stream_finds_a_seeded_bug_with_the_run_that_shows_it() {
    let scope = protocol("cover-tasks").scope().clone();
    let setting = Setting::of(&scope).with(Bug::DoneUnsaid);
    let found = |end: StreamEnd| match end {
        StreamEnd::Parted { path, lines, .. } => {
            let mut both = Lockstep::of(scope.clone(), &setting).unwrap();
            let (last, before) = path.split_last().unwrap();
            before.iter().for_each(|action| drop(both.perform(action).unwrap()));
            assert_eq!(both.perform(last).unwrap_err().lines[0], lines[0]);
            path.len()
        }
        other => panic!("{other:?}"),
    };
    let exhaustive =
        transitions(scope.clone(), &setting, TRANSITIONS_MAX as u64, &mut |_, _| Go::On);
    let walked = walks(&scope, &setting, 0..200, 400, &mut |_, _| Go::On).unwrap();
    assert!(found(exhaustive.end) <= found(walked.end), "breadth first finds a shortest one");
}

fn protocol(name: &str) -> Protocol<Small> {
    Protocol::new(Scope::builtin(name, SOMETIMES_NAMES).unwrap(), None)
}

fn fingerprint(state: &impl std::hash::Hash) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(state)
}

fn covers_every_transition(name: &str, traces: usize, steps: usize) {
    let model = protocol(name);
    let suite = cover(&model, TRANSITIONS_MAX).unwrap();
    let mut taken = BTreeSet::new();
    let mut states = BTreeSet::new();
    for path in &suite.paths {
        let mut both = Lockstep::new(model.scope().clone()).unwrap();
        let mut state = model.initial();
        states.insert(fingerprint(&state));
        for action in path {
            assert!(model.allows(&state, action).is_ok(), "{action}");
            // On the nodes too, what is observed and the state compared.
            both.perform(action).unwrap_or_else(|difference| panic!("{name}: {difference}"));
            taken.insert((fingerprint(&state), *action));
            state = model.next_state(&state, *action).unwrap();
            states.insert(fingerprint(&state));
        }
    }
    // Whatever can be done in a state of the suite is in the suite, so that nothing else can be reached.
    for path in &suite.paths {
        let mut state = model.initial();
        for action in path {
            state = model.next_state(&state, *action).unwrap();
            let mut actions = Vec::new();
            model.actions(&state, &mut actions);
            assert!(actions.iter().all(|a| taken.contains(&(fingerprint(&state), *a))));
        }
    }
    assert_eq!((taken.len(), states.len()), (suite.transitions, suite.states));
    assert_eq!((suite.paths.len(), suite.steps()), (traces, steps), "{name}");
    // Few and short: near what is proven to be the least, each step a new transition or on the way to one.
    assert!(suite.paths_min <= traces);
    assert!(
        traces * 100 <= suite.paths_min * TRACES_PERCENT_MAX,
        "{name}: {traces} of {} at least",
        suite.paths_min
    );
    assert!(steps <= suite.transitions * STEPS_MAX, "{name}: {steps} for {}", suite.transitions);
}

#[test]
fn tasks() {
    covers_every_transition("cover-tasks", 4_868, 147_881);
}

#[test]
fn deletion() {
    covers_every_transition("cover-deletion", 3_484, 82_668);
}

#[test]
fn revocation() {
    covers_every_transition("cover-revocation", 4_585, 105_720);
}

#[test]
fn what_is_too_large_is_refused() {
    let refused = cover(&protocol("cover-tasks"), 1_000);
    assert_eq!(refused, Err(NoCover::TooLarge { transitions_max: 1_000 }));
}
