//! `no-lost-overflow-task`: handing a task over does not lose it.
//!
//! *To a user*: that your question was moved to another server makes it no less sure to be answered. *Source*: "the
//! control server distributes the redundant tasks". *Not promised*: how long it takes, nor that it is answered by
//! the server it was moved to. *Broken by*: `forgotten-after-offer`, `not-offered-again`, `assigned-kept`,
//! `same-link-only-resent`, `again-unmarked`, `again-forgotten`, `never-returned`, `returned-lost`,
//! `handed-unrecognised`, `queued-unrecognised`, `incarnation-reused`, `finish-unmatched`, `reject-unmatched`,
//! `not-offered-to-new-leader`, `offered-to-first`, `unwanted-held`, `lead-unsaid`, `lead-unsaid-at-reset`,
//! `epoch-not-raised`, `ledger-kept-at-lease`, `epoch-lost-in-crash`, `done-unmatched`, `again-for-the-first`,
//! `askers-not-offered`, `source-forgotten`, `withdrawn-for-all`, `withdraw-unmatched`, `not-resent-at-loss`,
//! `pulled-back-lost`, `assigned-to-lost`, `offer-not-repeated`, `assignment-not-repeated`,
//! `given-back-silently`.

use spillway_model::size::{Num, Size, Table};
use spillway_traces::RequestId;

use super::custodian::{has_custodian, pending_at};
use crate::judged::{Always, Situation};

/// See the module.
pub struct NoLostOverflowTask;

impl Always for NoLostOverflowTask {
    const NAME: &'static str = "no-lost-overflow-task";
    const STATEMENT: &'static str = "for every task that was handed over, is pending at its communication server \
        and still awaited by its client there is a custodian that leads to a reply without any timeout";

    fn holds_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.ghost.moved.iter().all(|moved| {
            let request = RequestId::of(moved.request.get());
            let awaited = s.state.waiting.position(|w| w.request == moved.request).is_some();
            !awaited || pending_at(s, request).is_none_or(|b| has_custodian(s, request, b))
        })
    }
}
