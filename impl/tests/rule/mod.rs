//! The rules of "Receiving strategies", written here once more from their sentences, for the tests that hold what nodes and
//! choosers do against them.
#![allow(dead_code, unreachable_pub)] // each test uses a part

use spillway_impl::config::{Class, Strategy};
use spillway_impl::nodes::control::{Control, Entry};
use spillway_traces::{Action, Node};

pub const STRATEGIES: [Strategy; 6] = [
    Strategy::Any,
    Strategy::LeastLoaded,
    Strategy::RoundRobin,
    Strategy::TwoChoices,
    Strategy::Weighted,
    Strategy::Classes,
];

fn servers_of(k: &Control) -> u16 {
    k.config.query_servers
}

pub fn class_of(entry: &Entry) -> Class {
    match entry.asked.ask.body {
        spillway_impl::wire::Body::Query { class, .. } => class,
        _ => unreachable!("only queries are handed over"),
    }
}

pub fn is_eligible(k: &Control, entry: &Entry, server: u16) -> bool {
    let filtered = k.config.knobs.strategy == Strategy::Classes;
    let takes = !filtered || k.config.knobs.accepts[server as usize].contains(&class_of(entry));
    let out = [
        Node::query(server) == entry.hand_over.source,
        entry.refused.contains(&server),
        k.lost.contains(&server),
    ];
    takes && out == [false; 3]
}

/// Whether the rules allow this assignment in this situation.
pub fn is_allowed(k: &Control, action: Action) -> bool {
    let Action::Assign { source, request, to, .. } = action else { return false };
    let Some(entry) = k.ledger.get(&(source.index, request)) else { return false };
    let eligible = |entry: &Entry| -> Vec<u16> {
        (0..servers_of(k)).filter(|&server| is_eligible(k, entry, server)).collect()
    };
    let more_urgent = k.ledger.values().any(|other| {
        other.assigned.is_none() && !eligible(other).is_empty() && class_of(other) < class_of(entry)
    });
    let servers = eligible(entry);
    if entry.assigned.is_some() || more_urgent || !servers.contains(&to.index) {
        return false;
    }
    let load = |server: u16| {
        k.ledger.values().filter(|other| other.assigned == Some(server)).count() as u64
    };
    let weight = |server: u16| u64::from(k.config.knobs.weights[server as usize]);
    let mine = load(to.index);
    match k.config.knobs.strategy {
        Strategy::Any | Strategy::Classes => true,
        Strategy::LeastLoaded => servers.iter().all(|&other| mine <= load(other)),
        Strategy::Weighted => {
            servers.iter().all(|&other| mine * weight(other) <= load(other) * weight(to.index))
        }
        Strategy::TwoChoices => {
            servers.len() == 1
                || servers.iter().any(|&other| other != to.index && load(other) >= mine)
        }
        Strategy::RoundRobin => {
            let first = k.last.map_or(0, |last| (last + 1) % servers_of(k));
            let turn = (0..servers_of(k)).map(|step| (first + step) % servers_of(k));
            turn.into_iter().find(|server| servers.contains(server)) == Some(to.index)
        }
    }
}
