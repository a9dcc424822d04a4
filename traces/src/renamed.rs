//! Actions under other names: what a smaller system calls its nodes and requests.

use crate::ids::{HandOver, Node, RequestId};
use crate::spillway::{Action, Message};

impl Action {
    /// The request that it names, if it names one.
    pub fn request(&self) -> Option<RequestId> {
        match *self {
            Action::Issue { request, .. }
            | Action::Retry { request, .. }
            | Action::Cancel { request, .. }
            | Action::Route { request, .. }
            | Action::Start { request, .. }
            | Action::Serve { request, .. }
            | Action::Offer { request, .. }
            | Action::PullBack { request, .. }
            | Action::GiveBack { request, .. }
            | Action::Assign { request, .. } => Some(request),
            _ => None,
        }
    }

    /// The same with other names; nothing if it names what has none any more.
    pub fn renamed(
        &self,
        node: impl Fn(Node) -> Option<Node>,
        asked: impl Fn(RequestId) -> Option<RequestId>,
    ) -> Option<Action> {
        let link = |from, to| Some((node(from)?, node(to)?));
        Some(match *self {
            Action::Issue { client, request } => {
                Action::Issue { client: node(client)?, request: asked(request)? }
            }
            Action::Retry { client, request } => {
                Action::Retry { client: node(client)?, request: asked(request)? }
            }
            Action::Cancel { client, request } => {
                Action::Cancel { client: node(client)?, request: asked(request)? }
            }
            Action::Route { server, request, to } => {
                Action::Route { server: node(server)?, request: asked(request)?, to: node(to)? }
            }
            Action::Start { server, request } => {
                Action::Start { server: node(server)?, request: asked(request)? }
            }
            Action::Serve { server, request } => {
                Action::Serve { server: node(server)?, request: asked(request)? }
            }
            Action::Offer { server, request } => {
                Action::Offer { server: node(server)?, request: asked(request)? }
            }
            Action::PullBack { server, request } => {
                Action::PullBack { server: node(server)?, request: asked(request)? }
            }
            Action::Assign { source, request, to, by } => Action::Assign {
                source: node(source)?,
                request: asked(request)?,
                to: node(to)?,
                by: node(by)?,
            },
            Action::GiveBack { source, request, by } => {
                Action::GiveBack { source: node(source)?, request: asked(request)?, by: node(by)? }
            }
            Action::Move { client, to } => Action::Move { client: node(client)?, to: node(to)? },
            Action::Leave { client } => Action::Leave { client: node(client)? },
            Action::Sync { server } => Action::Sync { server: node(server)? },
            Action::Slow { server } => Action::Slow { server: node(server)? },
            Action::Calm { server } => Action::Calm { server: node(server)? },
            Action::Crash { node: of } => Action::Crash { node: node(of)? },
            Action::Stop { node: of } => Action::Stop { node: node(of)? },
            Action::Restart { node: of } => Action::Restart { node: node(of)? },
            Action::Lease { to } => Action::Lease { to: node(to)? },
            Action::Reset { a, b } => link(a, b).map(|(a, b)| Action::Reset { a, b })?,
            Action::Deliver { from, to } => {
                link(from, to).map(|(from, to)| Action::Deliver { from, to })?
            }
            Action::Cut { from, to } => {
                link(from, to).map(|(from, to)| Action::Cut { from, to })?
            }
            Action::Heal { from, to } => {
                link(from, to).map(|(from, to)| Action::Heal { from, to })?
            }
            Action::Resend { from, to } => {
                link(from, to).map(|(from, to)| Action::Resend { from, to })?
            }
            Action::Drop { from, to } => {
                link(from, to).map(|(from, to)| Action::Drop { from, to })?
            }
            Action::Duplicate { from, to } => {
                link(from, to).map(|(from, to)| Action::Duplicate { from, to })?
            }
            Action::Reorder { from, to } => {
                link(from, to).map(|(from, to)| Action::Reorder { from, to })?
            }
            Action::Compact {} => Action::Compact {},
            Action::Flush {} => Action::Flush {},
        })
    }
}

impl Message {
    /// The same about another request, if it is about one.
    pub fn about(mut self, other: impl Fn(RequestId) -> RequestId) -> Message {
        if let Some(request) = self.request_mut() {
            *request = other(*request);
        }
        self
    }

    /// The request that it is about, if it is about one.
    pub fn request(mut self) -> Option<RequestId> {
        self.request_mut().copied()
    }

    fn request_mut(&mut self) -> Option<&mut RequestId> {
        match self {
            Message::Request { request, .. }
            | Message::Reply { request, .. }
            | Message::Busy { request }
            | Message::Query { request, .. }
            | Message::Answer { request, .. }
            | Message::Publish { request }
            | Message::Published { request, .. }
            | Message::Offer { request, .. }
            | Message::Assign { request, .. }
            | Message::Accept { request, .. }
            | Message::Reject { request, .. }
            | Message::Done { request, .. }
            | Message::Finish { request, .. }
            | Message::Return { request, .. }
            | Message::Cancel { request }
            | Message::Withdraw { request, .. } => Some(request),
            Message::Hello { .. }
            | Message::Update { .. }
            | Message::Snapshot { .. }
            | Message::Lead { .. } => None,
        }
    }

    /// The hand-over that it names, if it names one.
    pub fn hand_over_mut(&mut self) -> Option<&mut HandOver> {
        match self {
            Message::Offer { hand_over, .. }
            | Message::Assign { hand_over, .. }
            | Message::Accept { hand_over, .. }
            | Message::Reject { hand_over, .. }
            | Message::Done { hand_over, .. }
            | Message::Finish { hand_over, .. }
            | Message::Return { hand_over, .. }
            | Message::Withdraw { hand_over, .. } => Some(hand_over),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_renamed_whole_or_not_at_all() {
        let assign = Action::Assign {
            source: Node::query(2),
            request: RequestId(7),
            to: Node::query(0),
            by: Node::CONTROL,
        };
        let node = |node: Node| match node {
            Node { role: crate::Role::Query, index: 2 } => Some(Node::query(1)),
            known => Some(known),
        };
        let renamed = assign.renamed(node, |request| Some(RequestId(request.0 - 7)));
        let expected = Action::Assign {
            source: Node::query(1),
            request: RequestId(0),
            to: Node::query(0),
            by: Node::CONTROL,
        };
        assert_eq!(renamed, Some(expected));
        assert_eq!(assign.renamed(node, |_| None), None);
        assert_eq!(assign.renamed(|node| (node.index != 2).then_some(node), Some), None);
        assert_eq!(Action::Flush {}.renamed(|_| None, |_| None), Some(Action::Flush {}));
    }
}
