//! `pulled-back`: a task is back at its source while the control server still moves it.
//!
//! Two servers may answer it now; whatever the control server still sends about it must do no harm.

use spillway_model::size::{Size, Table};

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct PulledBack;

impl Sometimes for PulledBack {
    const NAME: &'static str = "pulled-back";
    const STATEMENT: &'static str =
        "a task is back at its source while the control server still moves it";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.state.queue.iter().filter(|t| t.is_refused()).any(|t| {
            s.state.ledger.position(|e| (e.source, e.request) == (t.server, t.request)).is_some()
        })
    }
}
