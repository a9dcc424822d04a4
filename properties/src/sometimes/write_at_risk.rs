//! `write-at-risk`: the global server may crash while a publish is written, not durable, and awaited.
//!
//! The disk makes a difference.

use spillway_model::Budget;
use spillway_model::size::{Num, Size, Table};
use spillway_traces::RequestId;

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct WriteAtRisk;

impl Sometimes for WriteAtRisk {
    const NAME: &'static str = "write-at-risk";
    const STATEMENT: &'static str =
        "the global server may crash while a publish is written, not durable, and awaited";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        let awaited = s.state.awaited.iter().any(|a| {
            let planned = s.protocol.planned(RequestId::of(a.request.get()));
            s.state.stored(planned.user).0 == planned.version
        });
        awaited && s.state.unflushed.get() > 0 && s.state.budget(Budget::CrashGlobal) > 0
    }
}
