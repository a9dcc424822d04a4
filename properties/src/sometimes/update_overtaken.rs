//! `update-overtaken`: the next update for a query server is not the next revision that it must apply.
//!
//! A copy of an earlier one, or one that has overtaken another: it is dropped, and the feed begins again at the next Hello.

use spillway_model::size::{Num, Size, Table};
use spillway_model::wire;

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct UpdateOvertaken;

impl Sometimes for UpdateOvertaken {
    const NAME: &'static str = "update-overtaken";
    const STATEMENT: &'static str =
        "the next update for a query server is not the next revision that it must apply";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.state.flight.iter().any(|e| {
            let (from, to) = (e.from.node(), e.to.node());
            e.kind.get() == wire::kind::UPDATE && {
                let head = s.state.flight.get(s.state.link(from, to).start);
                let next = s.state.servers.get(to.index.into()).applied.get() + 1;
                head.kind == e.kind && head.a.get() != next
            }
        })
    }
}
