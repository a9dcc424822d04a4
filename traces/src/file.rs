//! The trace file `*.trace.ndjson`: what its header, events and end say, and the rules they keep.
//!
//! One JSON object a line, in fixed key order, so that a trace greps, streams and diffs:
//!
//! ```text
//! {"header":{"format":1,"tool":"spillway 0.1.0","vocabulary":"spillway",…}}
//! {"event":{"index":0,"time":0,"node":"A0","action":{"issue":{"client":"A0","request":0}},"observed":{}}}
//! {"end":{"count":1,"verdict":"holds","digest":"16 hexadecimal digits"}}
//! ```
//!
//! Numbers are integers; there is no wall time. Unknown keys are tolerated anywhere, an unknown format is refused.
//! An action is serialised by serde's default for enums: `"name"` or `{"name":{…arguments…}}`.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

use crate::error::{TraceError, WriteError, nearest};
use crate::event::Event;
use crate::live::Origin;
use crate::reader::Reader;
use crate::strict::sorted;
use crate::vocabulary::Vocabulary;
use crate::writer::{Writer, create};

/// The version of the format that this crate writes, and the only one that it reads.
pub const FORMAT: u32 = 1;
/// What this crate writes as the tool of a trace.
pub const TOOL: &str = concat!("spillway ", env!("CARGO_PKG_VERSION"));
/// The longest line, its newline included, but for the header's.
pub const LINE_BYTES_MAX: usize = 1 << 20;
/// The longest header, its newline included. A scope must fit into it, with every request of a long run of the live system.
pub const HEADER_BYTES_MAX: usize = 64 << 20;
/// The most events of one trace.
pub const EVENTS_MAX: u64 = 10_000_000;
/// The line of the header.
pub const HEADER_LINE: u64 = 1;

/// The line of the event with this index.
pub const fn event_line(index: u64) -> u64 {
    index.saturating_add(HEADER_LINE + 1)
}

/// The bounds that a reader and a writer keep; [`Limits::default`] is what every trace is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest line, its newline included, but for the header's.
    pub line_bytes_max: usize,
    /// The longest header, its newline included.
    pub header_bytes_max: usize,
    /// The most events.
    pub events_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            line_bytes_max: LINE_BYTES_MAX,
            header_bytes_max: HEADER_BYTES_MAX,
            events_max: EVENTS_MAX,
        }
    }
}

/// What recorded a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// An exploration of the model.
    Model,
    /// The implementation under virtual time.
    Simulator,
    /// The implementation on real sockets.
    Live,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Source::Model => "model",
            Source::Simulator => "simulator",
            Source::Live => "live system",
        })
    }
}

/// What a trace of the corpus is there to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expect {
    /// Every step is allowed.
    Accepted,
    /// A step is refused.
    Refused {
        /// The line of the file that holds the refused event.
        line: u64,
    },
    /// A property breaks.
    Violates {
        /// The property.
        property: String,
        /// The seeded bug that must be on for it to break; none when the rules themselves were wrong.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mutant: Option<String>,
    },
}

/// The first line: where a trace comes from, and all that a replay needs beside the actions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the file format, [`FORMAT`].
    pub format: u32,
    /// What wrote the trace.
    pub tool: String,
    /// The name of the vocabulary.
    pub vocabulary: String,
    /// The hash of the vocabulary's name and actions. It may differ from the reader's: only unknown actions are refused.
    pub vocabulary_hash: String,
    /// What recorded the trace.
    pub source: Source,
    /// The seed of the run; 0 where nothing is random.
    pub seed: u64,
    /// The seeded bug that was on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutant: Option<String>,
    /// The whole scope. It is opaque here, and written with its keys sorted.
    #[serde(serialize_with = "serialize_sorted")]
    pub scope: Value,
    /// The hash of the scope, see [`scope_hash`].
    pub scope_hash: String,
    /// In a trace of the corpus, what is expected of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Expect>,
    /// In a trace of the corpus, why it is there, in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// In a trace of the simulator that is a whole run, the run's configuration, so that it can be run again. It is
    /// opaque here, and written with its keys sorted.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "serialize_some_sorted"
    )]
    pub run: Option<Value>,
    /// In a file of a live node: whose it is, see [`crate::live`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<Origin>,
}

fn serialize_some_sorted<S: Serializer>(
    value: &Option<Value>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    value.as_ref().map(sorted).serialize(serializer)
}

fn serialize_sorted<S: Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
    sorted(value).serialize(serializer)
}

impl Header {
    /// A header for a trace of this vocabulary, with both hashes, without mutant, expectation and reason.
    pub fn new<V: Vocabulary>(source: Source, seed: u64, scope: Value) -> Header {
        Header {
            format: FORMAT,
            tool: TOOL.to_owned(),
            vocabulary: V::NAME.to_owned(),
            vocabulary_hash: vocabulary_hash::<V>(),
            source,
            seed,
            mutant: None,
            scope_hash: scope_hash(&scope),
            scope,
            expect: None,
            why: None,
            run: None,
            live: None,
        }
    }

    /// Checks what a typed header can still get wrong.
    pub(crate) fn check<V: Vocabulary>(&self) -> Result<(), TraceError> {
        let error = |what, expected| Err(TraceError::new(HEADER_LINE, what, expected));
        if self.format != FORMAT {
            return error(
                format!("format {} is unknown", self.format),
                format!("format {FORMAT}, which {TOOL} reads"),
            );
        }
        if self.vocabulary != V::NAME {
            let what = format!("the vocabulary is `{}`", self.vocabulary);
            let expected = format!("a trace of `{}`", V::NAME);
            let near = nearest(&self.vocabulary, [V::NAME]);
            return Err(TraceError::new(HEADER_LINE, what, expected).near(near));
        }
        let hash = scope_hash(&self.scope);
        if self.scope_hash != hash {
            return error(
                format!("the scope's hash is {hash}, so the scope was altered"),
                format!("the `scope_hash` of the header, {}", self.scope_hash),
            );
        }
        Ok(())
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every property that was judged holds.
    Holds,
    /// A property breaks.
    Violated,
    /// What should be possible was reached.
    Reached,
    /// What should be possible was not reached.
    NotReached,
    /// A bound was hit, or the run was stopped, before it was decided.
    Inconclusive,
    /// A step was not allowed.
    Refused,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::Holds => "holds",
            Verdict::Violated => "violated",
            Verdict::Reached => "reached",
            Verdict::NotReached => "not reached",
            Verdict::Inconclusive => "inconclusive",
            Verdict::Refused => "refused",
        })
    }
}

/// The last line. A trace without it is one whose writer died.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// How many events there are.
    pub count: u64,
    /// How the run ended.
    pub verdict: Verdict,
    /// The property that the verdict is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub property: Option<String>,
    /// The hash of all bytes of the lines before, each with its newline: xxh3-64, 16 hexadecimal digits.
    pub digest: String,
}

/// A whole trace in memory. For one that need not be held, see [`Reader`] and [`Writer`].
#[derive(Clone, Debug, PartialEq)]
pub struct Trace<V: Vocabulary> {
    /// Where it comes from.
    pub header: Header,
    /// What happened, in order.
    pub events: Vec<Event<V>>,
    /// How it ended; none when its writer died. Its count and digest are those of the file that was read or would be
    /// written; whoever changes events afterwards calls [`Trace::finish`] again.
    pub end: Option<End>,
}

impl<V: Vocabulary> Trace<V> {
    /// A trace without an end.
    pub fn new(header: Header, events: Vec<Event<V>>) -> Trace<V> {
        Trace { header, events, end: None }
    }

    /// Gives the trace its end, with the count and the digest of what it now holds.
    ///
    /// # Errors
    /// As [`Trace::to_bytes`].
    pub fn finish(
        mut self,
        verdict: Verdict,
        property: Option<&str>,
    ) -> Result<Trace<V>, WriteError> {
        let (_, end) = self.write_lines(std::io::sink())?.finish(verdict, property)?;
        self.end = Some(end);
        Ok(self)
    }

    /// Whether the trace was written to its end. One that was not must never be reported as passing.
    pub fn is_complete(&self) -> bool {
        self.end.is_some()
    }

    /// What was done, without what was seen.
    pub fn actions(&self) -> Vec<V::Action> {
        self.events.iter().map(|event| event.action.clone()).collect()
    }

    /// Reads a whole trace.
    ///
    /// # Errors
    /// The first line that breaks a rule of the format. A missing end is not an error, see [`Trace::is_complete`].
    pub fn read(input: impl BufRead) -> Result<Trace<V>, TraceError> {
        let mut reader = Reader::new(input)?;
        let events = reader.by_ref().collect::<Result<Vec<_>, _>>()?;
        let (header, end) = reader.into_parts();
        Ok(Trace { header, events, end })
    }

    /// Reads a trace from memory. Errors as [`Trace::read`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Trace<V>, TraceError> {
        Trace::read(bytes)
    }

    /// Reads a trace from a file. Errors as [`Trace::read`]; line 0 when the file cannot be opened.
    pub fn open(path: impl AsRef<Path>) -> Result<Trace<V>, TraceError> {
        let file = File::open(&path).map_err(|error| {
            let what = format!("`{}` cannot be opened: {error}", path.as_ref().display());
            TraceError::new(0, what, "a readable trace file")
        })?;
        Trace::read(BufReader::new(file))
    }

    /// The trace as the bytes of its file. An end is written with the count and digest of these bytes.
    ///
    /// # Errors
    /// Whatever a reader would refuse: an index out of order, a float, a line too long.
    pub fn to_bytes(&self) -> Result<Vec<u8>, WriteError> {
        let writer = self.write_lines(Vec::new())?;
        match &self.end {
            Some(end) => Ok(writer.finish(end.verdict, end.property.as_deref())?.0),
            None => Ok(writer.into_inner()),
        }
    }

    /// Writes the trace to a new file.
    ///
    /// # Errors
    /// [`WriteError::Exists`] if there is such a file, which stays as it is; otherwise as [`Trace::to_bytes`], then
    /// without leaving a file behind, and whatever the system refuses.
    pub fn write_new(&self, path: impl AsRef<Path>) -> Result<(), WriteError> {
        let bytes = self.to_bytes()?;
        let doing = format!("writing `{}`", path.as_ref().display());
        create(path.as_ref())?.write_all(&bytes).map_err(WriteError::io(doing))
    }

    fn write_lines<W: Write>(&self, output: W) -> Result<Writer<V, W>, WriteError> {
        let mut writer = Writer::new(output, &self.header)?;
        for event in &self.events {
            writer.event(event)?;
        }
        Ok(writer)
    }
}

/// Checks what a typed event can still get wrong, given the index that it must have and the time of the one before.
pub(crate) fn check_event<V: Vocabulary>(
    event: &Event<V>,
    index: u64,
    after: u64,
) -> Result<(), TraceError> {
    let error = |what, expected| Err(TraceError::new(event_line(index), what, expected));
    if event.index != index {
        return error(
            format!("the event's index is {}", event.index),
            format!("index {index}: events are numbered from 0 without a gap"),
        );
    }
    if event.time < after {
        return error(
            format!("the event's time is {}", event.time),
            format!("{after} or later: time does not go back"),
        );
    }
    if let Some(cause) = event.cause.filter(|cause| *cause >= index) {
        return error(
            format!("event {index} is caused by event {cause}"),
            "a cause that is an earlier event".to_owned(),
        );
    }
    let node = V::node(&event.action);
    if event.node != node {
        return error(
            format!("the event's node is `{}`", event.node),
            format!("`{node}`, where the action `{}` happens", event.action),
        );
    }
    Ok(())
}

/// The hash of a vocabulary's name and actions: xxh3-64 of one line for each, 16 hexadecimal digits.
pub fn vocabulary_hash<V: Vocabulary>() -> String {
    let names = std::iter::once(&V::NAME).chain(V::ACTIONS);
    hex(xxh3_64(names.map(|name| format!("{name}\n")).collect::<String>().as_bytes()))
}

/// The hash of a scope: xxh3-64 of its compact JSON with all keys sorted, 16 hexadecimal digits.
pub fn scope_hash(scope: &Value) -> String {
    hex(xxh3_64(sorted(scope).to_string().as_bytes()))
}

/// A hash as traces write it.
pub(crate) fn hex(hash: u64) -> String {
    format!("{hash:016x}")
}
