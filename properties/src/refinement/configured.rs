//! What the configured choosers of the nodes choose in a state: for exploration of the product's own choices.
//!
//! A strategy that draws has several choosers, which draw differently: what any of them may choose is looked at.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use spillway_impl::config::Strategy;
use spillway_impl::node::{Candidate, Chooser};
use spillway_impl::strategy::Configured;
use spillway_impl::world::World;
use spillway_traces::Action;

/// So many seeds draw every pair of up to 4 servers, as `impl/tests/strategies_exhaustive.rs` shows.
const DRAWS: u64 = 24;

/// The choosers of a strategy.
pub(super) fn choosers(strategy: Strategy) -> Vec<Configured> {
    let draws = if strategy == Strategy::TwoChoices { DRAWS } else { 1 };
    (0..draws).map(|seed| Configured::new(strategy, ChaCha8Rng::seed_from_u64(seed))).collect()
}

/// What nodes choose to do next of themselves.
pub(super) struct Choices {
    /// What some chooser chooses, in the order of nodes.
    pub(super) chosen: Vec<Action>,
    /// What is due at some node, so that it may not happen unless it is chosen.
    pub(super) due: Vec<Action>,
    /// Choosers that choose nothing while something is due, or something that is not: in words.
    pub(super) wrong: Vec<String>,
}

/// What each node chooses, each time with fresh choosers.
pub(super) fn choices(nodes: &World, choosers: &[Configured]) -> Choices {
    let all = nodes.candidates();
    let mut choices = Choices { chosen: Vec::new(), due: Vec::new(), wrong: Vec::new() };
    for own in all.chunk_by(|a, b| a.action.node() == b.action.node()) {
        choices.due.extend(own.iter().filter(|one| one.due).map(|one| one.action));
        for chooser in choosers {
            choose(own, chooser.clone(), &mut choices);
        }
    }
    choices
}

fn choose(own: &[Candidate], mut chooser: Configured, choices: &mut Choices) {
    let is_due = own.iter().any(|one| one.due);
    match chooser.choose(own) {
        Some(place) if own[place].due => {
            let action = own[place].action;
            if !choices.chosen.contains(&action) {
                choices.chosen.push(action);
            }
        }
        Some(place) => {
            choices.wrong.push(format!("“{}” is chosen and not due", own[place].action));
        }
        None if is_due => {
            choices.wrong.push(format!(
                "{} waits, and could do {}",
                own[0].action.node(),
                own[0].action
            ));
        }
        None => {}
    }
}
