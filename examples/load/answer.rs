//! One answer in what has come: where it ends, to what, and what it says. A whole reader of XML would cost this program more than
//! all else it does.

use memchr::{memchr, memmem};

use crate::requests::CARD_BYTES;

/// What a request came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Came {
    Answered,
    /// There is no room at the moment.
    Refused,
    Wrong,
}

/// The length of the first stanza, if it is whole.
pub(crate) fn length(bytes: &[u8]) -> Option<usize> {
    let head = memchr(b'>', bytes)? + 1;
    if bytes[..head].ends_with(b"/>") {
        return Some(head);
    }
    Some(head + memmem::find(&bytes[head..], b"</iq>")? + b"</iq>".len())
}

/// To which request it is an answer. None of it is something else, such as presence.
pub(crate) fn id(stanza: &[u8]) -> Option<u64> {
    std::str::from_utf8(attribute(stanza, b" id=")?).ok()?.parse().ok()
}

pub(crate) fn came(stanza: &[u8], is_any_result: bool) -> Came {
    match attribute(stanza, b" type=") {
        Some(b"result") if is_any_result || stanza.len() >= CARD_BYTES => Came::Answered,
        Some(b"error") if memmem::find(stanza, b"<resource-constraint").is_some() => Came::Refused,
        _ => Came::Wrong,
    }
}

/// The value of an attribute of the first tag; the name with the blank before and the sign behind it.
fn attribute<'a>(stanza: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let head = &stanza[..memchr(b'>', stanza)?];
    let value = &head[memmem::find(head, name)? + name.len()..];
    let (quote, value) = value.split_first()?;
    Some(&value[..memchr(*quote, value)?])
}
