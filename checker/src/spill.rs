//! Packed states that are kept on disk until their turn comes.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// Where a block's bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spilled {
    file: usize,
    from: u64,
    bytes: usize,
}

/// Two files, which the system removes when they are closed: levels take turns, and one is emptied when its level is over.
pub(crate) struct Spill {
    folder: PathBuf,
    files: [Mutex<Option<File>>; 2],
}

impl Spill {
    pub(crate) fn new(folder: PathBuf) -> Spill {
        Spill { folder, files: Default::default() }
    }

    /// Writes a block of the level of this depth.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn write(&self, depth: u64, bytes: &[u8]) -> io::Result<Spilled> {
        let which = (depth % 2) as usize;
        let mut file = self.files[which].lock().unwrap_or_else(PoisonError::into_inner);
        if file.is_none() {
            *file = Some(tempfile::tempfile_in(&self.folder)?);
        }
        let file = file.as_mut().expect("it was created");
        let from = file.seek(SeekFrom::End(0))?;
        file.write_all(bytes)?;
        Ok(Spilled { file: which, from, bytes: bytes.len() })
    }

    /// Reads a block back.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn read(&self, spilled: Spilled) -> io::Result<Vec<u8>> {
        let mut file = self.files[spilled.file].lock().unwrap_or_else(PoisonError::into_inner);
        let file = file.as_mut().ok_or(io::ErrorKind::NotFound)?;
        file.seek(SeekFrom::Start(spilled.from))?;
        let mut bytes = vec![0; spilled.bytes];
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// Forgets the blocks of the level of this depth.
    ///
    /// # Errors
    /// If the file cannot be cut.
    pub(crate) fn forget(&self, depth: u64) -> io::Result<()> {
        let file = self.files[(depth % 2) as usize].lock().unwrap_or_else(PoisonError::into_inner);
        file.as_ref().map_or(Ok(()), |file| file.set_len(0))
    }
}
