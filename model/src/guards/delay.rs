//! A threshold of delay: how long a queue takes is an input of the environment, as the model has no clock.

use spillway_traces::{Action, Node};

use super::{Guard, guard};
use crate::actions::has;
use crate::mutant::Mutant;
use crate::protocol::Protocol;
use crate::scope::Unit;
use crate::size::{Num, Size, Table};
use crate::state::{Budget, State};

impl<S: Size> Protocol<S> {
    fn counts_delay(&self) -> bool {
        self.scope().knobs.unit == Unit::Delay && !self.has(Mutant::DelayIgnored)
    }

    /// Whether a query server's queue is too slow.
    pub fn is_late(&self, state: &State<S>, server: u16) -> bool {
        state.servers.get(server.into()).late.get() != 0
    }

    /// How many tasks a query server does not count as too many: its threshold. With one of delay, all of them, but
    /// only one while it is late, since with a single task nothing is gained by giving it away.
    pub(crate) fn kept_to_itself(&self, state: &State<S>, server: u16) -> usize {
        match (self.counts_delay(), self.is_late(state, server)) {
            (false, _) => self.threshold(server),
            (true, true) => usize::from(!self.has(Mutant::LastTaskOffered)),
            (true, false) => usize::MAX,
        }
    }

    /// Whether a query server with this load may take on a task that is assigned to it.
    pub(crate) fn may_take_on(
        &self,
        state: &State<S>,
        server: u16,
        load: usize,
        slack: usize,
    ) -> bool {
        match self.counts_delay() {
            false => load < self.threshold(server) + slack,
            true => !self.is_late(state, server) || self.has(Mutant::LateAccepts),
        }
    }

    /// The threshold, as a refusal quotes it.
    pub(super) fn said_threshold(&self, state: &State<S>, server: Node) -> String {
        match (self.counts_delay(), self.is_late(state, server.index)) {
            (false, _) => format!("a threshold of {}", self.threshold(server.index)),
            (true, true) => "a delay above the threshold".to_owned(),
            (true, false) => "a delay below the threshold".to_owned(),
        }
    }

    /// A queue becomes too slow while there is something in it.
    fn may_slow(&self, state: &State<S>, server: u16) -> bool {
        !self.is_late(state, server) && state.load(server) > 0
    }

    pub(super) fn allows_slow(&self, state: &State<S>, server: Node) -> Result<(), Guard> {
        guard(self.may_slow(state, server.index), "punctual", || {
            format!("{server} is late already, or has nothing to do")
        })?;
        self.allows_fault(state, Some(Budget::Slow))
    }

    pub(super) fn allows_calm(&self, state: &State<S>, server: Node) -> Result<(), Guard> {
        guard(self.is_late(state, server.index), "late", || format!("{server} is not late"))
    }

    /// Appends what the environment may say of delays.
    pub(crate) fn delays(&self, state: &State<S>, actions: &mut Vec<Action>) {
        if self.scope().knobs.unit == Unit::Count || state.full().is_some() {
            return;
        }
        let mirrored = self.mirrored(state);
        for server in self.query_servers().filter(|c| !has(mirrored, *c)) {
            let node = Node::query(server);
            if state.budget(Budget::Slow) > 0 && self.may_slow(state, server) {
                actions.push(Action::Slow { server: node });
            }
            if self.is_late(state, server) {
                actions.push(Action::Calm { server: node });
            }
        }
    }
}
