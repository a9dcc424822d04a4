//! Whether all has settled: nobody waits, nothing is held for anybody, and all replicas are what the global server has.

use spillway_traces::{Action, Node};

use super::run::Simulation;

impl Simulation {
    /// Whether nothing is left to be done but to repeat what needs no answer.
    pub(super) fn is_settled(&self) -> bool {
        // What is cheap, and usually decides, comes first.
        self.env.waiting.iter().all(|waiting| waiting.is_empty())
            && (0..self.swarm.config.clients).all(|client| !self.has_more(client))
            && self.unsettled().is_empty()
    }

    /// Whether a client has something left to ask for.
    fn has_more(&self, client: u16) -> bool {
        self.world.links.session(client).is_some()
            && self.world.plan().next(client, self.world.issued[usize::from(client)]).is_some()
    }

    /// All that has not settled, in words.
    pub(super) fn unsettled(&self) -> Vec<String> {
        let mut left = Vec::new();
        for (client, waiting) in (0..).zip(&self.env.waiting) {
            let node = Node::client(client);
            left.extend(waiting.iter().map(|request| format!("{node} waits for {request}")));
            if self.has_more(client) {
                left.push(format!("{node} has not asked for all it wants"));
            }
        }
        self.unsettled_servers(&mut left);
        let owed = self.world.candidates().into_iter().filter(|candidate| {
            matches!(
                candidate.action,
                Action::Start { .. }
                    | Action::Assign { .. }
                    | Action::Sync { .. }
                    | Action::Flush {}
            )
        });
        left.extend(owed.map(|candidate| format!("not done: {}", candidate.action)));
        left
    }

    fn unsettled_servers(&self, left: &mut Vec<String>) {
        let mut holds = |node: Node, count: usize, what: &str| {
            if count > 0 {
                left.push(format!("{node} holds {count} {what}"));
            }
        };
        for (index, server) in (0..).zip(&self.world.communication) {
            holds(Node::communication(index), server.pending.len(), "pending requests");
        }
        for (index, server) in (0..).zip(&self.world.query) {
            let node = Node::query(index);
            holds(node, server.queue.len(), "tasks");
            holds(node, server.handed.len(), "tasks handed over");
            holds(node, server.relayed.len(), "publishes relayed");
        }
        for (index, server) in (0..).zip(&self.world.control) {
            holds(Node::control(index), server.ledger.len(), "hand-overs");
        }
        let newest = self.world.global.base + self.world.global.log.len() as u32;
        for (index, server) in (0..).zip(&self.world.query) {
            let node = Node::query(index);
            if server.applied != newest {
                left.push(format!("{node} has applied {} of {newest}", server.applied));
            } else if server.replica != self.world.query[0].replica {
                left.push(format!("{node} and C0 hold different records at revision {newest}"));
            }
        }
    }
}
