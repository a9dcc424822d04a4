//! Where reading is in the files of each node.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use spillway_traces::Node;
use spillway_traces::live::{Change, Entry, Link, NodeFile, Origin};

/// One file that is being read.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) origin: Origin,
    /// Which of the files it is.
    pub(super) file: usize,
    /// Whether it has an end: else there may be more that it does not tell.
    pub(super) is_complete: bool,
    entries: VecDeque<Entry>,
    /// Its changes of links that are still to come: so many of each.
    to_come: BTreeMap<(Node, u32, Change), usize>,
    /// Lives of nodes that it found gone before it did anything.
    found_gone: BTreeSet<(Node, u32)>,
}

impl Reading {
    pub(super) fn new(file: usize, node_file: &NodeFile) -> Reading {
        let mut to_come = BTreeMap::new();
        for entry in &node_file.entries {
            if let Entry::Link(link) = entry {
                *to_come.entry((link.peer, link.incarnation, link.change)).or_default() += 1;
            }
        }
        let first = node_file.entries.iter().map_while(|entry| match entry {
            Entry::Link(link) => Some(link),
            Entry::Event(_) => None,
        });
        let gone = first.filter(|link| link.change == Change::Gone);
        let found_gone = gone.map(|link| (link.peer, link.incarnation)).collect();
        let entries = node_file.entries.iter().cloned().collect();
        let (origin, is_complete) = (node_file.origin, node_file.is_complete);
        Reading { origin, file, is_complete, entries, to_come, found_gone }
    }

    /// The next entry.
    pub(super) fn head(&self) -> Option<&Entry> {
        self.entries.front()
    }

    /// The changes of links that may be next: of those that follow each other without a step between them any.
    pub(super) fn changes(&self) -> impl Iterator<Item = &Link> {
        self.entries.iter().map_while(|entry| match entry {
            Entry::Link(link) => Some(link),
            Entry::Event(_) => None,
        })
    }

    /// Whether this change of a link may be next.
    pub(super) fn is_at(&self, peer: Node, incarnation: u32, change: Change) -> bool {
        // What is said of one peer stays in order, and so does what is sent.
        let first = self.changes().find(|link| link.peer == peer);
        let Some(link) = first else { return false };
        let before = self.changes().take_while(|other| other.peer != peer);
        // Nor may anything come before a line at which something is sent, which depends on what was noticed by then.
        let sends = |link: &Link| !link.observed.sent.is_empty() || !link.observed.lost.is_empty();
        let is_next = !before.into_iter().any(sends);
        is_next && (link.incarnation, link.change) == (incarnation, change)
    }

    /// Whether it may be next that a later life of a node has begun.
    pub(super) fn is_at_birth(&self, node: Node, after: u32) -> bool {
        let is_later = |link: &Link| link.peer == node && link.incarnation > after;
        self.changes().any(|link| is_later(link) && link.change == Change::Born)
    }

    /// Whether what is to come has it that an earlier life of a node than this one is gone, and nothing of this one.
    pub(super) fn knows_gone(&self, node: Node, incarnation: u32) -> bool {
        let of_node = self.to_come.iter().filter(|((peer, ..), left)| *peer == node && **left > 0);
        let newest = of_node.map(|((_, life, change), _)| (*life, *change)).max();
        newest.is_some_and(|(life, change)| life < incarnation && change == Change::Gone)
    }

    /// Whether it did something before it noticed that this life of a node is gone.
    pub(super) fn notices_late(&self, node: Node, incarnation: u32) -> bool {
        self.will_be_at(node, incarnation, Change::Gone)
            && !self.found_gone.contains(&(node, incarnation))
    }

    /// Takes a change of a link that may be next.
    pub(super) fn take_change(
        &mut self,
        peer: Node,
        incarnation: u32,
        change: Change,
    ) -> Option<Link> {
        if !self.is_at(peer, incarnation, change) {
            return None;
        }
        let at = self.changes().position(|link| link.peer == peer)?;
        let Some(Entry::Link(link)) = self.entries.remove(at) else { return None };
        self.count(&link);
        Some(link)
    }

    fn count(&mut self, link: &Link) {
        if let Some(left) = self.to_come.get_mut(&(link.peer, link.incarnation, link.change)) {
            *left -= 1;
        }
    }

    /// Whether this change of a link is still to come.
    pub(super) fn will_be_at(&self, peer: Node, incarnation: u32, change: Change) -> bool {
        self.to_come.get(&(peer, incarnation, change)).is_some_and(|left| *left > 0)
    }

    /// Takes the next entry.
    pub(super) fn take(&mut self) -> Option<Entry> {
        let entry = self.entries.pop_front()?;
        if let Entry::Link(link) = &entry {
            self.count(link);
        }
        Some(entry)
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
    /// The last of them.
    pub(super) fn last(&self) -> &Reading {
        self.later.back().unwrap_or(&self.now)
    }

    /// Whether this is the incarnation that the node is in, and it has nothing more to say.
    pub(super) fn is_silent(&self, incarnation: u32) -> bool {
        self.now.origin.incarnation == incarnation && self.now.is_over()
    }
}
