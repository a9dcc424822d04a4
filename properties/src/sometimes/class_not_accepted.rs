//! `class-not-accepted`: a task comes back whose class no other server takes.
//!
//! Nobody was asked: the control server knows what each server takes.

use spillway_model::scope::Strategy;
use spillway_model::size::{Size, Table};
use spillway_model::wire;
use spillway_traces::Message;

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct ClassNotAccepted;

impl Sometimes for ClassNotAccepted {
    const NAME: &'static str = "class-not-accepted";
    const STATEMENT: &'static str = "a task comes back whose class no other server takes";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        let knobs = &s.protocol.scope().knobs;
        knobs.strategy == Strategy::Classes
            && s.state.flight.iter().any(|e| match wire::open(e) {
                Message::Return { request, hand_over, .. } => {
                    let class = s.protocol.planned(request).class;
                    let others =
                        s.protocol.query_servers().filter(|c| *c != hand_over.source.index);
                    let mut accepts = others.map(|c| &knobs.accepts[usize::from(c)]);
                    accepts.all(|classes| !classes.contains(&class))
                }
                _ => false,
            })
    }
}
