//! What is compared, and under which load. Each function measures one allocator, so that several can be measured at once.

use serde::Serialize;

use super::allocator::Allocator;
use super::arrivals::{Arrival, Phase, arrivals, even_milli};
use super::fate::{Ended, Fate, Summary, between, goodput_milli, late_per_million};
use super::run;
use super::setup::Setup;
use crate::config::{
    Binding, Class, Config, Disk, Knobs, Links, Returned, Routing, Strategy, Timers, Unit,
};
use crate::profile::Rule;

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Effort {
    /// What all draws follow from.
    pub seed: u64,
    /// Requests of one measurement, about.
    pub requests: u64,
    /// How often the step is repeated, each time with other requests.
    pub steps: u64,
}

/// One allocator under one load that lasts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Steady {
    /// What is asked for, in thousandths of capacity.
    pub load_milli: u64,
    /// Work that was answered in time, in thousandths of capacity.
    pub goodput_milli: u64,
    /// Of all requests.
    pub all: Summary,
    /// Of the interactive, the normal and the bulk ones.
    pub classes: [Summary; 3],
}

/// The classes, the most urgent first.
pub const CLASSES: [Class; 3] = [Class::Interactive, Class::Normal, Class::Bulk];
/// Of a measurement a tenth is left out, while queues fill.
const WARM_UP: u64 = 10;

/// Half of all requests are for one of eight servers: four times its share.
pub const HOT_MILLI: u64 = 500;
/// The load at which a hot server is looked at.
pub const HOT_LOAD_MILLI: u64 = 800;
/// Loads at which goodput and waits are looked at.
pub const LOADS_MILLI: [u64; 11] =
    [200, 400, 600, 800, 900, 1_000, 1_200, 1_500, 2_000, 3_000, 4_000];

/// The default of `spillway compare`: eight query servers, a query of ten milliseconds, a message of a tenth of one.
///
/// The threshold is 1, so that whatever waits may go to whoever has room; the control server holds it until then. So its
/// ledger is the queue of all servers together, and the rooms of the ledger say how long each class waits at most before
/// it is refused. Those of the servers only keep one of them from filling it alone.
pub fn default_setup() -> Setup {
    let servers = 8;
    let knobs = Knobs {
        threshold: vec![1; servers],
        unit: Unit::Count,
        queue_max: 64,
        rooms: vec![64, 48, 40],
        give_back: false,
        pending_max: 1 << 20,
        relay_max: 64,
        ledger_max: 64 * servers as u32,
        ledger_rooms: vec![256, 64, 32],
        window_max: 1 << 20,
        routing: Routing::Home,
        returned: Returned::Busy,
        links: Links::Fifo,
        strategy: Strategy::Any,
        binding: Binding::Late,
        weights: Vec::new(),
        accepts: Vec::new(),
        overtaken_max: 0,
        disk: Disk::Immediate,
        sharing: Rule::Everyone,
        sessions: true,
        sync_batch_max: 16,
        compact_after: 0,
    };
    let config = Config {
        clients: 32,
        communication_servers: 2,
        query_servers: servers as u16,
        control_servers: 1,
        knobs,
        timers: Timers::default(),
        bug: None,
    };
    Setup { config, work_us: 10_000, hop_us: 100, patience_us: 500_000, classes: [20, 40, 40] }
}

/// One load that lasts; `hot_milli` thousandths of it are for the first server.
pub fn steady(
    setup: &Setup,
    allocator: &Allocator,
    (load_milli, hot_milli): (u64, u64),
    effort: Effort,
) -> Steady {
    let lasts_us = lasts_us(setup, load_milli, effort);
    let arrivals = arrivals(setup, &[Phase { lasts_us, load_milli }], hot_milli, effort.seed);
    let fates = run(setup, allocator, &arrivals, effort.seed);
    let during = (lasts_us / WARM_UP, lasts_us);
    let of = |class| Summary::of(setup, between(&arrivals, &fates, during, class));
    Steady {
        load_milli,
        goodput_milli: goodput_milli(setup, arrivals.iter().zip(&fates), during),
        all: of(None),
        classes: CLASSES.map(|class| of(Some(class))),
    }
}

fn lasts_us(setup: &Setup, load_milli: u64, effort: Effort) -> u64 {
    effort.requests * setup.work_us * 1_000 / (load_milli * u64::from(setup.servers()))
}

/// How much one allocator completes while nearly all is answered in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct InTime {
    /// How many times its share is asked of the hottest server.
    pub skew: u64,
    /// The highest load at which 99 in a hundred requests are answered within [`in_time_us`].
    pub load_milli: u64,
    /// What is completed at that load, in thousandths a second.
    pub per_second_milli: u64,
}

/// How many times its share the hottest server is asked for.
pub const SKEWS: [u64; 3] = [1, 2, 4];
/// What counts as in time, in times of the mean work.
const IN_TIME_WORKS: u64 = 10;
/// How exactly that load is sought.
const LOAD_STEP_MILLI: u64 = 10;

/// The time within which 99 in a hundred are to be answered.
pub fn in_time_us(setup: &Setup) -> u64 {
    IN_TIME_WORKS * setup.work_us
}

/// The most that is completed while nearly all of it is in time. Refused and given up count as late.
pub fn in_time(setup: &Setup, allocator: &Allocator, skew: u64, effort: Effort) -> InTime {
    let hot_milli = (skew * even_milli(setup.servers())).min(999);
    let (mut holds, mut fails) = (0, 1_000 / LOAD_STEP_MILLI + 1);
    let mut best = InTime { skew, load_milli: 0, per_second_milli: 0 };
    while fails - holds > 1 {
        let middle = u64::midpoint(holds, fails);
        let load_milli = middle * LOAD_STEP_MILLI;
        let lasts_us = lasts_us(setup, load_milli, effort);
        let asked = arrivals(setup, &[Phase { lasts_us, load_milli }], hot_milli, effort.seed);
        let fates = run(setup, allocator, &asked, effort.seed);
        let during = (lasts_us / WARM_UP, lasts_us);
        let ended = || between(&asked, &fates, during, None);
        if late_per_million(ended(), in_time_us(setup)) <= 10_000 {
            let answered = Summary::of(setup, ended()).answered;
            let seconds_us = during.1 - during.0;
            let per_second_milli = answered * 1_000_000_000 / seconds_us;
            (holds, best) = (middle, InTime { skew, load_milli, per_second_milli });
        } else {
            fails = middle;
        }
    }
    best
}

/// One allocator under a load that steps up and back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Step {
    /// The mean wait of those who ask in each window of [`WINDOW_US`], by class; none where nobody was answered.
    pub waits_us: [Vec<Option<u64>>; 3],
    /// How long after the step the mean wait is again what it was at most before it, by class; none if it is not.
    pub back_after_us: [Option<u64>; 3],
    /// The same of all classes together.
    pub all_back_after_us: Option<u64>,
    /// Refused during the step, in thousandths of what was asked, by class.
    pub refused_milli: [u64; 3],
}

/// The loads before, in and after the step, and for how long.
pub const STEP: [Phase; 3] = [
    Phase { lasts_us: 1_000_000, load_milli: 700 },
    Phase { lasts_us: 1_000_000, load_milli: 1_400 },
    Phase { lasts_us: 2_000_000, load_milli: 700 },
];
/// Over how long a wait is averaged.
pub const WINDOW_US: u64 = 20_000;
/// Windows before the step that say what is normal: the first half of that time queues fill.
const NORMAL: std::ops::Range<u64> = STEP[0].lasts_us / 2 / WINDOW_US..STEP[0].lasts_us / WINDOW_US;

/// A step up and back, many times over.
pub fn step(setup: &Setup, allocator: &Allocator, effort: Effort) -> Step {
    let ends_us: u64 = STEP.iter().map(|phase| phase.lasts_us).sum();
    let windows = (ends_us / WINDOW_US) as usize;
    let mut sums = vec![[Mean::default(); 4]; windows];
    let mut stepping = [Summary::default(); 3];
    let up = (STEP[0].lasts_us, STEP[0].lasts_us + STEP[1].lasts_us);
    for repetition in 0..effort.steps {
        let seed = effort.seed.wrapping_add(repetition);
        let asked = arrivals(setup, &STEP, even_milli(setup.servers()), seed);
        let fates = run(setup, allocator, &asked, seed);
        add(setup, &asked, &fates, &mut sums);
        for (class, sum) in CLASSES.into_iter().zip(&mut stepping) {
            let one = Summary::of(setup, between(&asked, &fates, up, Some(class)));
            (sum.asked, sum.refused) = (sum.asked + one.asked, sum.refused + one.refused);
        }
    }
    let line = |at: usize| sums.iter().map(|means| means[at].get()).collect::<Vec<_>>();
    let back = |at: usize| back_after_us(&line(at));
    Step {
        waits_us: [0, 1, 2].map(line),
        back_after_us: [0, 1, 2].map(back),
        all_back_after_us: back(ALL),
        refused_milli: stepping
            .map(|sum| (sum.refused * 1_000).checked_div(sum.asked).unwrap_or(0)),
    }
}

/// The place of all classes together.
const ALL: usize = 3;

#[derive(Clone, Copy, Debug, Default)]
struct Mean {
    sum: u64,
    count: u64,
}

impl Mean {
    fn add(&mut self, value: u64) {
        self.sum += value;
        self.count += 1;
    }

    fn get(self) -> Option<u64> {
        self.sum.checked_div(self.count)
    }
}

fn add(setup: &Setup, asked: &[Arrival], fates: &[Fate], sums: &mut [[Mean; 4]]) {
    for ended in asked.iter().zip(fates) {
        let ended: Ended<'_> = ended;
        let one = Summary::of(setup, std::iter::once(ended));
        if one.answered > 0 {
            let means = &mut sums[(ended.0.at_us / WINDOW_US) as usize];
            means[ended.0.class as usize].add(one.wait_us);
            means[ALL].add(one.wait_us);
        }
    }
}

/// How long after the step the first window begins from which on waits are normal: in it, and in the mean of it and the
/// four after it, since one window may be lucky.
fn back_after_us(waits: &[Option<u64>]) -> Option<u64> {
    const LOOK: usize = 5;
    let normal = waits[NORMAL.start as usize..NORMAL.end as usize].iter().flatten().max()?;
    let ends = ((STEP[0].lasts_us + STEP[1].lasts_us) / WINDOW_US) as usize;
    let mean = |windows: &[Option<u64>]| {
        let mut mean = Mean::default();
        windows.iter().flatten().for_each(|wait| mean.add(*wait));
        mean.get().unwrap_or(u64::MAX)
    };
    let after = &waits[ends..];
    (0..after.len() - LOOK)
        .find(|&at| {
            after[at].is_some_and(|wait| wait <= *normal) && mean(&after[at..at + LOOK]) <= *normal
        })
        .map(|at| at as u64 * WINDOW_US)
}
