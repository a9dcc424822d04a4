//! Writes a trace line by line, and refuses what a reader would refuse.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, ErrorKind, Write};
use std::marker::PhantomData;
use std::path::Path;

use serde::Serialize;
use xxhash_rust::xxh3::Xxh3;

use crate::error::{TraceError, WriteError};
use crate::event::Event;
use crate::file::{End, HEADER_LINE, Header, Limits, Verdict, check_event, event_line, hex};
use crate::strict;
use crate::vocabulary::Vocabulary;

/// A trace being written. Dropping it without [`Writer::finish`] leaves a trace without an end, which says that its
/// writer died.
pub struct Writer<V: Vocabulary, W: Write> {
    output: W,
    hash: Xxh3,
    count: u64,
    /// The time of the last event.
    time: u64,
    limits: Limits,
    vocabulary: PhantomData<V>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case", bound = "")]
enum Line<'a, V: Vocabulary> {
    Header(&'a Header),
    Event(&'a Event<V>),
    End(&'a End),
}

impl<V: Vocabulary> Writer<V, BufWriter<File>> {
    /// Starts a trace in a new file.
    ///
    /// # Errors
    /// [`WriteError::Exists`] if there is such a file, which stays as it is; otherwise as [`Writer::new`].
    pub fn create_new(path: impl AsRef<Path>, header: &Header) -> Result<Self, WriteError> {
        header.check::<V>()?;
        Writer::new(BufWriter::new(create(path.as_ref())?), header)
    }
}

impl<V: Vocabulary, W: Write> Writer<V, W> {
    /// Starts a trace by writing its header.
    ///
    /// # Errors
    /// A header of another vocabulary or format, with a wrong hash or with a float in its scope; or the output's error.
    pub fn new(output: W, header: &Header) -> Result<Self, WriteError> {
        Writer::with_limits(output, header, Limits::default())
    }

    /// As [`Writer::new`], with other bounds.
    pub fn with_limits(output: W, header: &Header, limits: Limits) -> Result<Self, WriteError> {
        header.check::<V>()?;
        let (hash, vocabulary) = (Xxh3::new(), PhantomData);
        let mut writer = Writer { output, hash, count: 0, time: 0, limits, vocabulary };
        writer.line(HEADER_LINE, &Line::Header(header))?;
        Ok(writer)
    }

    /// Writes the next event.
    ///
    /// # Errors
    /// An event that is not the next, that contradicts itself, or that exceeds a bound, none of which is written;
    /// or the output's error, after which the trace cannot be continued.
    pub fn event(&mut self, event: &Event<V>) -> Result<(), WriteError> {
        if self.count >= self.limits.events_max {
            let expected = format!("at most {} events", self.limits.events_max);
            let line = event_line(self.count);
            return Err(TraceError::new(line, "one event too many", expected).into());
        }
        check_event(event, self.count, self.time)?;
        self.line(event_line(self.count), &Line::Event(event))?;
        self.count += 1;
        self.time = event.time;
        Ok(())
    }

    /// Hands everything to the system, as a live node does before it sends what an event caused.
    ///
    /// # Errors
    /// The output's error.
    pub fn flush(&mut self) -> Result<(), WriteError> {
        self.output.flush().map_err(WriteError::io("writing the trace"))
    }

    /// Writes the end and gives the output back.
    ///
    /// # Errors
    /// The output's error.
    pub fn finish(
        mut self,
        verdict: Verdict,
        property: Option<&str>,
    ) -> Result<(W, End), WriteError> {
        let digest = hex(self.hash.digest());
        let property = property.map(str::to_owned);
        let end = End { count: self.count, verdict, property, digest };
        self.line(event_line(self.count), &Line::End(&end))?;
        self.flush()?;
        Ok((self.output, end))
    }

    /// Gives the output back without an end, as if the writer had died.
    pub fn into_inner(self) -> W {
        self.output
    }

    fn line(&mut self, number: u64, line: &Line<'_, V>) -> Result<(), WriteError> {
        let invalid = |what, expected: &str| TraceError::new(number, what, expected);
        let mut text = serde_json::to_string(line)
            .map_err(|error| invalid(error.to_string(), "what JSON can hold"))?;
        // A foreign vocabulary may serialise to what no reader would take back; better to hear of it here.
        strict::parse(&text)
            .map_err(|error| invalid(strict::describe(&error), "integers only, no key twice"))?;
        text.push('\n');
        let bytes_max = match line {
            Line::Header(_) => self.limits.header_bytes_max,
            Line::Event(_) | Line::End(_) => self.limits.line_bytes_max,
        };
        if text.len() > bytes_max {
            let expected = format!("at most {bytes_max} bytes");
            return Err(invalid("the line is too long".to_owned(), &expected).into());
        }
        self.hash.update(text.as_bytes());
        self.output.write_all(text.as_bytes()).map_err(WriteError::io("writing the trace"))
    }
}

/// A new, empty file at this path, which nothing may occupy.
pub(crate) fn create(path: &Path) -> Result<File, WriteError> {
    OpenOptions::new().write(true).create_new(true).open(path).map_err(|source| {
        if source.kind() == ErrorKind::AlreadyExists {
            return WriteError::Exists(path.to_owned());
        }
        WriteError::Io { doing: format!("creating `{}`", path.display()), source }
    })
}
