//! *Any routing*: which query server a request goes to, and where else when that one is out of reach.

use spillway_traces::{Action, Node, RequestId};

use super::{Communication, pass_on};
use crate::bug::Bug;
use crate::config::Routing;
use crate::node::{Candidate, Context};

impl Communication {
    pub(super) fn route_candidates(&self, candidates: &mut Vec<Candidate>) {
        if self.config.knobs.routing != Routing::Any {
            return;
        }
        let open = |request: &RequestId| {
            self.pending[request].at.is_none() || (self.reroutes() && self.is_stranded(*request))
        };
        if !self.pending.keys().any(open) {
            return;
        }
        let (server, loads) = (self.node(), self.loads());
        for &request in self.pending.keys().filter(|request| open(request)) {
            let first_time = self.pending[&request].at.is_none();
            let best = self.best(request, &loads);
            for to in self.servers().filter(|&to| first_time || self.is_whole(to)) {
                let action = Action::Route { server, request, to };
                // Whether a query server that is out of reach stays so, its timer tells.
                let due = first_time && Some(to) == best;
                candidates.push(Candidate { action, due, cost: loads[usize::from(to.index)] });
            }
        }
    }

    pub(super) fn route(&mut self, request: RequestId, to: Node, context: &mut Context<'_>) {
        if let Some(pending) = self.pending.get_mut(&request) {
            pending.at = Some(to.index);
            pass_on(pending, context);
        }
    }

    /// Whether requests may be sent to another query server than at first.
    pub(super) fn reroutes(&self) -> bool {
        self.config.knobs.routing == Routing::Any && !self.config.has(Bug::NeverRerouted)
    }

    /// Whether the query server of a request is out of reach.
    pub(super) fn is_stranded(&self, request: RequestId) -> bool {
        let at = self.pending.get(&request).and_then(|pending| pending.at);
        at.is_some_and(|at| !self.is_whole(Node::query(at)))
    }

    /// Where a request whose query server is out of reach goes, if it may go anywhere.
    pub(super) fn other_way(&self, request: RequestId) -> Option<Node> {
        let open = self.reroutes() && self.is_stranded(request);
        let best = if open { self.best(request, &self.loads()) } else { None };
        best.filter(|&to| self.is_whole(to))
    }

    /// The query server for a request: one within reach, of these the one that least is pending at, the home first.
    fn best(&self, request: RequestId, loads: &[u64]) -> Option<Node> {
        let home = self.pending[&request].asked.ask.home;
        let many = u32::from(self.config.query_servers);
        let from_home = |to: Node| (u32::from(to.index) + many - u32::from(home) % many) % many;
        let rank = |to: &Node| (!self.is_whole(*to), loads[usize::from(to.index)], from_home(*to));
        self.servers().min_by_key(rank)
    }

    /// How much is pending at each query server.
    fn loads(&self) -> Vec<u64> {
        let mut loads = vec![0; usize::from(self.config.query_servers)];
        for at in self.pending.values().filter_map(|pending| pending.at) {
            loads[usize::from(at)] += 1;
        }
        loads
    }

    fn servers(&self) -> impl Iterator<Item = Node> + use<> {
        (0..self.config.query_servers).map(Node::query)
    }

    fn is_whole(&self, server: Node) -> bool {
        !self.lost.contains(&server) && !self.unreachable.contains(&server)
    }
}
