//! What a client asks of the server itself: ping (XEP-0199), discovery (XEP-0030), its version (XEP-0092).

use minidom::Element;

use super::{ConnectionId, Deed, Desk};
use crate::live::front::error::{ErrorType, iq_result};
use crate::live::front::names::{SESSION, attribute};

const PING: &str = "urn:xmpp:ping";
const INFO: &str = "http://jabber.org/protocol/disco#info";
const ITEMS: &str = "http://jabber.org/protocol/disco#items";
const SOFTWARE: &str = "jabber:iq:version";

/// What the server does, and accounts on their behalf.
const FEATURES: [&str; 6] =
    [INFO, ITEMS, PING, super::vcard::VCARD, super::vcard::SHARING, SOFTWARE];
/// What the server does itself: it is also the directory of its users.
const OF_SERVER: [&str; 2] = [super::search::SEARCH, super::search::PAGING];

impl Desk {
    /// A request about the server, or about an account that answers for itself.
    pub(super) fn service(&mut self, id: ConnectionId, stanza: &Element, about: Option<&str>) {
        let is_get = stanza.attr("type") == Some("get");
        let Some(payload) = stanza.children().next() else { return };
        let own = about.is_none_or(|about| about == self.sessions[&id].account);
        let answer = match (payload.name(), payload.ns().as_str()) {
            ("ping", PING) if is_get && own => None,
            ("session", SESSION) if own => None,
            // XEP-0030 §7: there are no nodes here.
            ("query", INFO | ITEMS) if is_get && own && has_node(payload) => {
                return self.refuse(id, stanza, ErrorType::Cancel, "item-not-found");
            }
            ("query", INFO) if is_get && own => Some(info(about.is_some())),
            ("query", ITEMS) if is_get && own => Some(Element::bare("query", ITEMS)),
            ("query", SOFTWARE) if is_get && about.is_none() => Some(software()),
            _ => return self.refuse(id, stanza, ErrorType::Cancel, "service-unavailable"),
        };
        self.deeds.push(Deed::Send(id, iq_result(stanza, answer)));
    }
}

fn has_node(query: &Element) -> bool {
    query.attr("node").is_some_and(|node| !node.is_empty())
}

fn info(of_account: bool) -> Element {
    let (identities, more): (&[_], &[&str]) = match of_account {
        true => (&[("account", "registered")], &[]),
        false => (&[("server", "im"), ("directory", "user")], &OF_SERVER),
    };
    let identities = identities.iter().map(|&(category, kind)| {
        Element::builder("identity", INFO)
            .attr(attribute("category"), category)
            .attr(attribute("type"), kind)
            .attr(attribute("name"), "Spillway")
            .build()
    });
    let features = FEATURES
        .iter()
        .chain(more)
        .copied()
        .map(|var| Element::builder("feature", INFO).attr(attribute("var"), var).build());
    Element::builder("query", INFO).append_all(identities).append_all(features).build()
}

fn software() -> Element {
    let text = |name, text: &str| Element::builder(name, SOFTWARE).append(text).build();
    Element::builder("query", SOFTWARE)
        .append(text("name", "Spillway"))
        .append(text("version", env!("CARGO_PKG_VERSION")))
        .build()
}
