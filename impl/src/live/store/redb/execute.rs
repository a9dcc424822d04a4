//! How a transaction is judged and carried out, within the transaction of redb that it shares with others.

use std::collections::{BTreeMap, BTreeSet};

use redb::{ReadableTable, ReadableTableMetadata};

use super::super::limits::LEASE_KEYS_MAX;
use super::super::{Compare, Error, Expected, LeaseId, Outcome, Revision, Transaction};
use super::StoreLimits;
use super::tables::Tables;

/// What has become of one transaction: an error in it is its own and leaves the others alone.
type Judged = Result<Outcome, Error>;

impl Tables<'_> {
    /// Judges a transaction, and carries it out unless something speaks against it: it changes nothing before all is
    /// judged.
    ///
    /// # Errors
    /// The disk fails, so that nothing can be said of any transaction.
    pub(super) fn execute(
        &mut self,
        transaction: &Transaction,
        limits: &StoreLimits,
    ) -> Result<Judged, Error> {
        if let Err(refused) = transaction.check() {
            return Ok(Err(refused.into()));
        }
        if let Some(which) = self.conflict(&transaction.compares)? {
            return Ok(Ok(Outcome::Conflict { which }));
        }
        if let Some(error) = self.obstacle(transaction, limits)? {
            return Ok(Err(error));
        }
        let revision = self.next_revision()?;
        self.carry_out(transaction, revision)?;
        Ok(Ok(Outcome::Committed { revision }))
    }

    fn carry_out(&mut self, transaction: &Transaction, revision: Revision) -> Result<(), Error> {
        transaction.puts.iter().try_for_each(|put| self.put(revision, put))?;
        transaction.deletes.iter().try_for_each(|key| self.delete(revision, key))
    }

    /// The first comparison that does not hold.
    fn conflict(&self, compares: &[Compare]) -> Result<Option<usize>, Error> {
        for (which, compare) in compares.iter().enumerate() {
            let expected = match compare.expected {
                Expected::Absent => None,
                Expected::Modified(revision) => Some(revision),
            };
            if self.modified(&compare.key)? != expected {
                return Ok(Some(which));
            }
        }
        Ok(None)
    }

    /// What speaks against puts: an unknown lease, or a lack of room. Room that the deletes make does not count yet.
    fn obstacle(
        &self,
        transaction: &Transaction,
        limits: &StoreLimits,
    ) -> Result<Option<Error>, Error> {
        for (lease, put) in leased(transaction) {
            if self.leases.get(lease.0)?.is_none() {
                return Ok(Some(Error::UnknownLease(lease)));
            }
            let mut keys = BTreeSet::from_iter(self.keys_of(lease)?);
            keys.extend(put);
            if keys.len() > LEASE_KEYS_MAX {
                return Ok(Some(Error::Full {
                    what: "keys of a lease",
                    max: LEASE_KEYS_MAX as u64,
                }));
            }
        }
        let mut keys = self.newest.len()?;
        for put in &transaction.puts {
            keys += u64::from(self.newest.get(put.key.as_slice())?.is_none());
        }
        Ok((keys > limits.keys_max).then_some(Error::Full { what: "keys", max: limits.keys_max }))
    }
}

/// The keys that a transaction puts with a lease, by lease.
fn leased(transaction: &Transaction) -> BTreeMap<LeaseId, Vec<Vec<u8>>> {
    let mut leased: BTreeMap<LeaseId, Vec<Vec<u8>>> = BTreeMap::new();
    for put in &transaction.puts {
        if let Some(lease) = put.lease {
            leased.entry(lease).or_default().push(put.key.clone());
        }
    }
    leased
}
