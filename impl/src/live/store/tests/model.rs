//! What a store is, without a disk: maps. The crash tests hold the real one against it.

use std::collections::BTreeMap;

use super::super::{
    Compare, Expected, FileLog, Keys, Outcome, RedbStore, Revision, Store, Transaction, Versioned,
};

/// The keys and their values at one revision.
pub(super) type Values = BTreeMap<Vec<u8>, Versioned>;

/// All that a disk keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Model {
    /// The values at each revision that is kept; the last is the newest.
    pub(super) history: BTreeMap<Revision, Values>,
    /// The file of the global server.
    pub(super) log: Vec<u8>,
}

impl Model {
    pub(super) fn new() -> Model {
        Model { history: BTreeMap::from([(Revision(0), Values::new())]), log: Vec::new() }
    }

    pub(super) fn newest(&self) -> (Revision, &Values) {
        let (revision, values) =
            self.history.last_key_value().expect("there is always a newest revision");
        (*revision, values)
    }

    pub(super) fn commit(&mut self, transaction: &Transaction) -> Outcome {
        let (newest, values) = self.newest();
        let holds = |compare: &Compare| match (values.get(&compare.key), compare.expected) {
            (None, Expected::Absent) => true,
            (Some(versioned), Expected::Modified(revision)) => versioned.modified == revision,
            _ => false,
        };
        if let Some(which) = transaction.compares.iter().position(|compare| !holds(compare)) {
            return Outcome::Conflict { which };
        }
        let revision = Revision(newest.0 + 1);
        let mut values = values.clone();
        for put in &transaction.puts {
            let created = values.get(&put.key).map_or(revision, |versioned| versioned.created);
            let versioned = Versioned { value: put.value.clone(), created, modified: revision };
            values.insert(put.key.clone(), versioned);
        }
        for key in &transaction.deletes {
            values.remove(key);
        }
        self.history.insert(revision, values);
        Outcome::Committed { revision }
    }

    pub(super) fn compact(&mut self, revision: Revision) {
        self.history = self.history.split_off(&revision);
    }

    /// What is really kept, read through the store: as of every revision that can be read.
    pub(super) fn of(store: &RedbStore, log: &FileLog) -> Model {
        let newest = store.revision().expect("the store reads");
        let read = |revision| Some((revision, values_at(store, revision)?));
        let history = (0..=newest.0).map(Revision).filter_map(read).collect();
        Model { history, log: log.read().expect("the log reads") }
    }
}

/// The values at a revision, or none if it is compacted, page by page.
fn values_at(store: &RedbStore, revision: Revision) -> Option<Values> {
    let mut values = Values::new();
    let mut keys = Keys::all();
    loop {
        let page = store.range(&keys, 2, Some(revision)).ok()?;
        values.extend(page.entries.into_iter().map(|entry| (entry.key, entry.versioned)));
        match page.next {
            Some(next) => keys = keys.starting(next),
            None => return Some(values),
        }
    }
}
