//! Spillway's own vocabulary: the actions a step can be, the messages on its links, and what a step tells.
//!
//! The model explores these actions, the implementation performs them, and a trace records them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::{HandOver, Node, RequestId, Role};
use crate::vocabulary::Vocabulary;

/// One step of the system. A choice that the protocol leaves open is an argument, named by meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// A client sends its next request for the first time.
    Issue {
        /// The client.
        client: Node,
        /// The request.
        request: RequestId,
    },
    /// A client sends a request again that it still waits for.
    Retry {
        /// The client.
        client: Node,
        /// The request.
        request: RequestId,
    },
    /// The oldest message on a link arrives and is processed.
    Deliver {
        /// Who sent it.
        from: Node,
        /// Who processes it.
        to: Node,
    },
    /// A communication server chooses the query server for a pending request.
    Route {
        /// The communication server.
        server: Node,
        /// The request.
        request: RequestId,
        /// The query server.
        to: Node,
    },
    /// A query server starts a task.
    Start {
        /// The query server.
        server: Node,
        /// The task, by its request.
        request: RequestId,
    },
    /// A query server finishes its running task and answers.
    Serve {
        /// The query server.
        server: Node,
        /// The task, by its request.
        request: RequestId,
    },
    /// A query server above its threshold gives a redundant task to the control server.
    Offer {
        /// The query server.
        server: Node,
        /// The task, by its request.
        request: RequestId,
    },
    /// The control server assigns a task that it holds to a query server.
    Assign {
        /// The query server that gave the task away.
        source: Node,
        /// The task, by its request.
        request: RequestId,
        /// The query server that is to take it.
        to: Node,
    },
    /// The global server sends a query server the next revision of its log.
    Sync {
        /// The query server.
        server: Node,
    },
    /// A node crashes and restarts; its links are reset.
    Crash {
        /// The node.
        node: Node,
    },
    /// A link is reset: what was in flight is lost and both ends notice.
    Reset {
        /// One end.
        a: Node,
        /// The other end.
        b: Node,
    },
}

impl Action {
    /// The node at which the step happens; for a reset, its first end.
    pub fn node(&self) -> Node {
        match *self {
            Action::Issue { client, .. } | Action::Retry { client, .. } => client,
            Action::Deliver { to, .. } => to,
            Action::Route { server, .. }
            | Action::Start { server, .. }
            | Action::Serve { server, .. }
            | Action::Offer { server, .. } => server,
            Action::Assign { .. } => Node::CONTROL,
            Action::Sync { .. } => Node::GLOBAL,
            Action::Crash { node } => node,
            Action::Reset { a, .. } => a,
        }
    }

    /// Whether the step is a fault of the environment, which nothing forces to happen.
    pub fn is_fault(&self) -> bool {
        matches!(self, Action::Crash { .. } | Action::Reset { .. } | Action::Retry { .. })
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Issue { client, request } => write!(f, "{client} issues {request}"),
            Action::Retry { client, request } => write!(f, "{client} retries {request}"),
            Action::Deliver { from, to } => write!(f, "{to} takes the next message from {from}"),
            Action::Route { server, request, to } => write!(f, "{server} routes {request} to {to}"),
            Action::Start { server, request } => write!(f, "{server} starts {request}"),
            Action::Serve { server, request } => write!(f, "{server} serves {request}"),
            Action::Offer { server, request } => write!(f, "{server} offers {request}"),
            Action::Assign { source, request, to } => {
                write!(f, "K assigns {request} of {source} to {to}")
            }
            Action::Sync { server } => write!(f, "G sends the next revision to {server}"),
            Action::Crash { node } => write!(f, "{node} crashes and restarts"),
            Action::Reset { a, b } => write!(f, "the link {a}–{b} is reset"),
        }
    }
}

/// What travels on a link. `model/PROTOCOL.md` has the table: when each is sent and what the receiver does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the fields are those of the table in PROTOCOL.md, under the same names
pub enum Message {
    Request { request: RequestId, token: u32 },
    Reply { request: RequestId, revision: u32, version: u32 },
    Busy { request: RequestId },
    Query { request: RequestId, token: u32 },
    Answer { request: RequestId, revision: u32, version: u32 },
    Publish { request: RequestId },
    Published { request: RequestId, revision: u32 },
    Hello { applied: u32 },
    Update { revision: u32, user: u32, version: u32 },
    Offer { request: RequestId, token: u32, hand_over: HandOver },
    Assign { request: RequestId, token: u32, hand_over: HandOver },
    Accept { request: RequestId, hand_over: HandOver },
    Reject { request: RequestId, hand_over: HandOver },
    Done { request: RequestId, hand_over: HandOver },
    Finish { request: RequestId, hand_over: HandOver },
    Return { request: RequestId, hand_over: HandOver },
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Message::*;
        match self {
            Request { request, token } => write!(f, "Request {request} token {token}"),
            Reply { request, revision, version } => {
                write!(f, "Reply {request} version {version} at revision {revision}")
            }
            Busy { request } => write!(f, "Busy {request}"),
            Query { request, token } => write!(f, "Query {request} token {token}"),
            Answer { request, revision, version } => {
                write!(f, "Answer {request} version {version} at revision {revision}")
            }
            Publish { request } => write!(f, "Publish {request}"),
            Published { request, revision } => {
                write!(f, "Published {request} at revision {revision}")
            }
            Hello { applied } => write!(f, "Hello applied {applied}"),
            Update { revision, user, version } => {
                write!(f, "Update {revision}: user {user} version {version}")
            }
            Offer { request, token, hand_over } => {
                write!(f, "Offer {request} token {token} as {hand_over}")
            }
            Assign { request, token, hand_over } => {
                write!(f, "Assign {request} token {token} as {hand_over}")
            }
            Accept { request, hand_over } => write!(f, "Accept {request} as {hand_over}"),
            Reject { request, hand_over } => write!(f, "Reject {request} as {hand_over}"),
            Done { request, hand_over } => write!(f, "Done {request} as {hand_over}"),
            Finish { request, hand_over } => write!(f, "Finish {request} as {hand_over}"),
            Return { request, hand_over } => write!(f, "Return {request} as {hand_over}"),
        }
    }
}

/// What a step tells beside the messages: the outcomes that a user, or a property, cares about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Note {
    /// A client was given the reply to a request: an answer or an acknowledgement.
    Given {
        /// The request that the client now holds settled.
        request: RequestId,
        /// The revision that the reply reflects.
        revision: u32,
        /// The version of the user's information in it; 0 is "nothing published".
        version: u32,
    },
    /// A client was given a refusal.
    Refused {
        /// The request that the client now holds settled.
        request: RequestId,
    },
    /// The global server stored new information durably.
    Stored {
        /// The publish.
        request: RequestId,
        /// The revision it became.
        revision: u32,
    },
    /// A query server put a task into its queue.
    Queued {
        /// The task, by its request.
        request: RequestId,
    },
    /// A message changed nothing and was dropped: its subject is unknown, settled or superseded.
    Dropped,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::Given { request, revision, version } => {
                write!(f, "{request} is answered: version {version} at revision {revision}")
            }
            Note::Refused { request } => write!(f, "{request} is refused: busy"),
            Note::Stored { request, revision } => {
                write!(f, "{request} is stored as revision {revision}")
            }
            Note::Queued { request } => write!(f, "{request} is queued"),
            Note::Dropped => write!(f, "it is dropped: nothing here waits for it"),
        }
    }
}

/// The vocabulary of Spillway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spillway;

impl Vocabulary for Spillway {
    type Node = Node;
    type Action = Action;
    type Message = Message;
    type Note = Note;

    const NAME: &'static str = "spillway";
    const ACTIONS: &'static [&'static str] = &[
        "issue", "retry", "deliver", "route", "start", "serve", "offer", "assign", "sync", "crash",
        "reset",
    ];

    fn node(action: &Action) -> Node {
        action.node()
    }

    fn delivers(action: &Action) -> Option<(Node, Node)> {
        match *action {
            Action::Deliver { from, to } => Some((from, to)),
            _ => None,
        }
    }

    fn is_fault(action: &Action) -> bool {
        action.is_fault()
    }
}

/// Whether a link joins these two roles: A–B, B–C, C–G, C–K, and no others (the source's figure).
pub fn linked(a: Role, b: Role) -> bool {
    use Role::*;
    let (low, high) = if a <= b { (a, b) } else { (b, a) };
    matches!(
        (low, high),
        (Client, Communication) | (Communication, Query) | (Query, Global) | (Query, Control)
    )
}
