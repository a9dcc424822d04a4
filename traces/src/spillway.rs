//! Spillway's own vocabulary: the actions a step can be, the messages on its links, and what a step tells.
//!
//! The model explores these actions, the implementation performs them, and a trace records them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::{HandOver, Node, RequestId, Role, Sessions};
use crate::vocabulary::{Disturbance, Vocabulary};

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
        /// The control server, where there are two; `K` if left out.
        #[serde(default = "first_control", skip_serializing_if = "is_first_control")]
        by: Node,
    },
    /// The control server gives a task that it holds back to the query server that gave it away.
    GiveBack {
        /// The query server that gave the task away.
        source: Node,
        /// The task, by its request.
        request: RequestId,
        /// The control server, where there are two; `K` if left out.
        #[serde(default = "first_control", skip_serializing_if = "is_first_control")]
        by: Node,
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
    /// A client ends its session and begins one with another communication server.
    Move {
        /// The client.
        client: Node,
        /// The communication server.
        to: Node,
    },
    /// A client ends its session and gives up whatever it waits for.
    Leave {
        /// The client.
        client: Node,
    },
    /// A client gives up a request.
    Cancel {
        /// The client.
        client: Node,
        /// The request.
        request: RequestId,
    },
    /// A node crashes and stays down; its links are lost.
    Stop {
        /// The node.
        node: Node,
    },
    /// A node that was down restarts; its links are made anew.
    Restart {
        /// The node.
        node: Node,
    },
    /// One direction of a link is cut: what is sent there is lost, and nobody notices.
    Cut {
        /// Who is no longer heard.
        from: Node,
        /// Who no longer hears it.
        to: Node,
    },
    /// A direction that was cut is whole again; once both are, the link is reset.
    Heal {
        /// Who was not heard.
        from: Node,
        /// Who did not hear it.
        to: Node,
    },
    /// A query server that cannot reach the control server takes a task back that it has handed over.
    PullBack {
        /// The query server.
        server: Node,
        /// The task, by its request.
        request: RequestId,
    },
    /// A timer: a node sends again to another what it would send at a reconnection.
    Resend {
        /// Whose timer it is.
        from: Node,
        /// Whom it sends to.
        to: Node,
    },
    /// The oldest message on a link is lost, and nobody notices.
    Drop {
        /// Who sent it.
        from: Node,
        /// Who will not get it.
        to: Node,
    },
    /// The oldest message on a link is doubled: its copy goes behind all others of the link.
    Duplicate {
        /// Who sent it.
        from: Node,
        /// Who will get it twice.
        to: Node,
    },
    /// The oldest message on a link is overtaken by all others of the link.
    Reorder {
        /// Who sent it.
        from: Node,
        /// Who will get it later.
        to: Node,
    },
    /// The global server forgets its log up to the newest durable revision, and keeps what it adds up to.
    Compact {},
    /// The global server's disk has what was written; what waited for it is acknowledged.
    Flush {},
    /// The lease passes to the other control server, which leads from now on.
    Lease {
        /// The control server that gets it.
        to: Node,
    },
    /// A query server's queue becomes too slow: its delay passes the threshold.
    Slow {
        /// The query server.
        server: Node,
    },
    /// The delay of a query server's queue falls below the threshold again.
    Calm {
        /// The query server.
        server: Node,
    },
}

fn first_control() -> Node {
    Node::CONTROL
}

fn is_first_control(node: &Node) -> bool {
    *node == Node::CONTROL
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Action {
    /// The node at which the step happens; for a reset, its first end.
    pub fn node(&self) -> Node {
        match *self {
            Action::Issue { client, .. }
            | Action::Retry { client, .. }
            | Action::Move { client, .. }
            | Action::Leave { client }
            | Action::Cancel { client, .. } => client,
            Action::Deliver { to, .. } => to,
            Action::Route { server, .. }
            | Action::Start { server, .. }
            | Action::Serve { server, .. }
            | Action::Offer { server, .. }
            | Action::PullBack { server, .. }
            | Action::Slow { server }
            | Action::Calm { server } => server,
            Action::Assign { by, .. } | Action::GiveBack { by, .. } => by,
            Action::Sync { .. } | Action::Compact {} | Action::Flush {} => Node::GLOBAL,
            Action::Crash { node } | Action::Stop { node } | Action::Restart { node } => node,
            Action::Reset { a, .. } => a,
            Action::Lease { to } => to,
            Action::Cut { from, .. }
            | Action::Heal { from, .. }
            | Action::Resend { from, .. }
            | Action::Drop { from, .. }
            | Action::Duplicate { from, .. }
            | Action::Reorder { from, .. } => from,
        }
    }

    /// Whether the step is one of the environment that nothing forces to happen.
    pub fn is_fault(&self) -> bool {
        matches!(
            self,
            Action::Crash { .. }
                | Action::Reset { .. }
                | Action::Retry { .. }
                | Action::Move { .. }
                | Action::Leave { .. }
                | Action::Cancel { .. }
                | Action::Stop { .. }
                | Action::Cut { .. }
                | Action::Drop { .. }
                | Action::Duplicate { .. }
                | Action::Reorder { .. }
                | Action::Compact {}
                | Action::Lease { .. }
                | Action::Slow { .. }
                | Action::Calm { .. }
        )
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
            Action::Assign { source, request, to, by } => {
                write!(f, "{by} assigns {request} of {source} to {to}")
            }
            Action::GiveBack { source, request, by } => {
                write!(f, "{by} gives {request} back to {source}")
            }
            Action::Sync { server } => write!(f, "G sends the next revision to {server}"),
            Action::Crash { node } => write!(f, "{node} crashes and restarts"),
            Action::Reset { a, b } => write!(f, "the link {a}–{b} is reset"),
            Action::Move { client, to } => write!(f, "{client} moves to {to}"),
            Action::Leave { client } => write!(f, "{client} goes away"),
            Action::Cancel { client, request } => write!(f, "{client} gives {request} up"),
            Action::Stop { node } => write!(f, "{node} crashes and stays down"),
            Action::Restart { node } => write!(f, "{node} restarts"),
            Action::Cut { from, to } => write!(f, "{from} is no longer heard by {to}"),
            Action::Heal { from, to } => write!(f, "{from} is heard by {to} again"),
            Action::PullBack { server, request } => write!(f, "{server} takes {request} back"),
            Action::Resend { from, to } => write!(f, "{from} sends to {to} again"),
            Action::Drop { from, to } => write!(f, "the next message from {from} to {to} is lost"),
            Action::Duplicate { from, to } => {
                write!(f, "the next message from {from} to {to} is doubled")
            }
            Action::Reorder { from, to } => {
                write!(f, "the next message from {from} to {to} is overtaken")
            }
            Action::Compact {} => write!(f, "G forgets its log and keeps what it adds up to"),
            Action::Flush {} => write!(f, "G's disk has what was written"),
            Action::Lease { to } => write!(f, "the lease passes to {to}"),
            Action::Slow { server } => write!(f, "{server} becomes too slow"),
            Action::Calm { server } => write!(f, "{server} is fast enough again"),
        }
    }
}

/// What travels on a link. `model/PROTOCOL.md` has the table: when each is sent and what the receiver does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the fields are those of the table in PROTOCOL.md, under the same names
pub enum Message {
    Request {
        request: RequestId,
        token: u32,
    },
    Reply {
        request: RequestId,
        revision: u32,
        version: u32,
    },
    Busy {
        request: RequestId,
    },
    Query {
        request: RequestId,
        token: u32,
    },
    Answer {
        request: RequestId,
        revision: u32,
        version: u32,
    },
    Publish {
        request: RequestId,
    },
    Published {
        request: RequestId,
        revision: u32,
    },
    Hello {
        applied: u32,
    },
    Update {
        revision: u32,
        user: u32,
        version: u32,
    },
    Offer {
        request: RequestId,
        token: u32,
        hand_over: HandOver,
        #[serde(default, skip_serializing_if = "Sessions::is_empty")]
        sessions: Sessions,
    },
    Assign {
        request: RequestId,
        token: u32,
        hand_over: HandOver,
        #[serde(default, skip_serializing_if = "Sessions::is_empty")]
        sessions: Sessions,
        #[serde(default, skip_serializing_if = "is_zero")]
        epoch: u32,
    },
    Accept {
        request: RequestId,
        hand_over: HandOver,
    },
    Reject {
        request: RequestId,
        hand_over: HandOver,
    },
    Done {
        request: RequestId,
        hand_over: HandOver,
    },
    Finish {
        request: RequestId,
        hand_over: HandOver,
        #[serde(default, skip_serializing_if = "is_zero")]
        epoch: u32,
    },
    Return {
        request: RequestId,
        hand_over: HandOver,
        #[serde(default, skip_serializing_if = "is_zero")]
        epoch: u32,
    },
    Cancel {
        request: RequestId,
    },
    Withdraw {
        request: RequestId,
        hand_over: HandOver,
    },
    Snapshot {
        revision: u32,
    },
    Lead {
        epoch: u32,
    },
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
            Offer { request, token, hand_over, sessions } => {
                write!(f, "Offer {request} token {token} as {hand_over}")?;
                write_sessions(f, *sessions)
            }
            Assign { request, token, hand_over, sessions, epoch } => {
                write!(f, "Assign {request} token {token} as {hand_over}")?;
                write_sessions(f, *sessions)?;
                write_epoch(f, *epoch)
            }
            Accept { request, hand_over } => write!(f, "Accept {request} as {hand_over}"),
            Reject { request, hand_over } => write!(f, "Reject {request} as {hand_over}"),
            Done { request, hand_over } => write!(f, "Done {request} as {hand_over}"),
            Finish { request, hand_over, epoch } => {
                write!(f, "Finish {request} as {hand_over}")?;
                write_epoch(f, *epoch)
            }
            Return { request, hand_over, epoch } => {
                write!(f, "Return {request} as {hand_over}")?;
                write_epoch(f, *epoch)
            }
            Cancel { request } => write!(f, "Cancel {request}"),
            Withdraw { request, hand_over } => write!(f, "Withdraw {request} as {hand_over}"),
            Snapshot { revision } => write!(f, "Snapshot of revision {revision}"),
            Lead { epoch } => write!(f, "Lead epoch {epoch}"),
        }
    }
}

fn write_sessions(f: &mut fmt::Formatter<'_>, sessions: Sessions) -> fmt::Result {
    if sessions.is_empty() { Ok(()) } else { write!(f, " for {sessions}") }
}

fn write_epoch(f: &mut fmt::Formatter<'_>, epoch: u32) -> fmt::Result {
    if epoch == 0 { Ok(()) } else { write!(f, " of epoch {epoch}") }
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
    /// The global server stored new information: durably, or in a log that its disk has after the next flush.
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
        "issue",
        "retry",
        "deliver",
        "route",
        "start",
        "serve",
        "offer",
        "assign",
        "sync",
        "crash",
        "reset",
        "move",
        "leave",
        "cancel",
        "stop",
        "restart",
        "cut",
        "heal",
        "pull-back",
        "resend",
        "drop",
        "duplicate",
        "reorder",
        "compact",
        "flush",
        "lease",
        "slow",
        "calm",
        "give-back",
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

    fn disturbs(action: &Action) -> Option<Disturbance<Node>> {
        match *action {
            Action::Drop { from, to } => Some(Disturbance::Lost(from, to)),
            Action::Duplicate { from, to } => Some(Disturbance::Doubled(from, to)),
            Action::Reorder { from, to } => Some(Disturbance::Overtaken(from, to)),
            _ => None,
        }
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
