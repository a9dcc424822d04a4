//! Where reading is in the files of each node.

use std::collections::{BTreeMap, VecDeque};

use spillway_traces::Node;
use spillway_traces::live::{Change, Entry, NodeFile, Origin};

/// One file that is being read.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) origin: Origin,
    /// Which of the files it is.
    pub(super) file: usize,
    entries: VecDeque<Entry>,
    /// Its changes of links that are still to come: so many of each.
    to_come: BTreeMap<(Node, u32, Change), usize>,
    taken: u64,
}

impl Reading {
    pub(super) fn new(file: usize, node_file: &NodeFile) -> Reading {
        let mut to_come = BTreeMap::new();
        for entry in &node_file.entries {
            if let Entry::Link(link) = entry {
                *to_come.entry((link.peer, link.incarnation, link.change)).or_default() += 1;
            }
        }
        let entries = node_file.entries.iter().cloned().collect();
        Reading { origin: node_file.origin, file, entries, to_come, taken: 0 }
    }

    /// The next entry.
    pub(super) fn head(&self) -> Option<&Entry> {
        self.entries.front()
    }

    /// Whether the next entry is this change of a link.
    pub(super) fn is_at(&self, peer: Node, incarnation: u32, change: Change) -> bool {
        let wanted = (peer, incarnation, change);
        matches!(self.head(), Some(Entry::Link(link)) if (link.peer, link.incarnation, link.change) == wanted)
    }

    /// Whether this change of a link is still to come.
    pub(super) fn will_be_at(&self, peer: Node, incarnation: u32, change: Change) -> bool {
        self.to_come.get(&(peer, incarnation, change)).is_some_and(|left| *left > 0)
    }

    /// Takes the next entry, with its place in the file.
    pub(super) fn take(&mut self) -> Option<(u64, Entry)> {
        let entry = self.entries.pop_front()?;
        if let Entry::Link(link) = &entry
            && let Some(left) = self.to_come.get_mut(&(link.peer, link.incarnation, link.change))
        {
            *left -= 1;
        }
        self.taken += 1;
        Some((self.taken - 1, entry))
    }

    pub(super) fn is_over(&self) -> bool {
        self.entries.is_empty()
    }
}

/// The files of one node, in the order of its incarnations.
#[derive(Debug)]
pub(super) struct Lives {
    /// The one that is being read: of the incarnation that the node is, or was, in.
    pub(super) now: Reading,
    /// Those that come after it.
    pub(super) later: VecDeque<Reading>,
    /// Whether the node is up: it is, until it is seen to have stopped.
    pub(super) is_up: bool,
}

impl Lives {
    /// Whether this is the incarnation that the node is in, and it has nothing more to say.
    pub(super) fn is_silent(&self, incarnation: u32) -> bool {
        self.now.origin.incarnation == incarnation && self.now.is_over()
    }
}
