//! Receiving strategies, thresholds of delay, ageing, rooms, giving back and leases for a generated scope.

use proptest::collection::vec;
use proptest::prelude::*;
use spillway_model::Scope;
use spillway_model::scope::{Class, Strategy as Receiving, Unit};

/// The scope with some of these features on.
pub(super) fn features(scope: Scope) -> impl Strategy<Value = Scope> {
    let servers = usize::from(scope.nodes.query_servers);
    let unit = prop_oneof![3 => Just(Unit::Count), 1 => Just(Unit::Delay)];
    let overtaken_max = prop_oneof![2 => Just(0u32), 1 => 1..=2u32];
    let times = || 0..=2u32;
    let give_back = prop_oneof![3 => Just(false), 1 => Just(true)];
    let rooms = (rooms(scope.knobs.queue_max), rooms(scope.knobs.ledger_max));
    (Just(scope), receiving(servers), unit, overtaken_max, (rooms, give_back), times(), times())
        .prop_map(
            |(
                mut scope,
                (strategy, weights, accepts),
                unit,
                overtaken_max,
                (rooms, give_back),
                lease,
                slow,
            )| {
                let knobs = &mut scope.knobs;
                (knobs.rooms, knobs.ledger_rooms) = rooms;
                knobs.give_back = give_back;
                (knobs.strategy, knobs.weights, knobs.accepts) = (strategy, weights, accepts);
                (knobs.unit, knobs.overtaken_max) = (unit, overtaken_max);
                scope.faults.lease = if scope.nodes.control_servers > 1 { lease } else { 0 };
                scope.faults.slow = if unit == Unit::Delay { slow } else { 0 };
                scope
            },
        )
}

/// No room of its own for any class, or for each a few tasks, and for none more than for a higher one.
fn rooms(queue_max: u32) -> impl Strategy<Value = Vec<u32>> {
    let few = vec(1..=queue_max.min(3), 3).prop_map(|mut rooms| {
        rooms.sort_unstable_by(|a, b| b.cmp(a));
        rooms
    });
    prop_oneof![3 => Just(Vec::new()), 1 => few]
}

type Receivers = (Receiving, Vec<u32>, Vec<Vec<Class>>);

/// A strategy with the lists that it needs.
fn receiving(servers: usize) -> impl Strategy<Value = Receivers> {
    let plain = prop_oneof![
        Just(Receiving::Any),
        Just(Receiving::LeastLoaded),
        Just(Receiving::RoundRobin),
        Just(Receiving::TwoChoices),
    ];
    let all = [Class::Interactive, Class::Normal, Class::Bulk];
    let classes = proptest::sample::subsequence(all.to_vec(), 0..=all.len());
    prop_oneof![
        4 => plain.prop_map(|strategy| (strategy, Vec::new(), Vec::new())),
        1 => vec(1..=3u32, servers).prop_map(|weights| (Receiving::Weighted, weights, Vec::new())),
        1 => vec(classes, servers)
            .prop_map(|accepts| (Receiving::Classes, Vec::new(), accepts)),
    ]
}
