//! `rerouted`: a query is pending at one query server and held by another that its communication server cannot reach.
//!
//! The first one may answer too, once it is heard again.

use spillway_model::size::{Num, Size, Table};
use spillway_traces::Node;

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct Rerouted;

impl Sometimes for Rerouted {
    const NAME: &'static str = "rerouted";
    const STATEMENT: &'static str = "a query is pending at one query server and held by another that its communication server cannot reach";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.state.pending.iter().any(|p| {
            let server = Node::communication(p.server.get() as u16);
            s.state.queue.iter().any(|t| {
                t.request == p.request
                    && !t.is_foreign()
                    && p.at.get() != t.server.get() + 1
                    && !s.state.is_whole(server, Node::query(t.server.get() as u16))
            })
        })
    }
}
