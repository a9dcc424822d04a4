//! Errors as the protocol tells them: those that end a stream, and those that answer one stanza.

use std::fmt;

use minidom::Element;
use rxml::Namespace;

use super::names::{STANZA_ERRORS, attribute};

/// Why a stream ends: a condition of RFC 6120 §4.9.3 and words for whoever reads the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamError {
    /// The condition's element name, such as `policy-violation`.
    pub condition: &'static str,
    /// What happened, in plain English.
    pub text: &'static str,
}

impl StreamError {
    /// An error of this condition.
    pub const fn new(condition: &'static str, text: &'static str) -> Self {
        Self { condition, text }
    }

    /// A limit of ours was passed.
    pub const fn policy(text: &'static str) -> Self {
        Self::new("policy-violation", text)
    }

    /// What came is no XML, or its namespaces are broken.
    pub const fn malformed(text: &'static str) -> Self {
        Self::new("not-well-formed", text)
    }
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.condition, self.text)
    }
}

impl std::error::Error for StreamError {}

/// What the sender of a stanza can do about its error (RFC 6120 §8.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorType {
    /// Try again with credentials.
    Auth,
    /// Give up.
    Cancel,
    /// Go on: it was only a warning.
    Continue,
    /// Change what was sent and try again.
    Modify,
    /// Wait and try again.
    Wait,
}

impl ErrorType {
    /// The value of the attribute `type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Cancel => "cancel",
            Self::Continue => "continue",
            Self::Modify => "modify",
            Self::Wait => "wait",
        }
    }
}

/// The element `<error/>` of a stanza, with a condition of RFC 6120 §8.3.3.
pub fn stanza_error(kind: ErrorType, condition: &str, text: Option<&str>) -> Element {
    let mut error = Element::builder("error", super::names::CLIENT)
        .attr(attribute("type"), kind.as_str())
        .append(Element::bare(condition, STANZA_ERRORS))
        .build();
    if let Some(text) = text {
        let words = Element::builder("text", STANZA_ERRORS)
            .attr_ns(Namespace::XML, attribute("lang"), "en")
            .append(text)
            .build();
        error.append_child(words);
    }
    error
}

/// The answer of type `error` to a stanza of any kind: back to its sender, with its id.
///
/// For an `iq` this is the only error; a `message` or `presence` of type `error` must not be
/// answered at all, which is for the caller to see to.
pub fn iq_error(
    request: &Element,
    kind: ErrorType,
    condition: &str,
    text: Option<&str>,
) -> Element {
    let mut answer = reply(request, "error");
    answer.append_child(stanza_error(kind, condition, text));
    answer
}

/// The answer of type `result` to an `iq`: back to its sender, with its id.
pub fn iq_result(request: &Element, payload: Option<Element>) -> Element {
    let mut answer = reply(request, "result");
    if let Some(payload) = payload {
        answer.append_child(payload);
    }
    answer
}

fn reply(request: &Element, kind: &str) -> Element {
    let mut answer = Element::bare(request.name(), request.ns());
    let mut set = |name: &'static str, value: Option<&str>| {
        if let Some(value) = value {
            answer.set_attr(Namespace::NONE, attribute(name), value);
        }
    };
    set("type", Some(kind));
    set("id", request.attr("id"));
    set("to", request.attr("from"));
    set("from", request.attr("to"));
    answer
}
