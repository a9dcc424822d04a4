//! The client A: asks, waits, asks again, and takes one reply a request.
//!
//! Every change that its user makes is a version of the whole record, so the record is kept here as the user has it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use spillway_traces::{Action, Node, Note, RequestId};

use crate::bug::Bug;
use crate::config::{Config, Links, Timers};
use crate::node::{Candidate, Change, Command, Context, Input, Output, Refused, Shown, Timer};
use crate::nodes::aside::{Aside, Running};
use crate::profile::{CONTACTS_MAX, Info, Profile, Record};
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

    /// Takes one input, and then does of itself what the chooser chooses.
    pub fn handle(&mut self, input: Input, context: &mut Context<'_>) {
        self.take(input, context);
        while !context.chooser.declines() {
            let candidates = self.candidates(context.now_us);
            let Some(place) = context.chooser.choose(&candidates) else { break };
            let Some(candidate) = candidates.get(place) else { break };
            self.perform(candidate.action, context);
        }
        self.arm_timers(context);
        self.check();
    }

    /// Every step that the client may do next of itself. None is due before its timer.
    pub fn candidates(&self, _now_us: u64) -> Vec<Candidate> {
        let client = self.node();
        let retries = self.waiting.keys().map(|&request| Action::Retry { client, request });
        let resend = self.resend_peer().map(|to| Action::Resend { from: client, to });
        let actions = retries.chain(resend);
        actions.map(|action| Candidate { action, due: false, cost: 0 }).collect()
    }

    fn take(&mut self, input: Input, context: &mut Context<'_>) {
        match input {
            Input::Message { from, message } => self.receive(from, message, context),
            Input::Made { peer } if Some(peer) == self.server() => {
                if !self.config.has(Bug::ClientSilentAtReset) {
                    self.ask_again(context);
                }
            }
            Input::Timer(timer) => self.ran_out(timer, context),
            Input::Command(command) => self.command(command, context),
            // A connection that is lost waits for the one made anew; the rest concerns other nodes.
            Input::Lost { .. }
            | Input::Made { .. }
            | Input::Reachable { .. }
            | Input::Closed { .. }
            | Input::Worked
            | Input::Stored { .. }
            | Input::Report { .. }
            | Input::Lease { .. }
            | Input::Turn => {}
        }
    }

    fn receive(&mut self, from: Node, message: Wire, context: &mut Context<'_>) {
        self.running.0.calm_down(Timer::Resend(from));
        match message {
            Wire::Reply { request, revision, version, info, found } => {
                self.replied(request, Shown { revision, version, info, found }, context);
            }
            Wire::Busy { request, retry_after_us } => {
                self.refused(request, retry_after_us, context);
            }
            _ => debug_assert!(false, "{from} sent {message:?} to {}", self.node()),
        }
    }

    fn replied(&mut self, request: RequestId, shown: Shown, context: &mut Context<'_>) {
        let request = self.named(request);
        let settled = self.waiting.remove(&request);
        if settled.is_none() && !self.config.has(Bug::SecondReplyTaken) {
            return dropped(context);
        }
        let change =
            matches!(settled, Some(Asked { ask: Ask { body: Body::Publish { .. }, .. }, .. }));
        let forgotten = if change { Bug::AcknowledgementForgotten } else { Bug::SeenForgotten };
        if !self.config.has(forgotten) {
            self.token = self.token.max(shown.revision);
        }
        let (revision, version) = (shown.revision, shown.version);
        context.out.push(Output::Note(Note::Given { request, revision, version }));
        context.out.push(Output::Reply { request, reply: Ok(shown) });
    }

    fn refused(&mut self, request: RequestId, retry_after_us: u64, context: &mut Context<'_>) {
        let request = self.named(request);
        let settled = self.waiting.remove(&request);
        if settled.is_none() && !self.config.has(Bug::SecondReplyTaken) {
            return dropped(context);
        }
        context.out.push(Output::Note(Note::Refused { request }));
        let reply = Err(Refused::Busy { retry_after_us });
        context.out.push(Output::Reply { request, reply });
    }

    /// The request that a reply settles.
    fn named(&self, request: RequestId) -> RequestId {
        let oldest = self.waiting.keys().next().filter(|_| self.config.has(Bug::ReplyToOldest));
        oldest.copied().unwrap_or(request)
    }

    fn command(&mut self, command: Command, context: &mut Context<'_>) {
        match command {
            Command::Query { request, user, class, search, home } => {
                let fits = search.as_ref().is_none_or(|search| user == self.index && search.fits());
                self.query(request, fits, home, Body::Query { user, class, search }, context);
            }
            Command::Change { request, change, home } => {
                self.change(request, change, home, context);
            }
            Command::Retry(request) => self.retry(request, context),
            Command::Cancel(request) => self.cancel(request, context),
            Command::Move { to } => self.move_to(to, context),
            Command::Leave => {
                self.session = None;
                self.waiting.clear();
            }
        }
    }

    fn query(
        &mut self,
        request: RequestId,
        fits: bool,
        home: u16,
        body: Body,
        context: &mut Context<'_>,
    ) {
        if !self.may_issue() || !fits {
            return not_asked(request, context);
        }
        self.issue(request, home, body, context);
    }

    /// A change carries the whole record as it is from its version on, so that the newest version is all there is to know.
    fn change(&mut self, request: RequestId, change: Change, home: u16, context: &mut Context<'_>) {
        if !self.may_issue() || !fits(&change) {
            return not_asked(request, context);
        }
        self.version += 1;
        let version = self.version;
        if self.config.has(Bug::ChangeAloneCarried) {
            self.record = Record { rule: self.config.knobs.sharing, ..Record::default() };
        }
        match change {
            Change::Publish(profile) => {
                self.record.info = Some(Arc::new(Info { version, profile }));
            }
            Change::Delete => self.record.info = None,
            Change::Share(rule) => self.record.rule = rule,
            Change::Contacts(contacts) => self.record.contacts = contacts,
            Change::Restate { profile, rule, contacts } => {
                let info = profile.map(|profile| Arc::new(Info { version, profile }));
                self.record = Record { info, rule, contacts };
            }
        }
        let record = Arc::new(self.record.clone());
        self.issue(request, home, Body::Publish { version, record }, context);
    }

    /// Whether it may ask for something now. What the protocol has no step for is refused here, without a message.
    fn may_issue(&self) -> bool {
        self.session.is_some() && self.waiting.len() < self.config.knobs.window_max as usize
    }

    fn issue(&mut self, request: RequestId, home: u16, body: Body, context: &mut Context<'_>) {
        debug_assert!(self.waiting.keys().next_back().is_none_or(|&newest| newest < request));
        let ask = Ask { request, client: self.index, home, body };
        let token = if self.config.has(Bug::TokenLeftOut) { 0 } else { self.token };
        self.issued += 1;
        self.waiting.insert(request, Asked { ask, token });
        self.ask(request, context);
    }

    /// Sends a request that it waits for, with the token of when it was asked first.
    fn ask(&self, request: RequestId, context: &mut Context<'_>) {
        if let (Some(to), Some(asked)) = (self.server(), self.waiting.get(&request)) {
            context.out.push(Output::Send { to, message: Wire::Request(asked.clone()) });
        }
    }

    fn ask_again(&self, context: &mut Context<'_>) {
        for &request in self.waiting.keys() {
            self.ask(request, context);
        }
    }

    fn retry(&mut self, request: RequestId, context: &mut Context<'_>) {
        if self.config.has(Bug::RetriedWithNewToken)
            && let Some(asked) = self.waiting.get_mut(&request)
        {
            asked.token = self.token;
        }
        self.ask(request, context);
    }

    fn cancel(&mut self, request: RequestId, context: &mut Context<'_>) {
        let (Some(to), true) = (self.server(), self.waiting.contains_key(&request)) else { return };
        if !self.config.has(Bug::GivenUpAwaited) {
            self.waiting.remove(&request);
        }
        context.out.push(Output::Send { to, message: Wire::Cancel { request } });
    }

    /// The driver has closed the old connection, and its other end has forgotten the client.
    fn move_to(&mut self, to: Node, context: &mut Context<'_>) {
        if self.session.is_none() {
            return; // who has gone away stays away
        }
        self.session = Some(to.index);
        if !self.config.has(Bug::MovedSilently) {
            self.ask_again(context);
        }
    }

    /// Does a step that is legal.
    fn perform(&mut self, action: Action, context: &mut Context<'_>) {
        context.out.push(Output::Step(action));
        match action {
            Action::Retry { request, .. } => self.retry(request, context),
            Action::Resend { .. } => self.ask_again(context),
            _ => debug_assert!(false, "{action:?} is no step of a client"),
        }
    }

    /// A timer has run out: what it stands for is done, if it is still legal, and again after a longer wait.
    fn ran_out(&mut self, timer: Timer, context: &mut Context<'_>) {
        let (client, attempts) = (self.node(), self.running.0.ran_out(timer).unwrap_or(1));
        let action = match timer {
            Timer::Retry(request) => Action::Retry { client, request },
            Timer::Resend(to) => Action::Resend { from: client, to },
            _ => return,
        };
        if self.candidates(context.now_us).iter().any(|candidate| candidate.action == action) {
            self.perform(action, context);
            let timers = &self.config.timers;
            self.running.0.arm(timer, attempts, first_us(timers, timer), timers, context);
        }
    }

    fn arm_timers(&mut self, context: &mut Context<'_>) {
        let mut wanted: BTreeSet<Timer> =
            self.resend_peer().map(Timer::Resend).into_iter().collect();
        if self.config.timers.retry_us > 0 {
            wanted.extend(self.waiting.keys().map(|&request| Timer::Retry(request)));
        }
        let timers = &self.config.timers;
        self.running.0.only(&wanted, |timer| first_us(timers, timer), timers, context);
    }

    /// Whom it sends to again of itself, on datagram links.
    fn resend_peer(&self) -> Option<Node> {
        let repeats = self.config.knobs.links == Links::Datagram
            && !self.waiting.is_empty()
            && !self.config.has(Bug::RequestNotRepeated);
        self.server().filter(|_| repeats)
    }

    /// The communication server that it talks to.
    fn server(&self) -> Option<Node> {
        self.session.map(Node::communication)
    }

    /// The bounds, and that who has gone away waits for nothing: checked after each input while assertions are on.
    fn check(&self) {
        debug_assert!(self.waiting.len() <= self.config.knobs.window_max as usize);
        debug_assert!(self.session.is_some() || self.waiting.is_empty());
        debug_assert!(self.version <= self.issued);
    }
}

/// Whether the record keeps its limits with this change.
fn fits(change: &Change) -> bool {
    match change {
        Change::Publish(profile) => profile.fits(),
        Change::Contacts(contacts) => contacts.len() <= CONTACTS_MAX,
        Change::Restate { profile, contacts, .. } => {
            contacts.len() <= CONTACTS_MAX && profile.as_ref().is_none_or(Profile::fits)
        }
        Change::Delete | Change::Share(_) => true,
    }
}

/// Refuses what the protocol has no step for, without a message.
fn not_asked(request: RequestId, context: &mut Context<'_>) {
    context.out.push(Output::Reply { request, reply: Err(Refused::NotAsked) });
}

fn dropped(context: &mut Context<'_>) {
    context.out.push(Output::Note(Note::Dropped));
}

fn first_us(timers: &Timers, timer: Timer) -> u64 {
    match timer {
        Timer::Retry(_) => timers.retry_us,
        _ => timers.resend_us,
    }
}
