//! `withdrawn-after-hand-over`: word is on its way to a query server that a task which was handed over to it, and
//! which it has not started, is withdrawn.

use spillway_model::size::{Num, Size, Table};
use spillway_model::wire;
use spillway_traces::{Message, Role};

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct WithdrawnAfterHandOver;

impl Sometimes for WithdrawnAfterHandOver {
    const NAME: &'static str = "withdrawn-after-hand-over";
    const STATEMENT: &'static str = "word is on its way to a query server that a task which was handed over to it, \
        and which it has not started, is withdrawn";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.state.flight.iter().any(|e| {
            let Message::Withdraw { request, hand_over: id } = wire::open(e) else { return false };
            let to = e.to.node();
            let key = (u32::from(to.index), request.number(), u32::from(id.source.index) + 1);
            to.role == Role::Query
                && s.state.queue.iter().any(|t| {
                    (t.server.get(), t.request.get(), t.source.get()) == key
                        && (t.incarnation.get(), t.sequence.get()) == (id.incarnation, id.sequence)
                        && !t.is_running()
                })
        })
    }
}
