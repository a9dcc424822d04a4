//! Every action that can be named in a scope, allowed or not: what exploration leaves out is legal all the same.

use spillway_traces::{Action, Node, RequestId};

use crate::protocol::Protocol;
use crate::size::Size;

/// The universe of a scope, in a fixed order. Nodes are of the right roles; all else is open.
pub fn universe<S: Size>(protocol: &Protocol<S>) -> Vec<Action> {
    let nodes = Nodes::of(protocol);
    let requests: Vec<RequestId> = protocol.requests().map(|(id, _)| id).collect();
    let mut all = vec![Action::Compact {}, Action::Flush {}];
    for request in requests {
        of_request(&nodes, request, &mut all);
    }
    for &client in &nodes.clients {
        all.push(Action::Leave { client });
        all.extend(nodes.communication.iter().map(|&to| Action::Move { client, to }));
    }
    for &server in &nodes.query {
        all.extend([Action::Sync { server }, Action::Slow { server }, Action::Calm { server }]);
    }
    all.extend(nodes.control.iter().map(|&to| Action::Lease { to }));
    for node in nodes.servers() {
        all.extend([Action::Crash { node }, Action::Stop { node }, Action::Restart { node }]);
    }
    for (a, b) in nodes.links() {
        all.push(Action::Reset { a, b });
        for (from, to) in [(a, b), (b, a)] {
            all.extend([Action::Deliver { from, to }, Action::Resend { from, to }]);
            all.extend([Action::Cut { from, to }, Action::Heal { from, to }]);
            all.extend([Action::Drop { from, to }, Action::Duplicate { from, to }]);
            all.push(Action::Reorder { from, to });
        }
    }
    all
}

fn of_request(nodes: &Nodes, request: RequestId, all: &mut Vec<Action>) {
    for &client in &nodes.clients {
        all.push(Action::Issue { client, request });
        all.push(Action::Retry { client, request });
        all.push(Action::Cancel { client, request });
    }
    for &to in &nodes.query {
        all.extend(nodes.communication.iter().map(|&server| Action::Route { server, request, to }));
        for &source in &nodes.query {
            let assign = |&by| Action::Assign { source, request, to, by };
            all.extend(nodes.control.iter().map(assign));
        }
    }
    for &source in &nodes.query {
        all.extend(nodes.control.iter().map(|&by| Action::GiveBack { source, request, by }));
    }
    for &server in &nodes.query {
        all.extend([Action::Start { server, request }, Action::Serve { server, request }]);
        all.extend([Action::Offer { server, request }, Action::PullBack { server, request }]);
    }
}

/// The nodes of a scope by role.
struct Nodes {
    clients: Vec<Node>,
    communication: Vec<Node>,
    query: Vec<Node>,
    control: Vec<Node>,
}

impl Nodes {
    fn of<S: Size>(protocol: &Protocol<S>) -> Nodes {
        Nodes {
            clients: protocol.clients().map(Node::client).collect(),
            communication: protocol.communication_servers().map(Node::communication).collect(),
            query: protocol.query_servers().map(Node::query).collect(),
            control: protocol.control_servers().map(Node::control).collect(),
        }
    }

    fn servers(&self) -> impl Iterator<Item = Node> + '_ {
        let below = self.communication.iter().chain(&self.query).copied();
        below.chain([Node::GLOBAL]).chain(self.control.iter().copied())
    }

    /// Every link that may be, the lower end first.
    fn links(&self) -> Vec<(Node, Node)> {
        let pairs = |low: &[Node], high: &[Node]| -> Vec<(Node, Node)> {
            low.iter().flat_map(|a| high.iter().map(move |b| (*a, *b))).collect()
        };
        let upper: Vec<Node> =
            std::iter::once(Node::GLOBAL).chain(self.control.iter().copied()).collect();
        let mut links = pairs(&self.clients, &self.communication);
        links.extend(pairs(&self.communication, &self.query));
        links.extend(pairs(&self.query, &upper));
        links
    }
}
