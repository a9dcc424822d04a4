//! `given-back`: a task is on its way back to its source although another query server would take it.
//!
//! The control server gave it back of itself: it holds what it knows no place for, and its source may be idle first.

use spillway_model::rows::Task;
use spillway_model::scope::Unit;
use spillway_model::size::{Num, Size, Table};
use spillway_model::wire;
use spillway_traces::{Message, Node};

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct GivenBack;

impl Sometimes for GivenBack {
    const NAME: &'static str = "given-back";
    const STATEMENT: &'static str =
        "a task is on its way back to its source although another query server would take it";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.protocol.scope().knobs.give_back
            && s.state.flight.iter().any(|e| match wire::open(e) {
                Message::Return { request, hand_over, .. } => s
                    .protocol
                    .query_servers()
                    .any(|c| c != hand_over.source.index && would_take(s, c, request.number())),
                _ => false,
            })
    }
}

fn would_take<S: Size>(s: &Situation<'_, S>, server: u16, request: u32) -> bool {
    let (state, scope) = (s.state, s.protocol.scope());
    let has_it = |t: Task<S::Num>| (t.server.get(), t.request.get()) == (server.into(), request);
    let load = state.load(server);
    let class = s.protocol.class(S::Num::of(request));
    let accepts = scope.knobs.accepts.get(usize::from(server));
    let takes_class = accepts.is_none_or(|classes| classes.contains(&class));
    let below = match scope.knobs.unit {
        Unit::Count => load < s.protocol.threshold(server),
        Unit::Delay => state.servers.get(server.into()).late.get() == 0,
    };
    below
        && state.queue.position(has_it).is_none()
        && load + state.handed_count(server) < scope.knobs.queue_max as usize
        && takes_class
        && !state.is_down(Node::query(server))
}
