//! The feed: what each query server is sent of the log, or of the checkpoint in place of what is forgotten.

use spillway_traces::{Action, Node};

use super::Global;
use crate::bug::Bug;
use crate::config::Links;
use crate::node::{Candidate, Context, Output};
use crate::wire::Wire;

impl Global {
    /// A query server says how far it is, on a connection made anew or now and then on datagram links.
    pub(super) fn hello(&mut self, from: Node, applied: u32) {
        let keeps = self.config.has(Bug::HelloIgnored);
        if let Some(cursor) = self.cursors.get_mut(usize::from(from.index))
            && !(keeps && cursor.is_some())
        {
            *cursor = Some(applied);
        }
    }

    pub(super) fn feed_candidates(&self, candidates: &mut Vec<Candidate>) {
        let servers = (0..self.config.query_servers).map(Node::query);
        let behind = servers.filter(|&server| self.is_behind(server));
        candidates.extend(behind.map(|server| Candidate {
            action: Action::Sync { server },
            due: true,
            cost: 0,
        }));
    }

    /// Sends the next revisions, or the checkpoint if they are forgotten.
    pub(super) fn sync(&mut self, server: Node, context: &mut Context<'_>) {
        let Some(cursor) = self.cursor(server) else { return };
        let skips = self.config.has(Bug::SnapshotSkipped);
        let (cursor, message) = if cursor < self.base && !skips {
            context.out.push(Output::Step(Action::Sync { server }));
            let entries = self.checkpoint.values().cloned().collect();
            (self.base, Wire::Snapshot { revision: self.base, entries })
        } else {
            let first = self.first_to_send(cursor);
            let last = (first - 1).saturating_add(self.batch_max()).min(self.feed_end());
            for _ in first..=last {
                context.out.push(Output::Step(Action::Sync { server }));
            }
            let place = |revision: u32| (revision - self.base) as usize;
            (last, Wire::Update { entries: self.log[place(first) - 1..place(last)].to_vec() })
        };
        debug_assert!(self.cursor(server).is_some_and(|before| before < cursor));
        self.cursors[usize::from(server.index)] = Some(cursor);
        context.out.push(Output::Send { to: server, message });
    }

    fn first_to_send(&self, cursor: u32) -> u32 {
        let next = cursor.max(self.base) + 1;
        let skips = self.config.has(Bug::RevisionSkipped) && next < self.feed_end();
        next + u32::from(skips)
    }

    /// Revisions that one Update carries at most. On datagram links they are to be lost one by one.
    fn batch_max(&self) -> u32 {
        match self.config.knobs.links {
            Links::Fifo => self.config.knobs.sync_batch_max.max(1),
            Links::Datagram => 1,
        }
    }

    /// Up to where it is fed: nobody may hear of what is not durable.
    fn feed_end(&self) -> u32 {
        match self.config.has(Bug::SyncedBeforeFlushed) {
            true => self.newest_revision(),
            false => self.durable(),
        }
    }

    fn is_behind(&self, server: Node) -> bool {
        let end = self.feed_end();
        // With all that there is forgotten there is nothing to send but the snapshot.
        let end = if self.config.has(Bug::SnapshotSkipped) && end == self.base { 0 } else { end };
        self.cursor(server).is_some_and(|cursor| cursor < end)
    }

    fn cursor(&self, server: Node) -> Option<u32> {
        self.cursors.get(usize::from(server.index)).copied().flatten()
    }
}
