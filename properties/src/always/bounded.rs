//! `bounded`: every queue, table and link keeps its bound.
//!
//! *To an operator*: memory has a limit that can be computed from the configuration. *Source*: a rule of ours. *Not
//! promised*: that nobody is refused; that a refusal is said is `no-lost-task` and `final-states`. *Broken by*:
//! `pending-unbounded`, `queue-unbounded`, `ledger-unbounded`, `relay-unbounded`.

use spillway_model::size::{Num, Size, Table};
use spillway_traces::RequestId;

use crate::judged::{Always, Situation};

/// See the module.
pub struct Bounded;

impl Always for Bounded {
    const NAME: &'static str = "bounded";
    const STATEMENT: &'static str = "every queue, table and link keeps its bound; what does not fit is refused in \
        so many words";

    fn holds_in<S: Size>(s: &Situation<'_, S>) -> bool {
        let (state, knobs) = (s.state, &s.protocol.scope().knobs);
        let waiting = |client: u16| {
            state.waiting.count(|w| s.protocol.planned(RequestId(w.request.get())).client == client)
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
            && state
                .flight
                .iter()
                .all(|e| within(state.link(e.from.node(), e.to.node()).len(), knobs.link_max))
    }
}
