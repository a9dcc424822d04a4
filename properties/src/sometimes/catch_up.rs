//! `catch-up`: a query server that lost its replica in a crash is being brought up to date.
//!
//! It starts from nothing and is sent revision after revision.

use spillway_model::size::{Num, Size, Table};
use spillway_model::wire::kind;

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct CatchUp;

impl Sometimes for CatchUp {
    const NAME: &'static str = "catch-up";
    const STATEMENT: &'static str =
        "a query server that lost its replica in a crash is being brought up to date";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.state.flight.iter().filter(|e| e.kind.get() == kind::UPDATE).any(|e| {
            let server = s.state.servers.get(e.to.node().index.into());
            server.incarnation.get() > 0 && e.a.get() > 1 && server.applied.get() > 0
        })
    }
}
