//! Who may take a task: the rules of "Receiving strategies". Which of those who may then does is the chooser's.

use std::cmp::Ordering;

use spillway_traces::{Action, Node};

use super::{Control, Entry};
use crate::bug::Bug;
use crate::config::{Binding, Class, Strategy};
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
    ///
    /// In the order in which they were offered. With [`Binding::Late`] those are due whose receiver has room as far as is
    /// known, and it costs the less the more room that is.
    pub(super) fn assign_candidates(&self, now_us: u64, candidates: &mut Vec<Candidate>) {
        if !self.leads() {
            return;
        }
        let mut held: Vec<&Entry> = self.unassigned().collect();
        held.sort_unstable_by_key(|entry| entry.number.0);
        let unassigned = || held.iter().copied();
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
            candidates.extend(allowed.into_iter().map(|(server, load)| {
                let (due, cost) = self.is_due(server, load, now_us);
                let (to, by) = (Node::query(server), self.node());
                Candidate { action: Action::Assign { source, request, to, by }, due, cost }
            }));
        }
    }

    /// What is neither assigned nor without an eligible server.
    pub(super) fn unassigned(&self) -> impl Iterator<Item = &Entry> {
        self.ledger.values().filter(|entry| entry.assigned.is_none() && self.has_eligible(entry))
    }

    /// Whether some assignment may be due, whatever is held.
    pub(super) fn may_assign(&self, now_us: u64) -> bool {
        let servers = 0..self.config.query_servers;
        self.leads() && servers.into_iter().any(|server| self.is_due(server, 0, now_us).0)
    }

    /// For how many tasks a query server has room; none if nothing is known, as ever without reports.
    pub(super) fn known_room(&self, server: u16, now_us: u64) -> Option<u32> {
        self.rooms.0.of(server, now_us, self.config.timers.report_us_max)
    }

    /// Whether it is time to assign to a server that has this load assigned, and what that costs.
    fn is_due(&self, server: u16, load: u64, now_us: u64) -> (bool, u64) {
        if self.config.knobs.binding == Binding::Early {
            return (true, load);
        }
        match self.known_room(server, now_us) {
            Some(0) => (false, u64::MAX),
            Some(room) => (true, u64::from(u32::MAX - room)),
            // Nothing is known: it is tried after those that have room.
            None => (true, u64::from(u32::MAX)),
        }
    }
}

pub(super) fn class(entry: &Entry) -> Class {
    match entry.asked.ask.body {
        Body::Query { class, .. } => class,
        // A publish is never handed over.
        Body::Publish { .. } => Class::Bulk,
    }
}
