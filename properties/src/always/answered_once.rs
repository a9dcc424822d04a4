//! `answered-once`: one request, one final reply.
//!
//! *To a user*: every question gets at most one answer or refusal, and it is the one to that question. *Source*: a
//! rule of ours. *Not promised*: one reply on the wire, which is false after a retry; nor that there is a reply at
//! all, see `no-lost-task`. *Broken by*: `second-reply-taken`, `reply-to-oldest`, `given-up-awaited` (a reply to a
//! request that was given up is one too many).

use spillway_model::size::{Size, Table};
use spillway_model::wire;
use spillway_traces::{Action, Message, Note};

use crate::judged::{Always, Stepped};

/// See the module.
pub struct AnsweredOnce;

impl Always for AnsweredOnce {
    const NAME: &'static str = "answered-once";
    const STATEMENT: &'static str = "a client is given at most one final reply (answer or refusal) to a request, \
        and it is the reply to that request";

    fn holds_over<S: Size>(step: &Stepped<'_, S>) -> bool {
        let given = match step.outcome {
            Some(Note::Given { request, .. } | Note::Refused { request }) => request,
            _ => return true,
        };
        let Action::Deliver { from, to } = step.action else { return false };
        let head = step.before.link(from, to).start;
        let named = match wire::open(step.before.flight.get(head)) {
            Message::Reply { request, .. } | Message::Busy { request } => request,
            _ => return false,
        };
        // Not the client's own list of what it waits for: that is what a bug would get wrong.
        let unsettled = step.ghost.floor(given.number()).is_some();
        unsettled && named == given && step.protocol.planned(given).client == to.index
    }
}
