//! From bytes to the pieces of a stream, in the chunks in which they arrive.
//!
//! What rxml's raw parser limits itself: no document type, no processing instruction, no comment,
//! only the five predefined entities and character references, UTF-8, XML 1.0, standalone; a name
//! or an attribute's value of at most [`TOKEN_BYTES_MAX`] (a longer text comes in pieces); a
//! reference of at most 8 bytes. It matches the names of tags, but neither resolves namespaces nor
//! sees that an attribute is given twice, and it bounds neither depth nor length of a document:
//! all that is here. It buffers one token, never a stanza.
//!
//! What this adds: namespaces and double attributes, and the limits of [`Limits`], each enforced
//! as the bytes come in. The parser never sees a byte beyond the limit of a stanza.

use minidom::Element;
use rxml::error::{EndOrError, Error as RxmlError};
use rxml::parser::{Options, WithOptions};
use rxml::{Namespace, NcName, Parse, RawEvent, RawParser};

use super::error::StreamError;
use super::names::{CLIENT, STREAMS, XML};
use super::scope::Scopes;

/// The longest name, and the longest value of an attribute.
pub const TOKEN_BYTES_MAX: usize = 8192;

/// Bytes given to the parser at a time: it looks for a token's end beyond the token's limit, so
/// with all of a large chunk in view it would look at the same bytes once for each token.
const WINDOW_BYTES: usize = 8192;

/// Open elements of a stanza, itself included.
pub const DEPTH_MAX: usize = 32;

/// Attributes and namespace declarations of one element.
pub const ATTRIBUTES_MAX: usize = 64;

/// Bytes of a stanza or stream head while nobody has logged in.
pub const STANZA_BYTES_MAX_BEFORE_LOGIN: usize = 16 * 1024;

/// Bytes of a stanza of a client that has logged in.
pub const STANZA_BYTES_MAX: usize = 256 * 1024;

/// Elements of a stanza while nobody has logged in: nothing that log-in needs has more than a few,
/// and an element of four bytes takes some hundreds in memory.
pub const ELEMENTS_MAX_BEFORE_LOGIN: usize = 32;

/// Elements of a stanza of a client that has logged in, itself included.
pub const ELEMENTS_MAX: usize = 4096;

/// The limits that change with log-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one stanza, or of the stream's head.
    pub stanza_bytes_max: usize,
    /// Elements of one stanza, itself included.
    pub elements_max: usize,
}

impl Limits {
    /// While nobody has logged in.
    pub const BEFORE_LOGIN: Self = Self {
        stanza_bytes_max: STANZA_BYTES_MAX_BEFORE_LOGIN,
        elements_max: ELEMENTS_MAX_BEFORE_LOGIN,
    };

    /// For a client that has logged in.
    pub const AFTER_LOGIN: Self =
        Self { stanza_bytes_max: STANZA_BYTES_MAX, elements_max: ELEMENTS_MAX };
}

/// The head of a stream, `<stream:stream>`, with the attributes that RFC 6120 §4.7 gives it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// The domain that the client wants to talk to.
    pub to: Option<String>,
    /// The JID that the client says it will have.
    pub from: Option<String>,
    /// The protocol's version; none means 0.9.
    pub version: Option<String>,
    /// The language of the client's human-readable text.
    pub lang: Option<String>,
}

/// One piece of a stream.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// The head.
    Opened(Opened),
    /// A whole first-level child, of whatever name and namespace.
    Stanza(Element),
    /// `</stream:stream>`: nothing is read after it.
    Closed,
}

struct Tag {
    prefix: Option<NcName>,
    name: NcName,
    attributes: Vec<(Option<NcName>, NcName, String)>,
    attributes_seen: usize,
}

/// Reads one stream, from its XML declaration to the end of its root element.
pub struct Reader {
    parser: RawParser,
    limits: Limits,
    scopes: Scopes,
    tag: Option<Tag>,
    open: Vec<Element>,
    inside: bool,
    /// Nothing of a new piece has been read yet: white space here is no part of anything.
    between: bool,
    used_bytes: usize,
    elements: usize,
    end: Option<Result<(), StreamError>>,
}

impl Reader {
    /// A reader at the start of a stream.
    pub fn new(limits: Limits) -> Self {
        let options = Options { max_token_length: TOKEN_BYTES_MAX, ..Options::default() };
        Self {
            parser: RawParser::with_options(options),
            limits,
            scopes: Scopes::default(),
            tag: None,
            open: Vec::new(),
            inside: false,
            between: true,
            used_bytes: 0,
            elements: 0,
            end: None,
        }
    }

    /// Reads up to the end of the next piece and takes what it has read off the front of `bytes`.
    ///
    /// `None` means that all of `bytes` is read and more is needed. An error stays: the reader
    /// gives the same one for ever. After [`Item::Closed`] it gives `None` and reads nothing.
    pub fn next(&mut self, bytes: &mut &[u8]) -> Result<Option<Item>, StreamError> {
        match &self.end {
            Some(Ok(())) => return Ok(None),
            Some(Err(error)) => return Err(error.clone()),
            None => {}
        }
        let read = self.advance(bytes);
        match &read {
            Ok(Some(Item::Closed)) => self.end = Some(Ok(())),
            Err(error) => self.fail(error.clone()),
            Ok(_) => {}
        }
        read
    }

    /// Whether nothing of a stanza has been read, and one may begin.
    pub fn is_between_stanzas(&self) -> bool {
        self.inside && self.between && self.end.is_none()
    }

    fn fail(&mut self, error: StreamError) {
        // What was read so far will never be looked at.
        self.open = Vec::new();
        self.tag = None;
        self.scopes = Scopes::default();
        self.end = Some(Err(error));
    }

    fn advance(&mut self, bytes: &mut &[u8]) -> Result<Option<Item>, StreamError> {
        loop {
            if self.between && !self.start_of_piece(bytes)? {
                return Ok(None);
            }
            let allowed_bytes = self.limits.stanza_bytes_max.saturating_sub(self.used_bytes);
            let mut window = &bytes[..bytes.len().min(allowed_bytes).min(WINDOW_BYTES)];
            let given_bytes = window.len();
            let parsed = self.parser.parse(&mut window, false);
            let read_bytes = given_bytes - window.len();
            self.used_bytes += read_bytes;
            self.between = false;
            *bytes = &bytes[read_bytes..];
            match parsed {
                Ok(Some(event)) => {
                    if let Some(item) = self.take(event)? {
                        return Ok(Some(item));
                    }
                }
                Err(EndOrError::Error(error)) => return Err(told(error)),
                Err(EndOrError::NeedMoreData) | Ok(None) => {
                    if self.used_bytes >= self.limits.stanza_bytes_max {
                        return Err(StreamError::policy("the stanza is too large"));
                    }
                    if bytes.is_empty() {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Skips white space between stanzas, which is only there to keep connections alive, and
    /// says whether a piece begins.
    fn start_of_piece(&mut self, bytes: &mut &[u8]) -> Result<bool, StreamError> {
        let blank = bytes.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n')).count();
        *bytes = &bytes[blank..];
        match bytes.first() {
            Some(b'<') => Ok(true),
            Some(_) if self.inside => Err(TEXT_BETWEEN_STANZAS),
            Some(_) => Err(StreamError::malformed("a stream begins with a tag")),
            None => {
                // An idle connection keeps no buffer for a token.
                self.parser.release_temporaries();
                Ok(false)
            }
        }
    }

    fn take(&mut self, event: RawEvent) -> Result<Option<Item>, StreamError> {
        match event {
            RawEvent::XmlDeclaration(..) => Ok(None),
            RawEvent::ElementHeadOpen(_, (prefix, name)) => self.begin_tag(prefix, name),
            RawEvent::Attribute(_, (prefix, name), value) => self.attribute(prefix, name, value),
            RawEvent::ElementHeadClose(_) => self.end_tag(),
            RawEvent::ElementFoot(_) => Ok(self.foot()),
            RawEvent::Text(_, text) => self.text(text),
        }
    }

    /// The root is at level 0, a stanza at level 1.
    fn level(&self) -> usize {
        self.open.len() + usize::from(self.inside)
    }

    fn begin_tag(
        &mut self,
        prefix: Option<NcName>,
        name: NcName,
    ) -> Result<Option<Item>, StreamError> {
        if self.open.len() >= DEPTH_MAX {
            return Err(StreamError::policy("elements are nested too deep"));
        }
        if self.elements >= self.limits.elements_max {
            return Err(StreamError::policy("the stanza has too many elements"));
        }
        self.elements += 1;
        self.tag = Some(Tag { prefix, name, attributes: Vec::new(), attributes_seen: 0 });
        Ok(None)
    }

    fn attribute(
        &mut self,
        prefix: Option<NcName>,
        name: NcName,
        value: String,
    ) -> Result<Option<Item>, StreamError> {
        let level = self.level();
        let Some(tag) = &mut self.tag else { return Ok(None) };
        tag.attributes_seen += 1;
        if tag.attributes_seen > ATTRIBUTES_MAX {
            return Err(StreamError::policy("an element has too many attributes"));
        }
        match prefix {
            None if name.as_str() == "xmlns" => self.scopes.declare(level, None, value)?,
            Some(p) if p.as_str() == "xmlns" => self.scopes.declare(level, Some(name), value)?,
            prefix => tag.attributes.push((prefix, name, value)),
        }
        Ok(None)
    }

    fn end_tag(&mut self) -> Result<Option<Item>, StreamError> {
        let Some(tag) = self.tag.take() else { return Ok(None) };
        let element = self.element(tag)?;
        if self.inside {
            self.open.push(element);
            return Ok(None);
        }
        let head = self.head(&element)?;
        self.inside = true;
        self.new_piece();
        Ok(Some(Item::Opened(head)))
    }

    fn element(&self, tag: Tag) -> Result<Element, StreamError> {
        let space = self.namespace(tag.prefix.as_ref())?;
        let mut element = Element::bare(tag.name.as_str(), space);
        for (prefix, name, value) in tag.attributes {
            let space = match prefix {
                None => Namespace::NONE,
                Some(prefix) => Namespace::from(self.namespace(Some(&prefix))?.to_owned()),
            };
            if element.attrs_mut().insert(space, name, value).is_some() {
                return Err(StreamError::malformed("an attribute is given twice"));
            }
        }
        Ok(element)
    }

    fn namespace(&self, prefix: Option<&NcName>) -> Result<&str, StreamError> {
        self.scopes
            .find(prefix.map(NcName::as_str))
            .ok_or(StreamError::malformed("a namespace prefix is not declared"))
    }

    fn head(&self, root: &Element) -> Result<Opened, StreamError> {
        if !root.has_ns(STREAMS) {
            return Err(StreamError::new("invalid-namespace", "this is not an XMPP stream"));
        }
        if root.name() != "stream" {
            return Err(StreamError::new("bad-format", "the root element is not a stream"));
        }
        if self.scopes.find(None) != Some(CLIENT) {
            return Err(StreamError::new("invalid-namespace", "the content is not jabber:client"));
        }
        let given = |name: &str| root.attr(name).map(str::to_owned);
        Ok(Opened {
            to: given("to"),
            from: given("from"),
            version: given("version"),
            lang: root.attr_ns(XML, "lang").map(str::to_owned),
        })
    }

    fn foot(&mut self) -> Option<Item> {
        let Some(element) = self.open.pop() else { return Some(Item::Closed) };
        self.scopes.leave(self.level());
        match self.open.last_mut() {
            Some(parent) => {
                parent.append_child(element);
                None
            }
            None => {
                self.new_piece();
                Some(Item::Stanza(element))
            }
        }
    }

    fn text(&mut self, text: String) -> Result<Option<Item>, StreamError> {
        // Blank text between stanzas never comes this far, so at level 1 this is a CDATA section.
        let parent = self.open.last_mut().ok_or(TEXT_BETWEEN_STANZAS)?;
        parent.append_text(text);
        Ok(None)
    }

    fn new_piece(&mut self) {
        self.used_bytes = 0;
        self.elements = 0;
        self.between = true;
    }
}

const TEXT_BETWEEN_STANZAS: StreamError =
    StreamError::new("bad-format", "there is text between the stanzas");

/// The condition that RFC 6120 has for what rxml refuses. It tells some of it only in words: the
/// tests of hostile input hold these words in place.
fn told(error: RxmlError) -> StreamError {
    match error {
        RxmlError::InvalidUtf8Byte(_) => {
            StreamError::new("unsupported-encoding", "this is not UTF-8")
        }
        RxmlError::RestrictedXml("only utf-8 encoding is allowed") => {
            StreamError::new("unsupported-encoding", "only UTF-8 is supported")
        }
        RxmlError::RestrictedXml("long name or reference" | "event too long") => {
            StreamError::policy("a name or an attribute is too long")
        }
        RxmlError::RestrictedXml("comments") => {
            StreamError::new("restricted-xml", "comments are not allowed")
        }
        RxmlError::RestrictedXml("processing instructions") => {
            StreamError::new("restricted-xml", "processing instructions are not allowed")
        }
        RxmlError::InvalidSyntax("malformed cdata or comment section start") => {
            StreamError::new("restricted-xml", "document types are not allowed")
        }
        RxmlError::UndeclaredEntity => {
            StreamError::new("restricted-xml", "only the predefined entities are allowed")
        }
        RxmlError::RestrictedXml(_) => {
            StreamError::new("restricted-xml", "this part of XML is not allowed")
        }
        _ => StreamError::malformed("this is not well-formed XML"),
    }
}
