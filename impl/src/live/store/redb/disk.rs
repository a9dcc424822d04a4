//! The one redb database of a process, and the only place that commits to it.
//!
//! The store and the log share it. Both go through here, so that nobody commits without a sync.

use std::fs::{File, remove_file, rename};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use redb::{
    Builder, Database, Durability, ReadTransaction, ReadableDatabase, StorageBackend, StorageError,
    TableError, WriteTransaction,
};

use super::super::Error;
use super::super::limits::CACHE_BYTES_MAX;

/// What the name of a file ends with that is not whole yet.
const UNFINISHED: &str = ".new";

/// How a database is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskOptions {
    /// Memory in which pages are kept.
    pub cache_bytes_max: usize,
    /// Whether all checksums are looked at, also after an orderly stop: it takes as long as the file is large.
    pub checked: bool,
}

impl Default for DiskOptions {
    fn default() -> DiskOptions {
        DiskOptions { cache_bytes_max: CACHE_BYTES_MAX, checked: false }
    }
}

/// A redb database. Its clones are the same one.
#[derive(Clone, Debug)]
pub struct Disk {
    database: Arc<Database>,
    /// Tests leave the sync out, to show that they would find it missing.
    #[cfg(test)]
    unsynced: bool,
}

/// How a transaction of redb ends.
pub(in super::super) enum End<T> {
    /// What was changed is committed and synced.
    Commit(T),
    /// Nothing was changed, so there is nothing to sync.
    Abandon(T),
}

impl Disk {
    /// Opens a file, which is made if there is none. Only one process can have it open.
    ///
    /// # Errors
    /// The disk fails, or the file is no database or one that is damaged.
    pub fn open(path: &Path, options: DiskOptions) -> Result<Disk, Error> {
        if !path.exists() {
            make(path, options)?;
        }
        let database =
            builder(options).open(path).map_err(|error| disk("opening the database", error))?;
        Ok(Disk::new(database))
    }

    /// Opens what a backend of redb keeps, and makes a database of it if it is empty. A crash while that is being done may
    /// leave what does not open; a file that is made by [`Disk::open`] is safe from it.
    ///
    /// # Errors
    /// The backend fails, or what it keeps is no database or one that is damaged.
    pub fn open_backend(backend: impl StorageBackend, options: DiskOptions) -> Result<Disk, Error> {
        let database = builder(options).create_with_backend(backend);
        Ok(Disk::new(database.map_err(|error| disk("opening the database", error))?))
    }

    /// A database that is open already.
    pub fn new(database: Database) -> Disk {
        Disk {
            database: Arc::new(database),
            #[cfg(test)]
            unsynced: false,
        }
    }

    /// Leaves the sync out of every commit from now on.
    #[cfg(test)]
    pub(in super::super) fn without_sync(self) -> Disk {
        Disk { unsynced: true, ..self }
    }

    fn durability(&self) -> Durability {
        #[cfg(test)]
        if self.unsynced {
            return Durability::None;
        }
        Durability::Immediate
    }

    /// Changes tables, all or nothing, and syncs. Waits for whoever else is changing some.
    pub(in super::super) fn write<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&WriteTransaction) -> Result<End<T>, Error>,
    ) -> Result<T, Error> {
        let mut transaction = self.database.begin_write().map_err(|error| disk(doing, error))?;
        transaction.set_durability(self.durability()).map_err(|error| disk(doing, error))?;
        match work(&transaction) {
            Ok(End::Commit(done)) => {
                transaction.commit().map_err(|error| disk(doing, error))?;
                Ok(done)
            }
            Ok(End::Abandon(done)) => {
                transaction.abort().map_err(|error| disk(doing, error))?;
                Ok(done)
            }
            // Dropped, the transaction is undone.
            Err(error) => Err(error.named(doing)),
        }
    }

    /// Reads tables as of the newest commit.
    pub(in super::super) fn read<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&ReadTransaction) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let transaction = self.database.begin_read().map_err(|error| disk(doing, error))?;
        work(&transaction).map_err(|error| error.named(doing))
    }
}

/// Makes a database beside its place and moves it there when it is whole, since redb does not open one of which a crash
/// left a part.
fn make(path: &Path, options: DiskOptions) -> Result<(), Error> {
    let doing = "making the database";
    let io = |error: std::io::Error| disk(doing, StorageError::from(error));
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(UNFINISHED);
    match remove_file(&unfinished) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(io(error)),
        _ => {}
    }
    let database = builder(options).create(&unfinished).map_err(|error| disk(doing, error))?;
    database.close().map_err(|error| disk(doing, error))?;
    File::open(&unfinished).and_then(|file| file.sync_all()).map_err(io)?;
    rename(&unfinished, path).map_err(io)?;
    // Until its folder is synced, a file may be gone after a crash, however well it was synced itself.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all()).map_err(io)
}

fn builder(options: DiskOptions) -> Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(options.cache_bytes_max).set_check_integrity_on_open(options.checked);
    builder
}

fn disk(doing: &'static str, error: impl Into<redb::Error>) -> Error {
    Error::disk(doing, error.into())
}

/// What a part of the work says until the whole is named.
const USING_TABLES: &str = "using its tables";

impl From<StorageError> for Error {
    fn from(error: StorageError) -> Error {
        disk(USING_TABLES, error)
    }
}

impl From<TableError> for Error {
    fn from(error: TableError) -> Error {
        disk(USING_TABLES, error)
    }
}

impl Error {
    /// The same error, with what was being done as a whole.
    fn named(self, doing: &'static str) -> Error {
        match self {
            Error::Disk { source, .. } => Error::Disk { doing, source },
            other => other,
        }
    }
}
