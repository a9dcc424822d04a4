//! `late-server-refuses`: a server whose queue is too slow has refused a task.
//!
//! Here the threshold is one of delay.

use spillway_model::size::{Num, Size, Table};
use spillway_model::wire;
use spillway_traces::Message;

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct LateServerRefuses;

impl Sometimes for LateServerRefuses {
    const NAME: &'static str = "late-server-refuses";
    const STATEMENT: &'static str = "a server whose queue is too slow has refused a task";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.state.flight.iter().any(|e| {
            let from = e.from.node().index;
            matches!(wire::open(e), Message::Reject { .. })
                && s.state.servers.get(from.into()).late.get() != 0
        })
    }
}
