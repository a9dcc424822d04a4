//! What a control server knows of the room of query servers: their reports, and what it has assigned since.
//!
//! A report is of the past, and tasks that are on their way to its server are not in it. So each assignment that is not
//! answered yet counts against it, and a report counts only for a while: a server of which nothing is known is tried, and
//! decides for itself. No report can make anything wrong, and none that is missing can hold a task for ever.

use std::collections::BTreeMap;

/// The room of query servers, by index.
#[derive(Clone, Debug, Default)]
pub struct Rooms {
    known: BTreeMap<u16, Room>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Room {
    /// What was reported, less what was taken on since; and when.
    reported: Option<(u32, u64)>,
    /// Assignments that are not answered yet.
    under_way: u32,
}

impl Rooms {
    /// For how many tasks a server has room at this time; none if nothing is known that is not older than this.
    pub fn of(&self, server: u16, now_us: u64, counts_us: u64) -> Option<u32> {
        let room = self.known.get(&server)?;
        let (tasks, at_us) = room.reported?;
        // Clocks jump in both directions.
        (now_us.abs_diff(at_us) <= counts_us).then(|| tasks.saturating_sub(room.under_way))
    }

    pub(super) fn reported(&mut self, server: u16, tasks: u32, now_us: u64) {
        self.known.entry(server).or_default().reported = Some((tasks, now_us));
    }

    pub(super) fn assigned(&mut self, server: u16) {
        let room = self.known.entry(server).or_default();
        room.under_way = room.under_way.saturating_add(1);
    }

    /// The server has taken a task on.
    pub(super) fn taken_on(&mut self, server: u16) {
        let room = self.known.entry(server).or_default();
        room.under_way = room.under_way.saturating_sub(1);
        self.filled(server);
    }

    /// Until its next report a server has room for one less.
    pub(super) fn filled(&mut self, server: u16) {
        if let Some((tasks, _)) = &mut self.known.entry(server).or_default().reported {
            *tasks = tasks.saturating_sub(1);
        }
    }

    /// The server has refused a task: it has no room.
    pub(super) fn rejected(&mut self, server: u16, now_us: u64) {
        let room = self.known.entry(server).or_default();
        room.under_way = room.under_way.saturating_sub(1);
        room.reported = Some((0, now_us));
    }

    /// The connection to a server is lost, and with it whatever was under way.
    pub(super) fn forget(&mut self, server: u16) {
        self.known.remove(&server);
    }
}
