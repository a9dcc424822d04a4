//! Checks two-phase commit, and shows how all may commit:
//!
//! `cargo run --release -p spillway-checker --example two_phase_commit [-- [PARTICIPANTS [THREADS]]]`
//!
//! The model is stateright's kind of model, and knows nothing of the engine: see `models/two_phase_heap.rs`.

use std::io::{self, Write};

use spillway_checker::Checker;
use two_phase_heap::TwoPhase;

#[path = "../models/two_phase_heap.rs"]
#[allow(missing_docs, unreachable_pub)] // it is for all benches and tests, too
mod two_phase_heap;

const PARTICIPANTS: usize = 5;
const USAGE: &str = "what may be said is two numbers: participants, one at least, and threads";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |otherwise| {
        arguments.next().map_or(Ok(otherwise), |number| number.parse().map_err(|_| USAGE))
    };
    let (participants, threads) = (number(PARTICIPANTS)?, number(1)?);
    if arguments.next().is_some() || participants == 0 {
        return Err(USAGE.into());
    }

    let report = Checker::new(TwoPhase(participants)).threads(threads).run()?;
    let mut out = io::stdout().lock();
    writeln!(out, "{report}")?;
    if let Some(path) = report.discovery("all commit") {
        writeln!(out, "a shortest path on which all commit:")?;
        for action in path.into_actions() {
            writeln!(out, "  {action:?}")?;
        }
    }
    Ok(())
}
