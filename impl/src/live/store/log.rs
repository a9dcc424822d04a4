//! The file of the global server, kept in the database: appended to or replaced, all or nothing, and read at a start.
//!
//! What the bytes mean is the node's own affair. They are kept in chunks, since a value of the database is written as a
//! whole whenever it changes.

use redb::{ReadableTable, ReadableTableMetadata, Table, TableDefinition, WriteTransaction};

use super::limits::{CHUNK_BYTES_MAX, LOG_BYTES_MAX, LOG_CHUNKS_MAX};
use super::redb::{Disk, End};
use super::{Error, Refused};

/// The chunks, in their order.
const CHUNKS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("log_chunks");
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("log_meta");
/// How many bytes the chunks have together.
const BYTES: &str = "bytes";

/// A file that is kept in the database.
#[derive(Clone, Debug)]
pub struct FileLog {
    disk: Disk,
}

impl FileLog {
    /// Opens the file, an empty one if the disk is new.
    ///
    /// # Errors
    /// The disk fails.
    pub fn open(disk: Disk) -> Result<FileLog, Error> {
        disk.write("opening the log", |transaction| {
            Chunks::open(transaction)?;
            Ok(End::Commit(())) // so that reads find the tables
        })?;
        Ok(FileLog { disk })
    }

    /// Adds bytes at the end, and syncs. No bytes are no change.
    ///
    /// # Errors
    /// The file would be too large, or the disk fails. In the latter case the bytes may be there after the next start,
    /// wholly, or not at all.
    pub fn append(&self, bytes: &[u8]) -> Result<(), Error> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.disk.write("appending to the log", |transaction| {
            Chunks::open(transaction)?.append(bytes)?;
            Ok(End::Commit(()))
        })
    }

    /// Puts these bytes in the place of the whole file, and syncs.
    ///
    /// # Errors
    /// They are too many, or the disk fails. In the latter case the file is the old or the new one after the next start.
    pub fn replace(&self, bytes: &[u8]) -> Result<(), Error> {
        self.disk.write("replacing the log", |transaction| {
            transaction.delete_table(CHUNKS)?;
            transaction.delete_table(META)?;
            Chunks::open(transaction)?.append(bytes)?;
            Ok(End::Commit(()))
        })
    }

    /// The whole file.
    ///
    /// # Errors
    /// The disk fails, or is damaged.
    pub fn read(&self) -> Result<Vec<u8>, Error> {
        self.disk.read("reading the log", |transaction| {
            let expected =
                transaction.open_table(META)?.get(BYTES)?.map_or(0, |bytes| bytes.value());
            let mut file = Vec::new();
            for (expected, row) in (0u64..).zip(transaction.open_table(CHUNKS)?.iter()?) {
                let (number, chunk) = row?;
                if number.value() != expected {
                    return Err(Error::Damaged { what: "a chunk of the log is missing" });
                }
                file.extend_from_slice(chunk.value());
            }
            if file.len() as u64 != expected {
                return Err(Error::Damaged { what: "the log is not as long as it was" });
            }
            Ok(file)
        })
    }
}

/// The tables of the log, within a transaction.
struct Chunks<'t> {
    chunks: Table<'t, u64, &'static [u8]>,
    meta: Table<'t, &'static str, u64>,
}

impl<'t> Chunks<'t> {
    fn open(transaction: &'t WriteTransaction) -> Result<Chunks<'t>, Error> {
        Ok(Chunks { chunks: transaction.open_table(CHUNKS)?, meta: transaction.open_table(META)? })
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let before = self.meta.get(BYTES)?.map_or(0, |bytes| bytes.value());
        let after = before + bytes.len() as u64;
        if after > LOG_BYTES_MAX {
            return Err(too_large(after));
        }
        let mut number = self.chunks.len()?;
        for chunk in bytes.chunks(CHUNK_BYTES_MAX) {
            self.chunks.insert(number, chunk)?;
            number += 1;
        }
        if number > LOG_CHUNKS_MAX {
            return Err(Error::Full { what: "chunks of the log", max: LOG_CHUNKS_MAX });
        }
        self.meta.insert(BYTES, after)?;
        Ok(())
    }
}

fn too_large(bytes: u64) -> Error {
    let found = usize::try_from(bytes).unwrap_or(usize::MAX);
    Refused::TooMuch { what: "bytes in the log", max: LOG_BYTES_MAX as usize, found }.into()
}
