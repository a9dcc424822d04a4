//! `publish-overtaken`: a publish is on its way to the global server, which stores a newer version of that user.
//!
//! Two publishes of one user took different ways.

use spillway_model::size::{Num, Size, Table};
use spillway_model::wire::kind;
use spillway_traces::{RequestId, Role};

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct PublishOvertaken;

impl Sometimes for PublishOvertaken {
    const NAME: &'static str = "publish-overtaken";
    const STATEMENT: &'static str =
        "a publish is on its way to the global server, which stores a newer version of that user";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.state.flight.iter().any(|e| {
            let to_global = e.to.node().role == Role::Global && e.kind.get() == kind::PUBLISH;
            let planned = s.protocol.planned(RequestId::of(e.request.get()));
            to_global && s.state.stored(planned.user).0 > planned.version
        })
    }
}
