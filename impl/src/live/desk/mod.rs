//! What stanzas mean: between the streams of chat clients and the nodes. It reads no socket and no clock; what is to be sent
//! and stored comes out as [`Deed`]s, in order.
//!
//! - `session`: who is connected. `vcard`: user information, which is what the protocol is about. `roster` and `presence`:
//!   contacts, and with that whom a user shares with. `search`: who is found. `route`: stanzas from user to user, who may have
//!   their seats elsewhere. `service`: what a client asks of the server itself.

mod book;
mod presence;
mod roster;
mod route;
mod search;
mod service;
mod session;
mod vcard;

use std::collections::{BTreeMap, BTreeSet};

use minidom::Element;
use spillway_traces::RequestId;

use super::front::error::{ErrorType, iq_error};
use super::front::names::CLIENT;
use super::host::{Host, Recalled};
use book::Roster;
use session::Session;

pub use book::Directory;
pub use vcard::class;

/// Which connection, for as long as the process lives.
pub type ConnectionId = u64;

/// Stanzas of one stream that wait until a change before them is done, at most.
const HELD_MAX: usize = 256;

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// Send a stanza.
    Send(ConnectionId, Element),
    /// Send a stanza that is written already.
    SendBytes(ConnectionId, Vec<u8>),
    /// End a stream with this condition: another one has taken its resource, or it asks for too much.
    Close(ConnectionId, &'static str),
    /// Store a user's roster, and then send what says so.
    SaveRoster {
        /// The user.
        user: u16,
        /// The roster.
        bytes: Vec<u8>,
        /// What says that it is stored.
        then: Vec<(ConnectionId, Element)>,
    },
    /// This is for a user who has no seat here.
    Elsewhere {
        /// The user.
        user: u16,
        /// The stanza, from an address of this domain to another one.
        stanza: Element,
    },
}

/// Everything between streams and nodes.
pub struct Desk {
    domain: String,
    /// The nodes.
    pub host: Host,
    /// Who has an account.
    pub directory: Directory,
    /// Users who have their seats here, if there can be others.
    seated: Option<BTreeSet<u16>>,
    sessions: BTreeMap<ConnectionId, Session>,
    /// The connections of each user that has any.
    connections: BTreeMap<u16, BTreeSet<ConnectionId>>,
    rosters: BTreeMap<u16, Roster>,
    /// What was asked of the nodes for a stanza.
    asked: BTreeMap<RequestId, vcard::Asked>,
    /// How many of these are searches.
    searches: usize,
    /// Changes of the contacts of users who are not connected.
    away: BTreeMap<RequestId, u16>,
    /// Who may see whom once a change of contacts is stored.
    allowed: BTreeMap<RequestId, presence::Allowed>,
    /// Resources of users who have their seats elsewhere, by user, each with a user here to whom it was shown.
    abroad: BTreeMap<u16, BTreeSet<(String, u16)>>,
    deeds: Vec<Deed>,
    /// What a get is told for which there is no time, behind its head, with its end.
    no_time: Vec<u8>,
    now_us: u64,
}

impl Desk {
    /// The desk of a domain, with the rosters that were stored.
    ///
    /// # Errors
    /// A roster that cannot be read, by its user.
    pub fn new(
        domain: &str,
        host: Host,
        directory: Directory,
        rosters: impl IntoIterator<Item = (u16, Vec<u8>)>,
    ) -> Result<Desk, u16> {
        let mut desk = Desk {
            domain: domain.to_owned(),
            seated: (!host.has_global()).then(BTreeSet::new),
            host,
            directory,
            sessions: BTreeMap::new(),
            connections: BTreeMap::new(),
            rosters: BTreeMap::new(),
            asked: BTreeMap::new(),
            searches: 0,
            away: BTreeMap::new(),
            allowed: BTreeMap::new(),
            abroad: BTreeMap::new(),
            deeds: Vec::new(),
            no_time: vcard::no_time(),
            now_us: 0,
        };
        for (user, bytes) in rosters {
            desk.rosters.insert(user, Roster::read(&bytes).ok_or(user)?);
        }
        Ok(desk)
    }

    /// What is to be done, in order.
    pub fn take_deeds(&mut self) -> Vec<Deed> {
        std::mem::take(&mut self.deeds)
    }

    /// Whether a user has its seat here.
    pub fn is_seated(&self, user: u16) -> bool {
        self.seated.as_ref().is_none_or(|seated| seated.contains(&user))
    }

    /// A user has its seat here from now on, with this roster.
    pub fn seat(&mut self, user: u16, recalled: Recalled, roster: Option<&[u8]>) {
        let is_new = self.seated.as_mut().is_some_and(|seated| seated.insert(user));
        if is_new {
            let roster = roster.and_then(Roster::read).unwrap_or_default();
            self.rosters.insert(user, roster);
            self.host.seat(user, recalled);
        }
    }

    /// A client has logged in and bound a resource. False if there is no such account any more.
    ///
    /// # Panics
    /// Its user has no seat here.
    pub fn bound(&mut self, id: ConnectionId, account: &str, resource: &str, now_us: u64) -> bool {
        self.now_us = now_us;
        let Some(user) = self.directory.number(account) else { return false };
        assert!(self.is_seated(user), "whoever logs in has a seat");
        let jid = format!("{account}@{}/{resource}", self.domain);
        self.replace(user, &jid);
        self.host.attach(user, now_us);
        self.sessions.insert(id, Session::new(user, account, jid));
        self.connections.entry(user).or_default().insert(id);
        true
    }

    /// The connections of a user.
    pub fn of_user(&self, user: u16) -> Vec<ConnectionId> {
        self.connections.get(&user).into_iter().flatten().copied().collect()
    }

    /// A stream of the same resource gives way to a new one (RFC 6120 §7.7.2.2).
    fn replace(&mut self, user: u16, jid: &str) {
        let of_user = self.connections.get(&user).into_iter().flatten();
        let same = of_user.copied().find(|id| self.sessions[id].jid == jid);
        if let Some(old) = same {
            self.deeds.push(Deed::Close(old, "conflict"));
            self.closed(old, self.now_us);
        }
    }

    /// A stream has ended.
    pub fn closed(&mut self, id: ConnectionId, now_us: u64) {
        self.now_us = now_us;
        if !self.sessions.contains_key(&id) {
            return;
        }
        self.gone(id);
        let Some(session) = self.sessions.remove(&id) else { return };
        let given_up: Vec<RequestId> = self
            .asked
            .iter()
            .filter(|(_, asked)| asked.id == id)
            .map(|(request, _)| *request)
            .collect();
        for request in given_up {
            self.forget(request);
            if self.allowed.contains_key(&request) {
                // Somebody is still to be told that it may see the user.
                self.away.insert(request, session.user);
                continue;
            }
            self.host.metrics.given_up(request);
            self.host.cancel(session.user, request, now_us);
        }
        let Some(others) = self.connections.get_mut(&session.user) else { return };
        others.remove(&id);
        if others.is_empty() {
            self.connections.remove(&session.user);
            self.detach_if_away(session.user);
        }
    }

    /// A stanza of a client.
    pub fn stanza(&mut self, id: ConnectionId, stanza: Element, now_us: u64) {
        self.now_us = now_us;
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.changes > 0 || self.host.is_joining(session.user) {
            // What comes after a change is to see it.
            if session.held.len() == HELD_MAX {
                return self.deeds.push(Deed::Close(id, "resource-constraint"));
            }
            return session.held.push_back(stanza);
        }
        self.heed(id, stanza);
    }

    fn heed(&mut self, id: ConnectionId, mut stanza: Element) {
        // Whom it is from nobody but the server says.
        let jid = &self.sessions[&id].jid;
        if stanza.attr("from") != Some(jid.as_str()) {
            set(&mut stanza, "from", &jid.clone());
        }
        match stanza.name() {
            "iq" => self.iq(id, stanza),
            "message" => self.message(id, stanza),
            "presence" => self.presence(id, stanza),
            _ => {}
        }
    }

    fn iq(&mut self, id: ConnectionId, stanza: Element) {
        let kind = stanza.attr("type").unwrap_or_default().to_owned();
        let payload = stanza.children().next();
        let is_request = kind == "get" || kind == "set";
        let is_whole =
            stanza.attr("id").is_some() && (!is_request || stanza.children().count() == 1);
        if !is_whole || !["get", "set", "result", "error"].contains(&kind.as_str()) {
            return self.refuse(id, &stanza, ErrorType::Modify, "bad-request");
        }
        let to = stanza.attr("to").map(str::to_owned);
        let to = match to.as_deref().map(|to| self.address(to)).transpose() {
            Ok(to) => to,
            Err(condition) => return self.refuse(id, &stanza, ErrorType::Cancel, condition),
        };
        if let Some(full) = to.as_ref().filter(|to| to.resource.is_some()) {
            return self.route(full, stanza);
        }
        if !is_request {
            return; // an answer to what the server has not asked
        }
        let own = self.sessions[&id].account.clone();
        let about = to.and_then(|to| to.account);
        let (Some(payload), is_set) = (payload, kind == "set") else { return };
        match (payload.name(), payload.ns().as_str()) {
            ("vCard", vcard::VCARD) => {
                let payload = payload.clone();
                self.vcard(id, stanza, payload, about.unwrap_or(own), is_set);
            }
            ("query", roster::ROSTER) if about.as_ref().is_none_or(|about| *about == own) => {
                let payload = payload.clone();
                self.roster(id, &stanza, &payload, is_set);
            }
            ("sharing", vcard::SHARING) if about.as_ref().is_none_or(|about| *about == own) => {
                let payload = payload.clone();
                self.sharing(id, stanza, &payload, is_set);
            }
            ("query", search::SEARCH) if about.is_none() => {
                let payload = payload.clone();
                self.search(id, stanza, &payload, is_set);
            }
            _ => self.service(id, &stanza, about.as_deref()),
        }
    }

    /// Answers a request, or any stanza, with an error.
    fn refuse(&mut self, id: ConnectionId, stanza: &Element, kind: ErrorType, condition: &str) {
        if stanza.attr("type") != Some("error") && stanza.attr("type") != Some("result") {
            self.deeds.push(Deed::Send(id, iq_error(stanza, kind, condition, None)));
        }
    }

    /// Lets the nodes work. True if there is more to do at once.
    pub fn run(&mut self, now_us: u64) -> bool {
        self.now_us = now_us;
        self.host.run(now_us)
    }

    /// Says what has come of requests, at the time at which that is known. True if there is more to do at once.
    pub fn answer(&mut self, now_us: u64) -> bool {
        self.now_us = now_us;
        let outcomes = self.host.take_outcomes();
        let any = !outcomes.is_empty();
        for outcome in outcomes {
            self.came(outcome);
        }
        let joined = self.host.take_joined();
        for user in &joined {
            self.of_user(*user).into_iter().for_each(|id| self.go_on(id));
        }
        any || !joined.is_empty()
    }

    /// Whether somebody waits for the nodes.
    pub fn is_waiting(&self) -> bool {
        !self.asked.is_empty()
    }

    /// Resources that are bound.
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// An address of this server: of an account or, without a local part, of the server itself.
    fn address(&self, jid: &str) -> Result<Address, &'static str> {
        let (bare, resource) = match jid.split_once('/') {
            Some((bare, resource)) => (bare, Some(resource.to_owned())),
            None => (jid, None),
        };
        let (account, domain) = match bare.split_once('@') {
            Some((account, domain)) => (Some(account.to_lowercase()), domain),
            None => (None, bare),
        };
        if domain.to_lowercase() != self.domain {
            return Err("remote-server-not-found");
        }
        Ok(Address { account, resource })
    }

    fn bare(&self, account: &str) -> String {
        format!("{account}@{}", self.domain)
    }
}

/// A part of an address of this server.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Address {
    account: Option<String>,
    resource: Option<String>,
}

/// Sets an attribute.
fn set(element: &mut Element, name: &'static str, value: &str) {
    element.set_attr(rxml::Namespace::NONE, super::front::names::attribute(name), value);
}

/// An element of the stream's own namespace.
fn client(name: &str) -> Element {
    Element::bare(name, CLIENT)
}

#[cfg(test)]
mod tests;
