//! `overflow-happens`: a query server holds more tasks than its threshold.
//!
//! Without it nothing is ever handed over and most guarantees hold vacuously.

use spillway_model::size::Size;

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct OverflowHappens;

impl Sometimes for OverflowHappens {
    const NAME: &'static str = "overflow-happens";
    const STATEMENT: &'static str = "a query server holds more tasks than its threshold";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.protocol.query_servers().any(|c| s.state.load(c) > s.protocol.threshold(c))
    }
}
