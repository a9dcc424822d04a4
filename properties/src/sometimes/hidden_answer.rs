//! `hidden-answer`: a client is answered as if there were nothing, since it may not see what there is.
//!
//! A rule hides something: without it sharing is never put to the test.

use spillway_model::size::{Num, Size, Table};
use spillway_model::wire::kind;
use spillway_traces::RequestId;

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct HiddenAnswer;

impl Sometimes for HiddenAnswer {
    const NAME: &'static str = "hidden-answer";
    const STATEMENT: &'static str =
        "a client is answered as if there were nothing, since it may not see what there is";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.state.flight.iter().filter(|e| e.kind.get() == kind::ANSWER).any(|e| {
            let planned = s.protocol.planned(RequestId::of(e.request.get()));
            let (stored, _) = s.state.stored_at(planned.user, e.a.get() as usize);
            let document = s.protocol.document(planned.user, stored);
            document.data > 0 && !document.is_shared_with(planned.user, planned.client)
        })
    }
}
