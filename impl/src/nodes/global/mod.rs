//! The global server G: the log of all changes, durable, and where each query server stands in it.

pub mod file;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use spillway_traces::{Action, Node, Note, RequestId, Role};

use crate::bug::Bug;
use crate::config::{Config, Disk, Links};
use crate::node::{Candidate, Context, Input, Output, Store, Timer};
use crate::nodes::aside::{Aside, Running};
use crate::wire::{Ask, Body, Entry, Wire};
pub use file::Damaged;

/// The global server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Global {
    /// What the operator set.
    pub config: Arc<Config>,
    /// The revision up to which the log is forgotten.
    pub base: u32,
    /// Each user's record as of the base. The version of one whose information is gone stays.
    pub checkpoint: BTreeMap<u16, Entry>,
    /// The revisions above the base, in order.
    pub log: Vec<Entry>,
    /// Where each user's newest record is: its revision and its version.
    pub newest: BTreeMap<u16, (u32, u32)>,
    /// How many revisions at the end of the log are not durable.
    pub undurable: u32,
    /// For each query server the last revision sent to it; none before its Hello.
    pub cursors: Vec<Option<u32>>,
    /// Publishes that wait for the disk, in the order of arrival, each once.
    pub awaited: Vec<Awaited>,
    /// What the disk does now.
    pub storing: Option<Storing>,
    /// Whether the disk could not do what it was asked for last, and is to be left alone until a timer says so.
    pub failed: Aside<bool>,
    /// The timers that run.
    pub running: Aside<Running>,
}

/// A publish that waits for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Awaited {
    /// The query server that relays it.
    pub server: u16,
    /// The publish.
    pub request: RequestId,
    /// Whose record it changes.
    pub user: u16,
}

/// What the disk was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Storing {
    /// To have all of the log.
    Log,
    /// To have the checkpoint as of the newest durable revision in place of the log.
    Checkpoint,
}

impl Global {
    /// The global server at the start of a system: every query server has said Hello for revision 0, or for what is in
    /// the file.
    ///
    /// # Errors
    /// The file is damaged.
    pub fn new(config: Arc<Config>, file: &[u8]) -> Result<Global, Damaged> {
        let mut global = Global::restart(config, file)?;
        global.cursors.fill(Some(0));
        Ok(global)
    }

    /// The global server after a crash, with what its file has. What the file has torn is to be cut off, see
    /// [`file::Contents::bytes`].
    ///
    /// # Errors
    /// The file is damaged.
    pub fn restart(config: Arc<Config>, file: &[u8]) -> Result<Global, Damaged> {
        let contents = file::read(file, config.has(Bug::TornTrusted))?;
        let entries = contents.checkpoint.values().chain(&contents.log);
        let newest = entries.map(|entry| (entry.user, (entry.revision, entry.version))).collect();
        Ok(Global {
            base: contents.base,
            checkpoint: contents.checkpoint,
            log: contents.log,
            newest,
            undurable: 0,
            cursors: vec![None; config.query_servers.into()],
            awaited: Vec::new(),
            storing: None,
            failed: Aside::default(),
            running: Aside::default(),
            config,
        })
    }

    /// The newest revision.
    pub fn revision(&self) -> u32 {
        self.base + self.log.len() as u32
    }

    /// The newest revision that is durable.
    pub fn durable(&self) -> u32 {
        self.revision() - self.undurable
    }

    /// Takes an input, then does what the chooser picks.
    pub fn handle(&mut self, input: Input, context: &mut Context<'_>) {
        match input {
            Input::Message { from, message: Wire::Hello { applied } } => {
                if !self.config.has(Bug::HelloIgnored) || self.cursor(from).is_none() {
                    self.cursors[usize::from(from.index)] = Some(applied);
                }
            }
            Input::Message { from, message: Wire::Publish(ask) } => {
                self.publish(from, ask, context)
            }
            Input::Message { message, .. } => {
                debug_assert!(false, "no global server is sent {message:?}");
            }
            Input::Lost { peer } if peer.role == Role::Query => {
                self.cursors[usize::from(peer.index)] = None;
                self.awaited.retain(|awaited| awaited.server != peer.index);
            }
            Input::Stored { done } => self.stored(done, context),
            Input::Timer(Timer::StoreAgain) => self.failed.0 = false,
            Input::Timer(_)
            | Input::Lost { .. }
            | Input::Made { .. }
            | Input::Reachable { .. }
            | Input::Closed { .. }
            | Input::Command(_)
            | Input::Worked
            | Input::Lease { .. }
            | Input::Turn => {}
        }
        while self.storing.is_none() && !context.chooser.declines() {
            let candidates = self.candidates(context.now_us);
            let Some(place) = context.chooser.choose(&candidates) else { break };
            self.perform(candidates[place].action, context);
        }
        debug_assert!(self.undurable as usize <= self.log.len());
    }

    /// What it may do next of itself: send a query server what it lacks, have the disk write, forget the log.
    pub fn candidates(&self, _now_us: u64) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        if self.storing.is_some() {
            return candidates;
        }
        let mut add = |action, due| candidates.push(Candidate { action, due, cost: 0 });
        for (cursor, server) in self.cursors.iter().zip(0..) {
            if cursor.is_some_and(|cursor| cursor < self.sendable()) {
                add(Action::Sync { server: Node::query(server) }, true);
            }
        }
        if self.undurable > 0 {
            add(Action::Flush {}, !self.failed.0);
        }
        if self.durable() > self.base {
            let knobs = &self.config.knobs;
            let long = knobs.compact_after > 0 && self.log.len() >= knobs.compact_after as usize;
            // The checkpoint takes the place of the whole file, so that all of the log must be in it.
            add(Action::Compact {}, long && !self.failed.0 && self.undurable == 0);
        }
        candidates
    }

    /// The revision up to which query servers may hear of the log.
    fn sendable(&self) -> u32 {
        match self.config.has(Bug::SyncedBeforeDurable) {
            true => self.revision(),
            false => self.durable(),
        }
    }

    fn cursor(&self, server: Node) -> Option<u32> {
        self.cursors[usize::from(server.index)]
    }

    /// What became of the user's newest version, and where.
    fn newest(&self, user: u16) -> (u32, u32) {
        self.newest.get(&user).copied().unwrap_or_default()
    }

    fn publish(&mut self, from: Node, ask: Ask, context: &mut Context<'_>) {
        let Ask { request, client: user, body, .. } = ask;
        let Body::Publish { version, record } = body else {
            debug_assert!(false, "{request} is no publish");
            return;
        };
        let older = version <= self.newest(user).1;
        if !older || self.config.has(Bug::OlderStored) {
            let revision = self.revision() + 1;
            self.append(Entry { revision, user, version, record }, context);
            context.out.push(Output::Note(Note::Stored { request, revision }));
        }
        let revision = self.newest(user).0;
        if revision <= self.durable() || self.config.has(Bug::AcknowledgedBeforeDurable) {
            let message = Wire::Published { request, revision };
            return context.out.push(Output::Send { to: from, message });
        }
        let awaited = Awaited { server: from.index, request, user };
        if !self.awaited.contains(&awaited) {
            self.awaited.push(awaited);
        }
    }

    fn append(&mut self, entry: Entry, context: &mut Context<'_>) {
        self.newest.insert(entry.user, (entry.revision, entry.version));
        match self.config.knobs.disk {
            Disk::Flushed => self.undurable += 1,
            Disk::Immediate if self.config.has(Bug::StoredInMemory) => {}
            Disk::Immediate => {
                let frame = file::revisions(std::slice::from_ref(&entry));
                context.out.push(Output::Store(Store::Append(frame)));
            }
        }
        self.log.push(entry);
        debug_assert_eq!(self.log.last().map(|entry| entry.revision), Some(self.revision()));
    }

    fn perform(&mut self, action: Action, context: &mut Context<'_>) {
        match action {
            Action::Sync { server } => self.sync(server, context),
            Action::Flush {} => {
                let durable = self.log.len() - self.undurable as usize;
                let frame = file::revisions(&self.log[durable..]);
                self.storing = Some(Storing::Log);
                context.out.push(Output::Store(Store::Append(frame)));
            }
            Action::Compact {} => {
                let (durable, checkpoint) = (self.durable(), self.compacted());
                let bytes = file::checkpoint(durable, &checkpoint);
                self.storing = Some(Storing::Checkpoint);
                context.out.push(Output::Store(Store::Replace(bytes)));
            }
            other => unreachable!("no global server lists {other}"),
        }
    }

    /// Sends a query server the checkpoint, or the next revisions as one message.
    fn sync(&mut self, server: Node, context: &mut Context<'_>) {
        let cursor = self.cursor(server).expect("a feed that is listed has said Hello");
        let message = if cursor < self.base {
            context.out.push(Output::Step(Action::Sync { server }));
            self.cursors[usize::from(server.index)] = Some(self.base);
            let entries = self.checkpoint.values().cloned().collect();
            Wire::Snapshot { revision: self.base, entries }
        } else {
            let batch_max = match self.config.knobs.links {
                Links::Fifo => self.config.knobs.sync_batch_max.max(1),
                Links::Datagram => 1,
            };
            let skipped = u32::from(self.config.has(Bug::RevisionSkipped));
            let from = (cursor + skipped).min(self.sendable() - 1);
            let until = (from + batch_max).min(self.sendable());
            for _ in from..until {
                context.out.push(Output::Step(Action::Sync { server }));
            }
            self.cursors[usize::from(server.index)] = Some(until);
            let place = |revision: u32| (revision - self.base) as usize;
            Wire::Update { entries: self.log[place(from)..place(until)].to_vec() }
        };
        context.out.push(Output::Send { to: server, message });
    }

    /// All records as of the newest durable revision.
    fn compacted(&self) -> BTreeMap<u16, Entry> {
        let durable = (self.durable() - self.base) as usize;
        let mut checkpoint = self.checkpoint.clone();
        for entry in &self.log[..durable] {
            checkpoint.insert(entry.user, entry.clone());
        }
        if self.config.has(Bug::TombstoneForgotten) {
            checkpoint.retain(|_, entry| entry.record.info.is_some());
        }
        checkpoint
    }

    fn stored(&mut self, done: bool, context: &mut Context<'_>) {
        let Some(storing) = self.storing.take() else { return };
        if !done {
            self.failed.0 = true;
            let (timers, timer) = (&self.config.timers, Timer::StoreAgain);
            let attempts = self.running.0.ran_out(timer).unwrap_or(0);
            return self.running.0.arm(timer, attempts, timers.store_again_us, timers, context);
        }
        self.running.0.only(&BTreeSet::new(), |_| 0, &self.config.timers, context);
        match storing {
            Storing::Log => self.flushed(context),
            Storing::Checkpoint => {
                context.out.push(Output::Step(Action::Compact {}));
                let durable = self.durable();
                self.checkpoint = self.compacted();
                self.log.drain(..(durable - self.base) as usize);
                self.base = durable;
                if self.config.has(Bug::TombstoneForgotten) {
                    let known = |user: &u16| self.checkpoint.contains_key(user);
                    self.newest.retain(|user, (revision, _)| *revision > durable || known(user));
                }
            }
        }
    }

    /// The disk has all of the log: what waited for that is acknowledged.
    fn flushed(&mut self, context: &mut Context<'_>) {
        context.out.push(Output::Step(Action::Flush {}));
        self.undurable = 0;
        for Awaited { server, request, user } in std::mem::take(&mut self.awaited) {
            if self.config.has(Bug::FlushUnacknowledged) {
                continue;
            }
            let message = Wire::Published { request, revision: self.newest(user).0 };
            context.out.push(Output::Send { to: Node::query(server), message });
        }
    }
}
