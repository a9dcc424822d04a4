//! What excuses unsettled work while something is out of order: that it depends on just that.
//!
//! A state in which only a restart, a heal or a fault can still happen is final too, so that the rest is shown to go on
//! without what is down or cut. Work is excused only for a reason below, each as narrow as the protocol allows.

use spillway_model::rows::{Entry, Handed, Pending, Task};
use spillway_model::scope::Routing;
use spillway_model::size::{Num, Size, Table};
use spillway_traces::{Node, RequestId};

use crate::judged::Situation;

/// Whether some unsettled work has no excuse.
pub(super) fn has_unexcused_work<S: Size>(s: &Situation<'_, S>) -> bool {
    let state = s.state;
    state.waiting.iter().any(|w| !excuses_client(s, RequestId::of(w.request.get())))
        || state.pending.iter().any(|p| !excuses_pending(s, p))
        || state.queue.iter().any(|t| !excuses_task(s, t))
        || state.relay.iter().any(|r| !lacks_feed(s, r.server.get() as u16))
        || state.handed.iter().any(|h| !excuses_handed(s, h))
        || state.ledger.iter().any(|e| !excuses_entry(s, e))
        || is_behind(s)
}

/// A replica without an outage of its feed is up to date. (One that is down is empty.)
fn is_behind<S: Size>(s: &Situation<'_, S>) -> bool {
    let newest = s.state.revisions() as u32;
    s.protocol
        .query_servers()
        .any(|c| s.state.servers.get(c.into()).applied.get() != newest && !lacks_feed(s, c))
}

/// Whether a query server's link to the global server is out of order: its feed, and the way of its publishes.
fn lacks_feed<S: Size>(s: &Situation<'_, S>, server: u16) -> bool {
    !s.state.is_whole(Node::query(server), Node::GLOBAL)
}

/// A client waits for its communication server, or that one for something.
fn excuses_client<S: Size>(s: &Situation<'_, S>, request: RequestId) -> bool {
    let client = s.protocol.planned(request).client;
    let Some(session) = s.protocol.current_session(s.state, client) else { return true };
    let mut pending =
        s.state.pending.iter().filter(|p| {
            (p.server.get(), p.request.get()) == (session.index.into(), request.number())
        });
    !s.state.is_whole(Node::client(client), session)
        || pending.next().is_some_and(|p| excuses_pending(s, p))
}

fn excuses_pending<S: Size>(s: &Situation<'_, S>, p: Pending<S::Num>) -> bool {
    let request = RequestId::of(p.request.get());
    let server = Node::communication(p.server.get() as u16);
    let Some(at) = p.at.get().checked_sub(1) else { return false };
    let at = Node::query(at as u16);
    let reaches = |c: u16| s.state.is_whole(server, Node::query(c));
    let elsewhere =
        s.protocol.scope().knobs.routing == Routing::Any && s.protocol.query_servers().any(reaches);
    // Its query server cannot be reached, and no other may be asked.
    let unreachable = !s.state.is_whole(server, at) && !elsewhere;
    if s.protocol.planned(request).is_publish() {
        let key = (u32::from(at.index), request.number());
        let relayed =
            s.state.relay.position(|r| (r.server.get(), r.request.get()) == key).is_some();
        return unreachable || relayed && lacks_feed(s, at.index);
    }
    unreachable
        || is_unheard(s, request, server)
        || s.state.ledger.iter().any(|e| e.request.get() == request.number() && excuses_entry(s, e))
        || s.state
            .handed
            .iter()
            .any(|h| h.request.get() == request.number() && excuses_handed(s, h))
        || s.state.queue.iter().any(|t| t.request.get() == request.number() && excuses_task(s, t))
}

/// A query was handed over, and the link to a query server is cut, which the communication server does not know: the
/// answer from there may have been lost, and it asks again when the link is whole. That is so also where only the way
/// there is cut: the other may have been cut before, and a link that is half healed is not reset yet.
pub(super) fn is_unheard<S: Size>(s: &Situation<'_, S>, request: RequestId, server: Node) -> bool {
    // Of a request that its client no longer waits for nobody remembers whether it was moved.
    let moved = s.ghost.moved.position(|m| m.request.get() == request.number()).is_some()
        || s.ghost.floor(request.number()).is_none();
    let is_cut = |c| s.state.is_cut(c, server) || s.state.is_cut(server, c);
    moved && s.protocol.query_servers().any(|c| is_cut(Node::query(c)))
}

/// A task waits for a revision, and its server for its feed.
fn excuses_task<S: Size>(s: &Situation<'_, S>, task: Task<S::Num>) -> bool {
    let server = task.server.get() as u16;
    let applied = s.state.servers.get(server.into()).applied;
    !task.is_running() && task.token > applied && lacks_feed(s, server)
}

/// What is handed over waits for its entry, or its source for word of who leads.
fn excuses_handed<S: Size>(s: &Situation<'_, S>, handed: Handed<S::Num>) -> bool {
    let key = (handed.server, handed.request);
    if is_unled(s, Node::query(handed.server.get() as u16)) {
        return true;
    }
    s.state.ledger.iter().any(|e| (e.source, e.request) == key && excuses_entry(s, e))
}

/// An entry waits for a server that the control server counts on and that is cut off, or for a task there.
fn excuses_entry<S: Size>(s: &Situation<'_, S>, entry: Entry<S::Num>) -> bool {
    let control = Node::control(entry.control.get() as u16);
    let Some(to) = entry.assignee() else { return false };
    let there = |t: &Task<S::Num>| t.server.get() == u32::from(to) && t.request == entry.request;
    is_cut_off(s, control, to) || s.state.queue.iter().filter(there).any(|t| excuses_task(s, t))
}

/// Whether a query server is up and a control server does not hear it, or it not the control server.
pub(super) fn is_cut_off<S: Size>(s: &Situation<'_, S>, control: Node, server: u16) -> bool {
    let server = Node::query(server);
    !s.state.is_down(server) && !s.state.is_whole(server, control)
}

/// Whether a query server has not heard who has the lease, and the two do not hear each other: it will be told, and
/// offer again, once they do, or once the lease has passed on.
pub(super) fn is_unled<S: Size>(s: &Situation<'_, S>, server: Node) -> bool {
    let epoch = s.protocol.lease(s.state);
    s.ghost.heard(server) < epoch && !s.state.is_whole(server, s.protocol.leader_of(epoch))
}

/// The control server that a query server offers to, by what it has heard.
pub(super) fn leader_heard<S: Size>(s: &Situation<'_, S>, server: Node) -> Node {
    Node::control((s.ghost.heard(server) % 2) as u16)
}
