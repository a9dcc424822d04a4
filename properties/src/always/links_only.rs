//! `links-only`: messages travel only the links of the figure.
//!
//! *To an operator*: firewalls may be set by it; a client's session sees all that its client is told. *Source*: the
//! figure of the source, A–B, B–C, C–G, C–K. *Not promised*: anything of the baselines' allocators, which are
//! exempt. *Broken by*: `answered-directly`, `session-kept`.

use spillway_model::size::{Num, Size, Table};
use spillway_traces::{Node, Role, spillway::linked};

use crate::judged::{Always, Situation};

/// See the module.
pub struct LinksOnly;

impl Always for LinksOnly {
    const NAME: &'static str = "links-only";
    const STATEMENT: &'static str = "messages travel only the links A–B, B–C, C–G and C–K";

    fn holds_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.state.flight.iter().all(|e| {
            let (from, to) = (e.from.node(), e.to.node());
            let client = [from, to].into_iter().find(|n| n.role == Role::Client);
            let in_session = |a: Node| {
                let session = s.protocol.current_session(s.state, a.index);
                session.is_some_and(|b| b == from || b == to)
            };
            linked(from.role, to.role) && client.is_none_or(in_session)
        })
    }
}
