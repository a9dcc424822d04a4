//! `stale-replica-waits`: a task waits until its server's replica has caught up with its token.
//!
//! Without it tokens are never needed.

use spillway_model::size::{Num, Size, Table};

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct StaleReplicaWaits;

impl Sometimes for StaleReplicaWaits {
    const NAME: &'static str = "stale-replica-waits";
    const STATEMENT: &'static str =
        "a task waits until its server's replica has caught up with its token";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        let applied = |c: u32| s.state.servers.get(c as usize).applied;
        s.state.queue.iter().any(|t| t.token > applied(t.server.get()))
    }
}
