//! `two-askers`: two communication servers ask for one task.
//!
//! The word of the one that its client has left is still on its way.

use spillway_model::size::{Num, Size, Table};

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct TwoAskers;

impl Sometimes for TwoAskers {
    const NAME: &'static str = "two-askers";
    const STATEMENT: &'static str = "two communication servers ask for one task";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.state.queue.iter().any(|t| (t.sessions.get() | t.carried.get()).count_ones() > 1)
            || s.state.handed.iter().any(|h| h.sessions.get().count_ones() > 1)
    }
}
