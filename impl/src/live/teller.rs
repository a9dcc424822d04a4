//! Who writes down what the nodes of a process do: a file for each server, the steps of clients in that of their
//! communication server. `traces/src/live.rs` says what the lines are. It writes into memory; a disk is somebody else's.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use spillway_traces::live::{Change, Entry, Link, Origin, Scribe, Step};
use spillway_traces::{Action, Header, Node, Note, Role, Source, Spillway};

use super::host::Crew;
use crate::config::Config;
use crate::node::{Change as Wanted, Command, Input};
use crate::wire::{Body, Wire};
use crate::world::{Planned, Recorder, Wish};

/// The highest clock of another process that is heeded: no run gets there, and a server whose clock somebody has spoilt still
/// counts on.
const CLOCK_MAX: u64 = 1 << 62;

/// The files of a process, as far as they are not taken yet.
pub(super) struct Teller {
    clock: u64,
    scribes: BTreeMap<Node, Scribe>,
    /// Where clients are.
    communication: Node,
    recorder: Recorder,
    /// The change of a link that is being told: the first of the recorder's steps stands for it.
    link: Option<(Node, u32, Change)>,
    /// What the request asks for whose issue is being told.
    asks: Option<Asks>,
}

/// What a request asks for.
#[derive(Serialize)]
struct Asks {
    #[serde(flatten)]
    planned: Planned,
    /// The version that it makes; 0 of a query.
    version: u32,
}

impl Teller {
    /// The files of the nodes of a crew begin. The global server's disk has the checkpoint of one revision, and
    /// the log up to another.
    pub(super) fn new(config: Arc<Config>, crew: &Crew, (base, durable): (u32, u32)) -> Teller {
        let scope = serde_json::to_value(&*config).expect("a configuration is JSON");
        let header = Header::new::<Spillway>(Source::Live, 0, scope);
        let scribes = crew.nodes().into_iter().map(|node| {
            let (base, durable) = if node == Node::GLOBAL { (base, durable) } else { (0, 0) };
            let live = Some(Origin { node, incarnation: crew.incarnation, durable, base });
            (node, Scribe::new(&Header { live, ..header.clone() }))
        });
        Teller {
            clock: 0,
            scribes: scribes.collect(),
            communication: Node::communication(crew.communication.unwrap_or_default()),
            recorder: Recorder::new(config),
            link: None,
            asks: None,
        }
    }

    /// The Lamport clock.
    pub(super) fn clock(&self) -> u64 {
        self.clock
    }

    /// Something has come from a process with this clock.
    pub(super) fn hear(&mut self, clock: u64) {
        self.clock = self.clock.max(clock.min(CLOCK_MAX));
    }

    /// A node takes note of a change of a link: what it does at that belongs to it.
    pub(super) fn link(&mut self, node: Node, peer: Node, incarnation: u32, change: Change) {
        debug_assert!(self.link.is_none(), "one change at a time");
        self.link = Some((peer, incarnation, change));
        // It stands for the change until the line is written.
        self.recorder.step(Action::Reset { a: node.min(peer), b: node.max(peer) });
    }

    /// A node is given an input. Some are a step.
    pub(super) fn input(&mut self, node: Node, input: &Input) {
        match input {
            Input::Message { from, message } => {
                self.recorder.step(Action::Deliver { from: *from, to: node });
                self.recorder.took(message);
            }
            Input::Command(Command::Query { request, user, class, home, .. }) => {
                let wish = Wish::Query { user: *user, class: *class };
                let planned = Planned { client: node.index, wish, home: *home };
                self.asks = Some(Asks { planned, version: 0 });
                self.recorder.step(Action::Issue { client: node, request: *request });
            }
            Input::Command(Command::Change { request, change, home }) => {
                let wish = wish(change);
                let planned = Planned { client: node.index, wish, home: *home };
                self.asks = Some(Asks { planned, version: 0 });
                self.recorder.step(Action::Issue { client: node, request: *request });
            }
            Input::Command(Command::Cancel(request)) => {
                self.recorder.step(Action::Cancel { client: node, request: *request });
            }
            _ => {}
        }
    }

    /// A node does a step of itself.
    pub(super) fn step(&mut self, action: Action) {
        self.recorder.step(action);
    }

    /// A node sends a message, which may be lost at once.
    pub(super) fn sent(&mut self, from: Node, to: Node, message: &Wire, is_lost: bool) {
        if let (Some(asks), Wire::Request(asked)) = (&mut self.asks, message)
            && let Body::Publish { version, .. } = asked.ask.body
        {
            asks.version = version;
        }
        match is_lost {
            false => self.recorder.sent(from, to, message),
            true => self.recorder.lost(from, to, message),
        }
    }

    /// An outcome of the step.
    pub(super) fn note(&mut self, note: Note) {
        self.recorder.note(note);
    }

    /// What the node was given is done: the lines are written.
    pub(super) fn done(&mut self, node: Node) {
        let of = if node.role == Role::Client { self.communication } else { node };
        let (mut link, mut asks) = (self.link.take(), self.asks.take());
        let Some(scribe) = self.scribes.get_mut(&of) else { return };
        for (action, observed) in self.recorder.drain() {
            let index = scribe.next_index();
            let is_said = !observed.sent.is_empty() || !observed.lost.is_empty();
            if let Some((peer, incarnation, change)) = link.take() {
                self.clock += 1;
                let time = self.clock;
                let link = Link { index, time, peer, incarnation, change, observed };
                scribe.entry(&Entry::Link(link));
                continue;
            }
            // A client that may not ask, or waits for nothing, has done no step.
            let by_user = matches!(action, Action::Issue { .. } | Action::Cancel { .. });
            let asks = asks.take().filter(|_| matches!(action, Action::Issue { .. }));
            if by_user && !is_said {
                continue;
            }
            self.clock += 1;
            let asks = asks.map(|asks| serde_json::to_value(asks).expect("a request is JSON"));
            let (time, node) = (self.clock, action.node());
            scribe.entry(&Entry::Event(Step { index, time, node, action, asks, observed }));
        }
    }

    /// What was written since the last time.
    pub(super) fn take(&mut self) -> Vec<(Node, Vec<u8>)> {
        let written = self.scribes.iter_mut().filter(|(_, scribe)| scribe.has_more());
        written.map(|(node, scribe)| (*node, scribe.take())).collect()
    }

    /// All files end.
    pub(super) fn end(&mut self) {
        self.scribes.values_mut().for_each(Scribe::end);
    }
}

fn wish(change: &Wanted) -> Wish {
    match change {
        Wanted::Publish(_) => Wish::Publish,
        Wanted::Delete => Wish::Delete,
        Wanted::Share(rule) => Wish::Share(*rule),
        Wanted::Contacts(contacts) => Wish::Contacts(contacts.clone()),
        Wanted::Restate { profile, rule, contacts } => Wish::Restate {
            information: profile.is_some(),
            rule: *rule,
            contacts: contacts.clone(),
        },
    }
}
