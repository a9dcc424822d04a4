//! `task-returned`: a task that all others refused is on its way back to its source.
//!
//! The end of a hand-over that found no receiver.

use spillway_model::size::{Num, Size, Table};
use spillway_model::wire::kind;

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct TaskReturned;

impl Sometimes for TaskReturned {
    const NAME: &'static str = "task-returned";
    const STATEMENT: &'static str =
        "a task that all others refused is on its way back to its source";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.state.flight.iter().any(|e| e.kind.get() == kind::RETURN)
    }
}
