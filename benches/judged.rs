//! What it costs to judge the simulator's runs: events a second on one core, with the model alongside at every step and
//! every property judged, the nodes' state compared after every event or now and then; and how fast a trace of a run is
//! validated. `cargo bench --bench judged` prints the tables.

use std::io::Write;
use std::time::Instant;

use spillway_impl::sim::run::run;
use spillway_impl::sim::swarm::{FaultSet, Swarm};
use spillway_impl::sim::watch::Nobody;
use spillway_model::Scope;
use spillway_properties::CheckedAcceptor;
use spillway_properties::simulated::{Judging, simulate};
use spillway_traces::{Bounds, Judgement, validate};

/// Runs that are timed together.
const SEEDS: std::ops::Range<u64> = 0..200;
/// Rounds, the ways alternating; the median counts.
const ROUNDS: usize = 5;
/// After so many events the nodes' state is compared; none: nobody judges.
const WAYS: [Option<u64>; 4] = [None, Some(1_000), Some(64), Some(1)];

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "million events a second, one core, seeds {SEEDS:?}, median of {ROUNDS} rounds")?;
    writeln!(
        out,
        "{:10} {:>10} {:>12} {:>10} {:>10}",
        "faults", "unjudged", "every 1000", "every 64", "each"
    )?;
    for set in [FaultSet::None, FaultSet::All] {
        let mut rates = WAYS.map(|_| Vec::new());
        for _ in 0..ROUNDS {
            for (way, rates) in WAYS.into_iter().zip(&mut rates) {
                rates.push(events_a_second(set, way));
            }
        }
        let [unjudged, thousand, some, each] = rates.map(|rates| median(rates) / 1e6);
        writeln!(out, "{:10} {unjudged:10.2} {thousand:12.2} {some:10.2} {each:10.2}", set.name())?;
    }
    let rates = (0..ROUNDS).map(|_| validated_a_second()).collect();
    writeln!(out, "validate, no faults: {:.2} million events a second", median(rates) / 1e6)
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

fn events_a_second(set: FaultSet, compare_every: Option<u64>) -> f64 {
    let swarms: Vec<Swarm> = SEEDS.map(|seed| Swarm::derive(seed, set)).collect();
    let (begun, mut events) = (Instant::now(), 0);
    for swarm in &swarms {
        let outcome = match compare_every {
            None => run(swarm, &mut Nobody).expect("a run that was derived can be"),
            Some(compare_every) => {
                let judged = simulate(swarm, Judging { compare_every, record: false });
                let judged = judged.expect("a run that was derived can be");
                assert_eq!(judged.wrong, None, "seed {} is right", swarm.seed);
                judged.outcome.expect("no node panics")
            }
        };
        events += outcome.counts.events;
    }
    events as f64 / begun.elapsed().as_secs_f64()
}

fn validated_a_second() -> f64 {
    let traces: Vec<_> = SEEDS
        .take(50)
        .map(|seed| {
            let swarm = Swarm::derive(seed, FaultSet::None);
            let run = simulate(&swarm, Judging { compare_every: u64::MAX, record: true });
            run.expect("a run that was derived can be").trace.expect("it was recorded")
        })
        .collect();
    let (begun, mut events) = (Instant::now(), 0);
    for trace in &traces {
        let scope = Scope::from_json(&trace.header.scope).expect("the scope of a run is one");
        let first = CheckedAcceptor::new(scope, None, Default::default(), false);
        assert_eq!(validate(trace, first, Bounds::default()).judgement, Judgement::Accepted);
        events += trace.events.len();
    }
    events as f64 / begun.elapsed().as_secs_f64()
}
