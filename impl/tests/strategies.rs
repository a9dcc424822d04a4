//! Each configured strategy assigns only what the rule of "Receiving strategies" allows, in random situations; in every small
//! one in `strategies_exhaustive.rs`.
#![allow(clippy::unwrap_used)]

mod rig;
mod rule;

use std::collections::BTreeSet;
use std::sync::Arc;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rig::*;
use rule::{STRATEGIES, is_allowed, is_eligible};
use spillway_impl::bug::Bug;
use spillway_impl::config::{Class, Config, Strategy};
use spillway_impl::node::{Candidate, Chooser, Context, Input, Output};
use spillway_impl::nodes::control::{Control, Entry};
use spillway_impl::strategy::{Configured, Random};
use spillway_traces::Action;

const SITUATIONS: u64 = 400;
const SERVERS: u16 = 5;

fn below(random: &mut ChaCha8Rng, bound: u32) -> u32 {
    random.next_u32() % bound
}

/// A situation that need not be reachable: loads, refusals, lost servers and turns at random.
fn situation(strategy: Strategy, bug: Option<Bug>, random: &mut ChaCha8Rng) -> Control {
    const CLASSES: [Class; 3] = [Interactive, Normal, Bulk];
    let config: Config = with(|config| {
        config.query_servers = SERVERS;
        config.knobs.strategy = strategy;
        config.knobs.ledger_max = 30;
        config.knobs.weights = (0..SERVERS).map(|_| 1 + below(random, 4)).collect();
        config.knobs.accepts = (0..SERVERS)
            .map(|_| CLASSES.into_iter().filter(|_| below(random, 3) > 0).collect())
            .collect();
        config.bug = bug;
    });
    let mut k = Control::new(Arc::new(config), 0, 0);
    k.lost = (0..SERVERS).filter(|_| below(random, 6) == 0).collect();
    if strategy == Strategy::RoundRobin && below(random, 4) > 0 {
        k.last = Some(below(random, u32::from(SERVERS)) as u16);
    }
    for request in 0..below(random, 12) {
        let source = below(random, u32::from(SERVERS)) as u16;
        let mut entry = Entry {
            asked: asked(request, CLASSES[below(random, 3) as usize], 0),
            hand_over: id(source, request + 1),
            askers: askers(1),
            assigned: None,
            refused: BTreeSet::new(),
            number: Default::default(),
        };
        entry.refused = (0..SERVERS).filter(|_| below(random, 5) == 0).collect();
        let servers: Vec<u16> =
            (0..SERVERS).filter(|&server| is_eligible(&k, &entry, server)).collect();
        if !servers.is_empty() && below(random, 3) > 0 {
            entry.assigned = Some(servers[below(random, servers.len() as u32) as usize]);
        }
        k.ledger.insert((source, entry.asked.ask.request), entry);
    }
    k
}

/// Asks another chooser once, and holds what it chooses against the rules.
struct Once<'a> {
    chooser: &'a mut dyn Chooser,
    chosen: Option<Action>,
    asked: bool,
}

impl Chooser for Once<'_> {
    fn choose(&mut self, candidates: &[Candidate]) -> Option<usize> {
        self.asked = true;
        let place = self.chooser.choose(candidates)?;
        self.chosen = Some(candidates[place].action);
        Some(place)
    }

    fn declines(&self) -> bool {
        self.asked
    }
}

/// Assigns all that can be assigned, step by step; how many steps were made, and the first that breaks the rules.
fn assign_all(mut k: Control, chooser: &mut dyn Chooser) -> (u32, Option<Action>) {
    let mut random = ChaCha8Rng::seed_from_u64(0);
    for steps in 0.. {
        let before = k.clone();
        let mut out = Vec::new();
        let mut once = Once { chooser: &mut *chooser, chosen: None, asked: false };
        let mut context =
            Context { now_us: 0, chooser: &mut once, random: &mut random, out: &mut out };
        k.handle(Input::Turn, &mut context);
        let Some(action) = once.chosen else { return (steps, None) };
        assert_eq!(out[0], Output::Step(action));
        if !is_allowed(&before, action) {
            return (steps, Some(action));
        }
    }
    unreachable!("each step assigns an entry")
}

#[test]
fn each_strategy_chooses_only_what_its_rule_allows() {
    for strategy in STRATEGIES {
        let mut steps = 0;
        for seed in 0..SITUATIONS {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            let k = situation(strategy, None, &mut random);
            let unassigned = k.ledger.values().filter(|entry| {
                entry.assigned.is_none()
                    && (0..SERVERS).any(|server| is_eligible(&k, entry, server))
            });
            let expected = unassigned.count() as u32;
            let mut chooser = Configured::new(strategy, random);
            let (made, broken) = assign_all(k.clone(), &mut chooser);
            assert_eq!(broken, None, "{strategy:?}, seed {seed}: {k:?}");
            assert_eq!(made, expected, "{strategy:?} blocks, seed {seed}");
            let (_, broken) = assign_all(k, &mut Random::new(seed));
            assert_eq!(broken, None, "at random with {strategy:?}, seed {seed}");
            steps += made;
        }
        assert!(steps > 300, "{strategy:?} was hardly tried: {steps} assignments");
    }
}

#[test]
fn what_is_listed_is_all_that_the_rule_allows() {
    for strategy in STRATEGIES {
        for seed in 0..SITUATIONS {
            let k = situation(strategy, None, &mut ChaCha8Rng::seed_from_u64(seed));
            let listed: Vec<Action> =
                k.candidates(0).into_iter().map(|candidate| candidate.action).collect();
            let mut allowed = Vec::new();
            for &(source, request) in k.ledger.keys() {
                for to in 0..SERVERS {
                    let (source, to, by) = (c(source), c(to), k.node());
                    let action = Action::Assign { source, request, to, by };
                    allowed.extend(is_allowed(&k, action).then_some(action));
                }
            }
            assert_eq!(listed, allowed, "{strategy:?}, seed {seed}");
        }
    }
}

#[test]
fn the_rule_notices_a_strategy_that_is_not_kept() {
    for strategy in
        [Strategy::LeastLoaded, Strategy::RoundRobin, Strategy::TwoChoices, Strategy::Weighted]
    {
        let broken = (0..SITUATIONS).any(|seed| {
            let bug = Some(Bug::StrategyIgnored);
            let k = situation(strategy, bug, &mut ChaCha8Rng::seed_from_u64(seed));
            assign_all(k, &mut Random::new(seed)).1.is_some()
        });
        assert!(broken, "{strategy:?}");
    }
}

#[test]
fn the_product_offers_the_first_in_the_order_and_waits_for_what_is_not_due() {
    let step = |request: u32| Action::Offer {
        server: c(0),
        request: spillway_traces::RequestId::of(request),
    };
    let candidate = |request, due, cost| Candidate { action: step(request), due, cost };
    let random = ChaCha8Rng::seed_from_u64(0);
    let mut chooser = Configured::new(Strategy::Any, random);
    assert_eq!(chooser.choose(&[candidate(1, true, 1), candidate(2, true, 0)]), Some(1));
    assert_eq!(chooser.choose(&[candidate(1, false, 0), candidate(2, true, 1)]), Some(1));
    assert_eq!(chooser.choose(&[candidate(1, false, 0)]), None);
    assert_eq!(chooser.choose(&[]), None);
    let request = spillway_traces::RequestId(1);
    let to = |to, due, cost| {
        let action = Action::Assign { source: c(0), request, to: c(to), by: k(0) };
        Candidate { action, due, cost }
    };
    assert_eq!(chooser.choose(&[to(1, true, 2), to(2, false, 0), to(3, true, 1)]), Some(2));
}
