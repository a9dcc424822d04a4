//! `receiver-crash-mid-handover`: a receiver has crashed and the task is held for assignment once more.
//!
//! Of the servers that have restarted, one that no request has as its home: only a hand-over can have reached it.

use spillway_model::size::{Num, Size, Table};

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct ReceiverCrashMidHandover;

impl Sometimes for ReceiverCrashMidHandover {
    const NAME: &'static str = "receiver-crash-mid-handover";
    const STATEMENT: &'static str =
        "a receiver has crashed and the task is held for assignment once more";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        let only_receives = |c: u16| s.protocol.scope().requests.iter().all(|r| r.home != c);
        let restarted = |c: u16| s.state.servers.get(c.into()).incarnation.get() > 0;
        s.protocol.query_servers().any(|c| only_receives(c) && restarted(c))
            && s.state.ledger.iter().any(|e| e.assignee().is_none())
    }
}
