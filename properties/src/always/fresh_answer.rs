//! `fresh-answer`: a client never reads older information than it knew of when it asked.
//!
//! *To a user*: you read your own writes, and what you have seen does not vanish. *Source*: a rule of ours; the
//! source only says that information is synchronised. *Not promised*: anything learnt between asking and
//! receiving, since requests are pipelined; by the time of receipt it is false without any fault.
//! *Broken by*: `token-left-out`, `seen-forgotten`, `acknowledgement-forgotten`, `token-ignored`,
//! `token-not-offered`, `token-not-assigned`, `acknowledged-too-low`, `owner-hidden`, `token-left-behind`.

use spillway_model::size::{Num, Size};
use spillway_traces::Note;

use crate::judged::{Always, Stepped};

/// See the module.
pub struct FreshAnswer;

impl Always for FreshAnswer {
    const NAME: &'static str = "fresh-answer";
    const STATEMENT: &'static str = "an answer is at least as new as what the asking client had been acknowledged \
        for, or had seen, when it asked";

    fn holds_over<S: Size>(step: &Stepped<'_, S>) -> bool {
        let Some(Note::Given { request, version, .. }) = step.outcome else { return true };
        let Some(floor) = step.ghost.floor(request.number()) else { return true };
        let planned = step.protocol.planned(request);
        if planned.is_publish() {
            return true;
        }
        // Some revision that is not older shows this to the client.
        let shows = |revision| {
            let (stored, _) = step.after.stored_at(planned.user, revision);
            step.protocol.shown(planned.user, stored, planned.client) == version
        };
        let floor = floor as usize;
        let later = step.after.log_after(floor).map(|row| row.revision.get() as usize);
        std::iter::once(floor).chain(later).any(shows)
    }
}
