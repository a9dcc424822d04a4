//! `receiver-refuses`: a query server refuses an assignment.
//!
//! The control server's knowledge was stale.

use spillway_model::size::{Num, Size, Table};
use spillway_model::wire::kind;

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct ReceiverRefuses;

impl Sometimes for ReceiverRefuses {
    const NAME: &'static str = "receiver-refuses";
    const STATEMENT: &'static str = "a query server refuses an assignment";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.state.flight.iter().any(|e| e.kind.get() == kind::REJECT)
    }
}
