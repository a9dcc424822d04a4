//! Allocators side by side on the same arrivals, in virtual time: what the source claims, measured.
//!
//! The same requests, with the same work, at the same times, are given to this system's own nodes (`system`) and to the
//! other ways of placing work (`cluster`), of which the ideal one is a single queue that all servers take from. All
//! have the same servers, rooms, priorities and message delays; baselines know the queues of others for nothing where that
//! favours them.
//!
//! - [`setup`]: what all have in common. [`arrivals`]: who asks for what, when. [`allocator`]: the ways of placing work.
//! - [`fate`]: what became of requests, and its statistics. [`scenario`]: what is compared under which load. [`report`]:
//!   all of it, and the figures to reach.

pub mod allocator;
pub mod arrivals;
mod cluster;
pub mod fate;
pub mod report;
pub mod scenario;
pub mod setup;
mod system;

use allocator::{Allocator, Kind};
use arrivals::Arrival;
use fate::Fate;
use setup::Setup;

/// What becomes of each of these requests.
pub fn run(setup: &Setup, allocator: &Allocator, arrivals: &[Arrival], seed: u64) -> Vec<Fate> {
    let fates = match &allocator.kind {
        Kind::Nodes(knobs) => system::run(setup, knobs, arrivals, seed),
        Kind::Baseline(baseline) => cluster::run(setup, *baseline, arrivals, seed),
    };
    debug_assert_eq!(fates.len(), arrivals.len(), "each request ends, answered or not");
    fates
}
