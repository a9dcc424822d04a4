//! Reads a trace line by line, and refuses the first line that breaks a rule, saying how.

use std::io::{BufRead, Read};
use std::marker::PhantomData;

use serde::Deserialize;
use serde_json::Value;
use xxhash_rust::xxh3::Xxh3;

use crate::error::{TraceError, nearest, nearest_in};
use crate::event::Event;
use crate::file::{End, FORMAT, Header, Limits, TOOL, check_event, hex};
use crate::strict;
use crate::vocabulary::Vocabulary;

const KINDS: [&str; 3] = ["header", "event", "end"];
const HEADER_KEYS: &str =
    "a header with format, tool, vocabulary, vocabulary_hash, source, seed, scope and scope_hash";
const EVENT_KEYS: &str = "an event with index, time, node, action and observed";
const END_KEYS: &str = "an end with count, verdict and digest";

/// A trace being read: an iterator over its events, which holds one line at a time.
///
/// It ends after the first error. What it gave before stays good, so that the trace of a killed writer can be used
/// up to there.
pub struct Reader<V: Vocabulary, R> {
    lines: Lines<R>,
    header: Header,
    count: u64,
    /// The time of the last event.
    time: u64,
    end: Option<End>,
    done: bool,
    limits: Limits,
    vocabulary: PhantomData<V>,
}

impl<V: Vocabulary, R: BufRead> Reader<V, R> {
    /// Reads the header.
    ///
    /// # Errors
    /// What is wrong with the first line.
    pub fn new(input: R) -> Result<Self, TraceError> {
        Reader::with_limits(input, Limits::default())
    }

    /// As [`Reader::new`], with other bounds.
    pub fn with_limits(input: R, limits: Limits) -> Result<Self, TraceError> {
        let bytes_max = limits.header_bytes_max;
        let mut lines = Lines { input, number: 0, bytes_max, hash: Xxh3::new() };
        let Some((text, _)) = lines.next()? else {
            return Err(TraceError::new(1, "the file is empty", "a header"));
        };
        let header = match parse_line(1, &text)? {
            ("header", value) => parse_header::<V>(&value)?,
            (kind, _) => {
                return Err(TraceError::new(1, format!("the first line is an {kind}"), "a header"));
            }
        };
        lines.bytes_max = limits.line_bytes_max;
        Ok(Reader {
            lines,
            header,
            count: 0,
            time: 0,
            end: None,
            done: false,
            limits,
            vocabulary: PhantomData,
        })
    }

    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The end, once all events were read; none if the writer died.
    pub fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// The header and the end.
    pub fn into_parts(self) -> (Header, Option<End>) {
        (self.header, self.end)
    }

    fn next_event(&mut self) -> Result<Option<Event<V>>, TraceError> {
        let Some((text, digest_before)) = self.lines.next()? else {
            return Ok(None);
        };
        let line = self.lines.number;
        match parse_line(line, &text)? {
            ("event", value) => self.take_event(line, &value).map(Some),
            ("end", value) => self.take_end(line, &value, digest_before).map(|()| None),
            (kind, _) => {
                Err(TraceError::new(line, format!("a second {kind}"), "an event or an end"))
            }
        }
    }

    fn take_event(&mut self, line: u64, value: &Value) -> Result<Event<V>, TraceError> {
        if self.count >= self.limits.events_max {
            let expected = format!("at most {} events", self.limits.events_max);
            return Err(TraceError::new(line, "one event too many", expected));
        }
        let event = parse_event(line, value)?;
        check_event(&event, self.count, self.time)?;
        self.count += 1;
        self.time = event.time;
        Ok(event)
    }

    fn take_end(&mut self, line: u64, value: &Value, digest: u64) -> Result<(), TraceError> {
        let end: End = parse_typed(line, "end", value, END_KEYS)?;
        if end.count != self.count {
            let what = format!("the end counts {} events", end.count);
            return Err(TraceError::new(line, what, format!("{}, as there are", self.count)));
        }
        if end.digest != hex(digest) {
            let what = format!("the lines before have the digest {}", hex(digest));
            let expected = format!("{}, so a line was altered since it was written", end.digest);
            return Err(TraceError::new(line, what, expected));
        }
        if self.lines.next()?.is_some() {
            let what = "a line after the end";
            return Err(TraceError::new(line + 1, what, "nothing after the end"));
        }
        self.end = Some(end);
        Ok(())
    }
}

impl<V: Vocabulary, R: BufRead> Iterator for Reader<V, R> {
    type Item = Result<Event<V>, TraceError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self.next_event().transpose();
        self.done = !matches!(next, Some(Ok(_)));
        next
    }
}

/// The lines of a file, bounded and hashed as they pass.
struct Lines<R> {
    input: R,
    number: u64,
    bytes_max: usize,
    hash: Xxh3,
}

impl<R: BufRead> Lines<R> {
    /// The next line without its newline, and the digest of all lines before it; none at the end of the file.
    fn next(&mut self) -> Result<Option<(String, u64)>, TraceError> {
        let line = self.number + 1;
        let mut bytes = Vec::new();
        let limit = self.bytes_max as u64 + 1;
        let read = self.input.by_ref().take(limit).read_until(b'\n', &mut bytes);
        read.map_err(|error| {
            TraceError::new(line, format!("it cannot be read: {error}"), "a readable file")
        })?;
        if bytes.is_empty() {
            return Ok(None);
        }
        if bytes.len() > self.bytes_max {
            let expected = format!("at most {} bytes", self.bytes_max);
            return Err(TraceError::new(line, "the line is too long", expected));
        }
        let before = self.hash.digest();
        self.hash.update(&bytes);
        self.number = line;
        if bytes.pop() != Some(b'\n') {
            let what = "the file is truncated: its last line does not end";
            return Err(TraceError::new(line, what, "a newline after every line").truncated());
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let column = error.utf8_error().valid_up_to() + 1;
            TraceError::new(line, format!("it is not UTF-8 from byte {column} on"), "UTF-8")
        })?;
        Ok(Some((text, before)))
    }
}

/// The kind of a line and what it holds.
fn parse_line(line: u64, text: &str) -> Result<(&'static str, Value), TraceError> {
    if text.trim().is_empty() {
        return Err(TraceError::new(line, "the line is empty", "one whole JSON object"));
    }
    let value = strict::parse(text).map_err(|error| {
        let what = strict::describe(&error);
        if error.is_eof() {
            let what = format!("the line is cut short, the file is truncated: {what}");
            return TraceError::new(line, what, "one whole JSON object").truncated();
        }
        TraceError::new(line, what, "one JSON object, integers only, no key twice")
    })?;
    let Value::Object(mut fields) = value else {
        return Err(TraceError::new(line, "it is not an object", "`header`, `event` or `end`"));
    };
    for kind in KINDS {
        if let Some(value) = fields.remove(kind) {
            return Ok((kind, value));
        }
    }
    let found = fields.keys().next().map_or("", String::as_str);
    let what = format!("`{found}` is no kind of line");
    let near = nearest(found, KINDS);
    Err(TraceError::new(line, what, "`header`, `event` or `end`").near(near))
}

/// A header, with the format judged first: what another format writes need not look like ours.
pub(crate) fn parse_header<V: Vocabulary>(value: &Value) -> Result<Header, TraceError> {
    if let Some(format) =
        value.get("format").filter(|format| format.as_u64() != Some(FORMAT.into()))
    {
        let what = format!("format {format} is unknown");
        return Err(TraceError::new(1, what, format!("format {FORMAT}, which {TOOL} reads")));
    }
    let header: Header = parse_typed(1, "header", value, HEADER_KEYS)?;
    header.check::<V>()?;
    Ok(header)
}

/// An event; when it is none, the action is looked at first, since that is where vocabularies grow apart.
pub(crate) fn parse_event<V: Vocabulary>(line: u64, value: &Value) -> Result<Event<V>, TraceError> {
    if let Ok(event) = Event::deserialize(value) {
        return Ok(event);
    }
    if let Some(action) = value.get("action") {
        parse_action::<V>(line, action)?;
    }
    parse_typed(line, "event", value, EVENT_KEYS)
}

/// An action, or which name or argument of it is unknown.
pub(crate) fn parse_action<V: Vocabulary>(
    line: u64,
    value: &Value,
) -> Result<V::Action, TraceError> {
    let error = match V::Action::deserialize(value) {
        Ok(action) => return Ok(action),
        Err(error) => error,
    };
    let name = match value {
        Value::String(name) => name,
        Value::Object(fields) if fields.len() == 1 => fields.keys().next().map_or("", |name| name),
        _ => "",
    };
    if V::ACTIONS.contains(&name) {
        let what = format!("action `{name}`: {error}");
        return Err(TraceError::new(line, what, format!("the arguments of `{name}`")));
    }
    let what = format!("action `{name}` is unknown");
    let near = nearest(name, V::ACTIONS.iter().copied());
    Err(TraceError::new(line, what, format!("one of {}", V::ACTIONS.join(", "))).near(near))
}

fn parse_typed<T: for<'de> Deserialize<'de>>(
    line: u64,
    kind: &str,
    value: &Value,
    expected: &str,
) -> Result<T, TraceError> {
    T::deserialize(value).map_err(|error| {
        let message = error.to_string();
        let near = nearest_in(&message);
        TraceError::new(line, format!("{kind}: {message}"), expected).near(near)
    })
}
