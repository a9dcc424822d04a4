//! `cancelled-in-queue`: word is on its way to a query server that nobody waits any more for a task in its queue.

use spillway_model::size::{Num, Size, Table};
use spillway_model::wire::kind;

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct CancelledInQueue;

impl Sometimes for CancelledInQueue {
    const NAME: &'static str = "cancelled-in-queue";
    const STATEMENT: &'static str = "word is on its way to a query server that nobody waits any more for a task \
        which it has not started";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.state.flight.iter().filter(|e| e.kind.get() == kind::CANCEL).any(|e| {
            let asker = 1 << e.from.node().index;
            let server = u32::from(e.to.node().index);
            s.state.queue.iter().any(|t| {
                (t.server.get(), t.request) == (server, e.request)
                    && !t.is_running()
                    && t.sessions.get() | t.carried.get() == asker
            })
        })
    }
}
