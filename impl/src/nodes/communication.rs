//! The communication server B: passes requests on, remembers them until they are settled, and sends them again when they
//! may have been lost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use spillway_traces::{Action, Node, Note, RequestId, Role};

use crate::bug::Bug;
use crate::config::{Config, Links, Routing};
use crate::node::{Candidate, Context, Input, Output, Timer};
use crate::nodes::aside::{Aside, Running};
use crate::nodes::query::BUSY_RETRY_AFTER_US;
use crate::wire::{Asked, Body, Wire};

/// A communication server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Communication {
    /// What the operator set.
    pub config: Arc<Config>,
    /// Its index among the communication servers.
    pub index: u16,
    /// The requests that are not settled.
    pub pending: BTreeMap<RequestId, Pending>,
    /// Query servers that the connection to is lost.
    pub lost: BTreeSet<Node>,
    /// Query servers that nothing is heard from, or that hear nothing, while the connection stands.
    pub unreachable: BTreeSet<Node>,
    /// The timers that run.
    pub running: Aside<Running>,
}

/// A request that is not settled.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pending {
    /// The request, and its token.
    pub asked: Asked,
    /// The query server that it was sent to last; none while none is chosen (*any routing*).
    pub at: Option<u16>,
}

impl Communication {
    /// A communication server that starts, or starts again: nothing survives a crash.
    pub fn new(config: Arc<Config>, index: u16) -> Communication {
        Communication {
            config,
            index,
            pending: BTreeMap::new(),
            lost: BTreeSet::new(),
            unreachable: BTreeSet::new(),
            running: Aside::default(),
        }
    }

    /// Its name.
    pub fn node(&self) -> Node {
        Node::communication(self.index)
    }
}
