//! Clients: they ask and publish, wait, and take one reply a request.

use spillway_traces::{Message, Node, Note, RequestId};

use crate::mutant::Mutant;
use crate::rows::Waiting;
use crate::size::{Num, Size, Table};
use crate::step::{Observe, Step};

impl<S: Size, O: Observe> Step<'_, S, O> {
    pub(super) fn issue(&mut self, client: Node, request: RequestId) {
        let at = usize::from(client.index);
        let mut row = self.state.clients.get(at);
        row.issued = S::Num::of(row.issued.get() + 1);
        self.state.clients.set(at, row);

        let id = S::Num::of(request.number());
        let place = self.state.waiting.position(|w| w.request > id);
        let place = place.unwrap_or(self.state.waiting.len());
        let fits = self.state.waiting.insert(place, Waiting { request: id, token: row.token });
        self.must_fit(fits);
        self.ask(client, request, row.token.get());
    }

    pub(super) fn retry(&mut self, client: Node, request: RequestId) {
        self.spend(crate::state::Budget::Retry);
        let id = S::Num::of(request.number());
        let at = self.state.waiting.position(|w| w.request == id);
        let at = at.expect("a client retries what it waits for");
        let token = self.state.waiting.get(at).token.get();
        self.ask(client, request, token);
    }

    /// A request carries the token of the moment it was asked, also when it is sent again.
    fn ask(&mut self, client: Node, request: RequestId, token: u32) {
        let token = if self.protocol.has(Mutant::TokenLeftOut) { 0 } else { token };
        let session = self.protocol.current_session(self.state, client.index);
        let session = session.expect("who asks has a session");
        self.send(client, session, Message::Request { request, token });
    }

    pub(super) fn client_takes(&mut self, client: Node, message: Message) {
        match message {
            Message::Reply { request, revision, version } => {
                let Some(request) = self.settle(client, request) else { return };
                self.raise_token(client, request, revision);
                self.note(Note::Given { request, revision, version });
            }
            Message::Busy { request } => {
                let Some(request) = self.settle(client, request) else { return };
                self.note(Note::Refused { request });
            }
            _ => self.misdirected(client, message),
        }
    }

    /// Takes a request from those waited for. None if the reply is not waited for.
    fn settle(&mut self, client: Node, request: RequestId) -> Option<RequestId> {
        let protocol = self.protocol;
        let at = if protocol.has(Mutant::ReplyToOldest) {
            let own = |id| protocol.planned(RequestId::of(id)).client == client.index;
            self.state.waiting.position(|w| own(w.request.get()))
        } else {
            self.state.waiting.position(|w| w.request.get() == request.number())
        };
        match at {
            Some(at) => Some(RequestId::of(self.state.waiting.remove(at).request.get())),
            None if protocol.has(Mutant::SecondReplyTaken) => Some(request),
            None => {
                self.drop_message();
                None
            }
        }
    }

    fn raise_token(&mut self, client: Node, request: RequestId, revision: u32) {
        let forgotten = match self.protocol.planned(request).is_publish() {
            true => self.protocol.has(Mutant::AcknowledgementForgotten),
            false => self.protocol.has(Mutant::SeenForgotten),
        };
        if forgotten {
            return;
        }
        let at = usize::from(client.index);
        let mut row = self.state.clients.get(at);
        row.token = row.token.max(S::Num::of(revision));
        self.state.clients.set(at, row);
    }

    /// A client that notices a reset asks again for all it waits for.
    pub(super) fn client_reconnects(&mut self, client: Node) {
        if self.protocol.has(Mutant::ClientSilentAtReset) {
            return;
        }
        self.ask_again(client);
    }

    /// Asks for all that the client waits for, each with the token of when it was asked first.
    pub(super) fn ask_again(&mut self, client: Node) {
        for at in 0..self.state.waiting.len() {
            let row = self.state.waiting.get(at);
            let request = RequestId::of(row.request.get());
            if self.protocol.planned(request).client == client.index {
                self.ask(client, request, row.token.get());
            }
        }
    }
}
