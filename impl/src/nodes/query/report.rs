//! What a query server says of its room, so that its control server need not guess. It is advice: right or wrong, early or
//! lost, the receiver still decides by its own load.

use super::Query;
use crate::config::{Binding, Unit};
use crate::node::{Context, Output};

impl Query {
    /// How many tasks of others it would take on now.
    pub(super) fn room(&self) -> u32 {
        let knobs = &self.config.knobs;
        let left = (knobs.queue_max as usize).saturating_sub(self.queue.len() + self.handed.len());
        let more = match knobs.unit {
            Unit::Count => self.threshold().saturating_sub(self.load()),
            Unit::Delay if self.late => 0,
            Unit::Delay => left,
        };
        more.min(left) as u32
    }

    /// Reports what has changed since the last report, after each input.
    pub(super) fn report(&mut self, context: &mut Context<'_>) {
        if self.config.knobs.binding == Binding::Early {
            return;
        }
        let (to, room) = (self.leader(), self.room());
        if self.reported.0 != Some((to, room)) && !self.is_out_of_order(to) {
            self.reported.0 = Some((to, room));
            context.out.push(Output::Report { to, room });
        }
    }
}
