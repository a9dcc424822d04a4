//! How the history is kept short.
//!
//! The changes of old revisions are gone through from the oldest on. Each takes with it the value that it superseded,
//! and itself if it was a deletion. So of each key just the newest value up to the compacted revision is left.

use redb::ReadableTable;

use super::super::limits::COMPACTION_ROWS_MAX;
use super::super::{Error, Revision};
use super::StoreLimits;
use super::tables::{COMPACTED, Tables};

/// How far a compaction has got.
pub(super) struct Progress {
    /// Whether it has changed anything.
    pub(super) changed: bool,
    /// Whether nothing is left to be done.
    pub(super) done: bool,
}

impl Tables<'_> {
    /// Forgets what is too old to be kept. Goes through more changes than the transaction has made, so that a backlog
    /// gets shorter.
    pub(super) fn forget_the_oldest(&mut self, limits: &StoreLimits) -> Result<(), Error> {
        let revision = self.revision()?.0.saturating_sub(limits.history_revisions_max);
        let rows_max = COMPACTION_ROWS_MAX + 2 * self.changed;
        self.forget_before(Revision(revision), rows_max)?;
        Ok(())
    }

    /// Forgets what was before a revision, or as much as can be done at once. From then on nobody can read it, whether
    /// all of it is gone yet or not.
    pub(super) fn forget_before(
        &mut self,
        revision: Revision,
        rows_max: usize,
    ) -> Result<Progress, Error> {
        let compacted = self.compacted()?;
        let mut changed = false;
        if revision > compacted {
            self.set_meta(COMPACTED, revision.0)?;
            changed = true;
        }
        for _ in 0..rows_max {
            match self.oldest_change()? {
                Some((oldest, key)) if oldest <= revision.max(compacted) => {
                    self.forget(oldest, &key)?
                }
                _ => return Ok(Progress { changed, done: true }),
            }
            changed = true;
        }
        Ok(Progress { changed, done: false })
    }

    fn oldest_change(&self) -> Result<Option<(Revision, Vec<u8>)>, Error> {
        let Some((row, _)) = self.changes.first()? else {
            return Ok(None);
        };
        let (revision, key) = row.value();
        Ok(Some((Revision(revision), key.to_vec())))
    }

    /// Forgets the oldest change there is, and what it superseded.
    fn forget(&mut self, revision: Revision, key: &[u8]) -> Result<(), Error> {
        let superseded = {
            let mut before = self.history.range((key, 0u64)..(key, revision.0))?;
            before.next_back().transpose()?.map(|(row, _)| row.value().1)
        };
        if let Some(superseded) = superseded {
            self.history.remove((key, superseded))?;
        }
        let deletion =
            self.history.get((key, revision.0))?.is_some_and(|past| past.value().2.is_none());
        if deletion {
            self.history.remove((key, revision.0))?;
        }
        self.changes.remove((revision.0, key))?;
        Ok(())
    }
}
