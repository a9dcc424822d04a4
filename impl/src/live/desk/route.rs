//! Stanzas from user to user: messages, and requests to a resource.

use minidom::Element;

use super::{Address, ConnectionId, Deed, Desk};
use crate::live::front::error::ErrorType;

impl Desk {
    /// A message to a user, by RFC 6121 §8.5: to one resource, or to all that want messages most; a headline to all that want
    /// any.
    pub(super) fn message(&mut self, id: ConnectionId, stanza: Element) {
        let to = stanza.attr("to").map(str::to_owned);
        // Without an address it is to oneself.
        let to = to.unwrap_or_else(|| self.bare(&self.sessions[&id].account));
        let address = match self.address(&to) {
            Ok(address) => address,
            Err(condition) => return self.refuse(id, &stanza, ErrorType::Cancel, condition),
        };
        let all = match (self.resource(&address), stanza.attr("type").unwrap_or("normal")) {
            (Some(one), _) => vec![one],
            (None, "chat") => self.most_wanted(&address),
            // §8.5.3.2.1: what is not a conversation does not go to another resource than it was for.
            (None, _) if address.resource.is_some() => Vec::new(),
            // §8.5.2.1.1: an account is no group.
            (None, "error" | "groupchat") => Vec::new(),
            (None, "headline") => self.wanted(&address).into_iter().map(|(_, id)| id).collect(),
            (None, _) => self.most_wanted(&address),
        };
        if all.is_empty() && stanza.attr("type") != Some("headline") {
            return self.refuse(id, &stanza, ErrorType::Cancel, "service-unavailable");
        }
        self.deeds.extend(all.into_iter().map(|one| Deed::Send(one, stanza.clone())));
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

    /// A request to a resource, or its answer, goes there.
    pub(super) fn iq_to_resource(&mut self, id: ConnectionId, stanza: &Element, to: &Address) {
        match self.resource(to) {
            Some(there) => self.deeds.push(Deed::Send(there, stanza.clone())),
            None => self.refuse(id, stanza, ErrorType::Cancel, "service-unavailable"),
        }
    }
}
