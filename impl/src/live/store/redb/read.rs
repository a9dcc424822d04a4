//! How the store is read: as of its newest commit, or of an older one.

use redb::{ReadOnlyTable, ReadTransaction};

use super::super::limits::{CHANGES_SCANNED_MAX, PAGE_BYTES_MAX, PAGE_ENTRIES_MAX};
use super::super::{
    Changes, Entry, Error, Event, Happened, Keys, Page, Refused, Revision, Versioned,
};
use super::tables::{CHANGES, COMPACTED, HISTORY, META, NEWEST, NO_KEY, Past, REVISION, value_at};

/// The tables that are read, all as of one commit.
pub(super) struct Snapshot {
    meta: ReadOnlyTable<&'static str, u64>,
    newest: ReadOnlyTable<&'static [u8], u64>,
    history: ReadOnlyTable<(&'static [u8], u64), Past>,
    changes: ReadOnlyTable<(u64, &'static [u8]), ()>,
}

impl Snapshot {
    pub(super) fn open(transaction: &ReadTransaction) -> Result<Snapshot, Error> {
        Ok(Snapshot {
            meta: transaction.open_table(META)?,
            newest: transaction.open_table(NEWEST)?,
            history: transaction.open_table(HISTORY)?,
            changes: transaction.open_table(CHANGES)?,
        })
    }

    fn meta(&self, name: &str) -> Result<Revision, Error> {
        Ok(Revision(self.meta.get(name)?.map_or(0, |number| number.value())))
    }

    pub(super) fn revision(&self) -> Result<Revision, Error> {
        self.meta(REVISION)
    }

    #[cfg(test)]
    pub(super) fn rows(&self) -> Result<(u64, u64), Error> {
        use redb::ReadableTableMetadata;
        Ok((self.history.len()?, self.changes.len()?))
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Versioned>, Error> {
        match self.newest.get(key)? {
            None => Ok(None),
            Some(modified) => value_at(&self.history, key, modified.value()),
        }
    }

    pub(super) fn range(
        &self,
        keys: &Keys,
        limit: usize,
        at: Option<Revision>,
    ) -> Result<Page, Error> {
        let newest = self.revision()?;
        let at = at.unwrap_or(newest);
        self.check(at, newest, limit)?;
        let mut page = Filling::new(limit, at);
        if at == newest {
            self.fill_newest(keys, &mut page)?
        } else {
            self.fill_past(keys, at, &mut page)?
        };
        Ok(page.page)
    }

    /// Whether something can be read as of this revision.
    fn check(&self, asked: Revision, newest: Revision, limit: usize) -> Result<(), Error> {
        let compacted = self.meta(COMPACTED)?;
        if limit == 0 {
            Err(Refused::NoLimit.into())
        } else if asked > newest {
            Err(Error::Future { asked, newest })
        } else if asked < compacted {
            Err(Error::Compacted { asked, compacted })
        } else {
            Ok(())
        }
    }

    fn fill_newest(&self, keys: &Keys, page: &mut Filling) -> Result<(), Error> {
        for row in self.newest.range(keys.from.as_slice()..)? {
            let (key, modified) = row?;
            let key = key.value();
            if !keys.reaches(key) || page.is_full_before(key) {
                break;
            }
            page.add(key, value_at(&self.history, key, modified.value())?);
        }
        Ok(())
    }

    /// Goes from key to key, whatever the number of values that each has had.
    fn fill_past(&self, keys: &Keys, at: Revision, page: &mut Filling) -> Result<(), Error> {
        let mut from = keys.from.clone();
        while let Some(row) = self.history.range((from.as_slice(), 0u64)..)?.next() {
            let mut key = row?.0.value().0.to_vec();
            if !keys.reaches(&key) || page.is_full_before(&key) {
                break;
            }
            if let Some(row) =
                self.history.range((key.as_slice(), 0u64)..=(key.as_slice(), at.0))?.next_back()
            {
                let modified = row?.0.value().1;
                page.add(&key, value_at(&self.history, &key, modified)?);
            }
            key.push(0); // the first key that can follow
            from = key;
        }
        Ok(())
    }

    pub(super) fn changes(
        &self,
        prefix: &[u8],
        after: Revision,
        limit: usize,
    ) -> Result<Changes, Error> {
        let newest = self.revision()?;
        self.check(after, newest, limit)?;
        let mut changes = Changes { events: Vec::new(), through: newest };
        let mut bytes = 0;
        let mut revision = after;
        let rows = self.changes.range((after.0 + 1, NO_KEY)..)?;
        for (scanned, row) in rows.enumerate() {
            let row = row?.0;
            let (next, key) = row.value();
            let enough =
                changes.events.len() >= limit.min(PAGE_ENTRIES_MAX) || bytes >= PAGE_BYTES_MAX;
            if next > revision.0 && (enough || scanned >= CHANGES_SCANNED_MAX) {
                changes.through = revision;
                break;
            }
            revision = Revision(next);
            if key.starts_with(prefix) {
                let event = self.event(revision, key)?;
                bytes += event.bytes();
                changes.events.push(event);
            }
        }
        Ok(changes)
    }

    fn event(&self, revision: Revision, key: &[u8]) -> Result<Event, Error> {
        let happened = match value_at(&self.history, key, revision.0)? {
            Some(versioned) => Happened::Put(versioned),
            None => Happened::Deleted,
        };
        Ok(Event { revision, key: key.to_vec(), happened })
    }
}

impl Event {
    fn bytes(&self) -> usize {
        let value = match &self.happened {
            Happened::Put(versioned) => versioned.value.len(),
            Happened::Deleted => 0,
        };
        self.key.len() + value
    }
}

/// A page that is being filled.
struct Filling {
    page: Page,
    limit: usize,
    bytes: usize,
}

impl Filling {
    fn new(limit: usize, revision: Revision) -> Filling {
        let page = Page { revision, entries: Vec::new(), next: None };
        Filling { page, limit: limit.min(PAGE_ENTRIES_MAX), bytes: 0 }
    }

    /// Whether the page is full. This key, which comes next, then begins the following page.
    fn is_full_before(&mut self, key: &[u8]) -> bool {
        let full = self.page.entries.len() >= self.limit || self.bytes >= PAGE_BYTES_MAX;
        if full {
            self.page.next = Some(key.to_vec());
        }
        full
    }

    fn add(&mut self, key: &[u8], versioned: Option<Versioned>) {
        if let Some(versioned) = versioned {
            self.bytes += key.len() + versioned.value.len();
            self.page.entries.push(Entry { key: key.to_vec(), versioned });
        }
    }
}
