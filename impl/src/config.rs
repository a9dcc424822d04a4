//! What the operator sets: sizes, knobs and timers. The names are those of the model's scope files where both have one.

use serde::{Deserialize, Serialize};

use crate::bug::Bug;
use crate::profile::Rule;

/// Task-processing priority of a query, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// A person waits for it.
    Interactive,
    /// The ordinary case.
    Normal,
    /// Nobody waits: the first to be handed over.
    Bulk,
}

/// Where a communication server sends a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Routing {
    /// To the request's home.
    #[default]
    Home,
    /// To any query server.
    Any,
}

/// What becomes of a task that comes back to its source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Returned {
    /// It is queued again, and never offered again.
    #[default]
    Queue,
    /// It is refused to the client.
    Busy,
}

/// What the links are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Links {
    /// Like TCP connections.
    #[default]
    Fifo,
    /// Lost, doubled and overtaken; without connections.
    Datagram,
}

/// Which servers may take a redundant task: "Receiving strategies" in `PROTOCOL.md`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Any that is eligible.
    #[default]
    Any,
    /// One with the least assigned load.
    LeastLoaded,
    /// The next one in turn.
    RoundRobin,
    /// The less loaded of two that are drawn.
    TwoChoices,
    /// One with the least assigned load for its weight.
    Weighted,
    /// One that takes the task's class.
    Classes,
}

/// When a control server assigns what it holds: the protocol leaves that open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Binding {
    /// At once, whatever it knows of the servers that may take it.
    #[default]
    Early,
    /// Once a server that may take it has room, as far as its last report says. Query servers then report.
    Late,
}

/// What a threshold counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Tasks.
    #[default]
    Count,
    /// How long the oldest task waits, see [`Timers::delay_us_max`].
    Delay,
}

/// How the global server's disk works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disk {
    /// What is written is durable.
    #[default]
    Immediate,
    /// What is written is durable once the disk has synced it.
    Flushed,
}

fn is_early(binding: &Binding) -> bool {
    *binding == Binding::Early
}

/// For how long a report of room counts, unless the operator says otherwise.
pub const REPORT_US_MAX: u64 = 200_000;

/// So that configurations kept from before there were reports read and print as they did.
fn is_default_report(us: &u64) -> bool {
    *us == REPORT_US_MAX
}

/// Timers, in microseconds. A timer that repeats doubles its wait each time, up to [`Timers::backoff_us_max`], and adds a
/// random part.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Timers {
    /// After how long without a reply a client asks again; 0 never.
    pub retry_us: u64,
    /// On datagram links: after how long without an answer a node sends again to a peer.
    pub resend_us: u64,
    /// After how long a query server that cannot reach its control server takes a task back; 0 never.
    pub pull_back_us: u64,
    /// After how long a communication server that cannot reach a query server sends a request to another; 0 never.
    pub reroute_us: u64,
    /// With thresholds of delay: how long the oldest waiting task may wait before its server is late.
    pub delay_us_max: u64,
    /// After how long the global server tries again what its disk could not do.
    pub store_again_us: u64,
    /// With [`Binding::Late`]: for how long a report of room counts.
    #[serde(skip_serializing_if = "is_default_report")]
    pub report_us_max: u64,
    /// The longest wait of a timer that repeats.
    pub backoff_us_max: u64,
    /// The random part of a repeating timer, in per cent of its wait.
    pub jitter_percent: u64,
}

impl Default for Timers {
    fn default() -> Timers {
        Timers {
            retry_us: 0,
            resend_us: 200_000,
            pull_back_us: 500_000,
            reroute_us: 300_000,
            delay_us_max: 20_000,
            store_again_us: 50_000,
            report_us_max: REPORT_US_MAX,
            backoff_us_max: 5_000_000,
            jitter_percent: 10,
        }
    }
}

/// The parameters of the protocol. Bounds count entries.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Knobs {
    /// Tasks a query server may hold before it hands over, for each query server.
    pub threshold: Vec<u32>,
    /// What a threshold counts.
    pub unit: Unit,
    /// Tasks a query server holds at most, handed-over ones included.
    pub queue_max: u32,
    /// Tasks a query server holds at which it refuses a new query, for each class: interactive, normal, bulk. Empty if
    /// that is `queue-max` for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rooms: Vec<u32>,
    /// Requests a communication server has pending at most.
    pub pending_max: u32,
    /// Publishes a query server relays at most at a time.
    pub relay_max: u32,
    /// Hand-overs a control server holds at most.
    pub ledger_max: u32,
    /// Hand-overs a control server holds at which it returns a new one, for each class: interactive, normal, bulk. Empty if
    /// that is `ledger-max` for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ledger_rooms: Vec<u32>,
    /// Requests a client has unanswered at most.
    pub window_max: u32,
    /// Where a communication server sends a request.
    pub routing: Routing,
    /// What becomes of a task that comes back.
    pub returned: Returned,
    /// Whether a control server may give a task back to its source although another server may take it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub give_back: bool,
    /// What the links are.
    pub links: Links,
    /// Which servers may take a redundant task.
    pub strategy: Strategy,
    /// When a control server assigns what it holds.
    #[serde(default, skip_serializing_if = "is_early")]
    pub binding: Binding,
    /// For [`Strategy::Weighted`]: the weight of each query server.
    pub weights: Vec<u32>,
    /// For [`Strategy::Classes`]: the classes that each query server takes from others.
    pub accepts: Vec<Vec<Class>>,
    /// How often a ready task is overtaken at most; 0 if classes do not age.
    pub overtaken_max: u32,
    /// How the global server's disk works.
    pub disk: Disk,
    /// With whom users share until they say otherwise.
    pub sharing: Rule,
    /// Whether clients may move, leave or cancel. While they do not, nobody needs to say who asks.
    pub sessions: bool,
    /// Revisions that one Update carries at most; on datagram links 1 whatever this says.
    pub sync_batch_max: u32,
    /// After how many revisions of its log the global server compacts it; 0 never.
    pub compact_after: u32,
}

impl Knobs {
    /// How many hand-overs a control server holds when it returns a new one of a class.
    pub fn ledger_room(&self, class: Class) -> u32 {
        self.ledger_rooms.get(class as usize).copied().unwrap_or(self.ledger_max)
    }

    /// How many tasks a query server holds when it refuses a new query of a class.
    pub fn room(&self, class: Class) -> u32 {
        self.rooms.get(class as usize).copied().unwrap_or(self.queue_max)
    }
}

/// Everything that a node is told before it starts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// Clients; each is also the user of the same index.
    pub clients: u16,
    /// Communication servers.
    pub communication_servers: u16,
    /// Query servers, at least two.
    pub query_servers: u16,
    /// Control servers, one or two.
    pub control_servers: u16,
    /// The parameters.
    pub knobs: Knobs,
    /// The timers.
    pub timers: Timers,
    /// The seeded bug that is on. Whatever runs with one says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bug: Option<Bug>,
}

impl Config {
    /// Whether this seeded bug is on.
    #[inline]
    pub fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }
}
