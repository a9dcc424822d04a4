//! What a run of any length no longer needs: the revisions that nobody will ask for again.

use spillway_model::size::{Num, Size, Table};
use spillway_model::state::Budget;
use spillway_model::{State, wire};
use spillway_traces::Message;

use crate::checked::CheckedState;
use crate::ghost::Ghost;

impl<S: Size> CheckedState<State<S>, S> {
    /// Forgets settled history, so that a step costs the same however long the run is. Nothing that the rules or the
    /// guarantees will look at goes, but two things: the log is shown without its older rows, so digests are no longer
    /// those of a run that forgets nothing; and `fresh-answer` is judged leniently for a client that has asked nothing
    /// for so long that what it had seen is forgotten.
    pub fn forget(&mut self) {
        let horizon = horizon(&self.inner, &self.ghost);
        self.inner.forget(horizon as usize);
    }

    /// Rows in all tables, those of the history that properties need included: the size of the state.
    pub fn rows(&self) -> usize {
        let (state, ghost) = (&self.inner, &self.ghost);
        let nodes = [state.clients.len(), state.servers.len(), state.feeds.len()];
        let more = [state.replicas.len(), state.controls.len(), state.outages.len()];
        let held =
            [state.waiting.len(), state.pending.len(), state.queue.len(), state.handed.len()];
        let also = [state.relay.len(), state.ledger.len(), state.log.len(), state.awaited.len()];
        let known = [ghost.known.len(), ghost.floors.len(), ghost.moved.len()];
        let kept = [ghost.refusals.len(), ghost.came_back.len(), ghost.overtaken.len()];
        let heard = [ghost.heard.len(), ghost.turns.len(), state.flight.len()];
        let all = nodes.iter().chain(&more).chain(&held).chain(&also);
        all.chain(&known).chain(&kept).chain(&heard).sum()
    }
}

/// The oldest revision that may be asked for.
fn horizon<S: Size>(state: &State<S>, ghost: &Ghost<S>) -> u32 {
    let applied = state.servers.iter().map(|server| server.applied.get());
    let cursors = state.feeds.iter().map(|feed| feed.cursor.get().saturating_sub(1));
    let floors = ghost.floors.iter().map(|floor| floor.revision.get());
    let in_flight = state.flight.iter().filter_map(|e| match wire::open(e) {
        Message::Reply { revision, .. }
        | Message::Answer { revision, .. }
        | Message::Published { revision, .. }
        | Message::Snapshot { revision } => Some(revision),
        Message::Hello { applied } => Some(applied),
        Message::Update { revision, .. } => Some(revision - 1),
        _ => None,
    });
    // A query server that may still start anew asks for all that the global server has not compacted.
    let anew = state.budget(Budget::CrashQuery) > 0 || state.budget(Budget::StopQuery) > 0;
    let whole = anew.then(|| state.base.get());
    let durable = state.durable() as u32;
    let all = applied.chain(cursors).chain(floors).chain(in_flight).chain(whole);
    all.fold(durable, u32::min)
}
