//! The global server's log as the state keeps it: rows in the order of revisions, and what can be asked of them.
//!
//! Exploration keeps every row. A run of any length forgets the rows below a revision that nobody will ask for again,
//! but for the newest of each user, so that a step of it costs the same however long it has run.

use crate::rows::Revision;
use crate::size::{Num, Row, Size, Table};
use crate::state::State;

impl<S: Size> State<S> {
    /// The newest revision: how many there are, forgotten ones included.
    pub fn revisions(&self) -> usize {
        // The newest row is never forgotten.
        self.log.len().checked_sub(1).map_or(0, |last| self.log.get(last).revision.get() as usize)
    }

    /// The newest revision that is durable.
    pub fn durable(&self) -> usize {
        self.revisions() - self.unflushed.get() as usize
    }

    /// The rows up to a revision, oldest first.
    pub fn log_to(&self, revision: usize) -> impl Iterator<Item = Revision<S::Num>> + Clone + '_ {
        self.log.iter().take_while(move |row| row.revision.get() as usize <= revision)
    }

    /// The rows after a revision, oldest first.
    pub fn log_after(
        &self,
        revision: usize,
    ) -> impl Iterator<Item = Revision<S::Num>> + Clone + '_ {
        self.log.iter().skip_while(move |row| row.revision.get() as usize <= revision)
    }

    /// The newest version that the global server stores for a user, and the revision it came with; zeros if none.
    pub fn stored(&self, user: u16) -> (u32, u32) {
        self.stored_at(user, self.revisions())
    }

    /// The same as of an earlier revision, which is not forgotten.
    pub fn stored_at(&self, user: u16, revision: usize) -> (u32, u32) {
        // From the newest row back: it is near, however long the log.
        let raw = self.log.raw().iter().rev().map(|raw| Revision::<S::Num>::unpack(*raw));
        let mut known = raw.skip_while(|row| row.revision.get() as usize > revision);
        let own = known.find(|row| row.user.get() == u32::from(user));
        own.map_or((0, 0), |row| (row.version.get(), row.revision.get()))
    }

    /// Puts a revision at the end. False, and nothing happens, if there is no room.
    #[must_use]
    pub(crate) fn append(&mut self, user: u16, version: u32) -> bool {
        let row = Revision {
            revision: S::Num::of(self.revisions() as u32 + 1),
            user: S::Num::of(user.into()),
            version: S::Num::of(version),
        };
        let end = self.log.len();
        self.log.insert(end, row)
    }

    /// Takes the revisions after one out again.
    pub(crate) fn truncate(&mut self, revision: usize) {
        let kept = self.log_to(revision).count();
        let rows = self.log.len();
        self.log.remove_range(kept, rows);
    }

    /// Forgets the rows up to a revision but for the newest of each user: nobody may ask for an earlier one again.
    pub fn forget(&mut self, revision: usize) {
        let mut at = 0;
        while at < self.log.len() && (self.log.get(at).revision.get() as usize) < revision {
            let row = self.log.get(at);
            match self.stored_at(row.user.get() as u16, revision).1 == row.revision.get() {
                true => at += 1,
                false => {
                    self.log.remove(at);
                }
            }
        }
    }
}
