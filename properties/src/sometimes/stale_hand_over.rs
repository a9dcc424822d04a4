//! `stale-hand-over`: a message names an earlier hand-over of a task than the one that its source holds.
//!
//! On datagram links it outlives a crash of the source; the id in it tells.

use spillway_model::size::{Num, Size, Table};
use spillway_model::wire;
use spillway_traces::Message;

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct StaleHandOver;

impl Sometimes for StaleHandOver {
    const NAME: &'static str = "stale-hand-over";
    const STATEMENT: &'static str =
        "a message names an earlier hand-over of a task than the one that its source holds";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.state.handed.iter().any(|h| {
            s.state.flight.iter().any(|e| match wire::open(e) {
                Message::Finish { request, hand_over, .. }
                | Message::Return { request, hand_over, .. } => {
                    (e.to.node().index.into(), request.number())
                        == (h.server.get(), h.request.get())
                        && (hand_over.incarnation, hand_over.sequence)
                            != (h.incarnation.get(), h.sequence.get())
                }
                _ => false,
            })
        })
    }
}
