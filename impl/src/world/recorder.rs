//! What a world tells, as the steps of a trace with what was observed of each.

use std::collections::VecDeque;
use std::sync::Arc;

use spillway_traces::{Action, Message, Node, Note, Observed, Sent, Spillway};

use super::abstraction::messages;
use crate::config::Config;
use crate::wire::Wire;

/// A step with what was observed of it.
pub type Recorded = (Action, Observed<Spillway>);

/// Puts the hooks of a [`Driver`](super::Driver) together to steps. An Update of several revisions is taken apart: each
/// belongs to the Sync that chose it, and to the delivery that takes it.
#[derive(Clone, Debug)]
pub struct Recorder {
    config: Arc<Config>,
    steps: Vec<Recorded>,
    /// What is left to be taken of an Update of several revisions.
    to_take: VecDeque<Message>,
    /// What was told before any step began: a bug.
    homeless: bool,
}

impl Recorder {
    /// A recorder that was told nothing.
    pub fn new(config: Arc<Config>) -> Recorder {
        Recorder { config, steps: Vec::new(), to_take: VecDeque::new(), homeless: false }
    }

    /// The steps since the last call, oldest first, for good.
    pub fn drain(&mut self) -> impl Iterator<Item = Recorded> + '_ {
        debug_assert!(self.to_take.is_empty(), "each revision of an Update is taken by a step");
        self.steps.drain(..)
    }

    /// Whether something was told before any step began: no step is to blame.
    pub fn has_homeless(&self) -> bool {
        self.homeless
    }

    /// A step begins.
    pub fn step(&mut self, action: Action) {
        let mut observed = Observed::default();
        if matches!(action, Action::Deliver { .. }) {
            observed.took = self.to_take.pop_front();
        }
        self.steps.push((action, observed));
    }

    /// The step takes a message.
    pub fn took(&mut self, message: &Wire) {
        let mut all = VecDeque::new();
        messages(message, &self.config, |message| all.push_back(message));
        let first = all.pop_front();
        self.to_take = all;
        if let Some(observed) = self.last() {
            observed.took = first;
        }
    }

    /// The step sends a message.
    pub fn sent(&mut self, from: Node, to: Node, message: &Wire) {
        self.tell(from, to, message, |observed| &mut observed.sent);
    }

    /// The step loses a message.
    pub fn lost(&mut self, from: Node, to: Node, message: &Wire) {
        self.tell(from, to, message, |observed| &mut observed.lost);
    }

    /// An outcome of the step.
    pub fn note(&mut self, note: Note) {
        if let Some(observed) = self.last() {
            observed.notes.push(note);
        }
    }

    fn last(&mut self) -> Option<&mut Observed<Spillway>> {
        self.homeless |= self.steps.is_empty();
        self.steps.last_mut().map(|(_, observed)| observed)
    }

    fn tell(
        &mut self,
        from: Node,
        to: Node,
        message: &Wire,
        list: fn(&mut Observed<Spillway>) -> &mut Vec<Sent<Spillway>>,
    ) {
        let mut all = Vec::new();
        messages(message, &self.config, |message| all.push(Sent { from, to, message }));
        let syncs = self.steps.iter().rev();
        let syncs = syncs.take_while(|(action, _)| *action == Action::Sync { server: to }).count();
        if all.len() > 1 && syncs >= all.len() {
            let first = self.steps.len() - all.len();
            for ((_, observed), sent) in self.steps[first..].iter_mut().zip(all) {
                list(observed).push(sent);
            }
        } else if let Some(observed) = self.last() {
            list(observed).append(&mut all);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Knobs, Links, Timers};
    use crate::wire::Entry;

    fn config() -> Arc<Config> {
        let knobs = Knobs {
            threshold: vec![1, 1],
            unit: Default::default(),
            queue_max: 1,
            rooms: Vec::new(),
            pending_max: 1,
            relay_max: 1,
            ledger_max: 1,
            ledger_rooms: Vec::new(),
            window_max: 1,
            routing: Default::default(),
            returned: Default::default(),
            give_back: false,
            links: Links::Fifo,
            strategy: Default::default(),
            binding: Default::default(),
            weights: Vec::new(),
            accepts: Vec::new(),
            overtaken_max: 0,
            disk: Default::default(),
            sharing: Default::default(),
            sessions: false,
            sync_batch_max: 3,
            compact_after: 0,
        };
        Arc::new(Config {
            clients: 1,
            communication_servers: 1,
            query_servers: 2,
            control_servers: 1,
            knobs,
            timers: Timers::default(),
            bug: None,
        })
    }

    fn update(revisions: std::ops::RangeInclusive<u32>) -> Wire {
        let entry =
            |revision| Entry { revision, user: 0, version: revision, record: Arc::default() };
        Wire::Update { entries: revisions.map(entry).collect() }
    }

    fn said(revision: u32) -> Message {
        Message::Update { revision, user: 0, version: revision }
    }

    const TO: Node = Node::query(1);
    const SYNC: Action = Action::Sync { server: TO };
    const DELIVER: Action = Action::Deliver { from: Node::GLOBAL, to: TO };

    #[test]
    fn each_revision_of_an_update_belongs_to_the_sync_that_chose_it() {
        let mut recorder = Recorder::new(config());
        recorder.step(Action::Flush {});
        (0..3).for_each(|_| recorder.step(SYNC));
        recorder.sent(Node::GLOBAL, TO, &update(4..=6));
        let steps: Vec<_> = recorder.drain().collect();
        assert!(steps[0].1.sent.is_empty());
        for ((action, observed), revision) in steps[1..].iter().zip(4..) {
            assert_eq!(*action, SYNC);
            let sent: Vec<_> = observed.sent.iter().map(|sent| sent.message).collect();
            assert_eq!(sent, [said(revision)]);
        }
        assert!(!recorder.has_homeless());
    }

    #[test]
    fn each_revision_of_an_update_is_taken_by_a_step_of_its_own() {
        let mut recorder = Recorder::new(config());
        recorder.step(DELIVER);
        recorder.took(&update(1..=3));
        recorder.step(DELIVER);
        recorder.note(Note::Dropped);
        recorder.step(DELIVER);
        let taken: Vec<_> = recorder.drain().map(|(_, o)| (o.took, o.notes.len())).collect();
        assert_eq!(taken, [(Some(said(1)), 0), (Some(said(2)), 1), (Some(said(3)), 0)]);
    }

    #[test]
    fn what_is_lost_of_an_update_is_all_of_it() {
        let mut recorder = Recorder::new(config());
        recorder.step(Action::Crash { node: TO });
        recorder.lost(Node::GLOBAL, TO, &update(1..=2));
        let lost = recorder.drain().next().map(|(_, observed)| observed.lost.len());
        assert_eq!(lost, Some(2));
        recorder.note(Note::Dropped);
        assert!(recorder.has_homeless(), "it belongs to no step");
    }
}
