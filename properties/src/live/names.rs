//! What is called what in the scope of a merged trace: users, requests, versions and incarnations get dense numbers.
//!
//! A live system numbers users of whom most say nothing in a run, and requests anew after a while; and a node that begins
//! anew may number what it makes anew.

use std::collections::{BTreeMap, BTreeSet};

use super::heads::Lives;
use spillway_impl::world::{Planned, Wish};
use spillway_traces::live::{Entry, NodeFile};
use spillway_traces::{Action, Message, Node, Note, Observed, RequestId, Role, Sent, Spillway};

/// The names.
#[derive(Debug, Default)]
pub(super) struct Names {
    clients: BTreeMap<u16, u16>,
    requests: BTreeMap<RequestId, RequestId>,
    /// For each user and version of a live system that of the scope.
    versions: BTreeMap<(u16, u32), u32>,
    /// How many changes each user has issued.
    changes: BTreeMap<u16, u32>,
    /// The incarnations of each query server, in order.
    incarnations: BTreeMap<Node, Vec<u32>>,
    /// The tokens of changes that were issued by clients who did not know theirs any more. A change does not use it.
    tokens: BTreeMap<RequestId, u32>,
    /// The requests of the scope. They are in the order of the live ones, since nodes go by that where they say several again;
    /// those of a user are in the order in which they are issued.
    pub(super) plan: Vec<Planned>,
}

/// What the first issue of a request says of it.
pub(super) struct Asks {
    planned: Planned,
    version: u32,
}

impl Asks {
    pub(super) fn is_change(&self) -> bool {
        self.planned.wish.is_change()
    }

    /// Reads it.
    pub(super) fn read(value: &serde_json::Value) -> Option<Asks> {
        let mut fields = value.as_object()?.clone();
        let version = u32::try_from(fields.remove("version")?.as_u64()?).ok()?;
        let planned = serde_json::from_value(fields.into()).ok()?;
        Some(Asks { planned, version })
    }
}

impl Names {
    /// The names of the users that occur in these files, and of the lives of the query servers.
    pub(super) fn of(files: &[NodeFile], lives: &BTreeMap<Node, Lives>) -> Names {
        let mut names = Names::default();
        for (node, lives) in lives.iter().filter(|(node, _)| node.role == Role::Query) {
            let all = [&lives.now].into_iter().chain(&lives.later);
            let known = all.map(|life| life.origin.incarnation).collect();
            names.incarnations.insert(*node, known);
        }
        let (mut users, mut requests) = (BTreeSet::new(), BTreeMap::new());
        for entry in files.iter().flat_map(|file| &file.entries) {
            let Entry::Event(step) = entry else { continue };
            let Action::Issue { request, .. } = step.action else { continue };
            let Some(asks) = step.asks.as_ref().and_then(Asks::read) else { continue };
            users.insert(asks.planned.client);
            if let Wish::Query { user, .. } = asks.planned.wish {
                users.insert(user);
            }
            requests.insert(request, asks.planned);
        }
        names.clients = users.into_iter().zip(0..).collect();
        for (request, planned) in requests {
            names.requests.insert(request, RequestId::of(names.plan.len() as u32));
            let planned = names.planned(planned);
            names.plan.push(planned);
        }
        names
    }

    /// How many clients there are.
    pub(super) fn clients(&self) -> u16 {
        self.clients.len() as u16
    }

    fn planned(&self, planned: Planned) -> Planned {
        let wish = match planned.wish {
            Wish::Query { user, class } => Wish::Query { user: self.user(user), class },
            Wish::Contacts(contacts) => Wish::Contacts(self.users(&contacts)),
            Wish::Restate { information, rule, contacts } => {
                Wish::Restate { information, rule, contacts: self.users(&contacts) }
            }
            wish => wish,
        };
        Planned { client: self.user(planned.client), wish, ..planned }
    }

    /// A request is issued: from now on the version that it makes means this one.
    pub(super) fn issue(&mut self, asks: &Asks) {
        let user = asks.planned.client;
        if asks.planned.wish.is_change() {
            let count = self.changes.entry(user).or_default();
            *count += 1;
            self.versions.insert((user, asks.version), *count);
        }
    }

    /// A change is issued by a client that has forgotten its token, which was this one.
    pub(super) fn forgets(&mut self, request: RequestId, token: u32) {
        self.tokens.insert(request, token);
    }

    /// Those of these users that say something in this run; who says nothing sees nothing either.
    fn users(&self, users: &BTreeSet<u16>) -> BTreeSet<u16> {
        users.iter().filter_map(|user| self.clients.get(user)).copied().collect()
    }

    fn user(&self, user: u16) -> u16 {
        self.clients.get(&user).copied().unwrap_or(u16::MAX - 1)
    }

    pub(super) fn node(&self, node: Node) -> Node {
        match node.role {
            Role::Client => Node::client(self.user(node.index)),
            _ => node,
        }
    }

    fn request(&self, request: RequestId) -> RequestId {
        self.requests.get(&request).copied().unwrap_or(RequestId(u64::MAX))
    }

    /// The version of the scope that a user's version is; one that it never had stays what it is.
    fn version(&self, user: u16, version: u32) -> u32 {
        self.versions.get(&(user, version)).copied().unwrap_or(version)
    }

    /// The version in a reply: that of who was asked about, or of who made it.
    fn version_of(&self, request: RequestId, version: u32) -> u32 {
        let planned = self.plan.get(self.request(request).number() as usize);
        let user = planned.map(|planned| match planned.wish {
            Wish::Query { user, .. } => user,
            _ => planned.client,
        });
        let live = |of: u16| self.clients.iter().find(|(_, dense)| **dense == of);
        match user.and_then(live) {
            Some((user, _)) => self.version(*user, version),
            None => version,
        }
    }

    pub(super) fn action(&self, action: &Action) -> Action {
        let renamed = action.renamed(|n| Some(self.node(n)), |r| Some(self.request(r)));
        renamed.unwrap_or(*action)
    }

    pub(super) fn message(&self, message: Message) -> Message {
        let mut message = match message {
            Message::Reply { request, revision, version } => {
                Message::Reply { request, revision, version: self.version_of(request, version) }
            }
            Message::Answer { request, revision, version } => {
                Message::Answer { request, revision, version: self.version_of(request, version) }
            }
            Message::Update { revision, user, version } => {
                let live = user as u16;
                let version = self.version(live, version);
                Message::Update { revision, user: self.user(live).into(), version }
            }
            Message::Request { request, token } => {
                let token = self.tokens.get(&request).copied().unwrap_or(token);
                Message::Request { request, token }
            }
            message => message,
        };
        if let Some(hand_over) = message.hand_over_mut()
            && let Some(known) = self.incarnations.get(&hand_over.source)
            && let Ok(place) = known.binary_search(&hand_over.incarnation)
        {
            hand_over.incarnation = place as u32;
        }
        message.about(|request| self.request(request))
    }

    fn note(&self, note: Note) -> Note {
        match note {
            Note::Given { request, revision, version } => {
                let version = self.version_of(request, version);
                Note::Given { request: self.request(request), revision, version }
            }
            Note::Refused { request } => Note::Refused { request: self.request(request) },
            Note::Stored { request, revision } => {
                Note::Stored { request: self.request(request), revision }
            }
            Note::Queued { request } => Note::Queued { request: self.request(request) },
            Note::Dropped => Note::Dropped,
        }
    }

    pub(super) fn sent(&self, sent: &Sent<Spillway>) -> Sent<Spillway> {
        let Sent { from, to, message } = *sent;
        Sent { from: self.node(from), to: self.node(to), message: self.message(message) }
    }

    pub(super) fn observed(&self, observed: &Observed<Spillway>) -> Observed<Spillway> {
        Observed {
            took: observed.took.map(|message| self.message(message)),
            sent: observed.sent.iter().map(|sent| self.sent(sent)).collect(),
            lost: observed.lost.iter().map(|lost| self.sent(lost)).collect(),
            notes: observed.notes.iter().map(|note| self.note(*note)).collect(),
            ..Observed::default()
        }
    }
}
