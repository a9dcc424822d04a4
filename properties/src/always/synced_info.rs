//! `synced-info`: what a query server shows of a user is what the global server stored.
//!
//! *To a user*: no query server ever shows information that its owner did not publish, nor an older one after a
//! newer one. *Source*: the global server "stores it and synchronises it to the query servers". *Not promised*:
//! that a replica is up to date, see `fresh-answer`; nor anything across a crash of the query server.
//! *Broken by*: `gap-applied`, `applied-kept-in-crash`, `older-stored`, `update-stale`.

use spillway_model::size::{Num, Size, Table};
use spillway_traces::{Action, Node};

use crate::judged::{Always, Situation, Stepped};

/// See the module.
pub struct SyncedInfo;

impl Always for SyncedInfo {
    const NAME: &'static str = "synced-info";
    const STATEMENT: &'static str = "what a query server holds for a user is something the global server stored \
        for that user, with no gap below its applied revision; while it is up, neither goes back";

    fn holds_in<S: Size>(s: &Situation<'_, S>) -> bool {
        let users = s.protocol.clients().len();
        s.protocol.query_servers().all(|server| {
            let applied = s.state.servers.get(server.into()).applied.get() as usize;
            s.protocol.clients().all(|user| {
                let cell = usize::from(server) * users + usize::from(user);
                let held = s.state.replicas.get(cell).version.get();
                let stored = |r: spillway_model::rows::Revision<S::Num>| {
                    r.user.get() == u32::from(user) && r.version.get() == held
                };
                let known = held == 0 || s.state.log.position(stored).is_some();
                known && held >= s.state.stored_at(user, applied).0
            })
        })
    }

    fn holds_over<S: Size>(step: &Stepped<'_, S>) -> bool {
        let server = match step.action {
            Action::Deliver { to, .. } if step.protocol.query_servers().contains(&to.index) => to,
            _ => return true,
        };
        if server != Node::query(server.index) {
            return true;
        }
        let (before, after) = (step.before, step.after);
        let at = usize::from(server.index);
        let users = step.protocol.clients().len();
        let mut cells = at * users..(at + 1) * users;
        after.servers.get(at).applied >= before.servers.get(at).applied
            && cells.all(|c| after.replicas.get(c).version >= before.replicas.get(c).version)
    }
}
