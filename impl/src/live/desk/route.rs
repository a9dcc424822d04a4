//! Stanzas from user to user: messages, and requests to a resource.

use minidom::Element;

use super::{Address, ConnectionId, Deed, Desk};
use crate::live::front::error::ErrorType;

impl Desk {
    /// A message to a user, by RFC 6121 §8.5: to one resource, or to all that want messages most.
    pub(super) fn message(&mut self, id: ConnectionId, stanza: Element) {
        let to = stanza.attr("to").map(str::to_owned);
        // Without an address it is to oneself.
        let to = to.unwrap_or_else(|| self.bare(&self.sessions[&id].account));
        let address = match self.address(&to) {
            Ok(address) => address,
            Err(condition) => return self.refuse(id, &stanza, ErrorType::Cancel, condition),
        };
        let is_error = stanza.attr("type") == Some("error");
        let to_resource = self.resource(&address);
        let all = match (to_resource, is_error) {
            (Some(one), _) => vec![one],
            (None, true) => Vec::new(),
            (None, false) => self.most_wanted(&address),
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
        let user = address.account.as_ref().and_then(|account| self.directory.number(account));
        let of_user = user.and_then(|user| self.connections.get(&user)).into_iter().flatten();
        let of_user: Vec<_> =
            of_user.filter_map(|id| Some((self.sessions[id].priority()?, *id))).collect();
        let most = of_user.iter().map(|(priority, _)| *priority).max().filter(|most| *most >= 0);
        of_user.into_iter().filter(|(one, _)| Some(*one) == most).map(|(_, id)| id).collect()
    }

    /// A request to a resource, or its answer, goes there.
    pub(super) fn iq_to_resource(&mut self, id: ConnectionId, stanza: &Element, to: &Address) {
        match self.resource(to) {
            Some(there) => self.deeds.push(Deed::Send(there, stanza.clone())),
            None => self.refuse(id, stanza, ErrorType::Cancel, "service-unavailable"),
        }
    }
}
