//! `overflow-only`: only what is above the threshold is handed over.
//!
//! *To an operator*: a server below its threshold does its own work, and it gives away the least urgent tasks.
//! *Source*: "when the number of query tasks a query server has received exceeds a threshold", "the redundant
//! tasks, those above the threshold". *Not promised*: that a redundant task is handed over; nor anything of an offer
//! that is repeated under the same id after a reset. A task that was handed over, finished and asked again is a new
//! one in this sense. *Broken by*: `offered-below-threshold`, `highest-class-offered`, `oldest-offered`,
//! `running-offered`, `refused-offered`, `returned-unmarked`, `foreign-offered`, `delay-ignored`,
//! `last-task-offered`, `pulled-back-unmarked`, `return-unmatched`.

use spillway_model::rows::Task;
use spillway_model::scope::Unit;
use spillway_model::size::{Num, Size, Table};
use spillway_traces::Action;

use crate::judged::{Always, Stepped};

/// See the module.
pub struct OverflowOnly;

impl Always for OverflowOnly {
    const NAME: &'static str = "overflow-only";
    const STATEMENT: &'static str = "at the first offer of a hand-over id, the server is above its threshold, the \
        task is one of the redundant ones (lowest class first, newest first, never running, never one that came \
        back refused), and it has not been moved before";

    fn holds_over<S: Size>(step: &Stepped<'_, S>) -> bool {
        let Action::Offer { server, request } = step.action else { return true };
        let own = |t: &Task<S::Num>| t.server.get() == u32::from(server.index);
        let queue: Vec<Task<S::Num>> = step.before.queue.iter().filter(own).collect();
        let Some(at) = queue.iter().position(|t| t.request.get() == request.number()) else {
            return false;
        };
        let late = step.before.servers.get(server.index.into()).late.get() != 0;
        let threshold = match step.protocol.scope().knobs.unit {
            Unit::Count => step.protocol.threshold(server.index),
            // Too slow: all but the one that would be served first. Else none.
            Unit::Delay if late => 1,
            Unit::Delay => return false,
        };
        let stays = |t: &Task<S::Num>| t.is_running() || t.is_foreign() || step.ghost.came_back(*t);
        let class = |t: &Task<S::Num>| step.protocol.class(t.request);
        // It is redundant when fewer tasks than there are too many should go before it.
        let first = queue.iter().enumerate().filter(|(place, t)| {
            !stays(t)
                && (class(t) > class(&queue[at]) || class(t) == class(&queue[at]) && *place > at)
        });
        queue.len() > threshold && !stays(&queue[at]) && first.count() < queue.len() - threshold
    }
}
