//! Runs of the simulator, judged: the model accepts every step, the nodes' state is the model's after every event, every
//! guarantee holds, and all settles.
#![allow(clippy::unwrap_used, missing_docs)]

use spillway_impl::bug::Bug;
use spillway_impl::sim::marks::{Mark, Marks};
use spillway_impl::sim::swarm::{Choices, FaultSet, Swarm};
use spillway_model::Scope;
use spillway_model::scope::{BUILTIN, Knobs};
use spillway_properties::refinement::cast_of;
use spillway_properties::simulated::{Judging, Wrong, scope, simulate, simulate_alone};
use spillway_properties::{CheckedAcceptor, SOMETIMES_NAMES};
use spillway_traces::{Bounds, Judgement, Outcome, Spillway, Trace, validate};

const EVERY_EVENT: Judging = Judging { compare_every: 1, record: false };

fn holds(set: FaultSet, seeds: std::ops::Range<u64>) -> (Marks, u64) {
    all_hold(seeds.map(|seed| Swarm::derive(seed, set)))
}

fn all_hold(swarms: impl IntoIterator<Item = Swarm>) -> (Marks, u64) {
    let (mut marks, mut steps) = (Marks::default(), 0);
    for swarm in swarms {
        let run = simulate(&swarm, EVERY_EVENT).unwrap();
        assert_eq!(run.wrong, None, "{swarm}");
        marks.merge(&run.outcome.unwrap().marks);
        steps += run.steps;
    }
    (marks, steps)
}

/// The run of a seed in which nodes choose anything that is legal.
fn at_random(seed: u64, set: FaultSet) -> Swarm {
    Swarm { choices: Choices::Random, ..Swarm::derive(seed, set) }
}

#[test]
fn whatever_legal_choices_nodes_make_the_model_accepts_every_step() {
    let (marks, _) = all_hold((0..150).map(|seed| at_random(seed, FaultSet::All)));
    for mark in [Mark::Retry, Mark::Resend, Mark::PullBack, Mark::Reroute, Mark::Assign] {
        assert!(marks.count(mark) > 0, "{}", mark.name());
    }
    for set in FaultSet::ALL {
        all_hold((20_000..20_020).map(|seed| at_random(seed, *set)));
    }
}

#[test]
fn every_builtin_scope_runs_under_every_set_of_faults() {
    for (name, _) in BUILTIN {
        let scope = Scope::builtin(name, SOMETIMES_NAMES).unwrap();
        let cast = cast_of(&scope).unwrap();
        for set in FaultSet::ALL {
            let (_, steps) = all_hold((0..4).map(|seed| Swarm::derive_for(seed, *set, &cast)));
            assert!(steps > 0, "{name}");
        }
    }
}

#[test]
fn a_run_of_a_scope_is_of_its_nodes_knobs_and_requests() {
    for (name, _) in BUILTIN {
        let given = Scope::builtin(name, SOMETIMES_NAMES).unwrap();
        let cast = cast_of(&given).unwrap();
        for seed in 0..20 {
            let swarm = Swarm::derive_for(seed, FaultSet::All, &cast);
            let of = scope(&swarm);
            assert_eq!(Scope::from_json(&of.to_json()).unwrap(), of, "a header may name it");
            assert_eq!(of.nodes, given.nodes, "{name}");
            assert_eq!(of.requests, given.requests, "{name}");
            let link_max = of.knobs.link_max;
            assert_eq!(of.knobs, Knobs { link_max, ..given.knobs.clone() }, "{name}");
            assert!(swarm.config.knobs.compact_after == 0 || given.faults.compact > 0, "{name}");
            let text = serde_json::to_string(&swarm).unwrap();
            assert_eq!(serde_json::from_str::<Swarm>(&text).unwrap(), swarm);
        }
    }
}

#[test]
fn the_model_accepts_every_step() {
    // That a suite meets every mark is tested without the model, in `impl/tests/simulation.rs`.
    let (marks, steps) = holds(FaultSet::All, 0..200);
    assert!(marks.count(Mark::Lease) > 0 && marks.count(Mark::CrashGlobal) > 0, "{marks:?}");
    assert!(steps > 300_000, "{steps}");
}

#[test]
fn so_it_does_under_each_set_of_faults() {
    for set in FaultSet::ALL {
        holds(*set, 10_000..10_040);
    }
}

/// Each was wrong once. All but the last two: a node chose in the middle of a step that gives several inputs. Those: an
/// answer was lost on a direction that was cut and healed while the other one was cut, so that no reset came yet.
#[test]
fn seeds_that_have_found_something_find_nothing_any_more() {
    for seed in [5, 16, 54, 79, 105, 118, 136, 146, 171, 197, 198, 2_565, 2_802] {
        holds(FaultSet::All, seed..seed + 1);
    }
}

fn recorded(seed: u64, bug: Option<Bug>) -> Trace<Spillway> {
    let mut swarm = Swarm::derive(seed, FaultSet::All);
    swarm.config.bug = bug;
    simulate(&swarm, Judging { record: true, ..EVERY_EVENT }).unwrap().trace.unwrap()
}

fn judge(trace: &Trace<Spillway>) -> Judgement {
    let scope = Scope::from_json(&trace.header.scope).unwrap();
    let first = CheckedAcceptor::new(scope, None, Default::default(), false);
    validate(trace, first, Bounds::default()).judgement
}

#[test]
fn the_trace_of_a_run_is_accepted_and_comes_back_from_its_file() {
    for seed in 0..20 {
        let trace = recorded(seed, None);
        let bytes = trace.to_bytes().unwrap();
        assert_eq!(bytes, recorded(seed, None).to_bytes().unwrap(), "the same bytes again");
        let read = Trace::<Spillway>::from_bytes(&bytes).unwrap();
        assert_eq!(judge(&read), Judgement::Accepted, "seed {seed}");
    }
}

#[test]
fn the_scope_of_a_run_is_one_that_a_header_may_name() {
    for seed in 0..500 {
        for set in FaultSet::ALL {
            let scope = scope(&Swarm::derive(seed, *set));
            assert_eq!(Scope::from_json(&scope.to_json()).unwrap(), scope);
        }
    }
}

#[test]
fn a_trace_with_a_line_missing_swapped_or_altered_is_refused_there_or_soon_after() {
    let trace = recorded(3, None);
    let events = trace.events.len();
    assert!(events > 500);
    let refused = |trace: &Trace<Spillway>, from: usize, what: &str| match judge(trace) {
        Judgement::Refused(Outcome::Refused { event, .. } | Outcome::Differs { event, .. }) => {
            assert!(event >= from as u64, "{what} {from}: refused at {event}");
            event - from as u64
        }
        other => panic!("{what} {from}: {other:?}"),
    };
    let mut late = 0;
    // What is missing at the very end nobody would miss but for the digest of the file.
    for at in (0..events - 100).step_by(7) {
        // An altered event is refused where it is.
        let mut altered = trace.clone();
        altered.events[at].observed.notes.push(spillway_traces::Note::Dropped);
        assert_eq!(refused(&altered, at, "altered"), 0);
        // A missing delivery is missed by the next one on its link at the latest.
        if trace.events[at].observed.took.is_some() {
            let mut missing = trace.clone();
            missing.events.remove(at);
            late = late.max(refused(&missing, at, "without"));
        }
    }
    assert!(late > 0, "some are noticed only later, since states are not in the trace");
}

#[test]
fn seeded_bugs_are_found_by_what_they_break() {
    for name in ["load-unchecked", "acknowledged-before-flushed", "rules-ignored", "done-unsaid"] {
        let bug = Bug::named(name).unwrap();
        let found = (0..40).find_map(|seed| {
            let mut swarm = Swarm::derive(seed, FaultSet::All);
            swarm.config.bug = Some(bug);
            simulate(&swarm, EVERY_EVENT).unwrap().wrong.map(|wrong| (seed, wrong))
        });
        let (seed, wrong) = found.unwrap_or_else(|| panic!("{name} is found on no seed"));
        assert!(matches!(wrong, Wrong::Differs(_)), "{wrong:?}");
        let trace = recorded(seed, Some(bug));
        assert_eq!(trace.header.mutant.as_deref(), Some(name));
        let last = trace.events.len() as u64 - 1;
        let Judgement::Refused(Outcome::Refused { event, .. } | Outcome::Differs { event, .. }) =
            judge(&trace)
        else {
            panic!("{name}: the trace of seed {seed} is accepted");
        };
        assert_eq!(event, last, "it ends with the step that is refused");
    }
}

/// Judged without the model, whose difference ends a run before a guarantee breaks.
#[test]
fn the_guarantees_alone_say_what_a_seeded_bug_breaks() {
    let alone = |seed, bug| {
        let mut swarm = Swarm::derive(seed, FaultSet::All);
        swarm.config.bug = bug;
        simulate_alone(&swarm).unwrap()
    };
    for (name, broken) in [
        ("load-unchecked", "threshold-kept"),
        ("offered-below-threshold", "overflow-only"),
        ("rules-ignored", "visible-to-allowed"),
    ] {
        let bug = Bug::named(name);
        let found = (0..20).find_map(|seed| alone(seed, bug).breaks);
        assert_eq!(found, Some(broken), "{name}");
    }
    for seed in 0..10 {
        let alone = alone(seed, None);
        assert_eq!(alone.breaks, None, "seed {seed}");
        assert!(alone.steps > 100, "seed {seed}: {} steps are judged", alone.steps);
    }
}
