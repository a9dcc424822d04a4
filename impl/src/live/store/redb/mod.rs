//! The store on one disk, in a redb database.
//!
//! What is in a transaction of redb is there wholly or not at all, whenever the power goes. A commit puts as many
//! transactions of the store as it can into one of redb, since it is the sync that takes its time.

mod disk;
mod execute;
mod forget;
mod read;
mod tables;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub(super) use self::disk::End;
pub use self::disk::{Disk, DiskOptions};
use self::read::Snapshot;
use self::tables::Tables;
use super::lease::{Deadlines, Running};
use super::limits::{
    BATCH_BYTES_MAX, BATCH_TRANSACTIONS_MAX, COMPACTION_ROWS_MAX, EXPIRED_AT_ONCE_MAX,
    HISTORY_REVISIONS_MAX, KEYS_MAX, LEASES_MAX, TTL_US_MAX,
};
use super::{
    Changes, Error, Expired, Keys, LeaseId, Outcome, Page, Refused, Revision, Store, Transaction,
    Versioned,
};

/// How much a store holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreLimits {
    /// Keys with a value at the same time.
    pub keys_max: u64,
    /// Revisions that are kept, after which the oldest are compacted of themselves.
    pub history_revisions_max: u64,
    /// Leases at the same time.
    pub leases_max: u64,
}

impl Default for StoreLimits {
    fn default() -> StoreLimits {
        StoreLimits {
            keys_max: KEYS_MAX,
            history_revisions_max: HISTORY_REVISIONS_MAX,
            leases_max: LEASES_MAX,
        }
    }
}

/// A [`Store`] on one disk.
#[derive(Debug)]
pub struct RedbStore {
    disk: Disk,
    limits: StoreLimits,
    deadlines: Mutex<Deadlines>,
}

impl RedbStore {
    /// Opens the store on a disk, with nothing in it if it is new. Every lease lasts its whole time from now.
    ///
    /// # Errors
    /// It was written by a version that is not known, or the disk fails.
    pub fn open(disk: Disk, limits: StoreLimits, now_us: u64) -> Result<RedbStore, Error> {
        let leases = disk.write("opening the store", |transaction| {
            let mut tables = Tables::open(transaction)?;
            let new = tables.begin()?;
            let leases = tables.all_leases()?;
            Ok(if new { End::Commit(leases) } else { End::Abandon(leases) })
        })?;
        let mut deadlines = Deadlines::default();
        for (lease, ttl_us) in leases {
            deadlines.start(lease, ttl_us, now_us);
        }
        Ok(RedbStore { disk, limits, deadlines: Mutex::new(deadlines) })
    }

    fn snapshot<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Snapshot) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.disk.read(doing, |transaction| work(&Snapshot::open(transaction)?))
    }

    /// Rows of the history and of the changes.
    #[cfg(test)]
    pub(super) fn rows(&self) -> (u64, u64) {
        self.snapshot("counting", Snapshot::rows).expect("the disk of the test reads")
    }

    fn commit_batch(&self, batch: &[Transaction]) -> Vec<Result<Outcome, Error>> {
        let judged = self.disk.write("committing transactions", |transaction| {
            let mut tables = Tables::open(transaction)?;
            let before = tables.revision()?;
            let judged = batch.iter().map(|transaction| tables.execute(transaction, &self.limits));
            let judged = judged.collect::<Result<Vec<_>, Error>>()?;
            if tables.revision()? == before {
                return Ok(End::Abandon(judged));
            }
            tables.forget_the_oldest(&self.limits)?;
            Ok(End::Commit(judged))
        });
        // A conflict was judged against transactions that are now not acknowledged: it is no answer either.
        judged.unwrap_or_else(|error| vec![Err(error); batch.len()])
    }

    /// Ends leases that were taken from those that run, and puts them back if the disk cannot.
    fn end(&self, leases: &[(LeaseId, Running)]) -> Result<Vec<Expired>, Error> {
        let ended = self.disk.write("ending leases", |transaction| {
            let mut tables = Tables::open(transaction)?;
            let ended = leases.iter().map(|(lease, _)| tables.end_lease(*lease));
            let ended = ended.collect::<Result<Vec<_>, Error>>()?;
            tables.forget_the_oldest(&self.limits)?;
            Ok(End::Commit(ended))
        });
        if ended.is_err() {
            let mut deadlines = self.deadlines();
            leases.iter().for_each(|(lease, running)| deadlines.put_back(*lease, *running));
        }
        ended
    }

    /// No step between taking the lock and giving it back can leave the deadlines in disorder, so a panic elsewhere
    /// says nothing about them.
    fn deadlines(&self) -> MutexGuard<'_, Deadlines> {
        self.deadlines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for RedbStore {
    fn revision(&self) -> Result<Revision, Error> {
        self.snapshot("reading the revision", Snapshot::revision)
    }

    fn get(&self, key: &[u8]) -> Result<Option<Versioned>, Error> {
        self.snapshot("reading a key", |snapshot| snapshot.get(key))
    }

    fn range(&self, keys: &Keys, limit: usize, at: Option<Revision>) -> Result<Page, Error> {
        self.snapshot("reading a range", |snapshot| snapshot.range(keys, limit, at))
    }

    fn commit_all(&self, transactions: Vec<Transaction>) -> Vec<Result<Outcome, Error>> {
        let mut results = Vec::with_capacity(transactions.len());
        let mut rest = transactions.as_slice();
        while !rest.is_empty() {
            let (batch, later) = rest.split_at(batch_length(rest));
            results.extend(self.commit_batch(batch));
            rest = later;
        }
        results
    }

    fn changes(&self, prefix: &[u8], after: Revision, limit: usize) -> Result<Changes, Error> {
        self.snapshot("reading changes", |snapshot| snapshot.changes(prefix, after, limit))
    }

    fn compact(&self, revision: Revision) -> Result<(), Error> {
        loop {
            let done = self.disk.write("compacting", |transaction| {
                let mut tables = Tables::open(transaction)?;
                let newest = tables.revision()?;
                if revision > newest {
                    return Err(Error::Future { asked: revision, newest });
                }
                let progress = tables.forget_before(revision, COMPACTION_ROWS_MAX)?;
                let end = if progress.changed { End::Commit } else { End::Abandon };
                Ok(end(progress.done))
            })?;
            if done {
                return Ok(());
            }
        }
    }

    fn grant(&self, ttl_us: u64, now_us: u64) -> Result<LeaseId, Error> {
        if ttl_us == 0 || ttl_us > TTL_US_MAX {
            return Err(Refused::Ttl { ttl_us }.into());
        }
        let lease = self.disk.write("granting a lease", |transaction| {
            let mut tables = Tables::open(transaction)?;
            Ok(End::Commit(tables.begin_lease(ttl_us, &self.limits)?))
        })?;
        self.deadlines().start(lease, ttl_us, now_us);
        Ok(lease)
    }

    fn keep_alive(&self, lease: LeaseId, now_us: u64) -> Result<u64, Error> {
        self.deadlines().extend(lease, now_us).ok_or(Error::UnknownLease(lease))
    }

    fn revoke(&self, lease: LeaseId) -> Result<Expired, Error> {
        let running = self.deadlines().take(lease).ok_or(Error::UnknownLease(lease))?;
        let mut ended = self.end(&[(lease, running)])?;
        Ok(ended.pop().expect("one lease was ended"))
    }

    fn expire(&self, now_us: u64) -> Result<Vec<Expired>, Error> {
        let due = self.deadlines().take_due(now_us, EXPIRED_AT_ONCE_MAX);
        if due.is_empty() { Ok(Vec::new()) } else { self.end(&due) }
    }
}

/// How many of these transactions share the next sync: at least one.
fn batch_length(transactions: &[Transaction]) -> usize {
    let mut bytes = 0;
    let within = transactions.iter().take(BATCH_TRANSACTIONS_MAX).take_while(|transaction| {
        let fits = bytes < BATCH_BYTES_MAX;
        bytes += transaction.bytes();
        fits
    });
    within.count()
}

#[test]
fn a_sync_is_shared_by_as_many_as_fit() {
    use super::limits::VALUE_BYTES_MAX;
    let of = |bytes: usize| Transaction::new().put("a", vec![0; bytes]);
    assert_eq!(batch_length(&vec![of(1); BATCH_TRANSACTIONS_MAX + 1]), BATCH_TRANSACTIONS_MAX);
    let large = BATCH_BYTES_MAX / VALUE_BYTES_MAX;
    assert_eq!(batch_length(&vec![of(VALUE_BYTES_MAX); large + 9]), large);
    assert_eq!(batch_length(&[of(2 * BATCH_BYTES_MAX), of(1)]), 1, "there is always one");
}
