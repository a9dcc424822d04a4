//! Sessions: which communication server a client talks to, when it may change that or give a request up, and whether
//! servers have to remember who asked for a task.

use spillway_traces::{Action, Node, RequestId, Role, Sessions};

use crate::guards::{Guard, guard};
use crate::protocol::Protocol;
use crate::size::{Num, Size, Table};
use crate::state::{Budget, State};

impl<S: Size> Protocol<S> {
    /// Whether tasks and publishes carry the communication servers that asked for them. Without sessions that end and
    /// requests that are given up this is always the one of the client, and the cells stay 0.
    #[inline]
    pub fn tracks_askers(&self) -> bool {
        let faults = &self.scope().faults;
        faults.moves + faults.leave + faults.cancel > 0
    }

    /// The communication servers that are to be told what becomes of a task or a publish.
    pub fn askers(&self, request: RequestId, noted: u32) -> Sessions {
        match self.tracks_askers() {
            true => Sessions::from_bits(noted),
            false => Sessions::from_bits(1 << self.planned(request).session),
        }
    }

    /// What is noted of a communication server that asks.
    pub(crate) fn asker(&self, server: Node) -> u32 {
        u32::from(self.tracks_askers()) << server.index
    }

    /// The communication server that a client has a session with; none once it has gone away.
    pub fn current_session(&self, state: &State<S>, client: u16) -> Option<Node> {
        let session = state.clients.get(client.into()).session.get();
        session.checked_sub(1).map(|server| Node::communication(server as u16))
    }

    /// Whether a link, its lower end first, stands: that of a client only while it has a session there.
    pub(crate) fn stands(&self, state: &State<S>, a: Node, b: Node) -> bool {
        a.role != Role::Client || self.current_session(state, a.index) == Some(b)
    }

    /// Appends what clients may do with their sessions and requests.
    pub(crate) fn session_steps(&self, state: &State<S>, actions: &mut Vec<Action>) {
        for client in self.clients() {
            let Some(session) = self.current_session(state, client) else { continue };
            let client = Node::client(client);
            if state.budget(Budget::Move) > 0 {
                let others = self.communication_servers().map(Node::communication);
                let others = others.filter(|to| *to != session);
                actions.extend(others.map(|to| Action::Move { client, to }));
            }
            if state.budget(Budget::Leave) > 0 {
                actions.push(Action::Leave { client });
            }
        }
        if state.budget(Budget::Cancel) > 0 {
            for row in state.waiting.iter() {
                let request = RequestId::of(row.request.get());
                let client = Node::client(self.planned(request).client);
                actions.push(Action::Cancel { client, request });
            }
        }
    }

    pub(crate) fn allows_move(
        &self,
        state: &State<S>,
        client: Node,
        to: Node,
    ) -> Result<(), Guard> {
        self.is_there(state, client)?;
        guard(self.current_session(state, client.index) != Some(to), "elsewhere", || {
            format!("{client} has its session with {to} already")
        })?;
        self.allows_fault(state, Some(Budget::Move))
    }

    pub(crate) fn allows_leave(&self, state: &State<S>, client: Node) -> Result<(), Guard> {
        self.is_there(state, client)?;
        self.allows_fault(state, Some(Budget::Leave))
    }

    pub(crate) fn allows_cancel(
        &self,
        state: &State<S>,
        client: Node,
        request: RequestId,
    ) -> Result<(), Guard> {
        self.awaits(state, client, request)?;
        self.allows_fault(state, Some(Budget::Cancel))
    }

    /// A reset needs a connection.
    pub(crate) fn has_connection(&self, state: &State<S>, a: Node, b: Node) -> Result<(), Guard> {
        guard(self.stands(state, a, b), "session", || format!("{a} has no session with {b}"))
    }

    pub(crate) fn awaits(
        &self,
        state: &State<S>,
        client: Node,
        request: RequestId,
    ) -> Result<(), Guard> {
        let waits = state.waiting.position(|w| w.request.get() == request.number()).is_some();
        let waits = waits && self.planned(request).client == client.index;
        guard(waits, "waiting", || format!("{client} does not wait for {request}"))
    }

    fn is_there(&self, state: &State<S>, client: Node) -> Result<(), Guard> {
        let there = self.current_session(state, client.index).is_some();
        guard(there, "session", || format!("{client} has gone away"))
    }
}
