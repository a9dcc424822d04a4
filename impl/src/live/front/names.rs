//! The names of the protocol in one place: a namespace typed twice is a namespace mistyped once.

use rxml::NcName;

/// The stanzas of a client.
pub const CLIENT: &str = "jabber:client";
/// The stream itself: its head, features and errors.
pub const STREAMS: &str = "http://etherx.jabber.org/streams";
/// The conditions of stream errors.
pub const STREAM_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-streams";
/// The conditions of stanza errors.
pub const STANZA_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-stanzas";
/// STARTTLS.
pub const TLS: &str = "urn:ietf:params:xml:ns:xmpp-tls";
/// Log-in.
pub const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";
/// Resource binding.
pub const BIND: &str = "urn:ietf:params:xml:ns:xmpp-bind";
/// The session of RFC 3921, which does nothing any more but is still asked for.
pub const SESSION: &str = "urn:ietf:params:xml:ns:xmpp-session";
/// The prefix `xml`, which is bound without a declaration.
pub const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// The prefix `xmlns`, to which nothing else may be bound.
pub const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// An attribute's name for `minidom`, which wants it checked.
///
/// Only for names that are constants of the source: it panics at one that is no XML name.
pub fn attribute(name: &'static str) -> NcName {
    NcName::try_from(name).expect("the names of attributes are constants and valid")
}
