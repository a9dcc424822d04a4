//! The comparison compares what it says: known queues behave as theory has it, both ways of simulating agree where they
//! mean the same, and the figures that the default is to reach are reached.
#![allow(clippy::unwrap_used, missing_docs)]

use spillway_impl::compare::allocator::{Allocator, Baseline, Kind, all};
use spillway_impl::compare::arrivals::{Arrival, Phase, arrivals};
use spillway_impl::compare::fate::{End, Fate, Summary};
use spillway_impl::compare::report::{Row, figures, row};
use spillway_impl::compare::run;
use spillway_impl::compare::scenario::{Effort, default_setup};
use spillway_impl::compare::setup::{HOPS, Setup};

const NEVER_US: u64 = 1 << 40;

/// The default, but nobody loses patience, and there is room for all.
fn patient() -> Setup {
    let mut setup = default_setup();
    setup.patience_us = NEVER_US;
    let knobs = &mut setup.config.knobs;
    (knobs.queue_max, knobs.ledger_max) = (1 << 20, 1 << 20);
    (knobs.rooms, knobs.ledger_rooms) = (Vec::new(), Vec::new());
    setup
}

fn asked(setup: &Setup, load_milli: u64, hot_milli: u64, requests: u64) -> Vec<Arrival> {
    let lasts_us = requests * setup.work_us * 1_000 / (load_milli * u64::from(setup.servers()));
    arrivals(setup, &[Phase { lasts_us, load_milli }], hot_milli, 7)
}

fn named(setup: &Setup, name: &str) -> Allocator {
    all(&setup.config.knobs).into_iter().find(|allocator| allocator.name == name).unwrap()
}

fn summary(setup: &Setup, allocator: &Allocator, asked: &[Arrival]) -> Summary {
    let fates = run(setup, allocator, asked, 7);
    Summary::of(setup, asked.iter().zip(&fates))
}

#[test]
fn nodes_without_an_allocator_are_queues_at_home_request_by_request() {
    let mut setup = patient();
    // Rooms that are met: refusals agree as well.
    setup.config.knobs.queue_max = 12;
    setup.config.knobs.rooms = vec![12, 8, 4];
    let asked = asked(&setup, 900, 250, 20_000);
    let none = run(&setup, &named(&setup, "none"), &asked, 7);
    let home =
        Allocator { name: "home".to_owned(), about: "", kind: Kind::Baseline(Baseline::Home) };
    let home = run(&setup, &home, &asked, 7);
    let refused = none.iter().filter(|fate| fate.end == End::Refused).count();
    assert!(refused > 500, "{refused}");
    let differs = (0..asked.len()).find(|at| none[*at] != home[*at]);
    assert_eq!(differs, None, "{:?}", differs.map(|at| (asked[at], none[at], home[at])));
}

/// The mean wait in a queue for several servers, in times of the mean work: Erlang's C formula.
fn erlang_wait(servers: u32, load: f64) -> f64 {
    let offered = f64::from(servers) * load;
    let mut blocked = 1.0; // Erlang's B, by its recursion
    for server in 1..=servers {
        blocked = offered * blocked / (f64::from(server) + offered * blocked);
    }
    let waits = blocked / (1.0 - load * (1.0 - blocked));
    waits / (f64::from(servers) * (1.0 - load))
}

#[test]
fn the_ideal_waits_as_long_as_theory_says() {
    for (servers, load_milli) in [(2, 700), (8, 800), (8, 900)] {
        let mut setup = patient();
        setup.config.query_servers = servers;
        setup.config.knobs.threshold = vec![1; servers.into()];
        let asked = asked(&setup, load_milli, 500, 200_000);
        let summary = summary(&setup, &named(&setup, "ideal"), &asked);
        assert_eq!(summary.answered, asked.len() as u64);
        // Times are drawn with a squared coefficient of variation of 0.926, arrivals too; Allen and Cunneen's formula.
        let expected = erlang_wait(servers.into(), load_milli as f64 / 1e3) * 0.926;
        let waited = summary.wait_us as f64 / setup.work_us as f64;
        assert!(
            (waited / expected - 1.0).abs() < 0.1,
            "{servers} at {load_milli}: {waited}, {expected}"
        );
    }
}

#[test]
fn nobody_waits_less_than_the_ideal_and_nobody_is_answered_sooner_than_can_be() {
    let setup = patient();
    let asked = asked(&setup, 800, 500, 20_000);
    let ideal = summary(&setup, &named(&setup, "ideal"), &asked);
    for allocator in all(&setup.config.knobs) {
        let fates = run(&setup, &allocator, &asked, 7);
        for (arrival, fate) in asked.iter().zip(&fates) {
            let least_us = arrival.work_us + HOPS * setup.hop_us;
            assert!(fate.end != End::Answered || fate.at_us - arrival.at_us >= least_us);
        }
        let summary = Summary::of(&setup, asked.iter().zip(&fates));
        if allocator.name != "delay-shedder" {
            assert_eq!(summary.answered, asked.len() as u64, "{}", allocator.name);
            assert!(summary.wait_us >= ideal.wait_us, "{}", allocator.name);
        }
    }
}

#[test]
fn who_loses_patience_is_told_nothing_and_takes_no_time() {
    let mut setup = patient();
    setup.patience_us = 50_000;
    let asked = asked(&setup, 2_000, 125, 4_000);
    for name in ["ideal", "control", "none", "query-servers"] {
        let fates = run(&setup, &named(&setup, name), &asked, 7);
        let given_up: Vec<(&Arrival, &Fate)> =
            asked.iter().zip(&fates).filter(|(_, fate)| fate.end == End::GivenUp).collect();
        assert!(given_up.len() > 1_000, "{name}: {}", given_up.len());
        assert!(given_up.iter().all(|(asked, fate)| fate.at_us == asked.at_us + 50_000));
    }
}

#[test]
fn the_same_seed_gives_the_same_fates() {
    let setup = default_setup();
    let asked = asked(&setup, 1_200, 250, 5_000);
    for allocator in all(&setup.config.knobs) {
        let one = run(&setup, &allocator, &asked, 3);
        assert_eq!(one, run(&setup, &allocator, &asked, 3), "{}", allocator.name);
    }
}

#[test]
fn the_default_reaches_every_figure_and_no_allocator_does_not() {
    let setup = default_setup();
    let effort = Effort { seed: 1, requests: 10_000, steps: 8 };
    let measured = |name| -> Row { row(&setup, &named(&setup, name), effort) };
    let (ideal, none, control) = (measured("ideal"), measured("none"), measured("control"));
    for figure in figures(&setup, &control, &ideal, &none) {
        assert!(figure.holds, "{figure:?}");
    }
    let missed = figures(&setup, &none, &ideal, &none);
    assert!(missed.iter().filter(|figure| !figure.holds).count() >= 3, "{missed:?}");
}
