//! Resource binding (RFC 6120 §7) and the session that old clients still ask for: the requests
//! that the stream itself answers.

use minidom::Element;

use super::error::{ErrorType, iq_error, iq_result};
use super::names::{BIND, CLIENT, SESSION};
use super::prep;
use super::token::{self, Random};

/// What the stream itself is asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Request {
    /// To bind a resource: the one that the client wants, if it wants a certain one.
    Bind(Option<String>),
    /// To begin a session.
    Session,
}

/// Recognises a request to the stream itself.
pub fn request(stanza: &Element) -> Option<Request> {
    if !stanza.is("iq", CLIENT) || stanza.attr("type") != Some("set") {
        return None;
    }
    if let Some(bind) = stanza.get_child("bind", BIND) {
        let wanted = bind.get_child("resource", BIND).map(Element::text);
        return Some(Request::Bind(wanted.filter(|resource| !resource.is_empty())));
    }
    stanza.has_child("session", SESSION).then_some(Request::Session)
}

/// The resource that a client gets: the one it wants in its one form, or a fresh one; `None` if
/// what it wants cannot be a resource.
pub fn resource(wanted: Option<&str>, random: &mut Random<'_>) -> Option<String> {
    match wanted {
        Some(wanted) => prep::resourcepart(wanted),
        None => Some(token::fresh(random)),
    }
}

/// The answer that tells a client its full JID.
pub fn bound(iq: &Element, jid: &str) -> Element {
    let jid = Element::builder("jid", BIND).append(jid).build();
    iq_result(iq, Some(Element::builder("bind", BIND).append(jid).build()))
}

/// The answer to a resource that cannot be one.
pub fn bad_resource(iq: &Element) -> Element {
    iq_error(iq, ErrorType::Modify, "bad-request", Some("this cannot be a resource"))
}

/// The answer to a second binding on one stream.
pub fn bound_already(iq: &Element) -> Element {
    iq_error(iq, ErrorType::Cancel, "not-allowed", Some("a resource is bound already"))
}

/// The answer to a request that comes before binding.
pub fn bind_first(iq: &Element) -> Element {
    iq_error(iq, ErrorType::Auth, "not-authorized", Some("bind a resource first"))
}
