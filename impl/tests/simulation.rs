//! Runs: they settle, they are what their seed says, and together they meet every mark.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use spillway_impl::bug::Bug;
use spillway_impl::sim::marks::Marks;
use spillway_impl::sim::run::{End, run};
use spillway_impl::sim::swarm::{FaultSet, Swarm};
use spillway_impl::sim::watch::{Digests, Nobody};

fn settle(set: FaultSet, seeds: std::ops::Range<u64>) -> Marks {
    let mut marks = Marks::default();
    for seed in seeds {
        let swarm = Swarm::derive(seed, set);
        let outcome = run(&swarm, &mut Nobody).unwrap();
        assert_eq!(outcome.end, End::Settled, "{swarm}");
        marks.merge(&outcome.marks);
    }
    marks
}

#[test]
fn without_faults_all_settles() {
    settle(FaultSet::None, 0..150);
}

#[test]
fn under_every_set_of_faults_all_settles() {
    for set in FaultSet::ALL {
        settle(*set, 1_000..1_060);
    }
}

#[test]
fn a_suite_meets_every_mark() {
    let marks = settle(FaultSet::All, 2_000..2_400);
    marks.all_met().unwrap_or_else(|missed| panic!("{missed}"));
}

#[test]
fn the_same_seed_is_the_same_run_step_by_step() {
    for seed in 0..20 {
        let swarm = Swarm::derive(seed, FaultSet::All);
        let (mut one, mut other) = (Digests::default(), Digests::default());
        let outcome = run(&swarm, &mut one).unwrap();
        assert_eq!(outcome, run(&swarm, &mut other).unwrap());
        assert!(one.all.len() > 10);
        if let Some(parted) = one.parted(&other) {
            panic!("seed {seed}: {parted}");
        }
        // Watching changes nothing.
        assert_eq!(outcome, run(&swarm, &mut Nobody).unwrap());
    }
}

#[test]
fn two_runs_are_compared_step_by_step() {
    let digests = |seed| {
        let mut digests = Digests::default();
        run(&Swarm::derive(seed, FaultSet::None), &mut digests).unwrap();
        digests
    };
    let parted = digests(1).parted(&digests(2)).unwrap();
    assert!(parted.to_string().starts_with("step 0 differs: "), "{parted}");
}

#[test]
fn what_does_not_settle_is_named() {
    let mut swarm = Swarm::derive(0, FaultSet::All);
    swarm.config.bug = Bug::named("request-not-repeated");
    assert!(swarm.config.bug.is_some());
    let outcome = run(&swarm, &mut Nobody).unwrap();
    let End::Unsettled(left) = outcome.end else { panic!("it settled") };
    assert!(
        left.iter().any(|what| what.starts_with("A") && what.contains(" waits for r")),
        "{left:?}"
    );
    assert!(outcome.ended_us > swarm.faults_until_us + swarm.settle_us_max);
}

#[test]
fn a_run_that_cannot_be_is_refused() {
    let mut swarm = Swarm::derive(0, FaultSet::None);
    swarm.config.knobs.threshold[0] = 1_000;
    let why = run(&swarm, &mut Nobody).unwrap_err().to_string();
    assert_eq!(why, "no such run can be: no threshold is above queue-max");
}

/// The last digest of each of some runs.
fn last_digests() -> Vec<u64> {
    let digest = |seed| {
        let mut digests = Digests::default();
        run(&Swarm::derive(seed, FaultSet::All), &mut digests).unwrap();
        *digests.all.last().unwrap()
    };
    (300..330).map(digest).collect()
}

#[test]
fn prints_its_digests() {
    println!("digests {:?}", last_digests());
}

#[test]
fn a_run_is_the_same_in_another_process_and_on_another_thread() {
    let own = format!("digests {:?}", last_digests());
    let test = std::env::current_exe().unwrap();
    let output = std::process::Command::new(test)
        .args(["--exact", "prints_its_digests", "--nocapture"])
        .output()
        .unwrap();
    assert!(output.status.success());
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains(&own), "{own} here, and there {printed}");
    let threads: Vec<_> = (0..3).map(|_| std::thread::spawn(last_digests)).collect();
    for thread in threads {
        assert_eq!(format!("digests {:?}", thread.join().unwrap()), own);
    }
}
