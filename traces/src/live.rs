//! What a live node writes: one file for each node and each time that it began, merged by cause into one trace later.
//!
//! ```text
//! {"header":{"format":1,…,"source":"live","scope":{…what the nodes were told…},"live":{"node":"C0","incarnation":3,"durable":0,"base":0}}}
//! {"link":{"index":0,"time":4,"peer":"G","incarnation":2,"change":"made","observed":{"sent":[…]}}}
//! {"event":{"index":1,"time":9,"node":"C0","action":{"deliver":{"from":"B0","to":"C0"}},"observed":{…}}}
//! {"end":{"count":2,"verdict":"holds","digest":"16 hexadecimal digits"}}
//! ```
//!
//! Events are those of a trace; the first of a request says beside, as `asks`, what the request asks for. A *link* line says
//! that the node has noticed something of a peer. Time is a Lamport clock. The steps of clients are in the file of their
//! communication server. A file without an end is one whose node was killed: its last line may be torn.

use std::fmt;
use std::io::BufRead;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use xxhash_rust::xxh3::Xxh3;

use crate::error::TraceError;
use crate::event::Observed;
use crate::file::{EVENTS_MAX, End, HEADER_LINE, Header, LINE_BYTES_MAX, Verdict, hex};
use crate::ids::Node;
use crate::reader::parse_header;
use crate::spillway::{Action, Spillway};
use crate::strict;

/// Whose file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Origin {
    /// The node.
    pub node: Node,
    /// How often it, or its process, had begun before. Between two files of a node there may be some without a file.
    pub incarnation: u32,
    /// Of a global server: the newest revision that its disk had when it began; else 0.
    #[serde(default)]
    pub durable: u32,
    /// Of a global server: the revision up to which its disk had the checkpoint instead of the log; else 0.
    #[serde(default)]
    pub base: u32,
}

/// The name of the file of a node.
pub fn file_name(node: Node, incarnation: u32) -> String {
    format!("{node}.{incarnation}.trace.ndjson")
}

/// What a node has noticed of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It is gone: whatever it sent that has not come by now never comes.
    Gone,
    /// It has begun anew, and is not connected yet.
    Born,
    /// The connection to it is made.
    Made,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Change::Gone => "is gone",
            Change::Born => "has begun anew",
            Change::Made => "is connected",
        })
    }
}

/// A step of the node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its place in the file, from 0.
    pub index: u64,
    /// The node's Lamport clock.
    pub time: u64,
    /// The node; or a client of it.
    pub node: Node,
    /// What was done.
    pub action: Action,
    /// Of the first issue of a request what it asks for, in the words of whoever wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks: Option<Value>,
    /// What was seen.
    #[serde(default = "Observed::default")]
    pub observed: Observed<Spillway>,
}

/// What the node has noticed of a peer, and did at that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// Its place in the file, from 0.
    pub index: u64,
    /// The node's Lamport clock.
    pub time: u64,
    /// The peer.
    pub peer: Node,
    /// Which of the peer's incarnations.
    pub incarnation: u32,
    /// What was noticed.
    pub change: Change,
    /// What the node sent at that.
    #[serde(default = "Observed::default")]
    pub observed: Observed<Spillway>,
}

/// A line between the header and the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entry {
    /// A step.
    Event(Step),
    /// A change of a link.
    Link(Link),
}

impl Entry {
    /// The node's Lamport clock.
    pub fn time(&self) -> u64 {
        match self {
            Entry::Event(step) => step.time,
            Entry::Link(link) => link.time,
        }
    }

    /// Its place in the file, from 0.
    pub fn index(&self) -> u64 {
        match self {
            Entry::Event(step) => step.index,
            Entry::Link(link) => link.index,
        }
    }
}

/// Writes the file of a node into memory, from which somebody takes it to a disk: [`Scribe::take`].
#[derive(Clone)]
pub struct Scribe {
    bytes: Vec<u8>,
    hash: Xxh3,
    count: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum Outer<'a> {
    Header(&'a Header),
    End(&'a End),
}

impl Scribe {
    /// Begins with the header, which says whose file it is.
    ///
    /// # Panics
    /// The header does not say it, or cannot be written as JSON.
    pub fn new(header: &Header) -> Scribe {
        assert!(header.live.is_some(), "the header of a live node's file says whose it is");
        let mut scribe = Scribe { bytes: Vec::new(), hash: Xxh3::new(), count: 0 };
        scribe.line(&Outer::Header(header));
        scribe
    }

    /// The next line, whose index is this.
    pub fn next_index(&self) -> u64 {
        self.count
    }

    /// Writes a line.
    ///
    /// # Panics
    /// It is not the next.
    pub fn entry(&mut self, entry: &Entry) {
        assert_eq!(entry.index(), self.count, "lines are numbered without a gap");
        self.count += 1;
        self.line(entry);
    }

    /// Writes the end: the node ended in order.
    pub fn end(&mut self) {
        let digest = hex(self.hash.digest());
        let end = End { count: self.count, verdict: Verdict::Holds, property: None, digest };
        self.line(&Outer::End(&end));
    }

    /// What was written since the last time.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// Whether something was written since.
    pub fn has_more(&self) -> bool {
        !self.bytes.is_empty()
    }

    fn line(&mut self, line: &impl Serialize) {
        let from = self.bytes.len();
        serde_json::to_writer(&mut self.bytes, line).expect("it is JSON, and memory takes it");
        self.bytes.push(b'\n');
        self.hash.update(&self.bytes[from..]);
    }
}

/// The file of a node, read.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeFile {
    /// The header.
    pub header: Header,
    /// Whose file it is.
    pub origin: Origin,
    /// The lines, in order; the first is line 2.
    pub entries: Vec<Entry>,
    /// Whether the node ended in order. If not, it was killed, or could not write any more.
    pub is_complete: bool,
}

/// The line of an entry in its file.
pub const fn line_of(index: u64) -> u64 {
    index.saturating_add(HEADER_LINE + 1)
}

impl NodeFile {
    /// Reads the file of a node. What follows the last whole line was torn when the node was killed, and is left out.
    ///
    /// # Errors
    /// What is wrong with the first line that is wrong.
    pub fn read(mut input: impl BufRead) -> Result<NodeFile, TraceError> {
        let mut hash = Xxh3::new();
        let mut line = Vec::new();
        let mut number = HEADER_LINE;
        if !next_line(&mut input, &mut line, number)? {
            let what =
                if line.is_empty() { "the file is empty" } else { "the header is cut short" };
            return Err(TraceError::new(number, what, "a whole line with a header"));
        }
        let header = header(&line)?;
        let origin = header.live.ok_or_else(|| {
            TraceError::new(HEADER_LINE, "the header does not say whose file it is", "`live`")
        })?;
        hash.update(&line);
        let (mut entries, mut time) = (Vec::new(), 0);
        loop {
            number += 1;
            let before = hash.digest();
            if !next_line(&mut input, &mut line, number)? {
                return Ok(NodeFile { header, origin, entries, is_complete: false });
            }
            hash.update(&line);
            match parse(&line, number)? {
                Parsed::End(end) => {
                    check_end(&end, entries.len() as u64, before, number)?;
                    if next_line(&mut input, &mut line, number + 1)? {
                        let what = "a line after the end";
                        return Err(TraceError::new(number + 1, what, "nothing after the end"));
                    }
                    return Ok(NodeFile { header, origin, entries, is_complete: true });
                }
                Parsed::Entry(entry) => {
                    check(&entry, entries.len() as u64, time, number)?;
                    time = entry.time();
                    entries.push(entry);
                }
            }
        }
    }
}

enum Parsed {
    Entry(Entry),
    End(End),
}

/// The next whole line with its newline; false if there is none.
fn next_line(
    input: &mut impl BufRead,
    line: &mut Vec<u8>,
    number: u64,
) -> Result<bool, TraceError> {
    line.clear();
    let mut bounded = std::io::Read::take(input, LINE_BYTES_MAX as u64 + 1);
    bounded.read_until(b'\n', line).map_err(|error| {
        TraceError::new(number, format!("it cannot be read: {error}"), "a readable file")
    })?;
    if line.len() > LINE_BYTES_MAX {
        let expected = format!("at most {LINE_BYTES_MAX} bytes");
        return Err(TraceError::new(number, "the line is too long", expected));
    }
    Ok(line.last() == Some(&b'\n'))
}

fn header(line: &[u8]) -> Result<Header, TraceError> {
    let text = std::str::from_utf8(line).unwrap_or_default();
    let value = strict::parse(text).map_err(|error| {
        TraceError::new(HEADER_LINE, strict::describe(&error), "a header as one JSON object")
    })?;
    match value.get("header") {
        Some(header) => parse_header::<Spillway>(header),
        None => Err(TraceError::new(HEADER_LINE, "the first line is no header", "a header")),
    }
}

fn parse(line: &[u8], number: u64) -> Result<Parsed, TraceError> {
    let expected = "an `event`, a `link` or an `end`";
    let failed = |error: serde_json::Error| TraceError::new(number, error.to_string(), expected);
    #[derive(Deserialize)]
    struct Last {
        end: End,
    }
    if line.starts_with(b"{\"end\"") {
        return serde_json::from_slice::<Last>(line)
            .map(|last| Parsed::End(last.end))
            .map_err(failed);
    }
    serde_json::from_slice(line).map(Parsed::Entry).map_err(failed)
}

fn check(entry: &Entry, index: u64, after: u64, number: u64) -> Result<(), TraceError> {
    let error = |what, expected| Err(TraceError::new(number, what, expected));
    if index >= EVENTS_MAX {
        return error("one line too many".to_owned(), format!("at most {EVENTS_MAX}"));
    }
    if entry.index() != index {
        return error(format!("its index is {}", entry.index()), format!("index {index}"));
    }
    if entry.time() < after {
        return error(
            format!("its time is {}", entry.time()),
            format!("{after} or later: a clock does not go back"),
        );
    }
    Ok(())
}

fn check_end(end: &End, count: u64, digest: u64, number: u64) -> Result<(), TraceError> {
    if end.count != count {
        let what = format!("the end counts {} lines", end.count);
        return Err(TraceError::new(number, what, format!("{count}, as there are")));
    }
    if end.digest != hex(digest) {
        let what = format!("the lines before have the digest {}", hex(digest));
        let expected = format!("{}, so a line was altered since it was written", end.digest);
        return Err(TraceError::new(number, what, expected));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::Source;
    use crate::ids::RequestId;

    fn header() -> Header {
        let mut header =
            Header::new::<Spillway>(Source::Live, 0, serde_json::json!({"clients": 2}));
        header.live = Some(Origin { node: Node::query(1), incarnation: 3, durable: 0, base: 0 });
        header
    }

    fn entries() -> Vec<Entry> {
        let observed = Observed::default();
        let action = Action::Serve { server: Node::query(1), request: RequestId(7) };
        let peer = Node::GLOBAL;
        let link = Link {
            index: 0,
            time: 2,
            peer,
            incarnation: 4,
            change: Change::Made,
            observed: observed.clone(),
        };
        let node = Node::query(1);
        let step = Step { index: 1, time: 2, node, action, asks: None, observed };
        vec![Entry::Link(link), Entry::Event(step)]
    }

    fn written(ends: bool) -> Vec<u8> {
        let mut scribe = Scribe::new(&header());
        entries().iter().for_each(|entry| scribe.entry(entry));
        if ends {
            scribe.end();
        }
        scribe.take()
    }

    #[test]
    fn what_was_written_is_read() {
        let file = NodeFile::read(written(true).as_slice()).expect("it is well-formed");
        assert_eq!((file.header, file.entries), (header(), entries()));
        assert!(file.is_complete);
    }

    #[test]
    fn a_file_may_be_cut_anywhere_after_its_header() {
        let whole = written(false);
        let first = whole.iter().position(|byte| *byte == b'\n').expect("a header") + 1;
        let cut = NodeFile::read(&whole[..first - 1]).expect_err("there is no header");
        assert!(cut.what.contains("cut short"), "{cut:?}");
        for to in first..=whole.len() {
            let file = NodeFile::read(&whole[..to]).expect("what is torn is left out");
            assert!(!file.is_complete);
            let lines = whole[first..to].iter().filter(|byte| **byte == b'\n').count();
            assert_eq!(file.entries, entries()[..lines]);
        }
    }

    #[test]
    fn a_changed_line_is_found() {
        let text = String::from_utf8(written(true)).expect("JSON");
        for (from, to, expected) in [
            ("\"request\":7", "\"request\":8", "altered"),
            ("\"index\":1", "\"index\":2", "index 1"),
            ("\"time\":2,\"peer\"", "\"time\":3,\"peer\"", "does not go back"),
            ("\"link\"", "\"lank\"", "an `event`"),
        ] {
            assert!(text.contains(from), "{from} is in {text}");
            let error = NodeFile::read(text.replace(from, to).as_bytes()).expect_err(from);
            assert!(format!("{} {}", error.what, error.expected).contains(expected), "{error:?}");
        }
    }
}
