//! The protocol of one scope: what is fixed during a run, looked up by the rules.

use std::marker::PhantomData;

use spillway_traces::{Node, RequestId};

use crate::document::{Document, documents};
use crate::mutant::Mutant;
use crate::rows::{Client, Control, Feed, Replica, Server};
use crate::scope::{Body, Class, Scope};
use crate::size::{Num, Size, Table};
use crate::state::{BUDGETS, Budget, State};

/// A request with everything that the scope says of it, directly or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The client that issues it.
    pub client: u16,
    /// The communication server of that client.
    pub session: u16,
    /// Whose information it asks for, or publishes.
    pub user: u16,
    /// Its priority; a publish has the highest, which nobody reads.
    pub class: Class,
    /// The version that it makes; 0 for a query.
    pub version: u32,
    /// The query server it goes to while routing is `home`.
    pub home: u16,
}

impl Planned {
    /// Whether it changes the client's own information: a publish, or another change of it.
    pub fn is_publish(&self) -> bool {
        self.version > 0
    }
}

/// The protocol of a scope, with at most one seeded bug, over states of size `S`.
///
/// It is a [`stateright::Model`]; `spillway-properties` wraps it to judge it.
#[derive(Clone, Debug)]
pub struct Protocol<S: Size> {
    scope: Scope,
    mutant: Option<Mutant>,
    planned: Vec<Planned>,
    by_client: Vec<Vec<RequestId>>,
    /// Each user's records by version: see `document.rs`.
    documents: Vec<Vec<Document>>,
    /// Query servers with the interchangeable one before each, if there is one: see `actions.rs`.
    twins: Vec<(u16, u16)>,
    /// Every server with the servers and clients that it has links to, in listing order.
    servers: Vec<(Node, Vec<Node>)>,
    /// Every link, the lower end first, in listing order.
    links: Vec<(Node, Node)>,
    size: PhantomData<S>,
}

impl<S: Size> Protocol<S> {
    /// The protocol of a scope that [`Scope::check`] has accepted.
    pub fn new(scope: Scope, mutant: Option<Mutant>) -> Self {
        let mut published = vec![0; scope.nodes.clients.into()];
        let mut by_client = vec![Vec::new(); scope.nodes.clients.into()];
        let mut planned = Vec::new();
        let rounds = (0..scope.rounds).flat_map(|_| scope.requests.iter());
        for (id, request) in rounds.enumerate() {
            let client = usize::from(request.client);
            by_client[client].push(RequestId::of(id as u32));
            let (user, class, version) = match request.body {
                Body::Query { user, class } => (user, class, 0),
                Body::Publish
                | Body::Delete
                | Body::Share { .. }
                | Body::Contacts { .. }
                | Body::Restate { .. } => {
                    published[client] += 1;
                    (request.client, Class::Interactive, published[client])
                }
            };
            let session = scope.nodes.sessions[client];
            let (client, home) = (request.client, request.home);
            planned.push(Planned { client, session, user, class, version, home });
        }
        let changes: Vec<(u16, Body)> = (0..scope.rounds)
            .flat_map(|_| scope.requests.iter())
            .filter(|request| !matches!(request.body, Body::Query { .. }))
            .map(|request| (request.client, request.body))
            .collect();
        let first = Document { rule: scope.knobs.sharing, ..Document::default() };
        let documents = documents(scope.nodes.clients, first, &changes);
        let servers = servers(&scope);
        let mut links: Vec<(Node, Node)> = Vec::new();
        for (node, peers) in &servers {
            links.extend(peers.iter().filter(|peer| *peer < node).map(|peer| (*peer, *node)));
        }
        links.sort();
        let twins = (0..scope.nodes.query_servers).filter_map(|c| Some((c, twin(&scope, c)?)));
        let twins = twins.collect();
        Protocol {
            scope,
            mutant,
            planned,
            by_client,
            documents,
            twins,
            servers,
            links,
            size: PhantomData,
        }
    }

    /// The scope.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }
    /// The seeded bug, if there is one.
    pub fn mutant(&self) -> Option<Mutant> {
        self.mutant
    }
    /// Whether this is the seeded bug.
    #[inline]
    pub fn has(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }
    /// What the scope says of a request.
    #[inline]
    pub fn planned(&self, request: RequestId) -> &Planned {
        &self.planned[request.number() as usize]
    }
    /// What a request asks for.
    pub(crate) fn body(&self, request: RequestId) -> Body {
        self.scope.requests[request.number() as usize % self.scope.requests.len()].body
    }
    /// Every request, in the order of ids.
    pub fn requests(&self) -> impl Iterator<Item = (RequestId, &Planned)> {
        self.planned.iter().enumerate().map(|(id, p)| (RequestId::of(id as u32), p))
    }
    /// The requests of a client, in the order of issue.
    pub fn requests_of(&self, client: u16) -> &[RequestId] {
        &self.by_client[usize::from(client)]
    }
    /// A user's record as of a version of it.
    #[inline]
    pub fn document(&self, user: u16, version: u32) -> &Document {
        &self.documents[usize::from(user)][version as usize]
    }
    /// The threshold of a query server, in tasks.
    pub fn threshold(&self, server: u16) -> usize {
        self.scope.knobs.threshold[usize::from(server)] as usize
    }
    /// Query servers with the interchangeable one before each, if there is one: see `actions.rs`.
    pub(crate) fn twins(&self) -> &[(u16, u16)] {
        &self.twins
    }
    /// Every node that can crash, with the nodes that it has links to, in listing order.
    pub(crate) fn servers(&self) -> &[(Node, Vec<Node>)] {
        &self.servers
    }
    /// Every link, the lower end first, in listing order.
    pub fn links(&self) -> &[(Node, Node)] {
        &self.links
    }

    /// The clients' indices.
    pub fn clients(&self) -> std::ops::Range<u16> {
        0..self.scope.nodes.clients
    }
    /// The communication servers' indices.
    pub fn communication_servers(&self) -> std::ops::Range<u16> {
        0..self.scope.nodes.communication_servers
    }
    /// The query servers' indices.
    pub fn query_servers(&self) -> std::ops::Range<u16> {
        0..self.scope.nodes.query_servers
    }
    /// The control servers' indices.
    pub fn control_servers(&self) -> std::ops::Range<u16> {
        0..self.scope.nodes.control_servers
    }
    /// The communication server of a client at the start.
    pub fn session(&self, client: u16) -> Node {
        Node::communication(self.scope.nodes.sessions[usize::from(client)])
    }

    /// The state in which every node is up, every link stands and nothing has been asked.
    pub fn initial(&self) -> State<S> {
        let mut state = State::<S>::empty();
        let zero = S::Num::of(0);
        for at in 0..self.clients().len() {
            let session = S::Num::of(u32::from(self.scope.nodes.sessions[at]) + 1);
            let client = Client { token: zero, issued: zero, session };
            assert!(state.clients.insert(at, client), "the state has room for every client");
        }
        for at in 0..self.query_servers().len() {
            let server = Server {
                applied: zero,
                incarnation: zero,
                sequence: zero,
                epoch: zero,
                late: zero,
            };
            assert!(state.servers.insert(at, server), "the state has room for every query server");
            // Every query server has said Hello for revision 0.
            let feed = Feed { cursor: S::Num::of(1) };
            assert!(state.feeds.insert(at, feed), "the state has room for every feed");
        }
        for at in 0..self.query_servers().len() * self.clients().len() {
            let fits = state.replicas.insert(at, Replica { version: zero });
            assert!(fits, "the state has room for every replicated user");
        }
        for at in 0..self.control_servers().len() {
            let control = Control { epoch: zero, turn: zero };
            assert!(
                state.controls.insert(at, control),
                "the state has room for every control server"
            );
        }
        state.budgets = self.budgets();
        state
    }

    /// The budgets at the start.
    fn budgets(&self) -> [u8; BUDGETS] {
        let mut budgets = [0; BUDGETS];
        for (budget, (_, often)) in budgets.iter_mut().zip(self.scope.faults.by_key()) {
            *budget = u8::try_from(often).unwrap_or(u8::MAX);
        }
        budgets
    }

    /// How often a fault has happened on the way to a state.
    pub fn happened(&self, state: &State<S>, budget: Budget) -> u8 {
        self.budgets()[budget as usize] - state.budget(budget)
    }
}

/// Every server with the nodes that it has links to.
fn servers(scope: &Scope) -> Vec<(Node, Vec<Node>)> {
    let communication = || (0..scope.nodes.communication_servers).map(Node::communication);
    let query = || (0..scope.nodes.query_servers).map(Node::query);
    let clients = |b: Node| {
        // Clients that move have a link to each; it stands while they have their session there.
        let moves = scope.faults.moves > 0;
        let own = scope.nodes.sessions.iter().enumerate();
        let own = own.filter(move |(_, s)| moves || **s == b.index);
        own.map(|(client, _)| Node::client(client as u16))
    };
    let controls = (0..scope.nodes.control_servers).map(Node::control);
    let upper: Vec<Node> = std::iter::once(Node::GLOBAL).chain(controls).collect();
    let mut all: Vec<(Node, Vec<Node>)> = Vec::new();
    all.extend(communication().map(|b| (b, clients(b).chain(query()).collect())));
    all.extend(query().map(|c| (c, communication().chain(upper.iter().copied()).collect())));
    all.extend(upper.iter().map(|node| (*node, query().collect())));
    all
}

/// Two query servers are interchangeable when nothing in the scope tells them apart.
fn twin(scope: &Scope, server: u16) -> Option<u16> {
    let plain = |c: u16| {
        scope.knobs.routing == crate::scope::Routing::Home
            && scope.requests.iter().all(|request| request.home != c)
    };
    let threshold = |c: u16| scope.knobs.threshold[usize::from(c)];
    if !plain(server) {
        return None;
    }
    let alike = |c: u16| threshold(c) == threshold(server);
    let alike = |c: u16| alike(c) && !crate::strategy::tells_apart(scope, c, server);
    (0..server).rev().find(|c| plain(*c) && alike(*c))
}
