//! `second-reply`: a reply is on its way to a client that no longer waits for it.
//!
//! Replies on the wire are not unique; at the client they must be.

use spillway_model::size::{Num, Size, Table};
use spillway_traces::Role;

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct SecondReply;

impl Sometimes for SecondReply {
    const NAME: &'static str = "second-reply";
    const STATEMENT: &'static str = "a reply is on its way to a client that no longer waits for it";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.state.flight.iter().any(|e| {
            let waits = s.state.waiting.position(|w| w.request == e.request).is_some();
            e.to.node().role == Role::Client && !waits
        })
    }
}
