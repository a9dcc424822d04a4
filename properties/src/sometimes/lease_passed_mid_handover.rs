//! `lease-passed-mid-handover`: the lease has passed on while a task was with its receiver: its source still holds it, and the new leader does not know of it.
//!
//! Whoever gets the lease begins with nothing, so the source must offer the task again.

use spillway_model::rows::Entry;
use spillway_model::size::{Num, Size, Table};

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct LeasePassedMidHandover;

impl Sometimes for LeasePassedMidHandover {
    const NAME: &'static str = "lease-passed-mid-handover";
    const STATEMENT: &'static str = "the lease has passed on while a task was with its receiver: its \
        source still holds it, and the new leader does not know of it";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        let leader = s.protocol.lease(s.state) % 2;
        let passed = s.protocol.lease(s.state) > 0;
        passed
            && s.state.queue.iter().filter(|t| t.is_foreign()).any(|t| {
                let known = |e: Entry<S::Num>| e.control.get() == leader && e.request == t.request;
                let held = s.state.handed.position(|h| h.request == t.request).is_some();
                held && s.state.ledger.position(known).is_none()
            })
    }
}
