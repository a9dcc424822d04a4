//! Smaller configurations of a run of the simulator, that still fails in the same way when it is run again: fewer nodes
//! and requests, fewer kinds of fault, features off.
//!
//! A change alters whatever is drawn after it, so that what failed may not come about any more: each candidate is given a
//! few seeds, the run's own first.

use spillway_impl::config::{Binding, Disk, Links, Routing, Strategy, Unit};
use spillway_impl::profile::Rule;
use spillway_impl::sim::swarm::{Faults, Rate, Span, Swarm};

use crate::simulated::{Judging, Simulated, Way, simulate};

/// The most runs that one search may cost.
pub const RUNS_MAX: u64 = 1_500;
/// How many seeds a candidate is given.
const SEEDS: u64 = 6;
/// What every bound is set to where none is to be in the way: the largest that a scope may have.
const NO_BOUND: u32 = 64;
/// Never compared before the run ends: for failures that a step shows.
const NEVER: u64 = u64::MAX;

/// A smaller run.
pub struct SmallerRun {
    /// Its configuration.
    pub swarm: Swarm,
    /// The run, with its trace.
    pub run: Simulated,
    /// How many runs it took.
    pub tried: u64,
    /// Whether the search came to its end; false when [`RUNS_MAX`] was hit before.
    pub minimal: bool,
}

/// Makes a run smaller that fails, or gives none if it does not fail, or cannot be. Of those that fail in the same way it
/// keeps only what `also` agrees to. The result depends on the arguments alone.
pub fn smaller_run(swarm: &Swarm, also: impl Fn(&Swarm, &Simulated) -> bool) -> Option<SmallerRun> {
    let judging = Judging { compare_every: 1, record: true };
    let run = simulate(swarm, judging).ok()?;
    let way = run.way.clone()?;
    // The states are compared only where they tell: that takes longer than the run.
    let compare_every = if matches!(way, Way::Differs(None, _)) { 1 } else { NEVER };
    let judging = Judging { compare_every, ..judging };
    let mut search = Search { way, judging, also, swarm: swarm.clone(), run, tried: 1 };
    let minimal = search.search();
    let Search { swarm, run, tried, .. } = search;
    Some(SmallerRun { swarm, run, tried, minimal })
}

struct Search<F> {
    way: Way,
    judging: Judging,
    also: F,
    swarm: Swarm,
    run: Simulated,
    tried: u64,
}

impl<F: Fn(&Swarm, &Simulated) -> bool> Search<F> {
    /// Tries all changes until none helps; tells whether it got there.
    fn search(&mut self) -> bool {
        loop {
            let before = self.swarm.clone();
            for change in CHANGES {
                while self.changes(*change) {}
            }
            match self.tried < RUNS_MAX {
                false => return false,
                true if self.swarm == before => return true,
                true => {}
            }
        }
    }

    /// Makes a change if the run still fails with it, in no more steps; tells whether it did.
    fn changes(&mut self, change: Change) -> bool {
        let mut candidate = self.swarm.clone();
        change(&mut candidate);
        if candidate == self.swarm || candidate.check().is_err() {
            return false;
        }
        let own = candidate.seed;
        (0..SEEDS).any(|more| {
            let seed = own.wrapping_add(more);
            self.is_kept(Swarm { seed, ..candidate.clone() })
        })
    }

    fn is_kept(&mut self, candidate: Swarm) -> bool {
        if self.tried >= RUNS_MAX {
            return false;
        }
        self.tried += 1;
        let Ok(run) = simulate(&candidate, self.judging) else { return false };
        let kept = run.way.as_ref() == Some(&self.way)
            && run.steps <= self.run.steps
            && (self.also)(&candidate, &run);
        if kept {
            (self.swarm, self.run) = (candidate, run);
        }
        kept
    }
}

/// One change that makes a run smaller, or leaves it as it is.
type Change = fn(&mut Swarm);

/// All of them, what takes most away first.
const CHANGES: &[Change] = &[
    |swarm| swarm.workload.requests = 1,
    |swarm| swarm.workload.requests = (swarm.workload.requests / 2).max(1),
    |swarm| swarm.faults_until_us /= 2,
    |swarm| clients(swarm, 1),
    |swarm| clients(swarm, (swarm.config.clients / 2).max(1)),
    |swarm| clients(swarm, swarm.config.clients - 1),
    |swarm| swarm.workload.requests = (swarm.workload.requests - 1).max(1),
    |swarm| communication_servers(swarm, 1),
    |swarm| communication_servers(swarm, swarm.config.communication_servers - 1),
    |swarm| query_servers(swarm, 2),
    |swarm| query_servers(swarm, swarm.config.query_servers - 1),
    |swarm| {
        swarm.config.control_servers = 1;
        swarm.faults.lease = Rate::NEVER;
    },
    |swarm| swarm.faults = Faults::NONE,
    |swarm| swarm.faults.crash_communication = Rate::NEVER,
    |swarm| swarm.faults.crash_query = Rate::NEVER,
    |swarm| swarm.faults.crash_global = Rate::NEVER,
    |swarm| swarm.faults.crash_control = Rate::NEVER,
    |swarm| swarm.faults.slow = Rate::NEVER,
    |swarm| swarm.faults.stall = Rate::NEVER,
    |swarm| swarm.faults.reset = Rate::NEVER,
    |swarm| swarm.faults.cut = Rate::NEVER,
    |swarm| swarm.faults.partition = Rate::NEVER,
    |swarm| (swarm.faults.jump, swarm.faults.jump_us_max) = (Rate::NEVER, 0),
    |swarm| swarm.faults.lease = Rate::NEVER,
    |swarm| swarm.faults.stops_per_million = 0,
    |swarm| swarm.faults.drop_per_million = 0,
    |swarm| swarm.faults.duplicate_per_million = 0,
    |swarm| swarm.faults.reorder_per_million = 0,
    |swarm| swarm.faults.skew_per_million = 0,
    |swarm| swarm.disk.full = Rate::NEVER,
    |swarm| swarm.disk.torn_per_million = 0,
    |swarm| swarm.disk.whole_per_million = 0,
    |swarm| swarm.disk.read_error_per_million = 0,
    |swarm| {
        let workload = &mut swarm.workload;
        workload.cancels_per_million = 0;
        workload.moves_per_million = 0;
        workload.leaves_per_million = 0;
        swarm.config.knobs.sessions = false;
    },
    |swarm| swarm.workload.cancels_per_million = 0,
    |swarm| swarm.workload.moves_per_million = 0,
    |swarm| swarm.workload.leaves_per_million = 0,
    |swarm| swarm.workload.changes_per_million = 0,
    |swarm| swarm.workload.deletions_per_million = 0,
    |swarm| swarm.workload.shares_per_million = 0,
    |swarm| swarm.workload.contacts_per_million = 0,
    |swarm| swarm.workload.classes = [0, 1, 0],
    |swarm| swarm.workload.hot_per_million = 0,
    |swarm| swarm.hot_factor = 1,
    |swarm| {
        swarm.config.knobs.links = Links::Fifo;
        let faults = &mut swarm.faults;
        faults.drop_per_million = 0;
        faults.duplicate_per_million = 0;
        faults.reorder_per_million = 0;
    },
    |swarm| {
        let knobs = &mut swarm.config.knobs;
        knobs.strategy = Strategy::Any;
        knobs.weights.clear();
        knobs.accepts.clear();
    },
    |swarm| swarm.config.knobs.unit = Unit::Count,
    |swarm| swarm.config.knobs.overtaken_max = 0,
    |swarm| {
        let knobs = &mut swarm.config.knobs;
        knobs.rooms.clear();
        knobs.ledger_rooms.clear();
    },
    |swarm| {
        let knobs = &mut swarm.config.knobs;
        (knobs.binding, knobs.give_back) = (Binding::Early, false);
    },
    |swarm| swarm.config.knobs.sharing = Rule::Everyone,
    |swarm| swarm.config.knobs.routing = Routing::Home,
    |swarm| swarm.config.knobs.sync_batch_max = 1,
    |swarm| swarm.config.knobs.compact_after = 0,
    |swarm| {
        swarm.config.knobs.disk = Disk::Immediate;
        swarm.disk.full = Rate::NEVER;
    },
    |swarm| {
        let knobs = &mut swarm.config.knobs;
        knobs.queue_max = NO_BOUND;
        knobs.pending_max = NO_BOUND;
        knobs.relay_max = NO_BOUND;
        knobs.ledger_max = NO_BOUND;
        knobs.window_max = NO_BOUND;
    },
    |swarm| swarm.config.timers.retry_us = 0,
    |swarm| swarm.config.timers.pull_back_us = 0,
    |swarm| swarm.config.timers.reroute_us = 0,
    |swarm| swarm.config.timers.jitter_percent = 0,
    |swarm| {
        let latencies = &mut swarm.latencies;
        for span in [
            &mut latencies.client,
            &mut latencies.query,
            &mut latencies.global,
            &mut latencies.control,
            &mut swarm.service,
            &mut swarm.workload.think,
            &mut swarm.workload.patience,
            &mut swarm.disk.sync,
        ] {
            *span = Span::constant(span.mean_us());
        }
    },
    |swarm| swarm.settle_us_max = swarm.settle_us_max.min(swarm.settle_us()),
];

fn clients(swarm: &mut Swarm, left: u16) {
    swarm.config.clients = left.min(swarm.config.clients);
    swarm.sessions.truncate(left.into());
}

fn communication_servers(swarm: &mut Swarm, left: u16) {
    swarm.config.communication_servers = left;
    for session in &mut swarm.sessions {
        *session = (*session).min(left.saturating_sub(1));
    }
    if left == 1 {
        swarm.workload.moves_per_million = 0;
    }
}

fn query_servers(swarm: &mut Swarm, left: u16) {
    let config = &mut swarm.config;
    let left = left.min(config.query_servers);
    config.query_servers = left;
    config.knobs.threshold.truncate(left.into());
    config.knobs.weights.truncate(left.into());
    config.knobs.accepts.truncate(left.into());
}
