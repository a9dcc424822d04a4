//! The store: what the live system must not lose, kept under keys with revisions.
//!
//! The trait [`Store`] promises no more than a distributed store in the manner of etcd can keep: revisions, transactions
//! that compare and set, a history that is compacted, changes to follow, and leases. [`RedbStore`] keeps it on one disk.
//!
//! Acknowledged means on the disk: a call that changes something returns `Ok` only after it was synced. When it returns
//! an error of the disk, what it was to change may be there after the next start, wholly, or not at all.

mod accounts;
mod error;
mod lease;
mod limits;
mod log;
mod page;
mod redb;
#[cfg(test)]
mod tests;
mod transaction;

use std::fmt;

pub use self::accounts::{
    Account, AccountError, Accounts, Credentials, Holder, Listing, RecordError, Verifier,
    simple_name,
};
pub use self::error::{Error, Refused};
pub use self::lease::{Expired, LeaseId};
pub use self::limits::*;
pub use self::log::FileLog;
pub use self::page::{Changes, Entry, Event, Happened, Keys, Page};
pub use self::redb::{Disk, DiskOptions, RedbStore, StoreLimits};
pub use self::transaction::{Compare, Expected, Outcome, Put, Transaction};

/// How many transactions were committed before a moment, itself included: each gets the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub u64);

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "revision {}", self.0)
    }
}

/// A value, and when it came to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// The bytes.
    pub value: Vec<u8>,
    /// When the key got a value that it has had without a gap since.
    pub created: Revision,
    /// When it got this one.
    pub modified: Revision,
}

/// Keys with values, one history of revisions, and leases.
pub trait Store: Send + Sync {
    /// The revision of the newest transaction; zero before the first.
    ///
    /// # Errors
    /// The disk fails.
    fn revision(&self) -> Result<Revision, Error>;

    /// The newest value of a key.
    ///
    /// # Errors
    /// The disk fails.
    fn get(&self, key: &[u8]) -> Result<Option<Versioned>, Error>;

    /// The first of these keys with their values, as they are or as they were at a revision.
    ///
    /// A page holds at most `limit` entries, [`PAGE_ENTRIES_MAX`] and about [`PAGE_BYTES_MAX`], but at least one if there
    /// is one; its `next` says where the following page begins.
    ///
    /// # Errors
    /// The revision is compacted or has not been yet, the limit is zero, or the disk fails.
    fn range(&self, keys: &Keys, limit: usize, at: Option<Revision>) -> Result<Page, Error>;

    /// Commits transactions with one sync for as many of them as possible, each judged after those before it.
    ///
    /// # Errors
    /// For each on its own, as for [`Store::commit`]; the disk fails for all that share a sync.
    fn commit_all(&self, transactions: Vec<Transaction>) -> Vec<Result<Outcome, Error>>;

    /// Commits a transaction, if all of its comparisons hold.
    ///
    /// # Errors
    /// It breaks a limit, its lease is unknown, the store is full, or the disk fails. A comparison that does not hold is
    /// no error, but an [`Outcome`].
    fn commit(&self, transaction: Transaction) -> Result<Outcome, Error> {
        self.commit_all(vec![transaction]).pop().expect("one result for each transaction")
    }

    /// What has happened to keys with this prefix after a revision, by revision, and by key within one.
    ///
    /// Gives whole revisions only, so that it may give more than `limit`: less than [`OPERATIONS_MAX`] more. Follow on
    /// from [`Changes::through`], also if there are no events.
    ///
    /// # Errors
    /// The revision is compacted or has not been yet, the limit is zero, or the disk fails.
    fn changes(&self, prefix: &[u8], after: Revision, limit: usize) -> Result<Changes, Error>;

    /// Forgets what was before a revision. Reads at the revision itself are still answered.
    ///
    /// # Errors
    /// The revision has not been yet, or the disk fails. One that is compacted already is no error.
    fn compact(&self, revision: Revision) -> Result<(), Error>;

    /// Grants a new lease. Keys that are put with it go when it runs out.
    ///
    /// # Errors
    /// Its time is not within bounds, there are too many leases, or the disk fails.
    fn grant(&self, ttl_us: u64, now_us: u64) -> Result<LeaseId, Error>;

    /// Lets a lease run for its whole time from now; returns when it runs out.
    ///
    /// # Errors
    /// The lease is unknown: it never was, or has run out.
    fn keep_alive(&self, lease: LeaseId, now_us: u64) -> Result<u64, Error>;

    /// Ends a lease and removes its keys, as if it had run out.
    ///
    /// # Errors
    /// The lease is unknown, or the disk fails.
    fn revoke(&self, lease: LeaseId) -> Result<Expired, Error>;

    /// Ends the leases that have run out, the oldest first, and removes their keys, with one revision for each lease that
    /// has keys. Ends at most [`EXPIRED_AT_ONCE_MAX`]: ask again until there are none.
    ///
    /// # Errors
    /// The disk fails. The leases then count as run out still, and are ended by a later call.
    fn expire(&self, now_us: u64) -> Result<Vec<Expired>, Error>;
}
