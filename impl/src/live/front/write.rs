//! From elements to bytes, inside a stream whose head has declared `jabber:client` as the default
//! namespace and the prefix `stream`: no stanza repeats what the head has said, and the same bytes
//! serve every client that a stanza goes to.

use minidom::{Element, Node};
use rxml::Namespace;

use super::error::StreamError;
use super::names::{CLIENT, STREAM_ERRORS, STREAMS, XML};

/// Puts the element as a first-level child of a stream into `out`.
pub fn stanza(element: &Element, out: &mut Vec<u8>) {
    within(element, CLIENT, true, out);
}

/// Puts an element that stands for itself into `out`.
pub fn whole(element: &Element, out: &mut Vec<u8>) {
    within(element, "", false, out);
}

/// Puts the end of a stream with its error into `out`.
pub fn stream_error(condition: &str, text: &str, out: &mut Vec<u8>) {
    let known = !condition.is_empty() && condition.bytes().all(|b| matches!(b, b'a'..=b'z' | b'-'));
    // A condition is an element's name; a caller's mistake must not break the XML.
    let condition = if known { condition } else { "undefined-condition" };
    let head = format!("<stream:error><{condition} xmlns='{STREAM_ERRORS}'/>");
    out.extend_from_slice(head.as_bytes());
    if !text.is_empty() {
        let words = format!("<text xmlns='{STREAM_ERRORS}' xml:lang='en'>");
        out.extend_from_slice(words.as_bytes());
        escape(text, false, out);
        out.extend_from_slice(b"</text>");
    }
    out.extend_from_slice(b"</stream:error></stream:stream>");
}

/// The same for an error value.
pub fn failed(error: &StreamError, out: &mut Vec<u8>) {
    stream_error(error.condition, error.text, out);
}

fn within(element: &Element, default: &str, has_head: bool, out: &mut Vec<u8>) {
    let declared = (!element.has_ns(default)).then(|| element.ns());
    let (prefix, declared) = match declared {
        None => ("", None),
        Some(space) if space == STREAMS && has_head => ("stream:", None),
        Some(space) if space == XML => ("xml:", None),
        Some(space) => ("", Some(space)),
    };
    out.push(b'<');
    name(prefix, element, out);
    if let Some(space) = &declared {
        out.extend_from_slice(b" xmlns='");
        escape(space, true, out);
        out.push(b'\'');
    }
    attributes(element, out);
    if element.nodes().next().is_none() {
        out.extend_from_slice(b"/>");
        return;
    }
    out.push(b'>');
    for node in element.nodes() {
        match node {
            Node::Element(child) => {
                within(child, declared.as_deref().unwrap_or(default), has_head, out);
            }
            Node::Text(text) => escape(text, false, out),
        }
    }
    out.extend_from_slice(b"</");
    name(prefix, element, out);
    out.push(b'>');
}

fn name(prefix: &str, element: &Element, out: &mut Vec<u8>) {
    out.extend_from_slice(prefix.as_bytes());
    out.extend_from_slice(element.name().as_bytes());
}

fn attributes(element: &Element, out: &mut Vec<u8>) {
    let mut last: Option<&Namespace<'static>> = None;
    let mut spaces = 0;
    for ((space, name), value) in element.attrs() {
        if space.is_none() {
            out.push(b' ');
        } else if space.as_str() == XML {
            out.extend_from_slice(b" xml:");
        } else {
            // The map gives the attributes of a namespace one after the other.
            if last != Some(space) {
                spaces += 1;
                last = Some(space);
                out.extend_from_slice(format!(" xmlns:n{spaces}='").as_bytes());
                escape(space.as_str(), true, out);
                out.push(b'\'');
            }
            out.extend_from_slice(format!(" n{spaces}:").as_bytes());
        }
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b"='");
        escape(value, true, out);
        out.push(b'\'');
    }
}

/// Puts text into `out` so that a reader gets it back. What XML cannot carry at all, not even as a
/// reference, becomes U+FFFD: it can only come from our own side, and one bad text must not end the
/// streams of those that it goes to.
pub fn escape(text: &str, attribute: bool, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    if bytes.iter().all(|byte| MEANS_ITSELF[usize::from(*byte)]) {
        return out.extend_from_slice(bytes);
    }
    let mut done = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let (instead, length): (&[u8], usize) = match byte {
            b'&' => (b"&amp;", 1),
            b'<' => (b"&lt;", 1),
            b'>' => (b"&gt;", 1),
            b'\'' if attribute => (b"&apos;", 1),
            b'\r' => (b"&#13;", 1),
            b'\t' if attribute => (b"&#9;", 1),
            b'\n' if attribute => (b"&#10;", 1),
            b'\t' | b'\n' => continue,
            0..0x20 => (REPLACEMENT, 1),
            0xef if matches!(bytes[at..], [_, 0xbf, 0xbe | 0xbf, ..]) => (REPLACEMENT, 3),
            _ => continue,
        };
        out.extend_from_slice(&bytes[done..at]);
        out.extend_from_slice(instead);
        done = at + length;
    }
    out.extend_from_slice(&bytes[done..]);
}

/// Bytes that need no escape anywhere: most of all that is written.
const MEANS_ITSELF: [bool; 256] = {
    let mut means_itself = [false; 256];
    let mut byte = b' ';
    while byte <= b'~' {
        means_itself[byte as usize] = !matches!(byte, b'&' | b'<' | b'>' | b'\'');
        byte += 1;
    }
    means_itself
};

const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();
