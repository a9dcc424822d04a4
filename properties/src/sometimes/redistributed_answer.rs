//! `redistributed-answer`: a query is answered by another server than the one it was asked at.
//!
//! The answer is on its way, and beside it the word to the control server that the foreign task is done.

use spillway_model::size::{Num, Size, Table};
use spillway_model::wire::kind;

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct RedistributedAnswer;

impl Sometimes for RedistributedAnswer {
    const NAME: &'static str = "redistributed-answer";
    const STATEMENT: &'static str =
        "a query is answered by another server than the one it was asked at";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        let flight = || s.state.flight.iter();
        flight().filter(|e| e.kind.get() == kind::DONE).any(|done| {
            flight().any(|e| {
                e.kind.get() == kind::ANSWER && e.from == done.from && e.request == done.request
            })
        })
    }
}
