//! `no-resurrection`: what you delete stays deleted.
//!
//! *To a user*: once you have deleted your information it does not come back, from a late publish, a late sync, a
//! snapshot or a server that starts again, unless you publish anew; and whoever knew that it is gone, when it asked,
//! is not shown it again. *Source*: a rule of ours. *Not promised*: that a server which lags behind does not show it
//! to somebody who does not know yet. *Broken by*: `tombstone-forgotten`, `deletion-not-applied`, `snapshot-merged`,
//! `gap-compacted`.

use spillway_model::State;
use spillway_model::size::{Num, Size, Table};
use spillway_traces::Note;

use crate::judged::{Always, Situation, Stepped};

/// See the module.
pub struct NoResurrection;

impl Always for NoResurrection {
    const NAME: &'static str = "no-resurrection";
    const STATEMENT: &'static str = "nothing older than a deletion is stored after it; no query server that has \
        applied a deletion holds what was deleted; nor is a client shown it that knew of the deletion when it asked";

    fn holds_in<S: Size>(s: &Situation<'_, S>) -> bool {
        let users = s.protocol.clients().len();
        s.protocol.query_servers().all(|server| {
            let applied = s.state.servers.get(server.into()).applied.get() as usize;
            s.protocol.clients().all(|user| {
                let cell = usize::from(server) * users + usize::from(user);
                let held = s.state.replicas.get(cell).version.get();
                let data = s.protocol.document(user, held).data;
                data == 0 || data > deleted_at(s.protocol, s.state, user, applied)
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
        stores_nothing_deleted(step) && shows_nothing_deleted(step)
    }
}

/// The newest version at or below a revision with which a user deleted its information; 0 if none.
///
/// The log's rows say so also after it was compacted: they are not what the global server goes by then.
fn deleted_at<S: Size>(
    protocol: &spillway_model::Protocol<S>,
    state: &State<S>,
    user: u16,
    revision: usize,
) -> u32 {
    let log = state.log_to(revision);
    let own = log.filter(|r| r.user.get() == u32::from(user)).map(|r| r.version.get());
    own.filter(|version| protocol.is_deletion(user, *version)).max().unwrap_or(0)
}

/// What is stored is newer than what the user has deleted.
fn stores_nothing_deleted<S: Size>(step: &Stepped<'_, S>) -> bool {
    let before = step.before.revisions();
    step.after.log_after(before).all(|row| {
        let user = row.user.get() as u16;
        row.version.get() > deleted_at(step.protocol, step.before, user, before)
    })
}

/// What a client is given is newer than the deletion that it knew of when it asked.
fn shows_nothing_deleted<S: Size>(step: &Stepped<'_, S>) -> bool {
    let Some(Note::Given { request, version, .. }) = step.outcome else { return true };
    let Some(floor) = step.ghost.floor(request.number()) else { return true };
    let planned = step.protocol.planned(request);
    let deleted = || deleted_at(step.protocol, step.after, planned.user, floor as usize);
    planned.is_publish() || version == 0 || version > deleted()
}
