//! Stanzas from user to user: messages, requests to a resource, and presence. What concerns a user is done where it has its
//! seat; what is for others goes there.

use minidom::Element;

use super::{Address, ConnectionId, Deed, Desk};
use crate::live::front::error::{ErrorType, iq_error};

impl Desk {
    /// A message of a client.
    pub(super) fn message(&mut self, id: ConnectionId, stanza: Element) {
        let to = stanza.attr("to").map(str::to_owned);
        // Without an address it is to oneself.
        let to = to.unwrap_or_else(|| self.bare(&self.sessions[&id].account));
        match self.address(&to) {
            Ok(address) => self.route(&address, stanza),
            Err(condition) => self.refuse(id, &stanza, ErrorType::Cancel, condition),
        }
    }

    /// A stanza to an address of this server goes to where its user has its seat. It has a `from` of this server's.
    pub(super) fn route(&mut self, to: &Address, stanza: Element) {
        let user = to.account.as_ref().and_then(|account| self.directory.number(account));
        match user.filter(|user| !self.is_seated(*user)) {
            Some(user) => self.deeds.push(Deed::Elsewhere { user, stanza }),
            None => self.deliver(to, stanza),
        }
    }

    /// A stanza that comes from where its sender has its seat.
    pub fn take_in(&mut self, stanza: Element, now_us: u64) {
        self.now_us = now_us;
        let to = stanza.attr("to").and_then(|to| self.address(to).ok());
        if let Some(to) = to {
            self.note_abroad(&to, &stanza);
            self.deliver(&to, stanza);
        }
    }

    fn deliver(&mut self, to: &Address, stanza: Element) {
        match stanza.name() {
            "message" => self.deliver_message(to, &stanza),
            "iq" => self.deliver_iq(to, &stanza),
            _ => self.deliver_presence(to, &stanza),
        }
    }

    /// A message to a user, by RFC 6121 §8.5: to one resource, or to all that want messages most; a headline to all that want
    /// any.
    fn deliver_message(&mut self, to: &Address, stanza: &Element) {
        let all = match (self.resource(to), stanza.attr("type").unwrap_or("normal")) {
            (Some(one), _) => vec![one],
            (None, "chat") => self.most_wanted(to),
            // §8.5.3.2.1: what is not a conversation does not go to another resource than it was for.
            (None, _) if to.resource.is_some() => Vec::new(),
            // §8.5.2.1.1: an account is no group.
            (None, "error" | "groupchat") => Vec::new(),
            (None, "headline") => self.wanted(to).into_iter().map(|(_, id)| id).collect(),
            (None, _) => self.most_wanted(to),
        };
        if all.is_empty() && stanza.attr("type") != Some("headline") {
            return self.bounce(stanza, ErrorType::Cancel, "service-unavailable");
        }
        self.deeds.extend(all.into_iter().map(|one| Deed::Send(one, stanza.clone())));
    }

    /// A request to a resource, or its answer, goes there.
    fn deliver_iq(&mut self, to: &Address, stanza: &Element) {
        match self.resource(to) {
            Some(there) => self.deeds.push(Deed::Send(there, stanza.clone())),
            None => self.bounce(stanza, ErrorType::Cancel, "service-unavailable"),
        }
    }

    /// A stanza comes to nothing: whoever sent it is told, wherever that is, unless it was an answer itself.
    pub fn bounce(&mut self, stanza: &Element, kind: ErrorType, condition: &str) {
        if matches!(stanza.attr("type"), Some("error" | "result")) {
            return;
        }
        let from = stanza.attr("from").and_then(|from| self.address(from).ok());
        if let Some(from) = from {
            self.route(&from, iq_error(stanza, kind, condition, None));
        }
    }

    /// The connection of a full address.
    pub(super) fn resource(&self, address: &Address) -> Option<ConnectionId> {
        let (account, resource) = (address.account.as_ref()?, address.resource.as_ref()?);
        let jid = format!("{}/{resource}", self.bare(account));
        let user = self.directory.number(account)?;
        let of_user = self.connections.get(&user)?;
        of_user.iter().copied().find(|id| self.sessions[id].jid == jid)
    }

    /// The available resources of an account with the highest priority, which is not negative.
    fn most_wanted(&self, address: &Address) -> Vec<ConnectionId> {
        let wanted = self.wanted(address);
        let most = wanted.iter().map(|(priority, _)| *priority).max();
        wanted.into_iter().filter(|(one, _)| Some(*one) == most).map(|(_, id)| id).collect()
    }

    /// The available resources of an account whose priority is not negative.
    fn wanted(&self, address: &Address) -> Vec<(i8, ConnectionId)> {
        let user = address.account.as_ref().and_then(|account| self.directory.number(account));
        let of_user = user.and_then(|user| self.connections.get(&user)).into_iter().flatten();
        let available = of_user.filter_map(|id| Some((self.sessions[id].priority()?, *id)));
        available.filter(|(priority, _)| *priority >= 0).collect()
    }
}
