//! What is sent again without anybody's asking: at a reconnection, or by a timer on datagram links.
//!
//! DESIGN lets such a repetition count as a custodian. It counts here only if what it sends leads to a reply: a node
//! that would send again what nobody takes has nothing in hand.

use spillway_model::rows::Handed;
use spillway_model::size::{Num, Size, Table};
use spillway_model::step::Observe;
use spillway_traces::{Action, Message, Node, RequestId, Role};

use super::custodian::carries;
use super::excuse::{is_cut_off, is_unheard, is_unled, leader_heard};
use crate::judged::Situation;

/// Whether some timer sends a message that leads to a reply: now, or once nothing is in flight on its link.
pub(super) fn is_resent_by_a_timer<S: Size>(
    s: &Situation<'_, S>,
    request: RequestId,
    session: Node,
) -> bool {
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
            Message::Query { request: r, .. } => {
                r == request && from == session && !is_noted(s, to, r, session)
            }
            _ => carries(s, request, session, from, to, message),
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

/// Whether a query server has handed a query over that this communication server is known to wait for.
fn is_noted<S: Size>(
    s: &Situation<'_, S>,
    server: Node,
    request: RequestId,
    session: Node,
) -> bool {
    let key = (u32::from(server.index), request.number());
    let own = |h: &Handed<S::Num>| (h.server.get(), h.request.get()) == key;
    let told = |noted: u32| s.protocol.askers(request, noted).nodes().any(|b| b == session);
    s.state.handed.iter().find(own).is_some_and(|h| told(h.sessions.get()))
}

/// Whether a link that is out of order leads to a reply once it stands again.
pub(super) fn is_resent_at_reconnection<S: Size>(
    s: &Situation<'_, S>,
    request: RequestId,
    session: Node,
) -> bool {
    let (state, id) = (s.state, request.number());
    let told = |noted: u32| s.protocol.askers(request, noted).nodes().any(|b| b == session);
    // Its communication server sends it again to the query server that it cannot reach now, or, once the link to the
    // server that may have answered it is whole again, everywhere.
    let own = |server: u32| server == u32::from(session.index);
    state.pending.iter().filter(|p| p.request.get() == id && own(p.server.get())).any(|p| {
        let at = p.at.get().checked_sub(1).map(|at| Node::query(at as u16));
        at.is_some_and(|at| !state.is_whole(session, at)) || is_unheard(s, request, session)
    })
    // Its source offers it again, or takes it back.
    || state.handed.iter().any(|h: Handed<S::Num>| {
        let source = Node::query(h.server.get() as u16);
        let cut_off = || !state.is_whole(source, leader_heard(s, source)) || is_unled(s, source);
        h.request.get() == id && told(h.sessions.get()) && cut_off()
    })
    // The control server finds out that it has lost the server that it counted on.
    || state.ledger.iter().any(|e| {
        let control = Node::control(e.control.get() as u16);
        e.request.get() == id && e.assignee().is_some_and(|to| is_cut_off(s, control, to))
    })
}
