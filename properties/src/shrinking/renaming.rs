//! A scope without some of its requests and nodes, and the steps of a run under the names that are left.

use spillway_model::Scope;
use spillway_model::scope::{Body, Request, Users};
use spillway_traces::{Action, Node, RequestId, Role};

/// What everything is called from now on; nothing where it is gone. Two servers under one name are merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Renaming {
    requests: Vec<Option<u32>>,
    clients: Vec<Option<u16>>,
    communication: Vec<Option<u16>>,
    query: Vec<Option<u16>>,
    control: Vec<Option<u16>>,
}

impl Renaming {
    /// Everything keeps its name.
    fn same(scope: &Scope) -> Renaming {
        let all = |count: u16| (0..count).map(Some).collect();
        let nodes = &scope.nodes;
        Renaming {
            requests: (0..scope.requests.len() as u32).map(Some).collect(),
            clients: all(nodes.clients),
            communication: all(nodes.communication_servers),
            query: all(nodes.query_servers),
            control: all(nodes.control_servers),
        }
    }

    /// Only some of the requests are left.
    pub(super) fn keeping(scope: &Scope, is_kept: impl Fn(u32) -> bool) -> Renaming {
        let mut renaming = Renaming::same(scope);
        renaming.keep_requests(|id, _| is_kept(id), scope);
        renaming
    }

    /// A client goes, with all it asks for and all that asks for it.
    pub(super) fn without_client(scope: &Scope, client: u16) -> Renaming {
        let mut renaming = Renaming::same(scope);
        let asks = |request: &Request| {
            let of = matches!(request.body, Body::Query { user, .. } if user == client);
            of || request.client == client
        };
        renaming.keep_requests(|_, request| !asks(request), scope);
        leave_out(&mut renaming.clients, client, None);
        renaming
    }

    /// A server goes; another of its role does all that it did, if one is named.
    pub(super) fn without_server(scope: &Scope, server: Node, instead: Option<u16>) -> Renaming {
        let mut renaming = Renaming::same(scope);
        let names = match server.role {
            Role::Communication => &mut renaming.communication,
            Role::Query => &mut renaming.query,
            Role::Control => &mut renaming.control,
            Role::Client | Role::Global => unreachable!("{server} is no server that may go"),
        };
        leave_out(names, server.index, instead);
        renaming
    }

    fn keep_requests(&mut self, is_kept: impl Fn(u32, &Request) -> bool, scope: &Scope) {
        let mut next = 0;
        for ((id, request), name) in (0..).zip(&scope.requests).zip(&mut self.requests) {
            *name = is_kept(id, request).then(|| {
                next += 1;
                next - 1
            });
        }
    }

    /// An action under its new names; nothing if it names what is gone.
    pub(super) fn action(&self, action: &Action) -> Option<Action> {
        let request = |id: RequestId| self.requests.get(id.number() as usize)?.map(RequestId::of);
        action.renamed(|node| self.node(node), request)
    }

    /// Whether a request is left.
    pub(super) fn has(&self, request: RequestId) -> bool {
        self.requests.get(request.number() as usize).is_some_and(Option::is_some)
    }

    fn node(&self, node: Node) -> Option<Node> {
        let names = match node.role {
            Role::Client => &self.clients,
            Role::Communication => &self.communication,
            Role::Query => &self.query,
            Role::Control => &self.control,
            Role::Global => return Some(node),
        };
        let index = (*names.get(usize::from(node.index))?)?;
        Some(Node { index, ..node })
    }

    /// The scope with what is left. What depended on a server that is gone depends on the first one.
    pub(super) fn scope(&self, scope: &Scope) -> Scope {
        let mut smaller = scope.clone();
        let count = |names: &[Option<u16>]| names.iter().flatten().max().map_or(0, |most| most + 1);
        let nodes = &mut smaller.nodes;
        nodes.clients = count(&self.clients);
        nodes.communication_servers = count(&self.communication);
        nodes.query_servers = count(&self.query);
        nodes.control_servers = count(&self.control);
        let session = |of: u16| self.communication[usize::from(of)].unwrap_or(0);
        nodes.sessions =
            left(&self.clients, &scope.nodes.sessions).map(|of| session(*of)).collect();
        if nodes.control_servers == 1 {
            smaller.faults.lease = 0;
        }
        if nodes.communication_servers == 1 {
            smaller.faults.moves = 0;
        }
        let knobs = &mut smaller.knobs;
        knobs.threshold = first_of_each(&self.query, &scope.knobs.threshold);
        knobs.weights = first_of_each(&self.query, &scope.knobs.weights);
        knobs.accepts = first_of_each(&self.query, &scope.knobs.accepts);
        smaller.requests = left(&self.requests, &scope.requests).map(|r| self.request(r)).collect();
        smaller
    }

    fn request(&self, request: &Request) -> Request {
        let client = |of: u16| self.clients[usize::from(of)];
        let body = match request.body {
            Body::Query { user, class } => Body::Query { user: client(user).unwrap_or(0), class },
            Body::Contacts { contacts } => {
                let known = contacts.iter().filter_map(client);
                Body::Contacts { contacts: Users(known.fold(0, |bits, user| bits | 1 << user)) }
            }
            Body::Restate { information, rule, contacts } => {
                let known = contacts.iter().filter_map(client);
                let contacts = Users(known.fold(0, |bits, user| bits | 1 << user));
                Body::Restate { information, rule, contacts }
            }
            body => body,
        };
        let home = self.query[usize::from(request.home)].unwrap_or(0);
        Request { client: client(request.client).unwrap_or(0), body, home }
    }
}

/// Gives one index another name, or none, and moves those after it up.
fn leave_out(names: &mut [Option<u16>], index: u16, instead: Option<u16>) {
    let up = |name: u16| if name > index { name - 1 } else { name };
    for name in names.iter_mut() {
        *name = match *name {
            Some(own) if own == index => instead.map(up),
            other => other.map(up),
        };
    }
}

/// The items whose name is left.
fn left<'a, N, T>(names: &'a [Option<N>], items: &'a [T]) -> impl Iterator<Item = &'a T> {
    names.iter().zip(items).filter(|(name, _)| name.is_some()).map(|(_, item)| item)
}

/// For each name that is left, what the server had that had it first: one that is merged into another takes nothing along.
fn first_of_each<T: Clone>(names: &[Option<u16>], items: &[T]) -> Vec<T> {
    let own = |name: u16| names.iter().position(|known| *known == Some(name));
    let names = (0..).map_while(own);
    names.filter_map(|at| items.get(at).cloned()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use spillway_traces::Node;

    use super::*;

    fn figure() -> Scope {
        Scope::builtin("figure", crate::SOMETIMES_NAMES).unwrap()
    }

    #[test]
    fn what_is_left_is_a_scope_and_ids_rise_as_before() {
        let scope = figure();
        for client in 0..scope.nodes.clients {
            let renaming = Renaming::without_client(&scope, client);
            let smaller = renaming.scope(&scope);
            assert_eq!(smaller.check(), Ok(()));
            assert_eq!(smaller.nodes.clients, 5);
            let issue = |id: u32| {
                let client = Node::client(scope.requests[id as usize].client);
                renaming.action(&Action::Issue { client, request: RequestId::of(id) })
            };
            let issued: Vec<Action> = (0..scope.requests.len() as u32).filter_map(issue).collect();
            for (place, action) in issued.iter().enumerate() {
                let client = Node::client(smaller.requests[place].client);
                let request = RequestId::of(place as u32);
                assert_eq!(*action, Action::Issue { client, request });
            }
            assert_eq!(issued.len(), smaller.requests.len());
        }
    }

    #[test]
    fn a_server_goes_with_its_knobs_or_another_does_its_work() {
        let scope = figure();
        let deliver = Action::Deliver { from: Node::query(2), to: Node::GLOBAL };
        let gone = Renaming::without_server(&scope, Node::query(0), None);
        assert_eq!(gone.scope(&scope).knobs.threshold, [1, 2]);
        let renamed = Action::Deliver { from: Node::query(1), to: Node::GLOBAL };
        assert_eq!(gone.action(&deliver), Some(renamed));
        assert_eq!(gone.action(&Action::Sync { server: Node::query(0) }), None);
        let merged = Renaming::without_server(&scope, Node::query(2), Some(1));
        assert_eq!(merged.scope(&scope).knobs.threshold, [1, 1]);
        assert_eq!(merged.action(&deliver), Some(renamed));
    }
}
