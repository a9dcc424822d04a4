//! `turn-passed-over`: a task is to be assigned, and the server whose turn it is may not take it.
//!
//! It gave the task away, or has refused it: the turn is the next one's.

use spillway_model::scope::Strategy;
use spillway_model::size::{Num, Size, Table};
use spillway_traces::Node;

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct TurnPassedOver;

impl Sometimes for TurnPassedOver {
    const NAME: &'static str = "turn-passed-over";
    const STATEMENT: &'static str =
        "a task is to be assigned, and the server whose turn it is may not take it";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.protocol.scope().knobs.strategy == Strategy::RoundRobin
            && s.state.ledger.iter().filter(|e| e.assignee().is_none()).any(|e| {
                let last = s.ghost.last_turn(Node::control(e.control.get() as u16));
                let next = last.map(|c| (c + 1) % s.protocol.query_servers().end);
                next.is_some_and(|c| u32::from(c) == e.source.get() || e.was_refused_by(c))
            })
    }
}
