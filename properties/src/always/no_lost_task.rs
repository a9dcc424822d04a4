//! `no-lost-task`: an accepted query is in somebody's hands until it is answered or refused.
//!
//! *To a user*: once your server has your question, no crash or reset makes the system forget it. *Source*: a rule
//! of ours, without which redistribution would be worse than none. *Not promised*: how long it takes; anything
//! before the communication server has the query, or after it crashed, where the client asks again.
//! *Broken by*: `pending-not-resent`, `queue-full-silently`, `first-asker-answered`, `asker-forgotten`,
//! `cancelled-for-all`, `pending-not-repeated`, `heal-unnoticed`, and all that break `no-lost-overflow-task`.

use spillway_model::size::{Num, Size, Table};
use spillway_traces::RequestId;

use super::custodian::{has_custodian, pending_at};
use crate::judged::{Always, Situation};

/// See the module.
pub struct NoLostTask;

impl Always for NoLostTask {
    const NAME: &'static str = "no-lost-task";
    const STATEMENT: &'static str = "for every query that is pending at its communication server and still awaited \
        by its client there is a custodian that leads to a reply without any timeout";

    fn holds_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.state.pending.iter().all(|p| {
            let request = RequestId::of(p.request.get());
            let query = !s.protocol.planned(request).is_publish();
            let awaited = s.state.waiting.position(|w| w.request == p.request).is_some();
            // What a client's earlier communication server had pending is nobody's any more.
            let session = pending_at(s, request).filter(|b| u32::from(b.index) == p.server.get());
            !(query && awaited) || session.is_none_or(|b| has_custodian(s, request, b))
        })
    }
}
