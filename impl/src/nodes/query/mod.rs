//! The query server C: a replica that answers queries, and a bounded queue of which the redundant tasks are handed over.
//!
//! [`queue`] is the queue and what is served from it, [`hand_over`] what leaves it and comes back, [`leader`] who is
//! offered to, [`replica`] what G feeds and who sees it, [`relay`] the publishes on their way, [`timers`] the rest.

mod hand_over;
mod leader;
mod queue;
mod relay;
mod replica;
mod timers;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use spillway_traces::{HandOver, Node, RequestId, Sessions};

use crate::config::Config;
use crate::nodes::aside::{Aside, Running};
use crate::profile::Record;
use crate::wire::{Ask, Asked};

/// A query server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Query {
    /// What the operator set.
    pub config: Arc<Config>,
    /// Its index among the query servers.
    pub index: u16,
    /// How often it has started again. It alone survives a crash.
    pub incarnation: u32,
    /// How many hand-overs it has named in this incarnation; the first is 1.
    pub sequence: u32,
    /// *Standby*: the highest epoch that it has heard of.
    pub epoch: u32,
    /// *Delay*: whether it is late.
    pub late: bool,
    /// The revision up to which the replica is complete.
    pub applied: u32,
    /// The replica, by user.
    pub replica: BTreeMap<u16, Held>,
    /// The queue, in order of arrival.
    pub queue: Vec<Task>,
    /// What is handed over.
    pub handed: BTreeMap<RequestId, Handed>,
    /// Publishes on their way to G.
    pub relayed: BTreeMap<RequestId, Relayed>,
    /// Control servers that the connection to is lost.
    pub lost: BTreeSet<Node>,
    /// Control servers that nothing is heard from, or that hear nothing, while the connection stands.
    pub unreachable: BTreeSet<Node>,
    /// The timers that run.
    pub running: Aside<Running>,
    /// When the timer of the delay runs out, if it runs.
    pub delay_due_us: Aside<Option<u64>>,
}

/// What the replica holds of a user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Held {
    /// The version of the record.
    pub version: u32,
    /// The record; one without information is a deletion, or only a rule or contacts so far.
    pub record: Arc<Record>,
}

/// A task of the queue.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Task {
    /// The query and its token.
    pub asked: Asked,
    /// Whether it is worked on.
    pub running: bool,
    /// Whether it came back, so that it is never offered again.
    pub refused: bool,
    /// The communication servers that asked for it here.
    pub asked_here: Sessions,
    /// What makes it a task of another query server; none if it is local.
    pub foreign: Option<Foreign>,
    /// *Ageing*: how often it was overtaken; 0 while the feature is off.
    pub overtaken: u32,
    /// When it was queued, by the clock of this server.
    pub arrived_us: Aside<u64>,
}

/// What a foreign task has beside.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Foreign {
    /// The newest hand-over of its source that it goes by.
    pub hand_over: HandOver,
    /// The communication servers that asked for it at the source.
    pub asked_there: Sessions,
}

/// A task that is handed over.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Handed {
    /// The query and its token.
    pub asked: Asked,
    /// The name of the hand-over.
    pub hand_over: HandOver,
    /// The communication servers to be told.
    pub askers: Sessions,
    /// Whether it was asked for again since.
    pub again: bool,
}

/// A publish on its way to G.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Relayed {
    /// The publish.
    pub ask: Ask,
    /// The communication servers to be told.
    pub askers: Sessions,
}
