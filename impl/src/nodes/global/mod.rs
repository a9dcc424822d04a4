//! The global server G: the log of all changes, the checkpoint of what it has forgotten of it, and the feed to the query
//! servers.
//!
//! `file` is what its disk holds, `disk` how it gets there, `feed` what query servers are sent.

mod disk;
mod feed;
pub mod file;

use std::collections::BTreeMap;
use std::sync::Arc;

use spillway_traces::{Action, Node, Note, RequestId, Role};

use self::file::{Content, Damaged};
use crate::bug::Bug;
use crate::config::{Config, Disk, Links};
use crate::node::{Candidate, Context, Input, Output, Timer};
use crate::nodes::aside::{Aside, Running};
use crate::wire::{Ask, Body, Entry, Wire};

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
    /// Whether it has written to an `immediate` disk in this turn, and is not to ask it for anything more.
    pub wrote: Aside<bool>,
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
    /// The global server with what its file holds. At the start, when the file is empty, it has taken Hello from each
    /// query server for revision 0.
    ///
    /// # Errors
    /// The file is damaged where no crash damages it.
    pub fn new(config: Arc<Config>, file: &[u8]) -> Result<Global, Damaged> {
        let mut global = Global::restart(config, file)?;
        if file.is_empty() {
            global.cursors.fill(Some(0));
        }
        Ok(global)
    }

    /// The global server after a crash, with what its file holds: it waits for Hello.
    ///
    /// # Errors
    /// The file is damaged where no crash damages it.
    pub fn restart(config: Arc<Config>, file: &[u8]) -> Result<Global, Damaged> {
        let file = if config.has(Bug::StoredInMemory) { &[] } else { file };
        let read = file::read(file, !config.has(Bug::TornFrameAccepted))?;
        let Content { base, checkpoint, log, torn_bytes } = read;
        let mut global = Global {
            cursors: vec![None; usize::from(config.query_servers)],
            config,
            base,
            checkpoint,
            log,
            undurable: 0,
            newest: BTreeMap::new(),
            awaited: Vec::new(),
            storing: None,
            rewrite: torn_bytes > 0,
            torn_bytes: Aside(torn_bytes),
            wrote: Aside(false),
            failures: Aside(0),
            running: Aside::default(),
        };
        global.index();
        Ok(global)
    }

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

    /// Takes one input, and then does of itself what the chooser chooses.
    pub fn handle(&mut self, input: Input, context: &mut Context<'_>) {
        let is_half = input.is_half();
        self.take(input, context);
        while !is_half && !context.chooser.declines() {
            let candidates = self.candidates(context.now_us);
            let Some(place) = context.chooser.choose(&candidates) else { break };
            let Some(candidate) = candidates.get(place) else { break };
            self.perform(candidate.action, context);
        }
        self.wrote.0 = false;
        self.check();
    }

    /// Every step that the server may do next of itself. A flush comes first, for clients wait for it.
    pub fn candidates(&self, _now_us: u64) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        self.flush_candidates(&mut candidates);
        self.feed_candidates(&mut candidates);
        self.compact_candidates(&mut candidates);
        candidates
    }

    fn take(&mut self, input: Input, context: &mut Context<'_>) {
        match input {
            Input::Message { from, message } => self.receive(from, message, context),
            Input::Lost { peer } if peer.role == Role::Query => self.server_lost(peer),
            Input::Timer(Timer::StoreAgain) => self.store_again(context),
            Input::Stored { done } => self.stored(done, context),
            // It waits for the Hello of a connection that is made; the rest concerns other nodes.
            Input::Lost { .. }
            | Input::Made { .. }
            | Input::Reachable { .. }
            | Input::Closed { .. }
            | Input::Timer(_)
            | Input::Command(_)
            | Input::Worked
            | Input::Report { .. }
            | Input::Lease { .. }
            | Input::Turn => {}
        }
    }

    /// One message; one that is in no row of the table is ignored.
    fn receive(&mut self, from: Node, message: Wire, context: &mut Context<'_>) {
        match message {
            Wire::Hello { applied } => self.hello(from, applied),
            Wire::Publish(ask) => self.publish(from, ask, context),
            _ => debug_assert!(false, "{from} sent {message:?} to {}", self.node()),
        }
    }

    /// Stores a version that is newer than what it has of the user, and acknowledges whatever it was.
    fn publish(&mut self, from: Node, ask: Ask, context: &mut Context<'_>) {
        let Body::Publish { version, record } = ask.body else {
            return debug_assert!(false, "{from} publishes a query");
        };
        let (request, user) = (ask.request, ask.client);
        let known = self.newest.get(&user).copied();
        let newer = known.is_none_or(|newest| version > newest.version);
        if newer || self.config.has(Bug::OlderStored) {
            let revision = self.newest_revision() + 1;
            self.log.push(Entry { revision, user, version, record });
            self.newest.insert(user, Newest { version, revision });
            context.out.push(Output::Note(Note::Stored { request, revision }));
            match self.config.knobs.disk {
                Disk::Flushed => self.undurable += 1,
                Disk::Immediate => self.write_at_once(context),
            }
        } else if self.config.has(Bug::DuplicateUnacknowledged) {
            return;
        }
        let awaited = Awaited { server: from.index, request, user };
        match self.may_acknowledge(user, newer) {
            true => self.acknowledge(awaited, context),
            // A query server that sends it again waits for one acknowledgement.
            false if self.awaited.contains(&awaited) => {}
            false => self.awaited.push(awaited),
        }
    }

    /// Nobody may hear of what is not durable, not even by an older publish: what supersedes it may still be lost.
    fn may_acknowledge(&self, user: u16, newer: bool) -> bool {
        let durable =
            self.newest.get(&user).is_some_and(|newest| newest.revision <= self.durable());
        durable
            || self.config.has(Bug::AcknowledgedBeforeFlushed)
            || (!newer && self.config.has(Bug::DuplicateBeforeFlushed))
    }

    /// Names the revision of the user's newest version, by which whoever hears of it finds this one or what superseded it.
    fn acknowledge(&self, awaited: Awaited, context: &mut Context<'_>) {
        let Some(newest) = self.newest.get(&awaited.user) else { return };
        let too_low = u32::from(self.config.has(Bug::AcknowledgedTooLow));
        let revision = newest.revision.saturating_sub(too_low);
        let message = Wire::Published { request: awaited.request, revision };
        context.out.push(Output::Send { to: Node::query(awaited.server), message });
    }

    /// Its connection is gone: it says Hello on the next one, and publishes again.
    fn server_lost(&mut self, peer: Node) {
        self.awaited.retain(|awaited| awaited.server != peer.index);
        if self.config.has(Bug::HelloIgnored) {
            return;
        }
        if let Some(cursor) = self.cursors.get_mut(usize::from(peer.index)) {
            *cursor = None;
        }
    }

    /// Does a step that is legal.
    fn perform(&mut self, action: Action, context: &mut Context<'_>) {
        match action {
            Action::Sync { server } => self.sync(server, context),
            Action::Flush {} => self.flush(context),
            Action::Compact {} => self.compact(context),
            _ => debug_assert!(false, "{action:?} is no step of the global server"),
        }
    }

    /// Finds the newest version of each user anew.
    fn index(&mut self) {
        let entries = self.checkpoint.values().chain(&self.log);
        let newest = |entry: &Entry| Newest { version: entry.version, revision: entry.revision };
        self.newest = entries.map(|entry| (entry.user, newest(entry))).collect();
    }

    /// What holds between its tables: checked after each input while assertions are on.
    fn check(&self) {
        let knobs = &self.config.knobs;
        debug_assert!(self.undurable as usize <= self.log.len());
        debug_assert!(
            knobs.disk == Disk::Flushed || (self.undurable == 0 && self.awaited.is_empty())
        );
        debug_assert!(self.log.last().is_none_or(|entry| entry.revision == self.newest_revision()));
        debug_assert_eq!(self.cursors.len(), usize::from(self.config.query_servers));
        debug_assert!(self.is_awaited_bounded());
    }

    /// Each acknowledgement that waits is for a publish that is relayed. On datagram links a query server may have crashed
    /// since, and what waits has only the bound of its clients' windows.
    fn is_awaited_bounded(&self) -> bool {
        let knobs = &self.config.knobs;
        let per_server = match knobs.links {
            Links::Fifo => knobs.relay_max as usize,
            Links::Datagram => return true,
        };
        self.awaited.len() <= per_server * usize::from(self.config.query_servers)
    }
}
