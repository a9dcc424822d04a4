//! `bounded-overtaking`: nobody waits for ever because others are more urgent.
//!
//! *To a user*: bulk work gets its turn too: while it waits at a server, ready to be done, only so many tasks go before
//! it that came later. *Source*: a rule of ours; without it "task-processing priority" lets the lowest class starve.
//! *Not promised*: anything in a scope whose classes do not age (`overtaken-max` is 0), of tasks that wait for the
//! replica, or across a hand-over: at the receiver, or when a task comes back, the count begins anew. Each of these
//! happens to a task at most once without faults. *Broken by*: `ageing-ignored`, `overtaken-miscounted`,
//! `overtaken-forgotten`.

use spillway_model::size::{Num, Size, Table};

use crate::judged::{Always, Situation};

/// See the module.
pub struct BoundedOvertaking;

impl Always for BoundedOvertaking {
    const NAME: &'static str = "bounded-overtaking";
    const STATEMENT: &'static str =
        "no ready task is overtaken more often than the bound while it is in one queue";

    fn holds_in<S: Size>(s: &Situation<'_, S>) -> bool {
        let bound = s.protocol.scope().knobs.overtaken_max;
        bound == 0 || s.ghost.overtaken.iter().all(|row| row.times.get() <= bound)
    }
}
