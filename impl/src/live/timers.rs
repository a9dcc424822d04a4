//! The timers of all nodes of a process, by when they run out.

use std::collections::BTreeMap;

use spillway_traces::Node;

use crate::node::Timer;

/// Timers that run. Armed again, one starts anew.
#[derive(Debug, Default)]
pub(super) struct Timers {
    due: BTreeMap<(u64, Node, Timer), ()>,
    running: BTreeMap<(Node, Timer), u64>,
}

impl Timers {
    pub(super) fn arm(&mut self, node: Node, timer: Timer, at_us: u64) {
        self.disarm(node, timer);
        self.running.insert((node, timer), at_us);
        self.due.insert((at_us, node, timer), ());
    }

    pub(super) fn disarm(&mut self, node: Node, timer: Timer) {
        if let Some(at_us) = self.running.remove(&(node, timer)) {
            self.due.remove(&(at_us, node, timer));
        }
    }

    /// Forgets all timers of a node.
    pub(super) fn forget(&mut self, node: Node) {
        let own = self.running.keys().filter(|(of, _)| *of == node).copied().collect::<Vec<_>>();
        own.into_iter().for_each(|(node, timer)| self.disarm(node, timer));
    }

    /// The first one that is due by now, which does not run any more then.
    pub(super) fn take_due(&mut self, now_us: u64) -> Option<(Node, Timer)> {
        let (at_us, node, timer) = *self.due.first_key_value()?.0;
        (at_us <= now_us).then(|| {
            self.disarm(node, timer);
            (node, timer)
        })
    }

    pub(super) fn next_due_us(&self) -> Option<u64> {
        Some(self.due.first_key_value()?.0.0)
    }
}
