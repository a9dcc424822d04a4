//! Who may take a task: the rules of "Receiving strategies". Which of those who may then does is the chooser's.

use std::cmp::Ordering;

use spillway_traces::{Action, Node};

use super::{Control, Entry};
use crate::bug::Bug;
use crate::config::{Class, Strategy};
use crate::node::Candidate;
use crate::wire::Body;

/// A query server that is eligible for an entry, and its assigned load.
type Choice = (u16, u64);

impl Control {
    /// The assigned load of each query server: how many entries this control server has assigned to it.
    pub fn loads(&self) -> Vec<u64> {
        let mut loads = vec![0; usize::from(self.config.query_servers)];
        for assignee in self.ledger.values().filter_map(|entry| entry.assigned) {
            loads[usize::from(assignee)] += 1;
        }
        loads
    }

    fn is_eligible(&self, entry: &Entry, server: u16) -> bool {
        entry.hand_over.source.index != server
            && !entry.refused.contains(&server)
            && self.takes(server, class(entry))
            && !self.lost.contains(&server)
    }

    /// Whether a query server takes this class from others.
    fn takes(&self, server: u16, class: Class) -> bool {
        let knobs = &self.config.knobs;
        knobs.strategy != Strategy::Classes || knobs.accepts[usize::from(server)].contains(&class)
    }

    pub(super) fn has_eligible(&self, entry: &Entry) -> bool {
        (0..self.config.query_servers).any(|server| self.is_eligible(entry, server))
    }

    /// The query servers that an entry may be assigned to, and their loads.
    fn allowed(&self, entry: &Entry, loads: &[u64]) -> Vec<Choice> {
        let config = &self.config;
        let mut eligible: Vec<Choice> = (0..config.query_servers)
            .filter(|&server| {
                self.is_eligible(entry, server)
                    || (config.has(Bug::AssignedToRefuser) && entry.refused.contains(&server))
                    || (config.has(Bug::AssignedToLost) && self.lost.contains(&server))
                    || (config.has(Bug::AssignedToSource) && entry.hand_over.source.index == server)
            })
            .map(|server| (server, loads[usize::from(server)]))
            .collect();
        if config.has(Bug::StrategyIgnored) {
            return eligible;
        }
        match config.knobs.strategy {
            Strategy::Any | Strategy::Classes => {}
            Strategy::LeastLoaded => {
                let least = eligible.iter().map(|&(_, load)| load).min();
                eligible.retain(|&(_, load)| Some(load) == least);
            }
            Strategy::RoundRobin => {
                let after = eligible.iter().position(|&(server, _)| Some(server) > self.last);
                let next = after.unwrap_or(0);
                eligible = eligible.get(next).copied().into_iter().collect();
            }
            Strategy::TwoChoices => {
                let most = eligible.iter().map(|&(_, load)| load).max();
                let heaviest = eligible.iter().filter(|&&(_, load)| Some(load) == most).count();
                if eligible.len() > 1 && heaviest == 1 {
                    eligible.retain(|&(_, load)| Some(load) != most);
                }
            }
            Strategy::Weighted => {
                let least = eligible.iter().copied().min_by(|&a, &b| self.by_weight(a, b));
                eligible.retain(|&one| least.is_some_and(|b| self.by_weight(one, b).is_eq()));
            }
        }
        eligible
    }

    /// Compares load divided by weight, in whole numbers.
    fn by_weight(&self, (one, one_load): Choice, (other, other_load): Choice) -> Ordering {
        let weight = |server: u16| u64::from(self.config.knobs.weights[usize::from(server)]);
        (one_load * weight(other)).cmp(&(other_load * weight(one)))
    }

    /// Every assignment that is legal now: of the highest class that has an eligible server, each task to each server
    /// that the strategy allows.
    pub(super) fn assign_candidates(&self, candidates: &mut Vec<Candidate>) {
        if !self.leads() {
            return;
        }
        let unassigned = || {
            self.ledger
                .values()
                .filter(|entry| entry.assigned.is_none() && self.has_eligible(entry))
        };
        let first = match self.config.has(Bug::LowestClassAssigned) {
            true => unassigned().map(class).max(),
            false => unassigned().map(class).min(),
        };
        let Some(first) = first else { return };
        let loads = self.loads();
        for entry in unassigned().filter(|entry| class(entry) == first) {
            let (source, request) = (entry.hand_over.source, entry.asked.ask.request);
            let allowed = self.allowed(entry, &loads);
            debug_assert!(!allowed.is_empty(), "a strategy never blocks");
            candidates.extend(allowed.into_iter().map(|(server, cost)| Candidate {
                action: Action::Assign {
                    source,
                    request,
                    to: Node::query(server),
                    by: self.node(),
                },
                due: true,
                cost,
            }));
        }
    }
}

fn class(entry: &Entry) -> Class {
    match entry.asked.ask.body {
        Body::Query { class, .. } => class,
        // A publish is never handed over.
        Body::Publish { .. } => Class::Bulk,
    }
}
