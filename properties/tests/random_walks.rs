//! Random walks stay inside what exploration finds, find seeded bugs, and come out the same on any number of threads.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::{BTreeSet, VecDeque};
use std::num::NonZeroUsize;

use spillway_model::{Full, Mutant, Protocol, Scope};
use spillway_properties::random::{Distinct, Options, Walked, check, fingerprint, steps};
use spillway_properties::sizes::{Medium, Small};
use spillway_properties::{
    Checked, CheckedMachine, Go, Overall, SOMETIMES_NAMES, Stopped, Until, Verdict, catalog,
    promises,
};
use spillway_traces::Machine;
use stateright::Model;

/// Walks of the figure: the rarest of the situations that it is there for comes up on about one of a hundred.
const FIGURE_SEEDS: u64 = 300;

fn scope(name: &str) -> Scope {
    Scope::builtin(name, SOMETIMES_NAMES).unwrap()
}

fn walk(scope: &Scope, options: &Options) -> Walked {
    check(scope, options, &mut |_| Go::On).unwrap()
}

/// Everything but the seconds and the threads.
fn said(walked: &Walked) -> String {
    let report = &walked.report;
    format!(
        "{:?} {:?} {:?} {} {} {} {:?}",
        walked.walks,
        report.findings,
        report.stopped,
        report.unique_states,
        report.generated_states,
        report.depth,
        report.bound_path
    )
}

/// Every state of a scope by its fingerprint, and every transition, found by a search that shares nothing with walks.
fn graph(scope: &Scope) -> (BTreeSet<u64>, BTreeSet<u64>) {
    let model = Checked::new(Protocol::<Small>::new(scope.clone(), None));
    let (mut states, mut transitions) = (BTreeSet::new(), BTreeSet::new());
    let mut open = VecDeque::from(model.init_states());
    states.extend(open.iter().map(fingerprint));
    while let Some(state) = open.pop_front() {
        let mut actions = Vec::new();
        model.actions(&state, &mut actions);
        for action in actions {
            transitions.insert(fingerprint(&(fingerprint(&state), action)));
            let next = model.next_state(&state, action).unwrap();
            if states.insert(fingerprint(&next)) {
                open.push_back(next);
            }
        }
    }
    (states, transitions)
}

#[test]
fn walks_meet_nothing_that_exploration_does_not_and_at_last_nearly_all_of_it() {
    let scope = scope("relay-full");
    let (states, transitions) = graph(&scope);
    assert_eq!(states.len(), 693, "as pinned: no two states share a fingerprint");
    let few = walk(&scope, &Options { seeds: 0..100, ..Options::default() }).walks;
    let many = walk(&scope, &Options { seeds: 0..20_000, ..Options::default() }).walks;
    assert!(few.states.count < many.states.count && many.states.count <= states.len());
    assert!(many.transitions.count <= transitions.len());
    assert!(many.states.count * 10 >= states.len() * 9, "{:?} of {}", many.states, states.len());
}

/// Walks made again step by step, in another size of the state: exploration takes each step and finds each state, and
/// there are as many as were counted.
#[test]
fn every_state_on_a_walk_is_one_that_exploration_finds() {
    let scope = scope("refusals");
    let (states, transitions) = graph(&scope);
    assert_eq!(states.len(), 1_692, "as pinned: no two states share a fingerprint");
    assert_eq!(transitions.len(), 4_119, "as pinned, but for the beginning");
    let model = Checked::new(Protocol::<Medium>::new(scope.clone(), None));
    let options = Options { seeds: 0..5_000, ..Options::default() };
    let (mut met, mut taken) = (BTreeSet::new(), BTreeSet::new());
    for seed in options.seeds.clone() {
        let mut state = model.init_states().remove(0);
        met.insert(fingerprint(&state));
        for action in steps(&scope, &options, seed).unwrap() {
            let mut actions = Vec::new();
            model.actions(&state, &mut actions);
            assert!(actions.contains(&action), "exploration takes that step: {action}");
            taken.insert(fingerprint(&(fingerprint(&state), action)));
            state = model.next_state(&state, action).unwrap();
            met.insert(fingerprint(&state));
        }
    }
    assert!(met.is_subset(&states) && taken.is_subset(&transitions));
    let walks = walk(&scope, &options).walks;
    assert_eq!(walks.states, Distinct { count: met.len(), at_least: false });
    assert_eq!(walks.transitions, Distinct { count: taken.len(), at_least: false });
    assert!(met.len() * 4 > states.len(), "a good part of {}: {}", states.len(), met.len());
}

/// Without a fault one query at one server has one run: every count follows by hand.
#[test]
fn a_scope_with_one_run_is_counted_by_hand() {
    let mut scope = scope("refusals");
    scope.requests.truncate(1);
    scope.faults = Default::default();
    scope.sometimes.clear();
    let walked = walk(&scope, &Options { seeds: 5..12, ..Options::default() });
    let walks = &walked.walks;
    // Issue, deliver to B, deliver to C, start, serve, deliver to B, deliver to A.
    assert_eq!((walks.walked, walks.steps, walks.ended_early), (7, 49, 7));
    assert_eq!(walks.states, Distinct { count: 8, at_least: false });
    assert_eq!(walks.transitions, Distinct { count: 7, at_least: false });
    assert_eq!(walks.longest.map(|longest| (longest.seed, longest.steps)), Some((5, 7)));
    assert_eq!((walked.report.generated_states, walked.report.depth), (56, 8));
    assert_eq!(walked.report.overall(), Overall::Pass);
}

#[test]
fn nothing_broken_passes_and_proves_nothing() {
    let walked = walk(&scope("refusals"), &Options { seeds: 0..50, ..Options::default() });
    assert_eq!((walked.report.overall(), walked.report.stopped), (Overall::Pass, None));
    let verdicts: BTreeSet<_> =
        walked.report.findings.iter().map(|f| format!("{:?}", f.verdict)).collect();
    assert!(!verdicts.contains("Holds") && !verdicts.contains("NotReached"), "{verdicts:?}");
}

#[test]
fn a_situation_that_is_asked_for_and_not_reached_is_inconclusive() {
    let property = Some(catalog::find("stale-replica-waits").unwrap());
    let options = Options { property, seeds: 0..10, ..Options::default() };
    let walked = walk(&scope("refusals"), &options);
    assert_eq!(walked.report.findings[0].verdict, Verdict::Inconclusive);
    assert_eq!(walked.report.overall(), Overall::Inconclusive);
}

/// Some of each kind: broken over a step, in a state, in a final state, by a request lost, with faults and without.
#[test]
fn seeded_bugs_are_found_and_what_is_left_of_the_walk_replays() {
    for mutant in [
        Mutant::AcknowledgedBeforeStored,
        Mutant::OfferedBelowThreshold,
        Mutant::LoadUnchecked,
        Mutant::PendingNotResent,
        Mutant::AppliedKeptInCrash,
        Mutant::RelayNotResent,
        Mutant::ForgottenAfterOffer,
        Mutant::RefusalsForgotten,
        Mutant::SecondReplyTaken,
    ] {
        let promise = promises::promise(mutant);
        let scope = scope(promise.scope);
        let until = Until::ViolationOf(promise.property);
        let options =
            Options { mutant: Some(mutant), until, seeds: 0..5_000, ..Options::default() };
        let walked = walk(&scope, &options);
        assert_eq!(walked.report.stopped, Some(Stopped::Violation), "{mutant:?}");
        assert_eq!(walked.report.overall(), Overall::Fail);
        let met = *walked.walks.sighting(promise.property).unwrap();
        assert_eq!(met.seed + 1, walked.walks.walked, "the last walk is the one that shows it");
        let path = walked.report.finding(promise.property).unwrap().path.clone().unwrap();
        assert!((promise.steps..=met.step as usize).contains(&path.len()), "{mutant:?}: {met:?}");
        let mut machine = CheckedMachine::new(scope, Some(mutant));
        path.iter().for_each(|action| drop(machine.step(action).unwrap()));
        assert!(machine.broken().contains(&promise.property), "{mutant:?}");
    }
}

#[test]
fn threads_change_nothing() {
    let deep = Options { seeds: 0..6_000, ..Options::default() };
    let promise = promises::promise(Mutant::RefusalsForgotten);
    let found = Options {
        mutant: Some(promise.mutant),
        until: Until::ViolationOf(promise.property),
        seeds: 100..50_000,
        ..Options::default()
    };
    // Room for 32,768 states and transitions each: too few.
    let crowded = Options { memory_mib_max: 2, ..deep.clone() };
    for (name, options) in [("deep", deep), ("refusals", found), ("deep", crowded)] {
        let with =
            |threads| Options { threads: NonZeroUsize::new(threads).unwrap(), ..options.clone() };
        let one = walk(&scope(name), &with(1));
        assert_eq!(said(&one), said(&walk(&scope(name), &with(1))));
        assert_eq!(said(&one), said(&walk(&scope(name), &with(2))));
        assert_eq!(said(&one), said(&walk(&scope(name), &with(5))));
        assert_eq!(one.walks.states.at_least, options.memory_mib_max == 2, "{name}");
        assert!(one.walks.steps > 10_000 || one.report.stopped.is_some());
    }
}

#[test]
fn a_bound_that_is_full_is_named() {
    let mut scope = scope("refusals");
    scope.knobs.link_max = 1;
    let walked = walk(&scope, &Options::default());
    let Some(Stopped::Bound(Full::Link { .. })) = walked.report.stopped else {
        panic!("{:?}", walked.report.stopped)
    };
    assert_eq!(walked.report.overall(), Overall::Inconclusive);
    let path = walked.report.bound_path.unwrap();
    let mut machine = CheckedMachine::new(scope, None);
    path.iter().for_each(|action| drop(machine.step(action).unwrap()));
    assert!(machine.full().is_some() && walked.walks.bound_seed.is_some());
}

#[test]
fn steps_and_faults_are_bounded_as_asked() {
    let scope = scope("default");
    let short = walk(&scope, &Options { steps_max: 5, seeds: 0..100, ..Options::default() });
    assert_eq!((short.walks.steps, short.walks.ended_early), (500, 0));
    let calm = Options { fault_percent: 0, seeds: 0..500, ..Options::default() };
    let calm = walk(&scope, &calm);
    assert!(calm.walks.sighting("overflow-happens").is_some());
    assert!(calm.walks.sighting("crash-mid-handover").is_none());
}

#[test]
fn whoever_watches_may_stop_it() {
    let options = Options { seeds: 0..1_000_000, ..Options::default() };
    let walked = check(&scope("default"), &options, &mut |_| Go::Stop).unwrap();
    assert_eq!(walked.report.stopped, Some(Stopped::Interrupt));
    assert_eq!(walked.report.overall(), Overall::Inconclusive);
    assert!((1..1_000_000).contains(&walked.walks.walked));
}

/// The figure is too large to explore, so that nothing else asks whether its list holds: a situation that no walk
/// reaches would stay inconclusive, and nobody would notice.
#[test]
fn walks_of_the_figure_reach_everything_that_it_is_there_for() {
    let scope = scope("figure");
    let threads = NonZeroUsize::new(2).unwrap();
    let options = Options { seeds: 0..FIGURE_SEEDS, threads, ..Options::default() };
    let walked = walk(&scope, &options);
    let missed = |name: &&String| walked.walks.sighting(name).is_none();
    assert_eq!(scope.sometimes.iter().filter(missed).collect::<Vec<_>>(), Vec::<&String>::new());
    assert!(scope.sometimes.len() >= SOMETIMES_NAMES.len() / 2, "it has most of the features");
    // Neither a broken guarantee nor a bound ended it early.
    assert_eq!((walked.report.overall(), walked.report.stopped), (Overall::Pass, None));
    assert_eq!(walked.walks.walked, FIGURE_SEEDS);
}
