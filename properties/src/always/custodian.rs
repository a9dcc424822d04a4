//! Who has a query in hand: what leads to a reply to it without any timeout.
//!
//! That some entry exists somewhere is not enough, nor that a retry is possible: with either wording every
//! seeded bug passes. Each clause below is one way in which a reply will come of itself. While something is out of order,
//! what a reconnection sends again counts, and on datagram links what a timer does: then it is the only thing that can.

use spillway_model::rows::{Entry, Handed};
use spillway_model::size::{Num, Size, Table};
use spillway_model::step::Observe;
use spillway_model::wire;
use spillway_traces::{Action, HandOver, Message, Node, RequestId, Role};

use super::excuse::{is_cut_off, is_unheard};
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
        || !state.outages.is_empty() && is_resent_at_reconnection(s, request)
        || s.protocol.is_datagram() && is_resent_by_a_timer(s, request)
}

/// Whether some timer sends a message that leads to a reply: now, or once nothing is in flight on its link.
fn is_resent_by_a_timer<S: Size>(s: &Situation<'_, S>, request: RequestId) -> bool {
    let directions = s.protocol.links().iter().flat_map(|(a, b)| [(*a, *b), (*b, *a)]);
    let timers = directions.filter(|(from, to)| {
        matches!(
            (from.role, to.role),
            (Role::Communication, Role::Query)
                | (Role::Query, Role::Control)
                | (Role::Control, Role::Query)
        )
    });
    timers.into_iter().any(|(from, to)| {
        let mut mail = Mail::default();
        s.protocol.step(s.state, Action::Resend { from, to }, &mut mail);
        mail.0.into_iter().any(|message| match message {
            // A query for what is handed over is only marked there: the hand-over decides.
            Message::Query { request: r, .. } => r == request && !holds_handed(s, to, r),
            _ => carries(s, request, from, to, message),
        })
    })
}

/// What a step sends.
#[derive(Default)]
struct Mail(Vec<Message>);

impl Observe for Mail {
    fn sent(&mut self, _from: Node, _to: Node, message: Message) {
        self.0.push(message);
    }
}

fn holds_handed<S: Size>(s: &Situation<'_, S>, server: Node, request: RequestId) -> bool {
    let key = (u32::from(server.index), request.0);
    s.state.handed.position(|h| (h.server.get(), h.request.get()) == key).is_some()
}

/// Whether a link that is out of order leads to a reply once it stands again.
fn is_resent_at_reconnection<S: Size>(s: &Situation<'_, S>, request: RequestId) -> bool {
    let (state, id) = (s.state, request.0);
    // Its communication server sends it again to the query server that it cannot reach now, or, once it hears the
    // server again that may have answered it, everywhere.
    state.pending.iter().filter(|p| p.request.get() == id).any(|p| {
        let server = Node::communication(p.server.get() as u16);
        let at = p.at.get().checked_sub(1).map(|at| Node::query(at as u16));
        at.is_some_and(|at| !state.is_whole(server, at)) || is_unheard(s, request, server)
    })
    // Its source offers it again, or takes it back.
    || state.handed.iter().any(|h| {
        let source = Node::query(h.server.get() as u16);
        h.request.get() == id && !state.is_whole(source, Node::CONTROL)
    })
    // The control server finds out that it has lost the server that it counted on.
    || state.ledger.iter().any(|e| {
        e.request.get() == id && e.assignee().is_some_and(|to| is_cut_off(s, to))
    })
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
            r == request && entry(s, r, hand_over).is_none()
        }
        // Queued, or rejected, while the control server counts on this server.
        Message::Assign { request: r, hand_over, .. } => {
            r == request && entry(s, r, hand_over).is_some_and(|e| e.assignee() == Some(to.index))
        }
        Message::Reject { request: r, hand_over } => {
            r == request && entry(s, r, hand_over).is_some_and(|e| e.assignee() == Some(from.index))
        }
        // Queued again by the source, or refused.
        Message::Return { request: r, hand_over, .. } => {
            r == request && handed(s, to, r, hand_over).is_some()
        }
        // These settle the hand-over; only a source that was asked again goes on from there.
        Message::Done { request: r, hand_over } => {
            r == request
                && entry(s, r, hand_over).is_some()
                && is_asked_again(s, hand_over.source, r, hand_over)
        }
        Message::Finish { request: r, hand_over, .. } => {
            r == request && is_asked_again(s, to, r, hand_over)
        }
        _ => false,
    }
}

/// An entry without a server is assigned while some server may still take it.
fn is_assignable<S: Size>(s: &Situation<'_, S>, e: Entry<S::Num>) -> bool {
    let eligible = |c: u16| {
        u32::from(c) != e.source.get() && !e.was_refused_by(c) && !s.state.is_down(Node::query(c))
    };
    e.assignee().is_none() && s.protocol.query_servers().any(eligible)
}

/// The control server's entry for this very hand-over.
fn entry<S: Size>(s: &Situation<'_, S>, request: RequestId, id: HandOver) -> Option<Entry<S::Num>> {
    s.state.ledger.iter().find(|e| {
        (e.source.get(), e.request.get()) == (id.source.index.into(), request.0)
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
