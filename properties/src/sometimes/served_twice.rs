//! `served-twice`: an answer is on its way for a query that was settled by another answer.
//!
//! The communication server drops the second one.

use spillway_model::size::{Num, Size, Table};
use spillway_model::wire;
use spillway_traces::Role;

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct ServedTwice;

impl Sometimes for ServedTwice {
    const NAME: &'static str = "served-twice";
    const STATEMENT: &'static str =
        "an answer is on its way for a query that was settled by another answer";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.state.flight.iter().any(|e| {
            let answer = e.kind.get() == wire::kind::ANSWER;
            let known = s.state.pending.position(|p| p.request == e.request).is_some();
            answer && e.to.node().role == Role::Communication && !known
        })
    }
}
