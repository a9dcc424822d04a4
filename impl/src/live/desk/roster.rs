//! The list of contacts (RFC 6121 §2), and with it whom a user shares with.

use std::collections::BTreeSet;

use minidom::Element;
use spillway_traces::RequestId;

use super::book::{
    ADDRESS_BYTES_MAX, CONTACTS_MAX, Contact, GROUP_BYTES_MAX, GROUPS_MAX, NAME_BYTES_MAX,
};
use super::{ConnectionId, Deed, Desk};
use crate::live::front::error::{ErrorType, iq_result};
use crate::live::front::names::attribute;
use crate::node::Change;

pub(super) const ROSTER: &str = "jabber:iq:roster";

impl Desk {
    /// A request for the list, or a change of it.
    pub(super) fn roster(
        &mut self,
        id: ConnectionId,
        stanza: &Element,
        query: &Element,
        is_set: bool,
    ) {
        let user = self.sessions[&id].user;
        if !is_set {
            if let Some(session) = self.sessions.get_mut(&id) {
                session.wants_roster = true;
            }
            let contacts = self.rosters.get(&user).into_iter().flat_map(|roster| &roster.contacts);
            let listed = contacts.filter(|(_, contact)| contact.is_listed);
            let items: Vec<_> =
                listed.map(|(account, contact)| self.item(account, contact)).collect();
            let query = Element::builder("query", ROSTER).append_all(items).build();
            return self.deeds.push(Deed::Send(id, iq_result(stanza, Some(query))));
        }
        let mut items = query.children();
        let (Some(item), None) = (items.next(), items.next()) else {
            return self.refuse(id, stanza, ErrorType::Modify, "bad-request");
        };
        let account = item.attr("jid").and_then(|jid| self.address(jid).ok()?.account);
        let Some(account) = account else {
            return self.refuse(id, stanza, ErrorType::Cancel, "item-not-found");
        };
        match item.attr("subscription") {
            Some("remove") => self.remove_contact(id, stanza, &account),
            _ => self.set_contact(id, stanza, &account, item),
        }
    }

    fn set_contact(&mut self, id: ConnectionId, stanza: &Element, account: &str, item: &Element) {
        let user = self.sessions[&id].user;
        let groups: BTreeSet<String> =
            item.children().filter(|child| child.name() == "group").map(Element::text).collect();
        let contacts = &mut self.rosters.entry(user).or_default().contacts;
        let is_full = !contacts.contains_key(account) && contacts.len() == CONTACTS_MAX;
        // RFC 6121 §2.3.3.
        let is_long = account.len() > ADDRESS_BYTES_MAX
            || item.attr("name").is_some_and(|name| name.len() > NAME_BYTES_MAX)
            || groups.iter().any(|group| group.len() > GROUP_BYTES_MAX);
        if is_full || is_long || groups.len() > GROUPS_MAX {
            return self.refuse(id, stanza, ErrorType::Modify, "not-acceptable");
        }
        let contact = contacts.entry(account.to_owned()).or_default();
        contact.name = item.attr("name").map(str::to_owned);
        contact.groups = groups.into_iter().collect();
        contact.is_listed = true;
        self.save(user, account, true, vec![(id, iq_result(stanza, None))]);
    }

    /// Removing a contact ends what each sees of the other.
    fn remove_contact(&mut self, id: ConnectionId, stanza: &Element, account: &str) {
        let (user, own) = (self.sessions[&id].user, self.sessions[&id].account.clone());
        let roster = self.rosters.entry(user).or_default();
        let Some(contact) = roster.contacts.get(account).cloned() else {
            return self.refuse(id, stanza, ErrorType::Cancel, "item-not-found");
        };
        if contact.to || contact.asks {
            self.subscription(&own, account, &self.ask("unsubscribe", &own, account));
        }
        if contact.from || contact.asked {
            self.subscription(&own, account, &self.ask("unsubscribed", &own, account));
        }
        self.rosters.entry(user).or_default().contacts.remove(account);
        self.save(user, account, true, vec![(id, iq_result(stanza, None))]);
    }

    /// Stores a user's list, tells its clients of a contact if they see what has changed, and the nodes whom it shares with, if
    /// that changes.
    pub(super) fn save(
        &mut self,
        user: u16,
        account: &str,
        is_seen: bool,
        mut then: Vec<(ConnectionId, Element)>,
    ) -> Option<RequestId> {
        let roster = self.rosters.entry(user).or_default();
        if roster.contacts.get(account).is_some_and(Contact::is_empty) {
            roster.contacts.remove(account);
        }
        let contact = roster.contacts.get(account).filter(|contact| contact.is_listed).cloned();
        let bytes = roster.write();
        let item = match contact {
            Some(contact) => self.item(account, &contact),
            None => Element::builder("item", ROSTER)
                .attr(attribute("jid"), self.bare(account))
                .attr(attribute("subscription"), "remove")
                .build(),
        };
        let told = self.connections.get(&user).into_iter().flatten();
        for id in told.filter(|id| is_seen && self.sessions[id].wants_roster) {
            let query = Element::builder("query", ROSTER).append(item.clone()).build();
            let mut push = super::client("iq");
            super::set(&mut push, "type", "set");
            super::set(&mut push, "id", &format!("roster-{}", self.now_us));
            super::set(&mut push, "to", &self.sessions[id].jid);
            push.append_child(query);
            then.push((*id, push));
        }
        self.deeds.push(Deed::SaveRoster { user, bytes, then });
        self.share(user)
    }

    /// Tells the nodes who the contacts are that see the user, if that has changed.
    fn share(&mut self, user: u16) -> Option<RequestId> {
        let contacts = self.rosters.get(&user).into_iter().flat_map(|roster| &roster.contacts);
        let seers = contacts.filter(|(_, contact)| contact.from);
        let seers: BTreeSet<u16> =
            seers.filter_map(|(account, _)| self.directory.number(account)).collect();
        self.host.attach(user, self.now_us);
        if self.host.record(user).is_some_and(|record| record.contacts == seers) {
            self.detach_if_away(user);
            return None;
        }
        // Whoever is connected waits for it, as for any change.
        let change = Change::Contacts(seers);
        Some(match self.of_user(user).first() {
            Some(id) => self.change(*id, super::client("presence"), change),
            None => {
                let request = self.host.publish(user, change, self.now_us);
                self.away.insert(request, user);
                request
            }
        })
    }

    /// Ends the session of a user's client if no stream is left that it is for.
    pub(super) fn detach_if_away(&mut self, user: u16) {
        if !self.connections.contains_key(&user) && !self.away.values().any(|away| *away == user) {
            self.host.detach(user, self.now_us);
        }
    }

    fn item(&self, account: &str, contact: &Contact) -> Element {
        let mut item = Element::builder("item", ROSTER)
            .attr(attribute("jid"), self.bare(account))
            .attr(attribute("subscription"), contact.subscription())
            .append_all(
                contact
                    .groups
                    .iter()
                    .map(|group| Element::builder("group", ROSTER).append(group.as_str()).build()),
            )
            .build();
        if let Some(name) = &contact.name {
            super::set(&mut item, "name", name);
        }
        if contact.asks {
            super::set(&mut item, "ask", "subscribe");
        }
        item
    }
}
