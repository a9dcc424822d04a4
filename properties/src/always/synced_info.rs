//! `synced-info`: what a query server shows of a user is what the global server stored.
//!
//! *To a user*: no query server ever shows information that its owner did not publish, nor an older one after a
//! newer one. *Source*: the global server "stores it and synchronises it to the query servers". *Not promised*:
//! that a replica is up to date, see `fresh-answer`; nor anything across a crash of the query server.
//! *Broken by*: `gap-applied`, `applied-kept-in-crash`, `applied-rewound`, `older-stored`, `update-stale`,
//! `revision-understated`, `wrong-user-answered`, `undurable-compacted`, `synced-before-flushed`, `older-applied`.

use spillway_model::size::{Num, Size, Table};
use spillway_traces::{Action, Node, Note};

use crate::judged::{Always, Situation, Stepped};

/// See the module.
pub struct SyncedInfo;

impl Always for SyncedInfo {
    const NAME: &'static str = "synced-info";
    const STATEMENT: &'static str = "what a query server holds for a user is something the global server stored \
        for that user, with no gap below its applied revision; while it is up, neither goes back; and so is what it \
        answers";

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

    fn is_untouched<S: Size>(before: &Situation<'_, S>, after: &Situation<'_, S>) -> bool {
        let (before, after) = (before.state, after.state);
        before.servers == after.servers
            && before.replicas == after.replicas
            && before.log == after.log
    }

    fn holds_over<S: Size>(step: &Stepped<'_, S>) -> bool {
        goes_not_back(step) && tells_what_was_stored(step)
    }
}

/// No replica goes back, but for that of a query server that crashes.
fn goes_not_back<S: Size>(step: &Stepped<'_, S>) -> bool {
    let (before, after) = (step.before, step.after);
    if before.servers == after.servers && before.replicas == after.replicas {
        return true;
    }
    let users = step.protocol.clients().len();
    let up = |c: &u16| {
        let node = Node::query(*c);
        step.action != Action::Crash { node } && step.action != Action::Stop { node }
    };
    step.protocol.query_servers().filter(up).map(usize::from).all(|c| {
        let mut cells = c * users..(c + 1) * users;
        after.servers.get(c).applied >= before.servers.get(c).applied
            && cells.all(|at| after.replicas.get(at).version >= before.replicas.get(at).version)
    })
}

/// An answer that a client is given holds what was stored for the user, as of the revision that it names, as far as
/// the record of that revision shows it to the client.
fn tells_what_was_stored<S: Size>(step: &Stepped<'_, S>) -> bool {
    let Some(Note::Given { request, revision, version }) = step.outcome else { return true };
    let planned = step.protocol.planned(request);
    let (stored, _) = step.after.stored_at(planned.user, revision as usize);
    planned.is_publish() || version == step.protocol.shown(planned.user, stored, planned.client)
}
