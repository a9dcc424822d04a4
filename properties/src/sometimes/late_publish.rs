//! `late-publish`: a publish is on its way to the global server, where its user has deleted everything since.
//!
//! It must be refused by its version, which is all that is left.

use spillway_model::size::{Num, Size, Table};
use spillway_model::wire::kind;
use spillway_traces::{RequestId, Role};

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct LatePublish;

impl Sometimes for LatePublish {
    const NAME: &'static str = "late-publish";
    const STATEMENT: &'static str =
        "a publish is on its way to the global server, where its user has deleted everything since";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.state.flight.iter().any(|e| {
            let to_global = e.to.node().role == Role::Global && e.kind.get() == kind::PUBLISH;
            let late = |version: u32, user: u16| {
                let stored = s.state.stored(user).0;
                stored > version && s.protocol.document(user, stored).data == 0
            };
            to_global && {
                let planned = s.protocol.planned(RequestId::of(e.request.get()));
                let published = s.protocol.document(planned.user, planned.version).data > 0;
                published && late(planned.version, planned.user)
            }
        })
    }
}
