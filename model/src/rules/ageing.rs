//! Ageing: how often each task was overtaken is counted where tasks are started.

use spillway_traces::{Node, RequestId};

use crate::mutant::Mutant;
use crate::size::{Num, Size, Table};
use crate::step::{Observe, Step};

impl<S: Size, O: Observe> Step<'_, S, O> {
    /// The task at a place of the queue is about to start: those of its server that were ready and came before it are
    /// overtaken once more.
    pub(super) fn overtake(&mut self, server: Node, at: usize) {
        if self.protocol.scope().knobs.overtaken_max == 0 {
            return;
        }
        for place in 0..at {
            let mut task = self.state.queue.get(place);
            let ready = self.protocol.is_ready(self.state, task)
                || self.protocol.has(Mutant::UnreadyOvertaken);
            if task.server.get() == u32::from(server.index) && ready && !task.is_running() {
                task.overtaken = S::Num::of(task.overtaken.get() + 1);
                self.state.queue.set(place, task);
            }
        }
    }

    /// A repeated query does not make its task any younger.
    pub(super) fn asked_again_while_queued(&mut self, server: Node, request: RequestId) {
        if !self.protocol.has(Mutant::OvertakenForgotten) {
            return;
        }
        let key = (u32::from(server.index), request.number());
        for place in 0..self.state.queue.len() {
            let mut task = self.state.queue.get(place);
            if (task.server.get(), task.request.get()) == key {
                task.overtaken = S::Num::of(0);
                self.state.queue.set(place, task);
            }
        }
    }
}
