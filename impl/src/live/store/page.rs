//! What reads give: pages of entries and of changes, each with the place where the next begins.

use super::{Revision, Versioned};

/// A range of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// The first.
    pub from: Vec<u8>,
    /// The first that is not in it; without one it goes to the last.
    pub to: Option<Vec<u8>>,
}

impl Keys {
    /// All keys.
    pub fn all() -> Keys {
        Keys { from: Vec::new(), to: None }
    }

    /// The keys from one up to another, which is not in it.
    pub fn between(from: impl Into<Vec<u8>>, to: impl Into<Vec<u8>>) -> Keys {
        Keys { from: from.into(), to: Some(to.into()) }
    }

    /// The keys that begin so.
    pub fn prefix(prefix: impl Into<Vec<u8>>) -> Keys {
        let from = prefix.into();
        // The first key beyond is the prefix counted up: what is 255 already has nothing beyond.
        let mut to = from.clone();
        while to.last() == Some(&u8::MAX) {
            to.pop();
        }
        let to = to.split_last().map(|(last, before)| [before, &[last + 1]].concat());
        Keys { from, to }
    }

    /// The rest of these keys, from one of them on.
    pub fn starting(self, from: Vec<u8>) -> Keys {
        Keys { from, ..self }
    }

    /// Whether a key that is not before the first is within.
    pub(super) fn reaches(&self, key: &[u8]) -> bool {
        self.to.as_deref().is_none_or(|to| key < to)
    }
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Vec<u8>,
    /// Its value.
    pub versioned: Versioned,
}

/// The first entries of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// As of when: to be asked for again with the pages that follow.
    pub revision: Revision,
    /// The entries, by key.
    pub entries: Vec<Entry>,
    /// Where the next page begins, if there may be more.
    pub next: Option<Vec<u8>>,
}

/// Something that has happened to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub revision: Revision,
    /// To which key.
    pub key: Vec<u8>,
    /// What.
    pub happened: Happened,
}

/// What can happen to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happened {
    /// It gets a value.
    Put(Versioned),
    /// It loses its value.
    Deleted,
}

/// The first events after a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// The events, by revision, and by key within one.
    pub events: Vec<Event>,
    /// All that happened up to here is told: follow on after it.
    pub through: Revision,
}
