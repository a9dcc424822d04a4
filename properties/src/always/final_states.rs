//! `final-states`: the system never stops with work undone.
//!
//! *To a user*: everything asked is answered or refused, every publish acknowledged, every replica up to date and
//! every hand-over settled, once nothing is left to do but wait for a fault; and while a node is down or a link cut,
//! all that does not depend on just that (see `excuse.rs`). *Source*: the eventual guarantees, for which it stands in
//! until liveness is decided. *Not promised*: that the system does not go round in circles. *Broken by*:
//! `client-silent-at-reset`, `relay-not-resent`, `hello-ignored`, `publish-not-pending`, `done-unsaid`,
//! `duplicate-unacknowledged`, `refusal-unsaid`, `second-source-adopted`, `relay-full-silently`,
//! `snapshot-uncounted`, `snapshot-skipped`, `flush-unacknowledged`, `epoch-unchecked`, `done-to-first`,
//! `superseded-untold`, `superseded-untold-at-reset`, `superseded-goes-on`, `superseded-keeps-ledger`,
//! `superseded-holds`, `moved-silently`, `given-up-pending`, `publisher-forgotten`, `withdrawn-held`,
//! `never-pulled-back`, `never-rerouted`, `held-for-lost`, `heal-unnoticed`, `request-not-repeated`,
//! `hello-not-repeated`.

use spillway_model::State;
use spillway_model::size::{Num, Size, Table};
use spillway_traces::Action;

use super::excuse::has_unexcused_work;
use crate::judged::{Always, Situation};

/// See the module.
pub struct FinalStates;

impl Always for FinalStates {
    const NAME: &'static str = "final-states";
    const STATEMENT: &'static str = "no state in which only faults can still happen has unsettled work: an \
        unanswered request, an unacknowledged publish, a replica behind, a task handed over and not settled";

    fn holds_in<S: Size>(s: &Situation<'_, S>) -> bool {
        if !s.state.flight.is_empty() || !has_unsettled_work(s.state) {
            return true; // a message in flight can always be delivered
        }
        let mut progress = Vec::new();
        s.protocol.progress(s.state, &mut progress);
        // What is out of order may stay so for long: the rest goes on without it.
        let waits = |a: &Action| matches!(a, Action::Restart { .. } | Action::Heal { .. });
        if !progress.iter().all(waits) {
            return true;
        }
        !s.state.outages.is_empty() && !has_unexcused_work(s)
    }
}

fn has_unsettled_work<S: Size>(state: &State<S>) -> bool {
    let revisions = state.revisions() as u32;
    !state.waiting.is_empty()
        || !state.pending.is_empty()
        || !state.queue.is_empty()
        || !state.relay.is_empty()
        || !state.handed.is_empty()
        || !state.ledger.is_empty()
        || !state.awaited.is_empty()
        || state.servers.iter().any(|c| c.applied.get() != revisions)
}
