//! The store is tried: what it promises, and what it keeps when the power goes.

mod accounts;
mod backend;
mod between;
mod crash;
mod documents;
mod every_cut;
mod file;
mod history;
mod leases;
mod limits;
mod log;
mod model;
mod transactions;

use std::sync::Arc;

use self::backend::CrashDisk;
use super::{
    Disk, DiskOptions, Error, Outcome, RedbStore, Revision, Store, StoreLimits, Transaction,
};

/// Little memory, so that much goes through the backend.
const OPTIONS: DiskOptions = DiskOptions { cache_bytes_max: 64 * 1024, checked: false };

fn disk(backend: &CrashDisk) -> Disk {
    Disk::open_backend(backend.clone(), OPTIONS).expect("the disk opens")
}

fn open(backend: &CrashDisk) -> RedbStore {
    RedbStore::open(disk(backend), StoreLimits::default(), 0).expect("the store opens")
}

fn store() -> RedbStore {
    open(&CrashDisk::new())
}

fn shared() -> Arc<RedbStore> {
    Arc::new(store())
}

/// Commits something that must be committed; returns its revision.
fn commit(store: &impl Store, transaction: Transaction) -> Revision {
    match store.commit(transaction).expect("it is within limits") {
        Outcome::Committed { revision } => revision,
        Outcome::Conflict { which } => panic!("comparison {which} does not hold"),
    }
}

fn put(store: &impl Store, key: &str, value: &str) -> Revision {
    commit(store, Transaction::new().put(key, value))
}

fn value(store: &impl Store, key: &str) -> Option<String> {
    let versioned = store.get(key.as_bytes()).expect("the store reads")?;
    Some(String::from_utf8(versioned.value).expect("tests put text"))
}

fn is_disk_error<T>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::Disk { .. }))
}
