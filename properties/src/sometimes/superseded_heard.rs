//! `superseded-heard`: an assignment of a superseded control server reaches a query server that knows better.
//!
//! It must be dropped: the new leader decides.

use spillway_model::size::{Num, Size, Table};
use spillway_model::wire;
use spillway_traces::Message;

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct SupersededHeard;

impl Sometimes for SupersededHeard {
    const NAME: &'static str = "superseded-heard";
    const STATEMENT: &'static str =
        "an assignment of a superseded control server reaches a query server that knows better";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.state.flight.iter().any(|e| match wire::open(e) {
            Message::Assign { epoch, .. } => epoch < s.ghost.heard(e.to.node()),
            _ => false,
        })
    }
}
