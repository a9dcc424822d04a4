//! What a step of a long random run costs on the state that grows: each tenth of 100,000 steps by itself, every
//! guarantee judged. `cargo bench --bench long_run` prints the table; a run that cost more the longer it is would show.
//!
//! Both scopes issue their requests over and over again. That the state itself does not grow is held by a test,
//! `properties/tests/long_run.rs`, in rows and not in time.

use std::io::Write;
use std::time::Instant;

use spillway_model::{Growable, Protocol, Scope};
use spillway_properties::random::{LongWalk, Pace};
use spillway_properties::{Checked, SOMETIMES_NAMES};

/// Steps of a run.
const STEPS: u64 = 100_000;
/// Parts that are timed by themselves.
const PARTS: u64 = 10;
/// Runs; for each part the median counts.
const PASSES: u64 = 5;
/// How often the requests of a scope are issued: enough for all steps.
const ROUNDS: u32 = 10_000;
/// Messages that one direction of a link holds: more than a scope file may say, so that no walk is stopped by it.
const LINK_MAX: u32 = 10_000;

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "nanoseconds a step, each tenth of {STEPS} steps, median of {PASSES} runs")?;
    for name in ["default", "figure"] {
        let mut scope = Scope::builtin(name, SOMETIMES_NAMES).expect("it is compiled in");
        scope.rounds = ROUNDS;
        // A walk may neglect a link for long, above all while a replica catches up.
        (scope.knobs.window_max, scope.knobs.link_max) = (2, LINK_MAX);
        let checked = Checked::new(Protocol::<Growable>::new(scope, None));
        let runs: Vec<Vec<u64>> = (0..PASSES).map(|seed| run(&checked, seed)).collect();
        write!(out, "{name:8}")?;
        for part in 0..PARTS as usize {
            let mut costs: Vec<u64> = runs.iter().map(|run| run[part]).collect();
            costs.sort_unstable();
            write!(out, " {:6}", costs[costs.len() / 2])?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Nanoseconds a step, part by part.
fn run(checked: &Checked<Protocol<Growable>>, seed: u64) -> Vec<u64> {
    let pace = Pace { fault_every: 1_000, forget_every: Some(100) };
    let mut walk = LongWalk::new(checked, seed, pace);
    let part = |walk: &mut LongWalk<'_>| {
        let begun = Instant::now();
        for _ in 0..STEPS / PARTS {
            walk.step().expect("there is always something to do");
        }
        assert!(checked.broken(walk.state()).is_empty(), "every guarantee is kept");
        begun.elapsed().as_nanos() as u64 * PARTS / STEPS
    };
    (0..PARTS).map(|_| part(&mut walk)).collect()
}
