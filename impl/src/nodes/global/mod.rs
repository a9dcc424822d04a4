//! The global server G: the log of all changes, the checkpoint of what it has forgotten of it, and the feed to the query
//! servers.
//!
//! [`file`] is what its disk holds.

pub mod file;

use std::collections::BTreeMap;
use std::sync::Arc;

use spillway_traces::{Node, RequestId};

use crate::config::Config;
use crate::nodes::aside::{Aside, Running};
use crate::wire::Entry;

/// The global server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Global {
    /// What the operator set.
    pub config: Arc<Config>,
    /// The revision up to which the log is forgotten, and the checkpoint stands for it; 0 if it is all there.
    pub base: u32,
    /// The checkpoint: the newest entry up to the base of each user that has one, one without information included.
    pub checkpoint: BTreeMap<u16, Entry>,
    /// The log above the base, in order: the first is revision base + 1.
    pub log: Vec<Entry>,
    /// How many entries at the end of the log are not durable; 0 while the disk is `immediate`.
    pub undurable: u32,
    /// For each user that has published its newest version, durable or not. It follows from the checkpoint and the log.
    pub newest: BTreeMap<u16, Newest>,
    /// For each query server the revision up to which it was sent all; none until its Hello.
    pub cursors: Vec<Option<u32>>,
    /// Acknowledgements that wait for the disk, in the order of arrival.
    pub awaited: Vec<Awaited>,
    /// What the disk was asked for and has not answered yet.
    pub storing: Option<Storing>,
    /// Whether the end of the file is not to be trusted, so that the next write replaces the whole.
    pub rewrite: bool,
    /// Bytes of a torn write that were found at the end of the file and left out when it started.
    pub torn_bytes: Aside<usize>,
    /// How often in a row the disk could not do what it was asked for.
    pub failures: Aside<u32>,
    /// The timers that run.
    pub running: Aside<Running>,
}

/// The newest version of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Newest {
    /// The version.
    pub version: u32,
    /// The revision that it was stored as.
    pub revision: u32,
}

/// A publish that is acknowledged once the disk has its user's newest version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Awaited {
    /// The query server to be told.
    pub server: u16,
    /// The publish.
    pub request: RequestId,
    /// Whose record it changes.
    pub user: u16,
}

/// What a write is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Storing {
    /// What is not durable becomes so.
    Flush,
    /// The base becomes the newest durable revision.
    Compact,
    /// The whole file is written anew, since its end was not to be trusted; all of it is durable as it is.
    Repair,
}

impl Global {
    /// Its name.
    pub fn node(&self) -> Node {
        Node::GLOBAL
    }

    /// The newest revision of the log, durable or not.
    pub fn newest_revision(&self) -> u32 {
        self.base + self.log.len() as u32
    }

    /// The newest durable revision.
    pub fn durable(&self) -> u32 {
        self.newest_revision() - self.undurable
    }
}
