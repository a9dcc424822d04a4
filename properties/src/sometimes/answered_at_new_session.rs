//! `answered-at-new-session`: a query that was asked at one communication server is answered at another, to which its
//! client has moved.

use spillway_model::size::{Num, Size, Table};
use spillway_model::wire::kind;
use spillway_traces::RequestId;

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct AnsweredAtNewSession;

impl Sometimes for AnsweredAtNewSession {
    const NAME: &'static str = "answered-at-new-session";
    const STATEMENT: &'static str = "an answer is on its way to the communication server that the client has moved \
        to, which waits for it";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.state.flight.iter().filter(|e| e.kind.get() == kind::ANSWER).any(|e| {
            let client = s.protocol.planned(RequestId::of(e.request.get())).client;
            let to = e.to.node();
            let key = (u32::from(to.index), e.request);
            s.protocol.session(client) != to
                && s.protocol.current_session(s.state, client) == Some(to)
                && s.state.pending.position(|p| (p.server.get(), p.request) == key).is_some()
        })
    }
}
