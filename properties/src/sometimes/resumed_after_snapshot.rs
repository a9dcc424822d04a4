//! `resumed-after-snapshot`: a query server that started from a snapshot is sent what came after it.
//!
//! The feed goes on from the revision of the snapshot.

use spillway_model::size::{Num, Size, Table};
use spillway_model::wire::kind;

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct ResumedAfterSnapshot;

impl Sometimes for ResumedAfterSnapshot {
    const NAME: &'static str = "resumed-after-snapshot";
    const STATEMENT: &'static str =
        "a query server that started from a snapshot is sent what came after it";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        let base = s.state.base.get();
        s.state.flight.iter().filter(|e| e.kind.get() == kind::UPDATE).any(|e| {
            let server = s.state.servers.get(e.to.node().index.into());
            base > 0 && e.a.get() == base + 1 && server.incarnation.get() > 0
        })
    }
}
