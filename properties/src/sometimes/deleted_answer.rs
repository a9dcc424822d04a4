//! `deleted-answer`: a client is told that there is nothing, of a user who had published and deleted it.
//!
//! A deletion has come as far as a reader.

use spillway_model::size::{Num, Size, Table};
use spillway_model::wire::kind;
use spillway_traces::RequestId;

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct DeletedAnswer;

impl Sometimes for DeletedAnswer {
    const NAME: &'static str = "deleted-answer";
    const STATEMENT: &'static str =
        "a client is told that there is nothing, of a user who had published and deleted it";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.state.flight.iter().filter(|e| e.kind.get() == kind::ANSWER && e.b.get() == 0).any(|e| {
            let user = s.protocol.planned(RequestId::of(e.request.get())).user;
            let rows = s.state.log_to(e.a.get() as usize);
            let mut own = rows.filter(|r| r.user.get() == u32::from(user));
            let (stored, _) = s.state.stored_at(user, e.a.get() as usize);
            s.protocol.document(user, stored).data == 0
                && own.any(|r| s.protocol.is_deletion(user, r.version.get()))
        })
    }
}
