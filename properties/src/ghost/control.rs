//! The history that ageing, turns and a standby control server need.

use spillway_model::rows::Task;
use spillway_model::size::{Num, Size, Table};
use spillway_model::wire;
use spillway_traces::{Action, Message, Node, RequestId, Role};

use super::{Ghost, Heard, Overtaken, Turn};
use crate::judged::Stepped;

impl<S: Size> Ghost<S> {
    /// How often a task was overtaken while it was ready.
    pub fn overtaken(&self, task: Task<S::Num>) -> u32 {
        let same = |o: &Overtaken<S::Num>| (o.server, o.request) == (task.server, task.request);
        self.overtaken.iter().find(same).map_or(0, |row| row.times.get())
    }

    /// The highest epoch that a query server has heard of since it started.
    pub fn heard(&self, server: Node) -> u32 {
        let own = |h: &Heard<S::Num>| h.server.get() == u32::from(server.index);
        self.heard.iter().find(own).map_or(0, |row| row.epoch.get())
    }

    /// The query server whose turn is after this one: that which a control server assigned to last.
    pub fn last_turn(&self, control: Node) -> Option<u16> {
        let own = |t: &Turn<S::Num>| t.control.get() == u32::from(control.index);
        self.turns.iter().find(own).map(|row| row.server.get() as u16)
    }

    /// Every task that is ready, stands before the one that starts and stays behind it is overtaken.
    pub(super) fn started(&mut self, step: &Stepped<'_, S>, server: Node, request: RequestId) {
        if step.protocol.scope().knobs.overtaken_max == 0 {
            return;
        }
        let applied = step.before.servers.get(server.index.into()).applied;
        let own = |t: &Task<S::Num>| t.server.get() == u32::from(server.index);
        let before = step.before.queue.iter().filter(own);
        let before = before.take_while(|t| t.request.get() != request.number());
        for task in before.filter(|t| !t.is_running() && t.token <= applied) {
            let key = (task.server, task.request);
            let at = self.overtaken.position(|o| (o.server, o.request) >= key);
            let at = at.unwrap_or(self.overtaken.len());
            let times = S::Num::of(self.overtaken(task) + 1);
            let row = Overtaken { server: task.server, request: task.request, times };
            if times.get() > 1 {
                self.overtaken.set(at, row);
            } else {
                let fits = self.overtaken.insert(at, row);
                assert!(fits, "there are at most as many as tasks queued");
            }
        }
    }

    /// Every message of a control server tells its epoch; a query server that crashes forgets what it heard.
    pub(super) fn hear(&mut self, step: &Stepped<'_, S>) {
        match step.action {
            Action::Crash { node } | Action::Stop { node } if node.role == Role::Query => {
                self.heard.retain(|h| h.server.get() != u32::from(node.index));
            }
            Action::Deliver { from, to } if to.role == Role::Query => {
                let head = step.before.flight.get(step.before.link(from, to).start);
                let epoch = match wire::open(head) {
                    Message::Assign { epoch, .. }
                    | Message::Finish { epoch, .. }
                    | Message::Return { epoch, .. }
                    | Message::Lead { epoch } => epoch,
                    _ => return,
                };
                if epoch <= self.heard(to) {
                    return;
                }
                let own = u32::from(to.index);
                self.heard.retain(|h| h.server.get() != own);
                let at = self.heard.position(|h| h.server.get() > own);
                let row = Heard { server: S::Num::of(own), epoch: S::Num::of(epoch) };
                let fits = self.heard.insert(at.unwrap_or(self.heard.len()), row);
                assert!(fits, "there are at most as many as query servers");
            }
            _ => {}
        }
    }

    /// Who was assigned to last, until the control server crashes, gets the lease or is superseded.
    pub(super) fn take_turns(&mut self, step: &Stepped<'_, S>) {
        if let Action::Assign { by, to, .. } = step.action {
            let own = S::Num::of(by.index.into());
            self.turns.retain(|t| t.control != own);
            let at = self.turns.position(|t| t.control > own).unwrap_or(self.turns.len());
            let row = Turn { control: own, server: S::Num::of(to.index.into()) };
            let fits = self.turns.insert(at, row);
            assert!(fits, "there are at most as many as control servers");
        }
        if let Action::Crash { node } | Action::Stop { node } = step.action
            && node.role == Role::Control
        {
            self.turns.retain(|t| t.control.get() != u32::from(node.index));
        }
        // A new epoch begins without a turn.
        if step.before.controls != step.after.controls {
            let epoch = |state: &spillway_model::State<S>, at: S::Num| {
                state.controls.get(at.get() as usize).epoch
            };
            self.turns.retain(|t| epoch(step.before, t.control) == epoch(step.after, t.control));
        }
    }
}
