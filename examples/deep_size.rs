//! How large the scope `deep` is at least: a depth-first count of its states by fingerprint, stopped at 100 million.
//!
//! `cargo run --release --example deep_size`; some ten minutes and 3 GB. stateright's breadth-first search would need
//! several times the memory for as many.
#![allow(clippy::print_stdout)]

use std::collections::HashSet;

use spillway_model::{Protocol, Scope};
use spillway_properties::SOMETIMES_NAMES;
use spillway_properties::sizes::Medium;
use stateright::Model;

/// Enough to say that the scope is for a faster engine.
const STATES_ENOUGH: usize = 100_000_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let model = Protocol::<Medium>::new(Scope::builtin("deep", SOMETIMES_NAMES)?, None);
    let hasher = ahash::RandomState::with_seeds(1, 2, 3, 4);
    let mut stack = model.init_states();
    let mut seen: HashSet<u64> = stack.iter().map(|state| hasher.hash_one(state)).collect();
    while let Some(state) = stack.pop() {
        if seen.len() >= STATES_ENOUGH {
            println!("deep has more than {STATES_ENOUGH} states");
            return Ok(());
        }
        let next = model.next_states(&state).into_iter();
        stack.extend(next.filter(|next| seen.insert(hasher.hash_one(next))));
    }
    println!("deep has {} states", seen.len());
    Ok(())
}
