//! The configuration of a run, all of it derived from one number: sizes, knobs, workload, latencies and faults.
//!
//! Each seed turns features and faults on and off of its own ("swarm testing"): a run in which everything may fail at
//! once hides what shows only where one thing fails often. A [`Swarm`] says all that its seed was for, so that it can be
//! printed, kept, and made smaller by hand or by a program; a run takes it and nothing else.

mod cast;
mod faults;
mod knobs;
mod plan;
mod print;
pub mod span;
mod workload;

use serde::{Deserialize, Serialize};

use super::draw::{Draw, Stream};
use crate::config::{Config, Links, Strategy};
pub use cast::{Cast, Script};
pub use faults::{DiskFaults, FaultSet, Faults, Rate};
use knobs::CLASSES;
pub use knobs::{FIGURE, Sizes};
pub use span::{Shape, Span};
pub use workload::Workload;

/// A run: what is run, what happens to it, and the seed of whatever else is drawn on the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Swarm {
    /// The seed.
    pub seed: u64,
    /// The set that its faults are of.
    pub set: FaultSet,
    /// What the operator sets.
    pub config: Config,
    /// The communication server of each client at the start.
    pub sessions: Vec<u16>,
    /// What clients want.
    pub workload: Workload,
    /// How long messages take.
    pub latencies: Latencies,
    /// How long a task takes.
    pub service: Span,
    /// How many times as long it takes on the first query server.
    pub hot_factor: u64,
    /// What fails.
    pub faults: Faults,
    /// What the disk does.
    pub disk: DiskFaults,
    /// After how long all faults end.
    pub faults_until_us: u64,
    /// After how long from then on all must have settled.
    pub settle_us_max: u64,
    /// The requests, if they are not drawn by the seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<Script>,
    /// Who chooses what the protocol leaves open.
    #[serde(default, skip_serializing_if = "Choices::are_configured")]
    pub choices: Choices,
}

/// Who chooses what the protocol leaves open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choices {
    /// The configured strategy, as in the product.
    #[default]
    Configured,
    /// Anybody: each choice is any that is legal.
    Random,
}

impl Choices {
    /// Both.
    pub const ALL: &[Choices] = &[Choices::Configured, Choices::Random];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Choices::Configured => "configured",
            Choices::Random => "random",
        }
    }

    fn are_configured(&self) -> bool {
        *self == Choices::Configured
    }
}

/// About how long things take in a run.
#[derive(Clone, Copy, Debug)]
struct Scale {
    latency_us: u64,
    service_us: u64,
}

impl Scale {
    fn drawn(draw: &mut Draw) -> Scale {
        let latency_us = draw.pick(&[50, 500, 5_000]);
        Scale { latency_us, service_us: latency_us * draw.pick(&[1, 4, 16]) }
    }

    /// How long things go wrong at least.
    fn least_us(self) -> u64 {
        100 * self.service_us + 1_000 * self.latency_us
    }
}

/// How long messages take, for each kind of link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Latencies {
    /// Between clients and communication servers.
    pub client: Span,
    /// Between communication and query servers.
    pub query: Span,
    /// Between query servers and the global server.
    pub global: Span,
    /// Between query and control servers.
    pub control: Span,
}

/// The end of the faults has room for the workload at least so many times over.
const ROOM: u64 = 2;
/// What everything that is slow at the end of the faults may still take, in times of the longest timer.
const SETTLE_BACKOFFS: u64 = 60;
/// How many times as long as usual a request may take then.
const SLOWEST: u64 = 100;

impl Swarm {
    /// The run of a seed under the faults of a set.
    pub fn derive(seed: u64, set: FaultSet) -> Swarm {
        let draw = &mut Draw::new(seed, Stream::Swarm);
        let scale = Scale::drawn(draw);
        let mut config = knobs::config(draw, set, scale.latency_us);
        knobs::late(&mut Draw::new(seed, Stream::Binding), &mut config, scale.latency_us);
        let rooms = &mut Draw::new(seed, Stream::Rooms);
        config.knobs.rooms = knobs::rooms(rooms, config.knobs.queue_max);
        config.knobs.ledger_rooms = knobs::rooms(rooms, config.knobs.ledger_max);
        let workload = Workload::drawn(draw, &config, scale.service_us);
        Swarm::of(draw, (seed, set), scale, config, workload, None)
    }

    /// The run of this configuration and workload; the rest is drawn.
    fn of(
        draw: &mut Draw,
        (seed, set): (u64, FaultSet),
        scale: Scale,
        config: Config,
        workload: Workload,
        cast: Option<&Cast>,
    ) -> Swarm {
        let Scale { latency_us, service_us } = scale;
        let faults_until_us =
            ROOM * u64::from(workload.requests) * workload.think.mean_us() + scale.least_us();
        let servers = u64::from(config.communication_servers);
        let faults = Faults::drawn(draw, set, &config, faults_until_us);
        let disk = DiskFaults::drawn(draw, set, config.knobs.disk, latency_us, faults_until_us);
        let mut swarm = Swarm {
            seed,
            set,
            sessions: match cast {
                Some(cast) => cast.sessions.clone(),
                None => (0..config.clients).map(|_| draw.below(servers) as u16).collect(),
            },
            latencies: Latencies::drawn(draw, latency_us),
            service: Span::drawn(draw, service_us),
            hot_factor: draw.pick(&[1, 1, 4]),
            faults,
            disk,
            faults_until_us,
            settle_us_max: 0,
            script: cast.map(|cast| cast.script.clone()),
            choices: Choices::default(),
            config,
            workload,
        };
        swarm.settle_us_max = swarm.settle_us();
        debug_assert_eq!(swarm.check(), Ok(()), "seed {seed} is a run that can be");
        swarm
    }

    /// How long all may take to settle once the faults are over, given what it is made of.
    pub fn settle_us(&self) -> u64 {
        let requests = u64::from(self.workload.requests) * u64::from(self.config.clients);
        let usual = [self.service, self.disk.sync, self.latencies.client];
        let slowest_us = SLOWEST * usual.iter().map(Span::mean_us).sum::<u64>();
        SETTLE_BACKOFFS * self.config.timers.backoff_us_max + requests * slowest_us
    }

    /// Whether it is a run that can be: what the protocol excludes, and what is not the size that it has to be.
    ///
    /// # Errors
    /// What is wrong, and what was expected.
    pub fn check(&self) -> Result<(), Impossible> {
        let (config, knobs) = (&self.config, &self.config.knobs);
        let servers = usize::from(config.query_servers);
        let per_server =
            |length: usize, is_on: bool| if is_on { length == servers } else { length == 0 };
        let datagram = knobs.links == Links::Datagram;
        let faults = &self.faults;
        let connections = [faults.reset, faults.cut, faults.partition];
        let datagrams =
            [faults.drop_per_million, faults.duplicate_per_million, faults.reorder_per_million];
        let ways = |rule: bool, why: &'static str| if rule { Ok(()) } else { Err(Impossible(why)) };
        ways(config.clients > 0, "there is at least one client")?;
        ways((1..=32).contains(&config.communication_servers), "1 to 32 communication servers")?;
        ways(servers >= 2, "there are at least two query servers")?;
        ways((1..=2).contains(&config.control_servers), "there are one or two control servers")?;
        ways(knobs.threshold.len() == servers, "each query server has a threshold")?;
        ways(
            knobs.threshold.iter().all(|t| *t <= knobs.queue_max),
            "no threshold is above queue-max",
        )?;
        let all = [(&knobs.rooms, knobs.queue_max), (&knobs.ledger_rooms, knobs.ledger_max)];
        for (rooms, max) in all {
            ways(rooms.is_empty() || rooms.len() == CLASSES.len(), "rooms are one for each class")?;
            let within = rooms.iter().all(|room| (1..=max).contains(room));
            ways(within, "each room is from 1 to queue-max or ledger-max")?;
            let falls = rooms.windows(2).all(|pair| pair[0] >= pair[1]);
            ways(falls, "no class has more room than a higher one")?;
        }
        let weighted = knobs.strategy == Strategy::Weighted;
        ways(per_server(knobs.weights.len(), weighted), "weights are for weighted, one a server")?;
        ways(knobs.weights.iter().all(|weight| *weight > 0), "every weight is above 0")?;
        let classes = knobs.strategy == Strategy::Classes;
        ways(per_server(knobs.accepts.len(), classes), "accepts are for classes, one a server")?;
        let bounds = [knobs.queue_max, knobs.pending_max, knobs.relay_max, knobs.ledger_max];
        ways(
            bounds.iter().all(|bound| *bound > 0) && knobs.window_max > 0,
            "every bound is above 0",
        )?;
        ways(knobs.sync_batch_max > 0, "an Update has at least one revision")?;
        ways(!datagram || knobs.sync_batch_max == 1, "on datagrams an Update has one revision")?;
        let whole = connections.iter().all(|rate| !rate.is_on()) && faults.stops_per_million == 0;
        ways(!datagram || whole, "datagrams exclude resets and outages")?;
        ways(datagram || datagrams == [0; 3], "only datagrams are lost, doubled or overtaken")?;
        let moves = self.workload.moves_per_million > 0;
        ways(!moves || config.communication_servers > 1, "moving needs two communication servers")?;
        let ends = [self.workload.cancels_per_million, self.workload.leaves_per_million];
        ways(
            knobs.sessions || !moves && ends == [0; 2],
            "who moves, leaves or cancels has sessions",
        )?;
        ways(
            !faults.lease.is_on() || config.control_servers > 1,
            "a lease needs two control servers",
        )?;
        ways(self.sessions.len() == usize::from(config.clients), "each client has a session")?;
        let there = self.sessions.iter().all(|session| *session < config.communication_servers);
        ways(there, "each session is with a communication server that is there")?;
        ways(self.workload.classes.iter().any(|part| *part > 0), "some class is asked for")?;
        ways(faults.skew_per_million < 1_000_000, "no clock stands still")?;
        ways(self.hot_factor > 0, "work takes time")?;
        let fits = self.script.as_ref().is_none_or(|script| script.fits(config));
        ways(fits, "each request is of a client and about nodes that are there")
    }
}

impl Latencies {
    fn drawn(draw: &mut Draw, mean_us: u64) -> Latencies {
        Latencies {
            client: Span::drawn(draw, mean_us),
            query: Span::drawn(draw, mean_us),
            global: Span::drawn(draw, mean_us),
            control: Span::drawn(draw, mean_us),
        }
    }
}

/// Why a run cannot be: what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Impossible(pub &'static str);

impl std::fmt::Display for Impossible {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no such run can be: {}", self.0)
    }
}

impl std::error::Error for Impossible {}
