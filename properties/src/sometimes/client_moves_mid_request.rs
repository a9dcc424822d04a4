//! `client-moves-mid-request`: a task is asked for by the communication server that its client has left, and not yet
//! by the one that it has moved to.
//!
//! The case for asking again at the new session, and for noting who asked.

use spillway_model::size::{Num, Size, Table};
use spillway_traces::RequestId;

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct ClientMovesMidRequest;

impl Sometimes for ClientMovesMidRequest {
    const NAME: &'static str = "client-moves-mid-request";
    const STATEMENT: &'static str = "a task is asked for by the communication server that its client has left, and \
        not yet by the one that it has moved to";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.state.queue.iter().any(|t| {
            let request = RequestId::of(t.request.get());
            let awaited = s.state.waiting.position(|w| w.request == t.request).is_some();
            let session = s.protocol.current_session(s.state, s.protocol.planned(request).client);
            let mut askers = s.protocol.askers(request, t.sessions.get() | t.carried.get()).nodes();
            awaited && session.is_some_and(|session| askers.all(|b| b != session))
        })
    }
}
