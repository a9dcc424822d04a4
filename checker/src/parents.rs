//! Where each state came from: written to a side file in the order of discovery, read only when a path is wanted.
//!
//! States are numbered in the order in which breadth-first search on one thread finds them. A record says how far the
//! state's parent is behind that of the record before, and which of the parent's actions it was: two or three bytes. Every
//! [`PAGE`] records their place in the file is kept, so that any can be found by reading little.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Records between two places that are kept.
const PAGE: u64 = 4096;
/// What a varint takes at most, in bytes.
const VARINT_MAX: usize = 10;
/// Written at once.
const BUFFER_BYTES: usize = 1 << 18;

/// Where a state came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Birth {
    /// The number of the state before.
    pub(crate) parent: u64,
    /// The place of the action in what the model lists there.
    pub(crate) action: u32,
}

/// The side file.
pub(crate) struct Parents {
    file: BufWriter<File>,
    /// Of every [`PAGE`]-th record: where it is, and the parent of the record before.
    places: Vec<(u64, u64)>,
    /// States before the first record: the initial ones.
    initial: u64,
    records: u64,
    bytes: u64,
    last_parent: u64,
}

impl Parents {
    /// An empty file in a folder, which the system removes when it is closed, even if the process is killed.
    ///
    /// # Errors
    /// If it cannot be created.
    pub(crate) fn create(folder: &Path, initial: u64) -> io::Result<Parents> {
        let file = BufWriter::with_capacity(BUFFER_BYTES, tempfile::tempfile_in(folder)?);
        Ok(Parents { file, places: Vec::new(), initial, records: 0, bytes: 0, last_parent: 0 })
    }

    /// Bytes written.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Notes where the next state came from.
    ///
    /// # Errors
    /// If it cannot be written.
    #[inline]
    pub(crate) fn push(&mut self, birth: Birth) -> io::Result<()> {
        if self.records.is_multiple_of(PAGE) {
            self.places.push((self.bytes, self.last_parent));
        }
        let ahead = birth.parent.checked_sub(self.last_parent);
        let ahead = ahead.expect("states are found in the order of their parents");
        let mut record = [0; 2 * VARINT_MAX];
        let mut length = put(ahead, &mut record);
        length += put(birth.action.into(), &mut record[length..]);
        self.file.write_all(&record[..length])?;
        self.bytes += length as u64;
        self.records += 1;
        self.last_parent = birth.parent;
        Ok(())
    }

    /// Writes what is still held back.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }

    /// The way to a state: the number of an initial state, and the actions from there. Everything is flushed.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn path_to(&mut self, mut state: u64) -> io::Result<(u64, Vec<u32>)> {
        let mut actions = Vec::new();
        while state >= self.initial {
            let birth = self.birth(state - self.initial)?;
            assert!(birth.parent < state, "a state comes after its parent");
            actions.push(birth.action);
            state = birth.parent;
        }
        actions.reverse();
        Ok((state, actions))
    }

    fn birth(&mut self, record: u64) -> io::Result<Birth> {
        assert!(record < self.records, "record {record} is one of {}", self.records);
        let page = (record / PAGE) as usize;
        let (from, mut parent) = self.places[page];
        let to = self.places.get(page + 1).map_or(self.bytes, |(next, _)| *next);
        let mut bytes = vec![0; (to - from) as usize];
        self.file.seek(SeekFrom::Start(from))?;
        self.file.get_mut().read_exact(&mut bytes)?;
        self.file.seek(SeekFrom::End(0))?;
        let (mut rest, mut action) = (bytes.as_slice(), 0);
        for _ in 0..=record % PAGE {
            parent += take(&mut rest)?;
            action = take(&mut rest)?;
        }
        let action = u32::try_from(action).map_err(|_| io::ErrorKind::InvalidData)?;
        Ok(Birth { parent, action })
    }
}

/// Writes a number seven bits a byte, the low ones first, and gives how many bytes it took.
#[inline]
fn put(mut number: u64, to: &mut [u8]) -> usize {
    let mut length = 0;
    while number >= 0x80 {
        to[length] = number as u8 | 0x80;
        number >>= 7;
        length += 1;
    }
    to[length] = number as u8;
    length + 1
}

fn take(from: &mut &[u8]) -> io::Result<u64> {
    let mut number = 0;
    for at in 0..VARINT_MAX {
        let (byte, rest) = from.split_first().ok_or(io::ErrorKind::UnexpectedEof)?;
        *from = rest;
        number |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_path_is_read_back() -> io::Result<()> {
        let mut parents = Parents::create(&std::env::temp_dir(), 3)?;
        // State i has parent i / 3 and action i % 5; the first three are initial.
        let states = 4 * PAGE + 17;
        for state in 3..states {
            parents.push(Birth { parent: state / 3, action: (state % 5) as u32 * 100 })?;
        }
        parents.flush()?;
        for state in [0, 2, 3, PAGE, 2 * PAGE + 2, 2 * PAGE + 3, states - 1] {
            let (mut at, mut expected) = (state, Vec::new());
            while at >= 3 {
                expected.push((at % 5) as u32 * 100);
                at /= 3;
            }
            expected.reverse();
            assert_eq!(parents.path_to(state)?, (at, expected), "state {state}");
        }
        // Reading does not disturb writing.
        parents.push(Birth { parent: states - 1, action: 7 })?;
        parents.flush()?;
        assert_eq!(parents.path_to(states)?.1.last(), Some(&7));
        Ok(())
    }
}
