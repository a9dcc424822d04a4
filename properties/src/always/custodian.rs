//! Who has a query in hand: what leads to a reply to it without any timeout.
//!
//! That some entry exists somewhere is not enough, nor that a retry is possible: with either wording every
//! seeded bug passes. Each clause below is one way in which a reply will come of itself.

use spillway_model::rows::{Entry, Handed};
use spillway_model::size::{Num, Size, Table};
use spillway_model::wire;
use spillway_traces::{HandOver, Message, Node, RequestId, Role};

use super::receivers::takes_class;
use crate::judged::Situation;

/// Whether some custodian of the query leads to a reply.
pub(super) fn has_custodian<S: Size>(s: &Situation<'_, S>, request: RequestId) -> bool {
    let state = s.state;
    let id = request.0;
    // A task in a queue is started once it is ready, and served.
    state.queue.position(|t| t.request.get() == id).is_some()
        // A pending query without a query server is routed.
        || state.pending.position(|p| p.request.get() == id && p.at.get() == 0).is_some()
        || state.flight.iter().any(|e| {
            let (from, to) = (e.from.node(), e.to.node());
            carries(s, request, from, to, wire::open(e))
        })
        || state.ledger.iter().any(|e| e.request.get() == id && is_assignable(s, e))
}

/// Whether a message in flight leads to a reply.
fn carries<S: Size>(
    s: &Situation<'_, S>,
    request: RequestId,
    from: Node,
    to: Node,
    message: Message,
) -> bool {
    match message {
        // It is queued, or answered busy, or marks what is handed over. On its way to the session it is a reply.
        Message::Query { request: r, .. } => r == request,
        Message::Answer { request: r, .. } => r == request,
        Message::Busy { request: r } => r == request && to.role == Role::Communication,
        // Held by the control server, unless that knows this very hand-over: then its entry decides.
        Message::Offer { request: r, hand_over, .. } => {
            r == request && leads(s, to) && entry(s, to, r, hand_over).is_none()
        }
        // Queued, or rejected, while the control server counts on this server.
        Message::Assign { request: r, hand_over, epoch, .. } => {
            let entry = entry(s, from, r, hand_over);
            r == request
                && s.ghost.heard(to) <= epoch
                && entry.is_some_and(|e| e.assignee() == Some(to.index))
        }
        Message::Reject { request: r, hand_over } => {
            let entry = entry(s, to, r, hand_over);
            r == request && entry.is_some_and(|e| e.assignee() == Some(from.index))
        }
        // Queued again by the source, or refused.
        Message::Return { request: r, hand_over, epoch } => {
            r == request && s.ghost.heard(to) <= epoch && handed(s, to, r, hand_over).is_some()
        }
        // These settle the hand-over; only a source that was asked again goes on from there.
        Message::Done { request: r, hand_over } => {
            r == request
                && entry(s, to, r, hand_over).is_some()
                && is_asked_again(s, hand_over.source, r, hand_over)
        }
        Message::Finish { request: r, hand_over, epoch } => {
            r == request && s.ghost.heard(to) <= epoch && is_asked_again(s, to, r, hand_over)
        }
        // A source that hears of a new leader offers it what it still has handed over.
        Message::Lead { epoch } => {
            let held = (u32::from(to.index), request.0);
            to.role == Role::Query
                && s.ghost.heard(to) < epoch
                && s.state.handed.position(|h| (h.server.get(), h.request.get()) == held).is_some()
        }
        _ => false,
    }
}

/// An entry without a server is assigned while some server may still take it.
fn is_assignable<S: Size>(s: &Situation<'_, S>, e: Entry<S::Num>) -> bool {
    let class = s.protocol.class(e.request);
    let eligible = |c: u16| {
        u32::from(c) != e.source.get()
            && !e.was_refused_by(c)
            && takes_class(s.protocol.scope(), c, class)
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
            && (e.source.get(), e.request.get()) == (id.source.index.into(), request.0)
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
        (h.server.get(), h.request.get()) == (source.index.into(), request.0)
            && (h.incarnation.get(), h.sequence.get()) == (id.incarnation, id.sequence)
    })
}

fn is_asked_again<S: Size>(
    s: &Situation<'_, S>,
    source: Node,
    request: RequestId,
    id: HandOver,
) -> bool {
    handed(s, source, request, id).is_some_and(|h| h.again.get() != 0)
}
