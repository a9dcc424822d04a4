//! `snapshot-replaces`: a snapshot is on its way to a query server that holds something older already.
//!
//! What it holds is replaced, not added to.

use spillway_model::size::{Num, Size, Table};
use spillway_model::wire::kind;

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct SnapshotReplaces;

impl Sometimes for SnapshotReplaces {
    const NAME: &'static str = "snapshot-replaces";
    const STATEMENT: &'static str =
        "a snapshot is on its way to a query server that holds something older already";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.state.flight.iter().filter(|e| e.kind.get() == kind::SNAPSHOT).any(|e| {
            let applied = s.state.servers.get(e.to.node().index.into()).applied;
            applied.get() > 0 && applied < e.a
        })
    }
}
