//! `crash-mid-handover`: the control server has crashed and forgotten a task that it had moved.
//!
//! The receiver has the task, the source still holds it, and the ledger knows nothing.

use spillway_model::Budget;
use spillway_model::size::{Size, Table};

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct CrashMidHandover;

impl Sometimes for CrashMidHandover {
    const NAME: &'static str = "crash-mid-handover";
    const STATEMENT: &'static str =
        "the control server has crashed and forgotten a task that it had moved";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        let crashed = s.protocol.happened(s.state, Budget::CrashControl) > 0;
        crashed
            && s.state.queue.iter().filter(|t| t.is_foreign()).any(|t| {
                let forgotten = s.state.ledger.position(|e| e.request == t.request).is_none();
                let held = s.state.handed.position(|h| h.request == t.request).is_some();
                forgotten && held
            })
    }
}
