//! What several inputs make one step of: it is over before the nodes that it concerns choose what to do next; and what an
//! immediate disk is asked for is on it.
#![allow(clippy::unwrap_used, missing_docs)]

mod rig;

use std::sync::Arc;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rig::{G, a, b, c, k, with};
use spillway_impl::config::{Class, Config, Strategy};
use spillway_impl::node::{Chooser, Never};
use spillway_impl::strategy::Configured;
use spillway_impl::wire::Wire;
use spillway_impl::world::recorder::Recorded;
use spillway_impl::world::{Driver, Hand, Plan, Planned, Recorder, Wish, World};
use spillway_traces::{Action, Node, Note};

/// Does what is due at once, and records.
struct Product {
    recorder: Recorder,
    chooser: Box<dyn Chooser>,
    random: ChaCha8Rng,
}

impl Driver for Product {
    fn hand(&mut self, _node: Node) -> Hand<'_> {
        Hand { now_us: 0, chooser: &mut *self.chooser, random: &mut self.random }
    }
    fn step(&mut self, action: Action) {
        self.recorder.step(action);
    }
    fn took(&mut self, _from: Node, _to: Node, message: &Wire) {
        self.recorder.took(message);
    }
    fn sent(&mut self, from: Node, to: Node, message: &Wire) {
        self.recorder.sent(from, to, message);
    }
    fn lost(&mut self, from: Node, to: Node, message: &Wire) {
        self.recorder.lost(from, to, message);
    }
    fn note(&mut self, _node: Node, note: Note) {
        self.recorder.note(note);
    }
}

/// A world in which A0 asks C0 three times, and publishes there.
fn world(config: Config) -> (World, Product) {
    let (config, random) = (Arc::new(config), ChaCha8Rng::seed_from_u64(0));
    let query = Wish::Query { user: 1, class: Class::Normal };
    let wishes = [query.clone(), query.clone(), query, Wish::Publish];
    let list = wishes.into_iter().map(|wish| Planned { client: 0, wish, home: 0 });
    let plan = Plan::new(config.clients, list.collect(), 1);
    let world = World::new(config.clone(), Arc::new(plan), &[0, 0, 0, 0]);
    let chooser = Box::new(Configured::new(config.knobs.strategy, random.clone()));
    (world, Product { recorder: Recorder::new(config), chooser, random })
}

/// A0 asks, and it is on its way to C0.
fn ask(world: &mut World, driver: &mut Product) {
    world.issue(0, driver);
    world.deliver(a(0), b(0), driver);
}

/// Each step since the last call, with the messages that it sent.
fn steps(driver: &mut Product) -> Vec<(Action, usize)> {
    let sent = |(action, observed): Recorded| (action, observed.sent.len());
    driver.recorder.drain().map(sent).collect()
}

#[test]
fn a_restart_is_over_before_anybody_offers() {
    let (mut world, mut driver) = world(with(|config| config.control_servers = 2));
    world.lease(&mut driver);
    (0..3).for_each(|server| world.deliver(k(1), c(server), &mut driver));
    world.stop(k(1), &mut driver);
    for _ in 0..3 {
        ask(&mut world, &mut driver);
        world.deliver(b(0), c(0), &mut driver);
    }
    assert_eq!(world.query[0].queue.len(), 3, "nobody offers to who is down");
    steps(&mut driver);
    world.restart(k(1), &mut driver);
    let happened = steps(&mut driver);
    assert_eq!(happened[0], (Action::Restart { node: k(1) }, 3), "a Lead to each: {happened:?}");
    let offers = &happened[1..];
    assert_eq!(offers.len(), 2);
    let is_offer = |step: &(Action, usize)| matches!(step, (Action::Offer { .. }, 1));
    assert!(offers.iter().all(is_offer), "{offers:?}");
}

#[test]
fn in_a_reset_nobody_counts_as_down() {
    let least = with(|config| config.knobs.strategy = Strategy::LeastLoaded);
    let (mut world, mut driver) = world(least);
    let assigned = |driver: &mut Product| {
        let to = |(action, _): (Action, usize)| match action {
            Action::Assign { to, .. } => Some(to),
            _ => None,
        };
        steps(driver).into_iter().filter_map(to).collect::<Vec<Node>>()
    };
    for _ in 0..2 {
        ask(&mut world, &mut driver);
        world.deliver(b(0), c(0), &mut driver);
    }
    world.deliver(c(0), k(0), &mut driver);
    assert_eq!(assigned(&mut driver), [c(1)]);
    world.reset(c(1), k(0), &mut driver);
    assert_eq!(assigned(&mut driver), [c(1)], "it is the first of those with no load again");
    world.reset(c(1), k(0), &mut driver);
    assert_eq!(assigned(&mut driver), [c(1)]);
}

#[test]
fn what_an_immediate_disk_is_asked_for_is_there_though_its_end_was_torn() {
    let (mut world, mut driver) = world(with(|_| ()));
    world.file = b"spill".to_vec();
    world.crash(G, &mut driver);
    driver.chooser = Box::new(Never);
    for _ in 0..3 {
        world.issue(0, &mut driver);
        world.deliver(a(0), b(0), &mut driver);
    }
    world.issue(0, &mut driver);
    world.deliver(a(0), b(0), &mut driver);
    (0..4).for_each(|_| world.deliver(b(0), c(0), &mut driver));
    while world.global.log.is_empty() {
        world.deliver(c(0), G, &mut driver);
    }
    assert_eq!(world.links.len(G, c(0)), 1, "it is acknowledged");
    world.crash(G, &mut driver);
    assert_eq!(world.global.log.len(), 1);
}
