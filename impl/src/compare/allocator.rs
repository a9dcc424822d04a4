//! The ways of placing work that are compared.

use crate::config::{Binding, Class, Knobs, Returned, Strategy, Unit};

/// One way of placing work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocator {
    /// Its name.
    pub name: String,
    /// What it does, in a line.
    pub about: &'static str,
    /// Who does it.
    pub kind: Kind,
}

/// Who places the work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// This system's own nodes, with these knobs.
    Nodes(Box<Knobs>),
    /// Something simpler, which is not bound to the protocol's links.
    Baseline(Baseline),
}

/// What is simulated as queues alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Baseline {
    /// One queue, from which every server takes what it does next: no system does better without knowing the work.
    Ideal,
    /// Each request stays at its home.
    Home,
    /// Each goes to any server.
    Random,
    /// Each goes to the shorter of two queues that are drawn, which costs nothing to know.
    TwoChoices,
    /// Each goes to the shortest queue, which costs nothing to know.
    ShortestQueue,
    /// Each stays at its home, which refuses it if its class would wait too long.
    DelayShedder,
    /// What is above the threshold is offered to other servers, one after the other, by whoever is so many links away from
    /// either of them: 1 if the query servers do it themselves, 2 by the communication server, 4 by the client.
    Overflow {
        /// Links from one query server to another.
        hops: u64,
    },
}

/// The allocators of DESIGN.md and the usual ones beside them, the ideal first and this system's default second, which
/// has these knobs.
pub fn all(default: &Knobs) -> Vec<Allocator> {
    let baseline = |name: &str, about, baseline| Allocator {
        name: name.to_owned(),
        about,
        kind: Kind::Baseline(baseline),
    };
    let mut all = vec![
        baseline("ideal", "one queue for all servers", Baseline::Ideal),
        nodes("control", "this system", default.clone()),
    ];
    all.extend(strategies(default));
    all.extend([
        nodes("none", "this system with thresholds that are never reached", without(default)),
        nodes("… short queues", "the same, with the room of the ledger shared out", short(default)),
        baseline("query-servers", "servers push to each other", Baseline::Overflow { hops: 1 }),
        baseline(
            "communication-server",
            "overflow goes back to the communication server, and on",
            Baseline::Overflow { hops: 2 },
        ),
        baseline(
            "clients",
            "overflow goes back to the client, and on",
            Baseline::Overflow { hops: 4 },
        ),
        baseline("random", "any server, at arrival", Baseline::Random),
        baseline("two-choices", "the shorter of two, at arrival", Baseline::TwoChoices),
        baseline("shortest-queue", "the shortest queue, at arrival", Baseline::ShortestQueue),
        baseline("delay-shedder", "its home, or refused for delay", Baseline::DelayShedder),
    ]);
    all
}

/// This system under every strategy that needs no more than the default's knobs, and assigning at once.
fn strategies(default: &Knobs) -> Vec<Allocator> {
    // Whoever assigns at once is often refused by all, and then the source has to serve the task.
    let (binding, returned) = (Binding::Early, Returned::Queue);
    let with = |strategy| Knobs { strategy, binding, returned, ..bare(default) };
    let early = |name, about, strategy| nodes(name, about, with(strategy));
    vec![
        nodes(
            "control, giving back",
            "what it holds may go back to its source once that has room",
            Knobs { give_back: true, returned, ..default.clone() },
        ),
        early("control, at once", "it assigns without knowing who has room", Strategy::LeastLoaded),
        early("… round-robin", "the same in turns", Strategy::RoundRobin),
        early("… two-choices", "the same, of two that are drawn", Strategy::TwoChoices),
    ]
}

fn nodes(name: &str, about: &'static str, knobs: Knobs) -> Allocator {
    Allocator { name: name.to_owned(), about, kind: Kind::Nodes(Box::new(knobs)) }
}

/// Without what belongs to one strategy.
fn bare(knobs: &Knobs) -> Knobs {
    Knobs { weights: Vec::new(), accepts: Vec::new(), ..knobs.clone() }
}

/// No allocator, and for each server its share of what the ledger has room for: long queues are late under too much load,
/// and short ones are full where one server is hot.
fn short(knobs: &Knobs) -> Knobs {
    let servers = knobs.threshold.len() as u32;
    let share = |class| (knobs.ledger_room(class) / servers + 1).min(knobs.room(class));
    let rooms = [Class::Interactive, Class::Normal, Class::Bulk].map(share);
    Knobs { rooms: rooms.to_vec(), ..without(knobs) }
}

fn without(knobs: &Knobs) -> Knobs {
    let threshold = vec![knobs.queue_max; knobs.threshold.len()];
    Knobs { threshold, unit: Unit::Count, ..knobs.clone() }
}
