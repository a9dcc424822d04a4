//! `ledger-room-refused`: a hand-over is on its way back for want of room for its class, from a control server that has room
//! for a higher one.
//!
//! Rooms of the ledger did tell classes apart: of the same bound for all the task would have been held.

use spillway_model::scope::Class;
use spillway_model::size::{Num, Size, Table};
use spillway_model::wire;
use spillway_traces::Message;

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct LedgerRoomRefused;

impl Sometimes for LedgerRoomRefused {
    const NAME: &'static str = "ledger-room-refused";
    const STATEMENT: &'static str = "a hand-over is on its way back for want of room for its class, from a control \
        server that has room for a higher one";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        let knobs = &s.protocol.scope().knobs;
        !knobs.ledger_rooms.is_empty()
            && s.state.flight.iter().any(|e| {
                let Message::Return { request, .. } = wire::open(e) else { return false };
                let control = u32::from(e.from.node().index);
                let held = s.state.ledger.count(|entry| entry.control.get() == control);
                let room = |class: Class| knobs.ledger_room(class) as usize;
                let class = s.protocol.planned(request).class;
                (room(class)..room(Class::Interactive)).contains(&held)
            })
    }
}
