//! The control server K: the ledger of what is handed over, and who takes it.
//!
//! [`ledger`] is what sources and receivers tell, [`eligible`] who may take a task, [`lease`] who leads.

mod eligible;
mod lease;
mod ledger;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use spillway_traces::{HandOver, RequestId, Sessions};

use crate::config::Config;
use crate::nodes::aside::{Aside, Running};
use crate::wire::Asked;

/// A control server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Control {
    /// What the operator set.
    pub config: Arc<Config>,
    /// Its index among the control servers.
    pub index: u16,
    /// *Standby*: the highest epoch that it knows of.
    pub epoch: u32,
    /// What is handed over, by the index of the source and the request.
    pub ledger: BTreeMap<(u16, RequestId), Entry>,
    /// `round-robin`: the query server that it assigned to last; none in every other strategy.
    pub last: Option<u16>,
    /// Query servers that the connection to is lost: they take nothing.
    pub lost: BTreeSet<u16>,
    /// A connection was lost just now, and no connection made since: what has no eligible server left goes back unless
    /// the very next input makes it anew, which is a reset.
    pub returns_due: bool,
    /// The timers that run.
    pub running: Aside<Running>,
}

/// A hand-over that the ledger holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The query and its token.
    pub asked: Asked,
    /// The name of the hand-over.
    pub hand_over: HandOver,
    /// The communication servers that asked at the source.
    pub askers: Sessions,
    /// The query server that it is assigned to.
    pub assigned: Option<u16>,
    /// The query servers that have refused it.
    pub refused: BTreeSet<u16>,
}
