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
