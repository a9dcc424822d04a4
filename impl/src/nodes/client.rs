//! The client A: asks, waits, asks again, and takes one reply a request.
//!
//! Every change that its user makes is a version of the whole record, so the record is kept here as the user has it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use spillway_traces::{Action, Node, Note, RequestId};

use crate::bug::Bug;
use crate::config::{Class, Config, Links};
use crate::node::{Candidate, Change, Command, Context, Input, Output, Shown, Timer};
use crate::nodes::aside::{Aside, Running};
use crate::profile::{CONTACTS_MAX, Info, Record};
use crate::wire::{Ask, Asked, Body, Wire};

/// A client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Client {
    /// What the operator set.
    pub config: Arc<Config>,
    /// Its index among the clients; it is the user of the same index.
    pub index: u16,
    /// The communication server that it has its session with; none once it has gone away.
    pub session: Option<u16>,
    /// The newest revision that it was acknowledged for or has seen.
    pub token: u32,
    /// How many requests it has issued.
    pub issued: u32,
    /// The requests that it waits for, each with the token of when it asked first.
    pub waiting: BTreeMap<RequestId, Asked>,
    /// How many changes of its record it has issued: the newest version, whatever became of it.
    pub version: u32,
    /// Its own record as of that version, which the next change goes by.
    pub record: Record,
    /// The timers that run.
    pub running: Aside<Running>,
}

impl Client {
    /// A client that has its session with this communication server, and has asked for nothing yet.
    pub fn new(config: Arc<Config>, index: u16, session: u16) -> Client {
        let record = Record { rule: config.knobs.sharing, ..Record::default() };
        Client {
            config,
            index,
            session: Some(session),
            token: 0,
            issued: 0,
            waiting: BTreeMap::new(),
            version: 0,
            record,
            running: Aside::default(),
        }
    }

    /// Its name.
    pub fn node(&self) -> Node {
        Node::client(self.index)
    }
}
