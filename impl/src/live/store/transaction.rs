//! A transaction: what must hold, and what is changed if it does.

use std::collections::BTreeSet;

use super::limits::{
    COMPARES_MAX, KEY_BYTES_MAX, OPERATIONS_MAX, TRANSACTION_BYTES_MAX, VALUE_BYTES_MAX,
};
use super::{LeaseId, Refused, Revision};

/// What must hold of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compare {
    /// The key.
    pub key: Vec<u8>,
    /// What must hold.
    pub expected: Expected,
}

/// What a key must be for a transaction to be committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It has no value.
    Absent,
    /// It has the value that it got at this revision.
    Modified(Revision),
}

/// A key gets a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Put {
    /// The key.
    pub key: Vec<u8>,
    /// The value.
    pub value: Vec<u8>,
    /// The lease with which it goes. A later put of the key decides anew.
    pub lease: Option<LeaseId>,
}

/// What must hold, and what is changed if all of it does: all or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transaction {
    /// What must hold.
    pub compares: Vec<Compare>,
    /// The keys that get a value.
    pub puts: Vec<Put>,
    /// The keys that lose theirs. One that has none is no error.
    pub deletes: Vec<Vec<u8>>,
}

/// What has become of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is committed.
    Committed {
        /// As this revision.
        revision: Revision,
    },
    /// A comparison does not hold, and nothing is changed.
    Conflict {
        /// Which of its comparisons is the first that does not.
        which: usize,
    },
}

impl Transaction {
    /// An empty transaction, to which the other functions add.
    pub fn new() -> Transaction {
        Transaction::default()
    }

    /// Something must hold of this key.
    pub fn expect(mut self, key: impl Into<Vec<u8>>, expected: Expected) -> Transaction {
        self.compares.push(Compare { key: key.into(), expected });
        self
    }

    /// This key must have no value.
    pub fn absent(self, key: impl Into<Vec<u8>>) -> Transaction {
        self.expect(key, Expected::Absent)
    }

    /// This key must have the value that it got at this revision.
    pub fn unchanged(self, key: impl Into<Vec<u8>>, modified: Revision) -> Transaction {
        self.expect(key, Expected::Modified(modified))
    }

    /// This key gets this value.
    pub fn put(mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Transaction {
        self.puts.push(Put { key: key.into(), value: value.into(), lease: None });
        self
    }

    /// This key gets this value, until the lease runs out.
    pub fn put_leased(
        mut self,
        key: impl Into<Vec<u8>>,
        value: impl Into<Vec<u8>>,
        lease: LeaseId,
    ) -> Transaction {
        self.puts.push(Put { key: key.into(), value: value.into(), lease: Some(lease) });
        self
    }

    /// This key loses its value.
    pub fn delete(mut self, key: impl Into<Vec<u8>>) -> Transaction {
        self.deletes.push(key.into());
        self
    }

    /// Bytes of the keys and values that it changes.
    pub fn bytes(&self) -> usize {
        let puts = self.puts.iter().map(|put| put.key.len() + put.value.len());
        puts.chain(self.deletes.iter().map(Vec::len)).sum()
    }

    /// Whether it keeps to the limits, as far as can be said without looking at the store.
    ///
    /// # Errors
    /// The first limit that it breaks.
    pub fn check(&self) -> Result<(), Refused> {
        let operations = self.puts.len() + self.deletes.len();
        if operations == 0 {
            return Err(Refused::Nothing);
        }
        at_most("comparisons", COMPARES_MAX, self.compares.len())?;
        at_most("puts and deletes", OPERATIONS_MAX, operations)?;
        at_most("bytes in a transaction", TRANSACTION_BYTES_MAX, self.bytes())?;
        self.compares.iter().try_for_each(|compare| check_key(&compare.key))?;
        self.puts
            .iter()
            .try_for_each(|put| at_most("bytes in a value", VALUE_BYTES_MAX, put.value.len()))?;
        let mut seen = BTreeSet::new();
        for key in self.puts.iter().map(|put| &put.key).chain(&self.deletes) {
            check_key(key)?;
            if !seen.insert(key) {
                return Err(Refused::KeyTwice);
            }
        }
        Ok(())
    }
}

fn check_key(key: &[u8]) -> Result<(), Refused> {
    if key.is_empty() {
        return Err(Refused::EmptyKey);
    }
    at_most("bytes in a key", KEY_BYTES_MAX, key.len())
}

fn at_most(what: &'static str, max: usize, found: usize) -> Result<(), Refused> {
    if found > max { Err(Refused::TooMuch { what, max, found }) } else { Ok(()) }
}
