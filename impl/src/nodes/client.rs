//! The client A: what its user has asked for, and what it may have seen.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use spillway_traces::{Action, Node, Note, RequestId};

use crate::bug::Bug;
use crate::config::{Config, Links};
use crate::node::{Candidate, Change, Command, Context, Input, Output, Shown, Timer};
use crate::nodes::aside::{Aside, Running};
use crate::profile::{Info, Record};
use crate::wire::{Ask, Asked, Body, Wire};

/// A client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Client {
    /// What the operator set.
    pub config: Arc<Config>,
    /// Its index, which is also that of its user.
    pub index: u16,
    /// The communication server that it has its session with; none once it has left.
    pub session: Option<u16>,
    /// The newest revision that it was acknowledged for or has seen.
    pub token: u32,
    /// What it waits for, each with the token of when it asked first.
    pub waiting: BTreeMap<RequestId, Asked>,
    /// Its user's record as it is to be: a change that was refused stays in it, and goes with the next one.
    pub record: Record,
    /// How many changes it has asked for.
    pub version: u32,
    /// The timers that run.
    pub running: Aside<Running>,
}

impl Client {
    /// A client with a session, before its user has asked for anything.
    pub fn new(config: Arc<Config>, index: u16, session: u16) -> Client {
        let record = Record { rule: config.knobs.sharing, ..Record::default() };
        Client {
            config,
            index,
            session: Some(session),
            token: 0,
            waiting: BTreeMap::new(),
            record,
            version: 0,
            running: Aside::default(),
        }
    }

    fn node(&self) -> Node {
        Node::client(self.index)
    }

    /// Takes an input, then does what the chooser picks.
    pub fn handle(&mut self, input: Input, context: &mut Context<'_>) {
        match input {
            Input::Message { message, .. } => self.receive(message, context),
            Input::Made { peer } if self.session == Some(peer.index) => self.ask_again(context),
            Input::Command(command) => self.command(command, context),
            Input::Timer(timer) => self.ran_out(timer, context),
            Input::Made { .. }
            | Input::Lost { .. }
            | Input::Reachable { .. }
            | Input::Closed { .. }
            | Input::Worked
            | Input::Stored { .. }
            | Input::Lease { .. }
            | Input::Turn => {}
        }
        while !context.chooser.declines() {
            let candidates = self.candidates(context.now_us);
            let Some(place) = context.chooser.choose(&candidates) else { break };
            context.out.push(Output::Step(candidates[place].action));
            self.ask_again(context);
        }
        self.keep_timers(context);
        debug_assert!(self.waiting.len() <= self.config.knobs.window_max as usize);
    }

    /// What it may do next of itself: on datagram links, ask again.
    pub fn candidates(&self, _now_us: u64) -> Vec<Candidate> {
        let to = self.session.filter(|_| self.on_datagrams() && !self.waiting.is_empty());
        let resend = |to| Action::Resend { from: self.node(), to: Node::communication(to) };
        let due = |to| Candidate { action: resend(to), due: false, cost: 0 };
        to.map(due).into_iter().collect()
    }

    fn on_datagrams(&self) -> bool {
        self.config.knobs.links == Links::Datagram
    }

    fn receive(&mut self, message: Wire, context: &mut Context<'_>) {
        match message {
            Wire::Reply { request, revision, version, info } => {
                let known = self.waiting.remove(&request).is_some();
                if !known && !self.config.has(Bug::SecondReplyTaken) {
                    return context.out.push(Output::Note(Note::Dropped));
                }
                if !self.config.has(Bug::SeenForgotten) {
                    self.token = self.token.max(revision);
                }
                context.out.push(Output::Note(Note::Given { request, revision, version }));
                let profile = info.map(|info| info.profile.clone());
                let reply = Some(Shown { revision, version, profile });
                context.out.push(Output::Reply { request, reply });
            }
            Wire::Busy { request, .. } => {
                if self.waiting.remove(&request).is_none() {
                    return context.out.push(Output::Note(Note::Dropped));
                }
                context.out.push(Output::Note(Note::Refused { request }));
                context.out.push(Output::Reply { request, reply: None });
            }
            other => debug_assert!(false, "no client is sent {other:?}"),
        }
    }

    fn command(&mut self, command: Command, context: &mut Context<'_>) {
        match command {
            Command::Query { request, user, class, home } => {
                self.issue(request, home, Body::Query { user, class }, context);
            }
            Command::Change { request, change, home } => {
                self.version += 1;
                self.change(change);
                let record = Arc::new(self.record.clone());
                let body = Body::Publish { version: self.version, record };
                self.issue(request, home, body, context);
            }
            Command::Retry(request) => self.retry(request, context),
            Command::Cancel(request) => {
                if self.waiting.remove(&request).is_some() {
                    self.send(Wire::Cancel { request }, context);
                }
            }
            Command::Move { to } => {
                self.session = Some(to.index);
                if !self.config.has(Bug::MovedSilently) {
                    self.ask_again(context);
                }
            }
            Command::Leave => {
                self.session = None;
                self.waiting.clear();
            }
        }
    }

    /// Makes a change of the record, all of which the next publish carries.
    fn change(&mut self, change: Change) {
        match change {
            Change::Publish(profile) => {
                self.record.info = Some(Info { version: self.version, profile });
            }
            Change::Delete => self.record.info = None,
            Change::Share(rule) => self.record.rule = rule,
            Change::Contacts(contacts) => self.record.contacts = contacts,
        }
    }

    fn issue(&mut self, request: RequestId, home: u16, body: Body, context: &mut Context<'_>) {
        debug_assert!(self.session.is_some(), "who has left asks for nothing");
        debug_assert!(self.waiting.keys().all(|known| *known < request), "ids rise");
        let token = if self.config.has(Bug::TokenLeftOut) { 0 } else { self.token };
        let asked = Asked { ask: Ask { request, client: self.index, home, body }, token };
        self.send(Wire::Request(asked.clone()), context);
        self.waiting.insert(request, asked);
    }

    fn retry(&mut self, request: RequestId, context: &mut Context<'_>) {
        let asked = self.waiting.get(&request).cloned();
        if let Some(asked) = asked {
            self.send(Wire::Request(asked), context);
        }
    }

    /// Asks again for all that it waits for.
    fn ask_again(&self, context: &mut Context<'_>) {
        for asked in self.waiting.values() {
            self.send(Wire::Request(asked.clone()), context);
        }
    }

    fn send(&self, message: Wire, context: &mut Context<'_>) {
        if let Some(session) = self.session {
            context.out.push(Output::Send { to: Node::communication(session), message });
        }
    }

    fn ran_out(&mut self, timer: Timer, context: &mut Context<'_>) {
        let Some(attempts) = self.running.0.ran_out(timer) else { return };
        let client = self.node();
        let first_us = self.first_us(timer);
        match timer {
            Timer::Retry(request) if self.waiting.contains_key(&request) => {
                context.out.push(Output::Step(Action::Retry { client, request }));
                self.retry(request, context);
            }
            Timer::Resend(to) if self.session == Some(to.index) && !self.waiting.is_empty() => {
                context.out.push(Output::Step(Action::Resend { from: client, to }));
                self.ask_again(context);
            }
            _ => return,
        }
        self.running.0.arm(timer, attempts, first_us, &self.config.timers, context);
    }

    fn first_us(&self, timer: Timer) -> u64 {
        match timer {
            Timer::Retry(_) => self.config.timers.retry_us,
            _ => self.config.timers.resend_us,
        }
    }

    /// A timer runs for as long as the client waits for what it stands for.
    fn keep_timers(&mut self, context: &mut Context<'_>) {
        let retries = self.config.timers.retry_us > 0 && !self.on_datagrams();
        if !retries && !self.on_datagrams() {
            return;
        }
        let mut wanted = BTreeSet::new();
        match self.session {
            _ if retries => wanted.extend(self.waiting.keys().map(|id| Timer::Retry(*id))),
            Some(session) if !self.waiting.is_empty() => {
                wanted.insert(Timer::Resend(Node::communication(session)));
            }
            _ => {}
        }
        let timers = &self.config.timers;
        let first = if retries { timers.retry_us } else { timers.resend_us };
        self.running.0.only(&wanted, |_| first, timers, context);
    }
}
