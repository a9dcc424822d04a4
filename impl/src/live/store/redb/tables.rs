//! The tables of the store, and the steps that change them.
//!
//! A value is in the history, under its key and the revision that put it there; the newest are found through a table of
//! their own, so that a key that changes often is not slow to read. A deletion is a row without a value.

use redb::{ReadableTable, ReadableTableMetadata, Table, TableDefinition, WriteTransaction};

use super::super::{Error, Expired, LeaseId, Put, Revision, Versioned};
use super::StoreLimits;

/// A row of the history: since when the key has values without a gap, its lease or zero, and the value.
pub(super) type Past = (u64, u64, Option<&'static [u8]>);

pub(super) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("store_meta");
/// The revision of the newest value of each key that has one.
pub(super) const NEWEST: TableDefinition<'_, &[u8], u64> = TableDefinition::new("store_newest");
pub(super) const HISTORY: TableDefinition<'_, (&[u8], u64), Past> =
    TableDefinition::new("store_history");
/// What each revision has changed.
pub(super) const CHANGES: TableDefinition<'_, (u64, &[u8]), ()> =
    TableDefinition::new("store_changes");
/// How long each lease lasts.
const LEASES: TableDefinition<'_, u64, u64> = TableDefinition::new("store_leases");
/// The keys of each lease.
const LEASED: TableDefinition<'_, (u64, &[u8]), ()> = TableDefinition::new("store_leased");

/// Comes before all keys.
pub(super) const NO_KEY: &[u8] = &[];

const FORMAT: &str = "format";
pub(super) const REVISION: &str = "revision";
pub(super) const COMPACTED: &str = "compacted";
const LAST_LEASE: &str = "last lease";

/// The number of what is written here. Another one is refused.
const FORMAT_KNOWN: u64 = 1;

/// All tables, within one transaction of redb.
pub(super) struct Tables<'t> {
    meta: Table<'t, &'static str, u64>,
    pub(super) newest: Table<'t, &'static [u8], u64>,
    pub(super) history: Table<'t, (&'static [u8], u64), Past>,
    pub(super) changes: Table<'t, (u64, &'static [u8]), ()>,
    pub(super) leases: Table<'t, u64, u64>,
    leased: Table<'t, (u64, &'static [u8]), ()>,
    /// Changes in this transaction of redb.
    pub(super) changed: usize,
}

impl<'t> Tables<'t> {
    pub(super) fn open(transaction: &'t WriteTransaction) -> Result<Tables<'t>, Error> {
        Ok(Tables {
            meta: transaction.open_table(META)?,
            newest: transaction.open_table(NEWEST)?,
            history: transaction.open_table(HISTORY)?,
            changes: transaction.open_table(CHANGES)?,
            leases: transaction.open_table(LEASES)?,
            leased: transaction.open_table(LEASED)?,
            changed: 0,
        })
    }

    /// Begins a store if there is none yet; returns whether.
    pub(super) fn begin(&mut self) -> Result<bool, Error> {
        match self.meta(FORMAT)? {
            FORMAT_KNOWN => Ok(false),
            0 => {
                self.set_meta(FORMAT, FORMAT_KNOWN)?;
                Ok(true)
            }
            found => Err(Error::UnknownFormat { found }),
        }
    }

    /// A number that is kept, zero at first.
    fn meta(&self, name: &str) -> Result<u64, Error> {
        Ok(self.meta.get(name)?.map_or(0, |number| number.value()))
    }

    pub(super) fn set_meta(&mut self, name: &str, number: u64) -> Result<(), Error> {
        self.meta.insert(name, number)?;
        Ok(())
    }

    pub(super) fn revision(&self) -> Result<Revision, Error> {
        self.meta(REVISION).map(Revision)
    }

    pub(super) fn compacted(&self) -> Result<Revision, Error> {
        self.meta(COMPACTED).map(Revision)
    }

    pub(super) fn next_revision(&mut self) -> Result<Revision, Error> {
        let next = self.revision()?.0 + 1;
        self.set_meta(REVISION, next)?;
        Ok(Revision(next))
    }

    /// When a key got the value that it has.
    pub(super) fn modified(&self, key: &[u8]) -> Result<Option<Revision>, Error> {
        Ok(self.newest.get(key)?.map(|revision| Revision(revision.value())))
    }

    pub(super) fn put(&mut self, revision: Revision, put: &Put) -> Result<(), Error> {
        let key = put.key.as_slice();
        let created = self.unlease(key)?.unwrap_or(revision);
        let lease = put.lease.map_or(0, |lease| lease.0);
        if lease > 0 {
            self.leased.insert((lease, key), ())?;
        }
        self.newest.insert(key, revision.0)?;
        self.record(revision, key, (created.0, lease, Some(&put.value)))
    }

    /// A key that has no value is let be.
    pub(super) fn delete(&mut self, revision: Revision, key: &[u8]) -> Result<(), Error> {
        if self.unlease(key)?.is_none() {
            return Ok(());
        }
        self.newest.remove(key)?;
        self.record(revision, key, (0, 0, None))
    }

    fn record(
        &mut self,
        revision: Revision,
        key: &[u8],
        past: (u64, u64, Option<&[u8]>),
    ) -> Result<(), Error> {
        self.history.insert((key, revision.0), past)?;
        self.changes.insert((revision.0, key), ())?;
        self.changed += 1;
        Ok(())
    }

    /// Takes a key from its lease, before it gets another value or none. Returns when it was created, if it has a value.
    fn unlease(&mut self, key: &[u8]) -> Result<Option<Revision>, Error> {
        let Some(modified) = self.modified(key)? else {
            return Ok(None);
        };
        let (created, lease) = {
            let past = self.history.get((key, modified.0))?.ok_or(NO_VALUE)?;
            let (created, lease, _) = past.value();
            (created, lease)
        };
        if lease > 0 {
            self.leased.remove((lease, key))?;
        }
        Ok(Some(Revision(created)))
    }

    pub(super) fn all_leases(&self) -> Result<Vec<(LeaseId, u64)>, Error> {
        let mut leases = Vec::new();
        for lease in self.leases.iter()? {
            let (lease, ttl_us) = lease?;
            leases.push((LeaseId(lease.value()), ttl_us.value()));
        }
        Ok(leases)
    }

    pub(super) fn begin_lease(
        &mut self,
        ttl_us: u64,
        limits: &StoreLimits,
    ) -> Result<LeaseId, Error> {
        if self.leases.len()? >= limits.leases_max {
            return Err(Error::Full { what: "leases", max: limits.leases_max });
        }
        let lease = self.meta(LAST_LEASE)? + 1;
        self.set_meta(LAST_LEASE, lease)?;
        self.leases.insert(lease, ttl_us)?;
        Ok(LeaseId(lease))
    }

    /// Ends a lease and removes its keys.
    pub(super) fn end_lease(&mut self, lease: LeaseId) -> Result<Expired, Error> {
        let keys = self.keys_of(lease)?;
        let revision = if keys.is_empty() { None } else { Some(self.next_revision()?) };
        for (revision, key) in
            revision.into_iter().flat_map(|revision| keys.iter().map(move |key| (revision, key)))
        {
            self.delete(revision, key)?;
        }
        self.leases.remove(lease.0)?;
        Ok(Expired { lease, revision, keys })
    }

    pub(super) fn keys_of(&self, lease: LeaseId) -> Result<Vec<Vec<u8>>, Error> {
        let mut keys = Vec::new();
        for row in self.leased.range((lease.0, NO_KEY)..(lease.0 + 1, NO_KEY))? {
            keys.push(row?.0.value().1.to_vec());
        }
        Ok(keys)
    }
}

/// A newest value that is not in the history.
const NO_VALUE: Error = Error::Damaged { what: "a key has a newest revision, but no value there" };

/// The value that a key got at a revision; none if it lost it.
pub(super) fn value_at(
    history: &impl ReadableTable<(&'static [u8], u64), Past>,
    key: &[u8],
    modified: u64,
) -> Result<Option<Versioned>, Error> {
    let past = history.get((key, modified))?.ok_or(NO_VALUE)?;
    let (created, _, value) = past.value();
    Ok(value.map(|value| Versioned {
        value: value.to_vec(),
        created: Revision(created),
        modified: Revision(modified),
    }))
}
