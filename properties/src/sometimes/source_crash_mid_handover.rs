//! `source-crash-mid-handover`: a source has crashed and forgotten a task that it had handed over.
//!
//! The receiver works for a hand-over that its source knows nothing of.

use spillway_model::size::{Num, Size, Table};

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct SourceCrashMidHandover;

impl Sometimes for SourceCrashMidHandover {
    const NAME: &'static str = "source-crash-mid-handover";
    const STATEMENT: &'static str =
        "a source has crashed and forgotten a task that it had handed over";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.state.queue.iter().filter(|t| t.is_foreign()).any(|t| {
            let source = s.state.servers.get(t.source.get() as usize - 1);
            source.incarnation > t.incarnation
        })
    }
}
