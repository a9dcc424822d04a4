//! `room-refused`: a query is refused for want of room for its class, by a query server that has room for a higher one.
//!
//! Rooms did tell classes apart: of the same bound for all the query would not have been refused.

use spillway_model::scope::Class;
use spillway_model::size::{Num, Size, Table};
use spillway_model::wire;
use spillway_traces::{Message, RequestId, Role};

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct RoomRefused;

impl Sometimes for RoomRefused {
    const NAME: &'static str = "room-refused";
    const STATEMENT: &'static str = "a query is refused for want of room for its class, by a query server that has \
        room for a higher one";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        let knobs = &s.protocol.scope().knobs;
        let handed_over =
            |r: RequestId| s.ghost.moved.iter().any(|m| m.request.get() == r.number());
        !knobs.rooms.is_empty()
            && s.state.flight.iter().any(|e| {
                let (from, message) = (e.from.node(), wire::open(e));
                let Message::Busy { request } = message else { return false };
                let held = s.state.load(from.index) + s.state.handed_count(from.index);
                let room = |class: Class| knobs.room(class) as usize;
                let class = s.protocol.planned(request).class;
                // What was handed over may be refused because it came back.
                from.role == Role::Query
                    && !s.protocol.planned(request).is_publish()
                    && !handed_over(request)
                    && (room(class)..room(Class::Interactive)).contains(&held)
            })
    }
}
