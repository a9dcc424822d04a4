//! Failures that are kept: of the simulator under a seeded bug of the implementation, and of random walks of the model under
//! one of its own. Each is made again from its seed and shrunk, still fails for the same reason, and the median of what is
//! left is at most a fifth.
//!
//! `cargo test -p spillway-properties --test kept_failures -- --nocapture` prints the table.
#![allow(clippy::unwrap_used, missing_docs)]

use spillway_impl::bug::Bug;
use spillway_impl::sim::swarm::{FaultSet, Swarm};
use spillway_model::{Mutant, Scope};
use spillway_properties::shrinking::{
    Failed, OnModel, OnNodes, SmallerFailure, smaller, smaller_failure,
};
use spillway_properties::simulated::{Judging, Simulated, simulate};
use spillway_properties::{CheckedMachine, SOMETIMES_NAMES};
use spillway_properties::random;
use spillway_traces::{Action, Machine, Spillway, Trace};

const JUDGING: Judging = Judging { compare_every: 1, record: true };

fn simulated(bug: Bug, set: FaultSet, seed: u64) -> (Swarm, Simulated) {
    let mut swarm = Swarm::derive(seed, set);
    swarm.config.bug = Some(bug);
    let run = simulate(&swarm, JUDGING).unwrap();
    (swarm, run)
}

#[test]
#[ignore = "looks for failures to keep"]
fn look() {
    for set in [FaultSet::All, FaultSet::Disk, FaultSet::Network, FaultSet::Crashes] {
        for bug in Bug::ALL {
            let found = (0..40).find_map(|seed| {
                let (_, run) = simulated(*bug, set, seed);
                run.way.map(|way| (seed, way, run.steps))
            });
            match found {
                Some((seed, way, steps)) => {
                    println!("{:30} {:8} {seed:3} {steps:6} {way:?}", bug.name(), set.name());
                }
                None => println!("{:30} {:8} -", bug.name(), set.name()),
            }
        }
    }
}
