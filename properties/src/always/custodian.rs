//! Who has a query in hand: what leads to a reply to it without any timeout.
//!
//! That some entry exists somewhere is not enough, nor that a retry is possible: with either wording every seeded bug
//! passes. Each clause below is one way in which a reply will come of itself. While something is out of order, what a
//! reconnection sends again counts, and on datagram links what a timer does: then it is the only thing that can.

use spillway_model::rows::{Entry, Handed, Task};
use spillway_model::size::{Num, Size, Table};
use spillway_model::wire::{self, kind};
use spillway_traces::{HandOver, Message, Node, RequestId, Role};

use super::receivers::takes_class;
use super::resent::{is_resent_at_reconnection, is_resent_by_a_timer};
use crate::judged::Situation;

/// The communication server that a request's client has its session with, if it has the request pending.
pub(super) fn pending_at<S: Size>(s: &Situation<'_, S>, request: RequestId) -> Option<Node> {
    let session = s.protocol.current_session(s.state, s.protocol.planned(request).client)?;
    let key = (u32::from(session.index), request.number());
    let at = s.state.pending.position(|p| (p.server.get(), p.request.get()) == key);
    at.map(|_| session)
}

/// Whether some custodian of the query leads to a reply that its communication server is told.
pub(super) fn has_custodian<S: Size>(
    s: &Situation<'_, S>,
    request: RequestId,
    session: Node,
) -> bool {
    let state = s.state;
    let id = request.number();
    let told = |noted: u32| s.protocol.askers(request, noted).nodes().any(|b| b == session);
    // A task in a queue is started once it is ready, and served.
    state.queue.iter().filter(|t| t.request.get() == id).any(|t| {
        told(t.sessions.get() | t.carried.get()) || is_done_then_asked(s, request, session, t)
    })
        // A pending query without a query server is routed.
        || state.pending.position(|p| p.request.get() == id && p.at.get() == 0).is_some()
        // Only the news of a leader concerns a request that it does not name.
        || state.flight.iter().filter(|e| e.request.get() == id || e.kind.get() == kind::LEAD).any(|e| {
            let (from, to) = (e.from.node(), e.to.node());
            carries(s, request, session, from, to, wire::open(e))
        })
        || state.ledger.iter().any(|e| {
            let to_be_told = told(e.sessions.get()) || is_asked_again(s, session, of_entry(e), request);
            e.request.get() == id && is_assignable(s, e) && to_be_told
        })
        || !state.outages.is_empty() && is_resent_at_reconnection(s, request, session)
        || s.protocol.is_datagram() && is_resent_by_a_timer(s, request, session)
}

/// Whether a message in flight leads to a reply.
pub(super) fn carries<S: Size>(
    s: &Situation<'_, S>,
    request: RequestId,
    session: Node,
    from: Node,
    to: Node,
    message: Message,
) -> bool {
    let told = |noted: u32| s.protocol.askers(request, noted).nodes().any(|b| b == session);
    // Whichever way a hand-over is settled: its source goes on from there.
    let again = |id: HandOver| is_asked_again(s, session, id, request);
    match message {
        // It is queued, or answered busy, or marks what is handed over. On its way to the session it is a reply.
        Message::Query { request: r, .. } => r == request && from == session,
        Message::Answer { request: r, .. } => r == request && to == session,
        Message::Busy { request: r } => r == request && to == session,
        // Held by the control server, unless that knows this very hand-over: then its entry decides.
        Message::Offer { request: r, hand_over, sessions, .. } => {
            r == request
                && leads(s, to)
                && entry(s, to, r, hand_over).is_none()
                && (told(sessions.bits()) || again(hand_over))
        }
        // Queued, or rejected, while the control server counts on this server.
        Message::Assign { request: r, hand_over, sessions, epoch, .. } => {
            let entry = entry(s, from, r, hand_over);
            r == request
                && s.ghost.heard(to) <= epoch
                && entry.is_some_and(|e| e.assignee() == Some(to.index))
                && (told(sessions.bits()) || again(hand_over))
        }
        Message::Reject { request: r, hand_over } => {
            let entry = entry(s, to, r, hand_over);
            let to_be_told = |e: Entry<S::Num>| told(e.sessions.get()) || again(hand_over);
            r == request && entry.is_some_and(|e| e.assignee() == Some(from.index) && to_be_told(e))
        }
        // Queued again by the source, or refused.
        Message::Return { request: r, hand_over, epoch } => {
            let handed = handed(s, to, r, hand_over);
            r == request
                && s.ghost.heard(to) <= epoch
                && handed.is_some_and(|h| told(h.sessions.get()))
        }
        // These settle the hand-over; only a source that was asked again goes on from there.
        Message::Done { request: r, hand_over } => {
            r == request && entry(s, to, r, hand_over).is_some() && again(hand_over)
        }
        Message::Finish { request: r, hand_over, epoch } => {
            r == request && s.ghost.heard(to) <= epoch && again(hand_over)
        }
        // A source that hears of a new leader offers it what it still has handed over.
        Message::Lead { epoch } => {
            let held = (u32::from(to.index), request.number());
            let own = |h: Handed<S::Num>| (h.server.get(), h.request.get()) == held;
            to.role == Role::Query
                && s.ghost.heard(to) < epoch
                && s.state.handed.iter().any(|h| own(h) && told(h.sessions.get()))
        }
        _ => false,
    }
}

/// Whether serving a foreign task settles a hand-over whose source then goes on for this communication server.
fn is_done_then_asked<S: Size>(
    s: &Situation<'_, S>,
    request: RequestId,
    session: Node,
    task: Task<S::Num>,
) -> bool {
    let Some(source) = task.source.get().checked_sub(1) else { return false };
    let id = HandOver {
        source: Node::query(source as u16),
        incarnation: task.incarnation.get(),
        sequence: task.sequence.get(),
    };
    let known = |k: u16| entry(s, Node::control(k), request, id).is_some();
    s.protocol.control_servers().any(known) && is_asked_again(s, session, id, request)
}

/// An entry without a server is assigned while some server may still take it.
fn is_assignable<S: Size>(s: &Situation<'_, S>, e: Entry<S::Num>) -> bool {
    let class = s.protocol.class(e.request);
    let eligible = |c: u16| {
        u32::from(c) != e.source.get()
            && !e.was_refused_by(c)
            && takes_class(s.protocol.scope(), c, class)
            && !s.state.is_down(Node::query(c))
    };
    leads(s, Node::control(e.control.get() as u16))
        && e.assignee().is_none()
        && s.protocol.query_servers().any(eligible)
}

/// Whether a control server acts: it leads, or does not know better. The first one leads the even epochs.
fn leads<S: Size>(s: &Situation<'_, S>, control: Node) -> bool {
    let epoch = s.state.controls.get(control.index.into()).epoch.get();
    epoch % 2 == u32::from(control.index)
}

/// A control server's entry for this very hand-over.
fn entry<S: Size>(
    s: &Situation<'_, S>,
    control: Node,
    request: RequestId,
    id: HandOver,
) -> Option<Entry<S::Num>> {
    s.state.ledger.iter().find(|e| {
        e.control.get() == u32::from(control.index)
            && (e.source.get(), e.request.get()) == (id.source.index.into(), request.number())
            && (e.incarnation.get(), e.sequence.get()) == (id.incarnation, id.sequence)
    })
}

/// The source's record of this very hand-over.
fn handed<S: Size>(
    s: &Situation<'_, S>,
    source: Node,
    request: RequestId,
    id: HandOver,
) -> Option<Handed<S::Num>> {
    s.state.handed.iter().find(|h| {
        (h.server.get(), h.request.get()) == (source.index.into(), request.number())
            && (h.incarnation.get(), h.sequence.get()) == (id.incarnation, id.sequence)
    })
}

/// Whether the source of a hand-over was asked again, this communication server being among those who asked.
fn is_asked_again<S: Size>(
    s: &Situation<'_, S>,
    session: Node,
    id: HandOver,
    request: RequestId,
) -> bool {
    handed(s, id.source, request, id).is_some_and(|h| {
        let mut told = s.protocol.askers(request, h.sessions.get()).nodes();
        h.again.get() != 0 && told.any(|b| b == session)
    })
}

fn of_entry<N: Num>(e: Entry<N>) -> HandOver {
    HandOver {
        source: Node::query(e.source.get() as u16),
        incarnation: e.incarnation.get(),
        sequence: e.sequence.get(),
    }
}
