//! `links-only`: messages travel only the links of the figure.
//!
//! *To an operator*: firewalls may be set by it; a client's session sees all that its client is told. *Source*: the
//! figure of the source, A–B, B–C, C–G, C–K. *Not promised*: anything of the baselines' allocators, which are
//! exempt. *Broken by*: `answered-directly`.

use spillway_model::size::{Num, Size, Table};
use spillway_traces::{Role, spillway::linked};

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
            let session = client.map(|a| s.protocol.session(a.index));
            linked(from.role, to.role) && session.is_none_or(|b| b == from || b == to)
        })
    }
}
