//! Events and steps per second of whole runs under each set of faults, and what recording them costs; one thread.
//!
//! `cargo bench -p spillway-impl --bench runs` prints the table. The same seeds are run without anybody watching and with
//! a watcher that has every step recorded and drops it; the two take turns, and medians are compared.

use std::io::Write;
use std::time::Instant;

use spillway_impl::sim::run::{End, run};
use spillway_impl::sim::swarm::{FaultSet, Swarm};
use spillway_impl::sim::watch::{Nobody, Watch};
use spillway_impl::world::World;
use spillway_impl::world::recorder::Recorded;

const SEEDS: u64 = 300;
const ROUNDS: usize = 5;

/// Has everything recorded, and keeps nothing.
struct Recording;

impl Watch for Recording {
    const RECORDS: bool = true;

    fn event(&mut self, _now_us: u64, _steps: Vec<Recorded>, _world: &World) -> bool {
        true
    }
}

/// Seconds for all seeds, and the events and steps of them.
fn measure(runs: &[Swarm], mut watch: impl Watch) -> (f64, u64, u64) {
    let (begun, mut events, mut steps) = (Instant::now(), 0, 0);
    for swarm in runs {
        let outcome = run(swarm, &mut watch).expect("a seed derives a run that can be");
        assert_eq!(outcome.end, End::Settled, "{swarm}");
        events += outcome.counts.events;
        steps += outcome.counts.steps;
    }
    (begun.elapsed().as_secs_f64(), events, steps)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{SEEDS} seeds a set, one thread, medians of {ROUNDS} rounds\n")?;
    writeln!(out, "| faults | runs/s | M events/s | M steps/s | recorded takes |")?;
    writeln!(out, "|---|---|---|---|---|")?;
    for set in FaultSet::ALL {
        let runs: Vec<Swarm> = (0..SEEDS).map(|seed| Swarm::derive(seed, *set)).collect();
        let (mut plain, mut recorded, mut counts) = (Vec::new(), Vec::new(), (0, 0));
        for _ in 0..ROUNDS {
            let (seconds, events, steps) = measure(&runs, Nobody);
            plain.push(seconds);
            counts = (events, steps);
            recorded.push(measure(&runs, Recording).0);
        }
        let (plain, recorded) = (median(plain), median(recorded));
        let (events, steps) = counts;
        let million = |count: u64| count as f64 / plain / 1e6;
        let (events, steps) = (million(events), million(steps));
        let (name, rate) = (set.name(), SEEDS as f64 / plain);
        let longer = recorded / plain;
        writeln!(out, "| {name} | {rate:.0} | {events:.2} | {steps:.2} | {longer:.2}x |")?;
    }
    Ok(())
}
