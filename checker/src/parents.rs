//! Where each state came from: written to a side file in the order of discovery, read only when a path is wanted.
//!
//! States are numbered in the order in which breadth-first search on one thread finds them. A record says how far the
//! state's parent is behind that of the record before, and which of the parent's actions it was: two or three bytes. The
//! place of a record in some thousands is kept in memory, so that any can be found by reading little.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::births::{Birth, Births, read, write};

/// After so many records the place of the next list is kept.
const PAGE: u64 = 4096;
/// Written at once.
const BUFFER_BYTES: usize = 1 << 18;

/// Where a list of records begins.
#[derive(Clone, Copy, Debug)]
struct Place {
    record: u64,
    byte: u64,
    /// The parent of the record before.
    last_parent: u64,
}

/// The side file.
pub(crate) struct Parents {
    file: BufWriter<File>,
    places: Vec<Place>,
    /// States before the first record: the initial ones.
    initial: u64,
    /// Where the next record goes.
    end: Place,
    /// Written anew for each list.
    first: Vec<u8>,
}

impl Parents {
    /// An empty file in a folder, which the system removes when it is closed, even if the process is killed.
    ///
    /// # Errors
    /// If it cannot be created.
    pub(crate) fn create(folder: &Path, initial: u64) -> io::Result<Parents> {
        let file = BufWriter::with_capacity(BUFFER_BYTES, tempfile::tempfile_in(folder)?);
        let end = Place { record: 0, byte: 0, last_parent: 0 };
        Ok(Parents { file, places: Vec::new(), initial, end, first: Vec::new() })
    }

    /// Bytes written.
    pub(crate) fn bytes(&self) -> u64 {
        self.end.byte
    }

    /// Notes where the next states came from; their parents are counted from a number on.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn push(&mut self, births: &Births, from: u64) -> io::Result<()> {
        let Some(first) = births.first() else { return Ok(()) };
        if self.places.last().is_none_or(|last| self.end.record - last.record >= PAGE) {
            self.places.push(self.end);
        }
        self.first.clear();
        let birth = Birth { parent: from + first.parent, ..first };
        write(self.end.last_parent, birth, &mut self.first);
        self.file.write_all(&self.first)?;
        self.file.write_all(births.bytes())?;
        self.end = Place {
            record: self.end.record + births.len() as u64,
            byte: self.end.byte + (self.first.len() + births.bytes().len()) as u64,
            last_parent: from + births.last_parent(),
        };
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
        assert!(record < self.end.record, "record {record} is one of {}", self.end.record);
        let next = self.places.partition_point(|place| place.record <= record);
        let place = self.places[next - 1];
        let to = self.places.get(next).map_or(self.end.byte, |next| next.byte);
        let mut bytes = vec![0; (to - place.byte) as usize];
        self.file.seek(SeekFrom::Start(place.byte))?;
        self.file.get_mut().read_exact(&mut bytes)?;
        self.file.seek(SeekFrom::End(0))?;
        let (mut rest, mut birth) =
            (bytes.as_slice(), Birth { parent: place.last_parent, action: 0 });
        for _ in place.record..=record {
            birth = read(birth.parent, &mut rest).ok_or(io::ErrorKind::InvalidData)?;
        }
        Ok(birth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_path_is_read_back() -> io::Result<()> {
        let mut parents = Parents::create(&std::env::temp_dir(), 3)?;
        // State i has parent i / 3 and action i % 5 * 100; the first three are initial. Lists have 1 to 7 records.
        let states = 4 * PAGE + 17;
        let mut state = 3;
        while state < states {
            let (mut births, from) = (Births::default(), state / 3);
            for _ in 0..=state % 7 {
                births.push(Birth { parent: state / 3 - from, action: (state % 5) as u32 * 100 });
                state += 1;
            }
            assert!(births.iter().all(|birth| birth.parent <= births.last_parent()));
            parents.push(&births, from)?;
        }
        parents.flush()?;
        for wanted in [0, 2, 3, PAGE, 2 * PAGE + 2, 2 * PAGE + 3, state - 1] {
            let (mut at, mut expected) = (wanted, Vec::new());
            while at >= 3 {
                expected.push((at % 5) as u32 * 100);
                at /= 3;
            }
            expected.reverse();
            assert_eq!(parents.path_to(wanted)?, (at, expected), "state {wanted}");
        }
        // Reading does not disturb writing.
        let mut births = Births::default();
        births.push(Birth { parent: 0, action: 7 });
        parents.push(&births, state - 1)?;
        parents.flush()?;
        assert_eq!(parents.path_to(state)?.1.last(), Some(&7));
        Ok(())
    }

    #[test]
    fn births_are_read_as_they_were_written() {
        let all =
            [(5, 0), (5, 127), (6, 128), (6 + 127, 1), (6 + 255, 1 << 31), (1 << 40, u32::MAX)];
        let mut births = Births::default();
        for (parent, action) in all {
            births.push(Birth { parent, action });
        }
        let read: Vec<_> = births.iter().map(|birth| (birth.parent, birth.action)).collect();
        assert_eq!(read, all);
        assert_eq!((births.len(), births.last_parent()), (6, 1 << 40));
    }
}
