//! A threshold of delay: the environment says whose queue is too slow, and when it no longer is.

use spillway_traces::Node;

use crate::size::{Num, Size, Table};
use crate::state::Budget;
use crate::step::{Observe, Step};

impl<S: Size, O: Observe> Step<'_, S, O> {
    pub(super) fn slow(&mut self, server: Node) {
        self.spend(Budget::Slow);
        self.set_late(server, 1);
    }

    pub(super) fn calm(&mut self, server: Node) {
        self.set_late(server, 0);
    }

    fn set_late(&mut self, server: Node, late: u32) {
        let mut row = self.state.servers.get(server.index.into());
        row.late = S::Num::of(late);
        self.state.servers.set(server.index.into(), row);
    }
}
