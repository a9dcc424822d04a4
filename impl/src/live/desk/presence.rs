//! Who is there (RFC 6121 §3 and §4): presence goes to those who see a user, and to the user's own other resources.

use std::collections::BTreeSet;

use minidom::Element;

use super::{Address, ConnectionId, Deed, Desk, set};
use crate::live::front::error::ErrorType;

/// Addresses that a session sends presence to directly, at most.
const DIRECTED_MAX: usize = 256;

/// A user has allowed a contact to see it, which is to be told when it is stored.
pub(super) struct Allowed {
    from: String,
    to: String,
    /// What it said.
    said: Element,
}

impl Desk {
    /// A presence stanza.
    pub(super) fn presence(&mut self, id: ConnectionId, stanza: Element) {
        let kind = stanza.attr("type").unwrap_or_default().to_owned();
        let to = stanza.attr("to").map(str::to_owned);
        match (kind.as_str(), to) {
            ("" | "unavailable", None) => self.broadcast(id, stanza),
            ("" | "unavailable", Some(to)) => self.directed(id, stanza, &to),
            ("subscribe" | "subscribed" | "unsubscribe" | "unsubscribed", Some(to)) => {
                let own = self.sessions[&id].account.clone();
                match self.address(&to).ok().and_then(|to| to.account) {
                    Some(other) if other != own => self.subscription(&own, &other, &stanza),
                    Some(_) => {}
                    None => self.refuse(id, &stanza, ErrorType::Cancel, "remote-server-not-found"),
                }
            }
            _ => {}
        }
    }

    /// A resource becomes available, changes what it says, or leaves.
    fn broadcast(&mut self, id: ConnectionId, stanza: Element) {
        let is_here = stanza.attr("type").is_none();
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let was_here = session.presence.is_some();
        session.presence = is_here.then(|| stanza.clone());
        let told = self.tell_seers(id, &stanza);
        if !is_here {
            let directed =
                self.sessions.get_mut(&id).map(|session| std::mem::take(&mut session.directed));
            for to in directed.into_iter().flatten() {
                // RFC 6121 §4.6.3: those who see the user have been told.
                let account = self.address(&to).ok().and_then(|to| to.account);
                if !account.is_some_and(|account| told.contains(&account)) {
                    self.send_presence(&to, &stanza);
                }
            }
        } else if !was_here {
            self.probe(id);
            self.ask_again(id);
        }
    }

    /// Tells those who see the user, and the user's own resources; gives their accounts.
    fn tell_seers(&mut self, id: ConnectionId, stanza: &Element) -> BTreeSet<String> {
        let session = &self.sessions[&id];
        let contacts =
            self.rosters.get(&session.user).into_iter().flat_map(|roster| &roster.contacts);
        let seers =
            contacts.filter(|(_, contact)| contact.from).map(|(account, _)| account.clone());
        let all: BTreeSet<String> = seers.chain([session.account.clone()]).collect();
        for account in &all {
            self.send_presence(&self.bare(account), stanza);
        }
        all
    }

    /// Sends presence to the available resources of an address, which stays as it is (RFC 6121 §8.5.2.1.2).
    fn send_presence(&mut self, to: &str, stanza: &Element) {
        let Ok(address) = self.address(to) else { return };
        let mut copy = stanza.clone();
        set(&mut copy, "to", to);
        self.route(&address, copy);
    }

    /// Presence has come for a user.
    pub(super) fn deliver_presence(&mut self, to: &Address, stanza: &Element) {
        let user = to.account.as_ref().and_then(|name| self.directory.number(name));
        let Some(user) = user else { return };
        match stanza.attr("type").unwrap_or_default() {
            "" | "unavailable" => self.show(user, to, stanza),
            "probe" => self.probed(user, stanza),
            "subscribe" | "subscribed" | "unsubscribe" | "unsubscribed" if self.is_seated(user) => {
                self.subscription_came(user, stanza);
            }
            "error" => {
                let there = self.resource(to);
                self.deeds.extend(there.map(|id| Deed::Send(id, stanza.clone())));
            }
            _ => {}
        }
    }

    /// The user who has sent a stanza, if that has its seat elsewhere.
    pub fn sender(&self, stanza: &Element) -> Option<u16> {
        let account = self.address(stanza.attr("from")?).ok()?.account?;
        self.directory.number(&account).filter(|user| !self.is_seated(*user))
    }

    /// Keeps in mind which resources elsewhere were shown to whom.
    pub(super) fn note_abroad(&mut self, to: &Address, stanza: &Element) {
        let Some(jid) = stanza.attr("from").filter(|_| stanza.name() == "presence") else { return };
        let to = to.account.as_ref().and_then(|account| self.directory.number(account));
        let (Some(from), Some(to)) = (self.sender(stanza), to) else { return };
        let shown = (jid.to_owned(), to);
        match stanza.attr("type") {
            None => drop(self.abroad.entry(from).or_default().insert(shown)),
            Some("unavailable") => {
                if let Some(all) = self.abroad.get_mut(&from) {
                    all.remove(&shown);
                }
            }
            Some(_) => {}
        }
    }

    /// The server is gone that these users had their seats at: nobody else says that they are.
    pub fn gone_abroad(&mut self, users: &[u16], now_us: u64) {
        self.now_us = now_us;
        let gone = users.iter().filter_map(|user| self.abroad.remove(user));
        for (jid, to) in gone.flatten().collect::<Vec<_>>() {
            let Some(account) = self.directory.name(to).map(str::to_owned) else { continue };
            let mut stanza = self.ask("unavailable", "", &account);
            set(&mut stanza, "from", &jid);
            self.show(to, &Address { account: Some(account), resource: None }, &stanza);
        }
    }

    fn show(&mut self, user: u16, to: &Address, stanza: &Element) {
        let all = self.connections.get(&user).into_iter().flatten().copied();
        let wanted = all.filter(|id| match &to.resource {
            Some(resource) => self.sessions[id].jid.ends_with(&format!("/{resource}")),
            None => self.sessions[id].presence.is_some(),
        });
        let wanted: Vec<ConnectionId> = wanted.collect();
        self.deeds.extend(wanted.into_iter().map(|id| Deed::Send(id, stanza.clone())));
    }

    /// What a resource that comes is told: who is there of those whom the user sees, and of its own (RFC 6121 §4.3).
    fn probe(&mut self, id: ConnectionId) {
        let session = &self.sessions[&id];
        let (user, jid) = (session.user, session.jid.clone());
        let contacts = self.rosters.get(&user).into_iter().flat_map(|roster| &roster.contacts);
        let seen = contacts.filter(|(_, contact)| contact.to).map(|(account, _)| account.clone());
        for account in seen.collect::<Vec<_>>() {
            let mut probe = self.ask("probe", "", &account);
            set(&mut probe, "from", &jid);
            self.route(&Address { account: Some(account), resource: None }, probe);
        }
        let own = self.connections.get(&user).into_iter().flatten().filter(|own| **own != id);
        let told = own.filter_map(|own| self.sessions[own].presence.clone());
        for mut presence in told.collect::<Vec<_>>() {
            set(&mut presence, "to", &jid);
            self.deeds.push(Deed::Send(id, presence));
        }
    }

    /// Somebody who has come asks whether a user is there: it is told if it sees the user.
    fn probed(&mut self, user: u16, probe: &Element) {
        let Some(from) = probe.attr("from") else { return };
        let account = self.address(from).ok().and_then(|from| from.account);
        let roster = self.rosters.get(&user);
        let contact = account.and_then(|account| roster?.contacts.get(&account));
        if !contact.is_some_and(|contact| contact.from) {
            return;
        }
        let all = self.connections.get(&user).into_iter().flatten();
        let told = all.filter_map(|id| self.sessions[id].presence.clone());
        for presence in told.collect::<Vec<_>>() {
            self.send_presence(from, &presence);
        }
    }

    /// Who has asked to see the user while it was away asks still.
    fn ask_again(&mut self, id: ConnectionId) {
        let user = self.sessions[&id].user;
        let contacts = self.rosters.get(&user).into_iter().flat_map(|roster| &roster.contacts);
        let asking: Vec<String> = contacts
            .filter(|(_, contact)| contact.asked)
            .map(|(account, _)| account.clone())
            .collect();
        for account in asking {
            let ask = self.ask("subscribe", &account, &self.sessions[&id].account.clone());
            self.deeds.push(Deed::Send(id, ask));
        }
    }

    pub(super) fn ask(&self, kind: &str, from: &str, to: &str) -> Element {
        let mut ask = super::client("presence");
        set(&mut ask, "type", kind);
        set(&mut ask, "from", &self.bare(from));
        set(&mut ask, "to", &self.bare(to));
        ask
    }

    fn directed(&mut self, id: ConnectionId, stanza: Element, to: &str) {
        let is_here = stanza.attr("type").is_none();
        let Some(session) = self.sessions.get_mut(&id) else { return };
        match is_here {
            true if session.directed.len() < DIRECTED_MAX => session.directed.insert(to.to_owned()),
            true => return self.refuse(id, &stanza, ErrorType::Wait, "resource-constraint"),
            false => session.directed.remove(to),
        };
        self.send_presence(to, &stanza);
    }

    /// A stream ends without saying so.
    pub(super) fn gone(&mut self, id: ConnectionId) {
        if self.sessions.get(&id).is_some_and(|session| session.presence.is_some()) {
            let mut stanza = super::client("presence");
            set(&mut stanza, "from", &self.sessions[&id].jid);
            set(&mut stanza, "type", "unavailable");
            self.broadcast(id, stanza);
        }
    }

    /// A user asks to see another one, allows it, or ends it. Each side's list says what holds (RFC 6121, appendix A).
    ///
    /// What is `said` with it goes on, with the addresses of accounts (§3.1.2).
    pub(super) fn subscription(&mut self, from: &str, to: &str, said: &Element) {
        let kind = said.attr("type").unwrap_or_default();
        let mut said = said.clone();
        set(&mut said, "from", &self.bare(from));
        set(&mut said, "to", &self.bare(to));
        let (Some(own), Some(_)) = (self.directory.number(from), self.directory.number(to)) else {
            return; // nobody tells whether there is such an account
        };
        let mine = self.rosters.entry(own).or_default().contacts.entry(to.to_owned()).or_default();
        let before = mine.clone();
        match kind {
            "subscribe" => (mine.asks, mine.is_listed) = (!mine.to, true),
            "subscribed" if mine.asked => {
                (mine.asked, mine.from, mine.is_listed) = (false, true, true);
            }
            "unsubscribe" => (mine.asks, mine.to) = (false, false),
            "unsubscribed" => (mine.asked, mine.from) = (false, false),
            _ => {}
        }
        let (is_changed, is_shown) = (*mine != before, mine.looks_other_than(&before));
        let shared = is_changed.then(|| self.save(own, to, is_shown, Vec::new())).flatten();
        match (kind, shared) {
            ("subscribed", _) if !before.asked => {}
            // Who is told that it may see, sees.
            ("subscribed", Some(request)) => {
                let allowed = Allowed { from: from.to_owned(), to: to.to_owned(), said };
                self.allowed.insert(request, allowed);
            }
            ("subscribed", None) => {
                self.say_allowed(&Allowed { from: from.to_owned(), to: to.to_owned(), said });
            }
            _ => self.route(&Address { account: Some(to.to_owned()), resource: None }, said),
        }
        if kind == "unsubscribed" && before.from {
            self.show_presence(own, to, false);
        }
    }

    /// Somebody asks to see a user, allows it, or ends it.
    fn subscription_came(&mut self, user: u16, said: &Element) {
        let from = said.attr("from").and_then(|from| self.address(from).ok()?.account);
        let Some(from) = from else { return };
        let contacts = &mut self.rosters.entry(user).or_default().contacts;
        let theirs = contacts.entry(from.clone()).or_default();
        let before = theirs.clone();
        match said.attr("type").unwrap_or_default() {
            "subscribe" => theirs.asked = !theirs.from,
            "subscribed" if theirs.asks => (theirs.asks, theirs.to) = (false, true),
            "unsubscribe" => (theirs.asked, theirs.from) = (false, false),
            "unsubscribed" => (theirs.asks, theirs.to) = (false, false),
            _ => {}
        }
        let (is_changed, is_shown) = (*theirs != before, theirs.looks_other_than(&before));
        if is_changed {
            self.save(user, &from, is_shown, Vec::new());
            self.say_subscription(user, said);
        } else if before.is_empty() {
            self.rosters.entry(user).or_default().contacts.remove(&from);
        }
    }

    /// A contact may see a user from now on.
    pub(super) fn say_allowed(&mut self, allowed: &Allowed) {
        let Allowed { from, to, said } = allowed;
        self.route(&Address { account: Some(to.clone()), resource: None }, said.clone());
        if let Some(own) = self.directory.number(from) {
            self.show_presence(own, to, true);
        }
    }

    fn say_subscription(&mut self, other: u16, said: &Element) {
        let there = self.connections.get(&other).into_iter().flatten();
        let there: Vec<_> =
            there.filter(|id| self.sessions[id].presence.is_some()).copied().collect();
        self.deeds.extend(there.into_iter().map(|id| Deed::Send(id, said.clone())));
    }

    /// Who is allowed to see a user is told where it is; who is not any more, that it is gone.
    fn show_presence(&mut self, user: u16, to: &str, is_shown: bool) {
        let all = self.connections.get(&user).into_iter().flatten();
        let here: Vec<Element> = all.filter_map(|id| self.sessions[id].presence.clone()).collect();
        for mut presence in here {
            if !is_shown {
                let from = presence.attr("from").unwrap_or_default().to_owned();
                presence = super::client("presence");
                set(&mut presence, "from", &from);
                set(&mut presence, "type", "unavailable");
            }
            self.send_presence(&self.bare(to), &presence);
        }
    }
}
