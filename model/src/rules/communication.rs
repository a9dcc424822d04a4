//! Communication servers: they keep their clients' requests pending, pass them on, and send them again at resets.

use spillway_traces::{Message, Node, RequestId};

use crate::mutant::Mutant;
use crate::rows::Pending;
use crate::scope::Routing;
use crate::size::{Num, Size, Table};
use crate::step::{Observe, Step};

impl<S: Size, O: Observe> Step<'_, S, O> {
    pub(super) fn communication_takes(&mut self, server: Node, from: Node, message: Message) {
        match message {
            Message::Request { request, token } => self.admit(server, from, request, token),
            Message::Answer { request, revision, version } => {
                self.relay_reply(server, request, Message::Reply { request, revision, version });
            }
            Message::Published { request, revision } => {
                let version = self.protocol.planned(request).version;
                self.relay_reply(server, request, Message::Reply { request, revision, version });
            }
            Message::Busy { request } => {
                self.relay_reply(server, request, Message::Busy { request });
            }
            Message::Cancel { request } => self.pending_given_up(server, request),
            _ => self.misdirected(server, message),
        }
    }

    fn admit(&mut self, server: Node, client: Node, request: RequestId, token: u32) {
        if let Some(at) = self.pending_at(server, request) {
            if self.protocol.is_datagram() {
                return self.drop_message(); // its own timer sends it again: else repetitions would pile up
            }
            // The client asks again, so something may have been lost further on: pass it on again.
            return self.forward(at);
        }
        let held = self.state.pending.count(|p| p.server.get() == u32::from(server.index));
        let full = held >= self.protocol.scope().knobs.pending_max as usize;
        if full && !self.protocol.has(Mutant::PendingUnbounded) {
            if !self.protocol.has(Mutant::RefusalUnsaid) {
                self.send(server, client, Message::Busy { request });
            }
            return;
        }
        let planned = self.protocol.planned(request);
        if planned.is_publish() && self.protocol.has(Mutant::PublishNotPending) {
            let to = Node::query(planned.home);
            return self.send(server, to, Message::Publish { request });
        }
        let at = match self.protocol.scope().knobs.routing {
            Routing::Home => u32::from(planned.home) + 1,
            Routing::Any => 0,
        };
        let row = Pending {
            server: S::Num::of(server.index.into()),
            request: S::Num::of(request.number()),
            token: S::Num::of(token),
            at: S::Num::of(at),
        };
        let key = (row.server, row.request);
        let place = self.state.pending.position(|p| (p.server, p.request) > key);
        let place = place.unwrap_or(self.state.pending.len());
        let fits = self.state.pending.insert(place, row);
        self.must_fit(fits);
        if fits {
            self.forward(place);
        }
    }

    pub(super) fn pending_at(&self, server: Node, request: RequestId) -> Option<usize> {
        let key = (u32::from(server.index), request.number());
        self.state.pending.position(|p| (p.server.get(), p.request.get()) == key)
    }

    /// Sends a pending request to its query server, once that is chosen.
    fn forward(&mut self, at: usize) {
        let row = self.state.pending.get(at);
        let Some(to) = row.at.get().checked_sub(1) else { return };
        let request = RequestId::of(row.request.get());
        let message = match self.protocol.planned(request).is_publish() {
            true => Message::Publish { request },
            false => Message::Query { request, token: row.token.get() },
        };
        self.send(Node::communication(row.server.get() as u16), Node::query(to as u16), message);
    }

    pub(super) fn route(&mut self, server: Node, request: RequestId, to: Node) {
        let at = self.pending_at(server, request).expect("what is routed is pending");
        let mut row = self.state.pending.get(at);
        row.at = S::Num::of(u32::from(to.index) + 1);
        self.state.pending.set(at, row);
        self.forward(at);
    }

    fn relay_reply(&mut self, server: Node, request: RequestId, reply: Message) {
        let known = self.pending_at(server, request);
        let publish = self.protocol.planned(request).is_publish();
        match known {
            Some(at) => {
                self.state.pending.remove(at);
            }
            None if publish && self.protocol.has(Mutant::PublishNotPending) => {}
            None => return self.drop_message(),
        }
        let client = Node::client(self.protocol.planned(request).client);
        self.send(server, client, reply);
    }

    /// A reset of one of its links to a query server: the connection is lost, then made. Queries that were sent to others
    /// are sent again too, since one that was handed over is answered over another link than the one it went out on.
    pub(super) fn communication_reconnects(&mut self, server: Node, lost: Node) {
        if self.protocol.has(Mutant::PendingNotResent) {
            return;
        }
        if !self.protocol.has(Mutant::SameLinkOnlyResent) {
            self.forward_where(server, |at, publish| at != lost && !publish);
        }
        self.communication_greets(server, lost);
    }

    /// A query server is down: queries that were sent to others may have been answered by this one, and the answers
    /// be lost, so they are sent again at once. It may be long until the server is there again.
    pub(super) fn communication_loses(&mut self, server: Node, lost: Node) {
        if self.protocol.has(Mutant::NotResentAtLoss) {
            return;
        }
        self.forward_where(server, |at, publish| at != lost && !publish);
    }

    /// A query server is there again: whatever was sent to it is sent again.
    pub(super) fn communication_greets(&mut self, server: Node, found: Node) {
        self.forward_where(server, |at, _| at == found);
    }

    /// Sends pending requests again, chosen by where they were sent and whether they are publishes.
    pub(super) fn forward_where(&mut self, server: Node, chosen: impl Fn(Node, bool) -> bool) {
        for place in 0..self.state.pending.len() {
            let row = self.state.pending.get(place);
            let Some(at) = row.at.get().checked_sub(1) else { continue };
            let publish = self.protocol.planned(RequestId::of(row.request.get())).is_publish();
            let own = row.server.get() == u32::from(server.index);
            if own && chosen(Node::query(at as u16), publish) {
                self.forward(place);
            }
        }
    }
}
