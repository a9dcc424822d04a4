//! `served-for-nobody`: a query server works on a task that nobody waits for any more.
//!
//! What runs is not stopped; it answers nobody.

use spillway_model::size::{Num, Size, Table};

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct ServedForNobody;

impl Sometimes for ServedForNobody {
    const NAME: &'static str = "served-for-nobody";
    const STATEMENT: &'static str = "a query server works on a task that nobody waits for any more";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.protocol.tracks_askers()
            && s.state
                .queue
                .iter()
                .any(|t| t.is_running() && t.sessions.get() | t.carried.get() == 0)
    }
}
