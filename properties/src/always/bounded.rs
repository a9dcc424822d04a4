//! `bounded`: every queue, table and link keeps its bound.
//!
//! *To an operator*: memory has a limit that can be computed from the configuration. *Source*: a rule of ours. *Not
//! promised*: that nobody is refused; that a refusal is said is `no-lost-task` and `final-states`. What a query server
//! takes of what is new it takes as long as there is room for the class, and no longer; tasks that come back always
//! fit. *Broken by*: `pending-unbounded`, `queue-unbounded`, `ledger-unbounded`, `relay-unbounded`, `rooms-ignored`,
//! `smallest-room-kept`, `ledger-rooms-ignored`.

use spillway_model::rows::{Entry, Handed};
use spillway_model::size::{Num, Size, Table};
use spillway_model::{State, wire};
use spillway_traces::{Action, HandOver, Message, Node, RequestId, Role};

use crate::judged::{Always, Situation, Stepped};

/// See the module.
pub struct Bounded;

impl Always for Bounded {
    const NAME: &'static str = "bounded";
    const STATEMENT: &'static str = "every queue, table and link keeps its bound; what does not fit is refused in \
        so many words";

    fn holds_in<S: Size>(s: &Situation<'_, S>) -> bool {
        let (state, knobs) = (s.state, &s.protocol.scope().knobs);
        let waiting = |client: u16| {
            state
                .waiting
                .count(|w| s.protocol.planned(RequestId::of(w.request.get())).client == client)
        };
        let pending = |b: u16| state.pending.count(|p| p.server.get() == u32::from(b));
        let relayed = |c: u16| state.relay.count(|r| r.server.get() == u32::from(c));
        let held = |c: u16| state.load(c) + state.handed_count(c);
        let within = |count: usize, max: u32| count <= max as usize;
        s.protocol.clients().all(|a| within(waiting(a), knobs.window_max))
            && s.protocol.communication_servers().all(|b| within(pending(b), knobs.pending_max))
            && s.protocol.query_servers().all(|c| within(held(c), knobs.queue_max))
            && s.protocol.query_servers().all(|c| within(relayed(c), knobs.relay_max))
            && s.protocol.control_servers().all(|k| {
                within(state.ledger.count(|e| e.control.get() == u32::from(k)), knobs.ledger_max)
            })
            && within(longest_link(state), knobs.link_max)
    }

    fn holds_over<S: Size>(step: &Stepped<'_, S>) -> bool {
        match step.action {
            Action::Deliver { from, to } => {
                let head = step.before.flight.get(step.before.link(from, to).start);
                match (to.role, wire::open(head)) {
                    (Role::Query, Message::Query { request, .. }) => {
                        keeps_the_room(step, to, request)
                    }
                    (Role::Control, Message::Offer { request, hand_over, .. }) => {
                        keeps_the_ledgers_room(step, to, request, hand_over)
                    }
                    _ => true,
                }
            }
            _ => true,
        }
    }
}

/// Messages on the fullest direction of a link: the table has those of each side by side.
fn longest_link<S: Size>(state: &State<S>) -> usize {
    let (mut longest, mut length, mut last) = (0, 0, None);
    for e in state.flight.iter() {
        length = if last == Some((e.from, e.to)) { length + 1 } else { 1 };
        longest = longest.max(length);
        last = Some((e.from, e.to));
    }
    longest
}

/// A new hand-over is held only where there is room for its class. Why else it may come back is of no interest here.
fn keeps_the_ledgers_room<S: Size>(
    step: &Stepped<'_, S>,
    control: Node,
    request: RequestId,
    id: HandOver,
) -> bool {
    let own = |e: &Entry<S::Num>| e.control.get() == u32::from(control.index);
    let key = (u32::from(id.source.index), request.number());
    let holds = |state: &State<S>| {
        state.ledger.position(|e| own(&e) && (e.source.get(), e.request.get()) == key).is_some()
    };
    if holds(step.before) || !holds(step.after) {
        return true;
    }
    let knobs = &step.protocol.scope().knobs;
    let class = step.protocol.planned(request).class as usize;
    let room = knobs.ledger_rooms.get(class).copied().unwrap_or(knobs.ledger_max);
    step.before.ledger.count(|e| own(&e)) < room as usize
}

/// A new query is queued where there is room for its class, and nowhere else.
fn keeps_the_room<S: Size>(step: &Stepped<'_, S>, server: Node, request: RequestId) -> bool {
    let key = (u32::from(server.index), request.number());
    let queued = |state: &State<S>| {
        state.queue.position(|t| (t.server.get(), t.request.get()) == key).is_some()
    };
    let handed = |h: Handed<S::Num>| (h.server.get(), h.request.get()) == key;
    let before = step.before;
    if queued(before) || before.handed.position(handed).is_some() {
        return true; // nothing new
    }
    let knobs = &step.protocol.scope().knobs;
    let class = step.protocol.planned(request).class as usize;
    let room = knobs.rooms.get(class).copied().unwrap_or(knobs.queue_max);
    let held = before.load(server.index) + before.handed_count(server.index);
    queued(step.after) == (held < room as usize)
}
