//! `answered-while-control-down`: a query that was handed over is answered while the control server is down.
//!
//! Whoever holds it goes on without the control server: the receiver, or the source that took it back.

use spillway_model::size::{Num, Size, Table};
use spillway_traces::{Node, Role};

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct AnsweredWhileControlDown;

impl Sometimes for AnsweredWhileControlDown {
    const NAME: &'static str = "answered-while-control-down";
    const STATEMENT: &'static str =
        "a query that was handed over is answered while the control server is down";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.state.is_down(Node::CONTROL)
            && s.state.flight.iter().filter(|e| e.to.node().role == Role::Client).any(|e| {
                let waits = s.state.waiting.position(|w| w.request == e.request).is_some();
                waits && s.ghost.moved.position(|m| m.request == e.request).is_some()
            })
    }
}
