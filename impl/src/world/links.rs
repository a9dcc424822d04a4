//! The links: what is on its way, who is down and which directions are cut.
//!
//! A client has a link to the communication server of its session only, so that its two directions are found by the
//! client alone; all others by a number of both ends.

use std::collections::{BTreeSet, VecDeque};

use spillway_traces::{Node, Role};

use crate::config::Config;
use crate::wire::Wire;

/// Every link with what is on it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Links {
    clients: usize,
    communication: usize,
    query: usize,
    control: usize,
    /// The communication server that each client has its session with.
    sessions: Vec<Option<u16>>,
    /// Each direction of each link, the oldest message first. Those of one link stand side by side, the one upwards, from
    /// the lower end to the higher one, first.
    flights: Vec<VecDeque<Wire>>,
    /// Nodes that are down.
    down: BTreeSet<Node>,
    /// Directions that are cut.
    cut: BTreeSet<(Node, Node)>,
}

/// The servers that a server has a link to, in order.
pub fn peers(config: &Config, node: Node) -> Vec<Node> {
    let of = |count: u16, node: fn(u16) -> Node| (0..count).map(node);
    let query = of(config.query_servers, Node::query);
    match node.role {
        Role::Client => Vec::new(),
        Role::Query => of(config.communication_servers, Node::communication)
            .chain([Node::GLOBAL])
            .chain(of(config.control_servers, Node::control))
            .collect(),
        Role::Communication | Role::Global | Role::Control => query.collect(),
    }
}

/// The two ends of a link, the lower one first.
fn ordered(a: Node, b: Node) -> (Node, Node) {
    if a < b { (a, b) } else { (b, a) }
}

impl Links {
    /// The links of a system at its start: all stand, and nothing is on them.
    ///
    /// # Panics
    /// There is not one session for each client.
    pub fn new(config: &Config, sessions: &[u16]) -> Links {
        assert_eq!(sessions.len(), usize::from(config.clients), "each client has a session");
        let known = |session: &u16| *session < config.communication_servers;
        assert!(sessions.iter().all(known), "each session is with a server that is there");
        let (clients, communication) = (config.clients.into(), config.communication_servers.into());
        let (query, control): (usize, usize) =
            (config.query_servers.into(), config.control_servers.into());
        let links = clients + query * (communication + 1 + control);
        Links {
            clients,
            communication,
            query,
            control,
            sessions: sessions.iter().copied().map(Some).collect(),
            flights: vec![VecDeque::new(); 2 * links],
            down: BTreeSet::new(),
            cut: BTreeSet::new(),
        }
    }

    /// Whether a node is one of the system.
    pub fn knows(&self, node: Node) -> bool {
        let count = match node.role {
            Role::Client => self.clients,
            Role::Communication => self.communication,
            Role::Query => self.query,
            Role::Global => 1,
            Role::Control => self.control,
        };
        usize::from(node.index) < count
    }

    /// The number of a link, if there is one between the two: of a client's whatever its session.
    fn link(&self, low: Node, high: Node) -> Option<usize> {
        let (i, j) = (usize::from(low.index), usize::from(high.index));
        let first = self.clients + i * (self.communication + 1 + self.control);
        match (low.role, high.role) {
            (Role::Client, Role::Communication) => Some(i),
            (Role::Communication, Role::Query) => {
                Some(self.clients + j * (self.communication + 1 + self.control) + i)
            }
            (Role::Query, Role::Global) => Some(first + self.communication),
            (Role::Query, Role::Control) => Some(first + self.communication + 1 + j),
            _ => None,
        }
    }

    fn flight(&self, from: Node, to: Node) -> Option<usize> {
        let (low, high) = ordered(from, to);
        self.link(low, high).map(|link| 2 * link + usize::from(from > to))
    }

    /// Whether a link may join these two nodes.
    pub fn is_link(&self, a: Node, b: Node) -> bool {
        let (low, high) = ordered(a, b);
        self.knows(a) && self.knows(b) && self.link(low, high).is_some()
    }

    /// Whether a link stands, whatever is out of order: that of a client only while it has its session there.
    pub fn stands(&self, a: Node, b: Node) -> bool {
        let (low, high) = ordered(a, b);
        let here = || self.sessions[usize::from(low.index)] == Some(high.index);
        low.role != Role::Client || here()
    }

    /// The communication server that a client has its session with.
    pub fn session(&self, client: u16) -> Option<Node> {
        self.sessions[usize::from(client)].map(Node::communication)
    }

    /// Ends a client's session, and begins another one if there is one. What was on its way is to be taken first.
    pub fn set_session(&mut self, client: u16, session: Option<u16>) {
        let link = usize::from(client);
        debug_assert!(self.flights[2 * link].is_empty() && self.flights[2 * link + 1].is_empty());
        self.sessions[link] = session;
    }

    /// Whether a node is down.
    #[inline]
    pub fn is_down(&self, node: Node) -> bool {
        !self.down.is_empty() && self.down.contains(&node)
    }

    /// Says whether a node is down.
    pub fn set_down(&mut self, node: Node, down: bool) {
        let changed = if down { self.down.insert(node) } else { self.down.remove(&node) };
        debug_assert!(changed, "what stops was up, and what restarts was down");
    }

    /// Whether a direction is cut.
    #[inline]
    pub fn is_cut(&self, from: Node, to: Node) -> bool {
        !self.cut.is_empty() && self.cut.contains(&(from, to))
    }

    /// Says whether a direction is cut.
    pub fn set_cut(&mut self, from: Node, to: Node, cut: bool) {
        let changed = if cut { self.cut.insert((from, to)) } else { self.cut.remove(&(from, to)) };
        debug_assert!(changed, "what is cut was whole, and what is healed was cut");
    }

    /// Whether what is sent arrives, if the link stands: both ends are up and this direction is not cut.
    #[inline]
    pub fn passes(&self, from: Node, to: Node) -> bool {
        !self.is_down(from) && !self.is_down(to) && !self.is_cut(from, to)
    }

    /// Whether both ends are up and neither direction is cut.
    pub fn is_whole(&self, a: Node, b: Node) -> bool {
        self.passes(a, b) && !self.is_cut(b, a)
    }

    /// Nodes that are down, in order.
    pub fn down(&self) -> impl Iterator<Item = Node> + '_ {
        self.down.iter().copied()
    }

    /// Directions that are cut, in order.
    pub fn cuts(&self) -> impl Iterator<Item = (Node, Node)> + '_ {
        self.cut.iter().copied()
    }

    /// What is on its way, the oldest first; nothing where there is no link.
    pub fn on(&self, from: Node, to: Node) -> impl Iterator<Item = &Wire> + '_ {
        let at = self.flight(from, to).filter(|_| self.stands(from, to));
        at.into_iter().flat_map(|at| &self.flights[at])
    }

    /// How many messages are on their way.
    pub fn len(&self, from: Node, to: Node) -> usize {
        let at = self.flight(from, to).filter(|_| self.stands(from, to));
        at.map_or(0, |at| self.flights[at].len())
    }

    /// The messages of one direction, to be changed.
    ///
    /// # Panics
    /// No link joins the two.
    pub fn queue(&mut self, from: Node, to: Node) -> &mut VecDeque<Wire> {
        debug_assert!(self.stands(from, to), "a link that does not stand carries nothing");
        let at = self.flight(from, to).expect("a link joins the two");
        &mut self.flights[at]
    }

    /// Whether nothing is on its way between two nodes.
    pub fn is_quiet(&self, a: Node, b: Node) -> bool {
        self.len(a, b) == 0 && self.len(b, a) == 0
    }

    /// The nodes that a node has a link to that stands, in order.
    pub fn peers(&self, node: Node) -> Vec<Node> {
        let communication = || (0..self.communication as u16).map(Node::communication);
        let query = || (0..self.query as u16).map(Node::query);
        let control = || (0..self.control as u16).map(Node::control);
        match node.role {
            Role::Client => self.session(node.index).into_iter().collect(),
            Role::Communication => {
                let own = self.sessions.iter().enumerate();
                let own = own.filter(|(_, session)| **session == Some(node.index));
                own.map(|(client, _)| Node::client(client as u16)).chain(query()).collect()
            }
            Role::Query => {
                communication().chain(std::iter::once(Node::GLOBAL)).chain(control()).collect()
            }
            Role::Global | Role::Control => query().collect(),
        }
    }

    /// Every direction that stands, in the order of senders and then of receivers.
    pub fn directions(&self) -> impl Iterator<Item = (Node, Node)> + '_ {
        let of = |count: usize, node: fn(u16) -> Node| (0..count as u16).map(node);
        let all = of(self.clients, Node::client)
            .chain(of(self.communication, Node::communication))
            .chain(of(self.query, Node::query))
            .chain(std::iter::once(Node::GLOBAL))
            .chain(of(self.control, Node::control));
        all.flat_map(|from| self.peers(from).into_iter().map(move |to| (from, to)))
    }
}
