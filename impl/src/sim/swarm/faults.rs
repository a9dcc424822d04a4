//! What fails in a run, how often, and for how long.

use serde::{Deserialize, Serialize};

use super::span::Span;
use crate::config::{Config, Disk, Links};
use crate::sim::draw::Draw;

macro_rules! fault_sets {
    ($($(#[doc = $about:literal])+ $set:ident $name:literal),+ $(,)?) => {
        /// A named set of kinds of fault: `--faults NAME`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum FaultSet {
            $($(#[doc = $about])+ $set,)+
        }

        impl FaultSet {
            /// All of them.
            pub const ALL: &[FaultSet] = &[$(FaultSet::$set),+];

            /// Its name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(FaultSet::$set => $name,)+
                }
            }

            /// The set of this name.
            pub fn named(name: &str) -> Option<FaultSet> {
                Self::ALL.iter().copied().find(|set| set.name() == name)
            }
        }
    };
}

fault_sets! {
    /// Nothing fails.
    None "none",
    /// Nodes crash, stay down for a while, are slow or stall.
    Crashes "crashes",
    /// Links are reset and cut; datagrams are lost, doubled and overtaken.
    Network "network",
    /// The global server's disk is slow, full, or fails; the server crashes with it.
    Disk "disk",
    /// Clocks run fast or slow, and jump.
    Clocks "clocks",
    /// All of it.
    All "all",
}

impl FaultSet {
    /// Whether it has what this set is made of.
    fn has(self, set: FaultSet) -> bool {
        self == FaultSet::All || self == set
    }
}

/// How often something happens in the whole system, and how long it lasts where it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Rate {
    /// The mean time from one to the next; 0 never.
    pub every_us: u64,
    /// How long it lasts.
    pub lasts: Span,
}

impl Rate {
    /// Never.
    pub const NEVER: Rate = Rate { every_us: 0, lasts: Span::constant(0) };

    /// Whether it happens at all.
    pub fn is_on(&self) -> bool {
        self.every_us > 0
    }
}

/// What happens to nodes and to the links between them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Faults {
    /// A communication server crashes and restarts at once, or where it may stay down, after a while.
    pub crash_communication: Rate,
    /// So does a query server.
    pub crash_query: Rate,
    /// So does the global server.
    pub crash_global: Rate,
    /// So does a control server.
    pub crash_control: Rate,
    /// How many of the crashes are stops, which a restart ends, in a million; none on datagrams.
    pub stops_per_million: u32,
    /// A node takes longer for everything.
    pub slow: Rate,
    /// A node does nothing.
    pub stall: Rate,
    /// A link is reset.
    pub reset: Rate,
    /// One direction of a link is cut.
    pub cut: Rate,
    /// Some nodes are cut from all others, both ways.
    pub partition: Rate,
    /// How often a datagram is lost, in a million.
    pub drop_per_million: u32,
    /// How often it is doubled.
    pub duplicate_per_million: u32,
    /// How often it is overtaken.
    pub reorder_per_million: u32,
    /// How fast a clock may run in error, in millionths.
    pub skew_per_million: u32,
    /// A clock jumps.
    pub jump: Rate,
    /// How far a clock jumps at most, forwards or back.
    pub jump_us_max: u64,
    /// The lease passes to the other control server, if there are two.
    pub lease: Rate,
}

/// What the global server's disk does. With the knob `disk = "immediate"` it fails at nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DiskFaults {
    /// How long a write and its sync take.
    pub sync: Span,
    /// The disk is full for a while.
    pub full: Rate,
    /// How often a write that a crash meets is torn, in a million.
    pub torn_per_million: u32,
    /// How often it is there as a whole.
    pub whole_per_million: u32,
    /// How often reading fails when the server starts, so that it starts later.
    pub read_error_per_million: u32,
}

impl Faults {
    /// Nothing happens.
    pub const NONE: Faults = Faults {
        crash_communication: Rate::NEVER,
        crash_query: Rate::NEVER,
        crash_global: Rate::NEVER,
        crash_control: Rate::NEVER,
        stops_per_million: 0,
        slow: Rate::NEVER,
        stall: Rate::NEVER,
        reset: Rate::NEVER,
        cut: Rate::NEVER,
        partition: Rate::NEVER,
        drop_per_million: 0,
        duplicate_per_million: 0,
        reorder_per_million: 0,
        skew_per_million: 0,
        jump: Rate::NEVER,
        jump_us_max: 0,
        lease: Rate::NEVER,
    };

    /// The faults of a run, of those that the set has and the configuration allows: each kind is on in two of three runs.
    pub(super) fn drawn(draw: &mut Draw, set: FaultSet, config: &Config, span_us: u64) -> Faults {
        let fifo = config.knobs.links == Links::Fifo;
        let mut faults = Faults::NONE;
        let mut rate = |on: bool, lasts_us: u64| drawn_rate(draw, on, span_us, lasts_us);
        let (crashes, network) = (set.has(FaultSet::Crashes), set.has(FaultSet::Network));
        let down_us = span_us / 20;
        faults.crash_communication = rate(crashes, down_us);
        faults.crash_query = rate(crashes, down_us);
        faults.crash_global = rate(crashes || set.has(FaultSet::Disk), down_us);
        faults.crash_control = rate(crashes, down_us);
        faults.slow = rate(crashes, span_us / 10);
        faults.stall = rate(crashes, span_us / 40);
        faults.reset = rate(network && fifo, 0);
        faults.cut = rate(network && fifo, span_us / 20);
        faults.partition = rate(network && fifo, span_us / 20);
        faults.jump = rate(set.has(FaultSet::Clocks), 0);
        faults.lease = rate(crashes && config.control_servers > 1, 0);
        if crashes && fifo {
            faults.stops_per_million = draw.pick(&[0, 300_000, 700_000]);
        }
        if network && !fifo {
            faults.drop_per_million = draw.pick(&[0, 5_000, 50_000]);
            faults.duplicate_per_million = draw.pick(&[0, 5_000, 50_000]);
            faults.reorder_per_million = draw.pick(&[0, 5_000, 50_000]);
        }
        if set.has(FaultSet::Clocks) {
            faults.skew_per_million = draw.pick(&[0, 100, 20_000]);
            faults.jump_us_max = draw.pick(&[1_000, 1_000_000, 3_600_000_000]);
        }
        faults
    }
}

impl DiskFaults {
    /// The disk of a run.
    pub(super) fn drawn(
        draw: &mut Draw,
        set: FaultSet,
        disk: Disk,
        latency_us: u64,
        span_us: u64,
    ) -> DiskFaults {
        let bad = set.has(FaultSet::Disk) && disk == Disk::Flushed;
        let slow = bad && draw.one_in(3);
        let sync_us = latency_us * if slow { 100 } else { draw.pick(&[1, 4]) };
        DiskFaults {
            sync: Span::drawn(draw, sync_us),
            full: drawn_rate(draw, bad, span_us, span_us / 20),
            torn_per_million: if bad { draw.pick(&[0, 300_000, 700_000]) } else { 0 },
            whole_per_million: if bad { draw.pick(&[0, 300_000]) } else { 0 },
            read_error_per_million: if bad { draw.pick(&[0, 300_000]) } else { 0 },
        }
    }
}

/// A rate that brings it about a few times in a run, if it is on.
fn drawn_rate(draw: &mut Draw, on: bool, span_us: u64, lasts_us: u64) -> Rate {
    if !on || draw.one_in(3) {
        return Rate::NEVER;
    }
    let every_us = span_us / draw.between(2, 12);
    Rate { every_us, lasts: Span::drawn(draw, lasts_us) }
}
