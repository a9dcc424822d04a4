//! Judges what the nodes do by the guarantees alone: each step as the map shows it, without the model's step.
//!
//! That a difference from the model is found does not say which promise to a user it breaks. Guarantees look at states,
//! steps and history, never at the rules, so that the mapped states suffice: those of steps and of history are judged too.
//! What nodes have compacted guarantees still ask about: it is kept here.

use spillway_impl::world::World;
use spillway_model::rows::Revision;
use spillway_model::scope::limits::FAULT_ANY;
use spillway_model::size::{Size, Table};
use spillway_model::{Budget, Growable, Protocol, State};
use spillway_traces::{Action, Note, Observed, Spillway};

use super::map::Refinement;
use crate::checked::{Checked, CheckedState};

/// A state of the nodes as the map shows it, with its history.
pub type JudgedNodes = CheckedState<State<Growable>, Growable>;

/// Judges the nodes of a scope.
pub(crate) struct Judge<'a> {
    pub(crate) checked: &'a Checked<Protocol<Growable>>,
    pub(crate) refinement: &'a Refinement,
}

impl Judge<'_> {
    /// The nodes after a step, and what it broke or is broken after it. Budgets are spent as the scope has them.
    pub(crate) fn step(
        &self,
        last: &JudgedNodes,
        action: Action,
        observed: &Observed<Spillway>,
        nodes: &World,
    ) -> JudgedNodes {
        let mut budgets = last.inner.budgets;
        if let Some(budget) = budget_of(&action) {
            let left = &mut budgets[budget as usize];
            if u32::from(*left) != FAULT_ANY {
                *left = left.saturating_sub(1);
            }
        }
        let mut inner = self.refinement.map(nodes, budgets);
        remember(&last.inner, &mut inner);
        let mut next = self.checked.judge(last, action, reply(observed), inner);
        next.broken = self.checked.broken_bits(&next);
        next
    }

    /// The nodes at their start.
    pub(crate) fn start(&self, nodes: &World) -> JudgedNodes {
        let budgets = self.checked.model().initial().budgets;
        let mut start = self.checked.start(self.refinement.map(nodes, budgets));
        start.broken = self.checked.broken_bits(&start);
        start
    }
}

/// What a client is given.
fn reply(observed: &Observed<Spillway>) -> Option<Note> {
    let reply = |note: &&Note| matches!(note, Note::Given { .. } | Note::Refused { .. });
    observed.notes.iter().find(reply).copied()
}

/// A row of the log.
type Kept = Revision<<Growable as Size>::Num>;

/// Puts back what the nodes no longer know of the log: the rows below what they have compacted.
fn remember(last: &State<Growable>, state: &mut State<Growable>) {
    if state.base > 0 {
        keep(&last.log, &mut state.log, state.base);
    }
}

fn keep(last: &impl Rows, log: &mut impl Rows, base: <Growable as Size>::Num) {
    let known: Vec<Kept> = log.iter().collect();
    let is_known = |row: &Kept| known.iter().any(|one| one.revision == row.revision);
    for row in last.iter().filter(|row| row.revision < base && !is_known(row)) {
        let at = log.position(|one| one.revision > row.revision).unwrap_or(log.len());
        assert!(log.insert(at, row), "a table that grows has room");
    }
}

/// The log's table.
trait Rows: Table<<Growable as Size>::Num, Kept> {}
impl<T: Table<<Growable as Size>::Num, Kept>> Rows for T {}

/// What a fault takes from the scope's budgets.
fn budget_of(action: &Action) -> Option<Budget> {
    match action {
        Action::Retry { .. } => Some(Budget::Retry),
        Action::Crash { node } => Budget::of_crash(node.role),
        Action::Stop { node } => Budget::of_stop(node.role),
        Action::Reset { a, b } => Budget::of_reset(a.role, b.role),
        Action::Cut { from, to } => Budget::of_cut(from.role, to.role),
        Action::Move { .. } => Some(Budget::Move),
        Action::Leave { .. } => Some(Budget::Leave),
        Action::Cancel { .. } => Some(Budget::Cancel),
        Action::Drop { .. } => Some(Budget::Drop),
        Action::Duplicate { .. } => Some(Budget::Duplicate),
        Action::Reorder { .. } => Some(Budget::Reorder),
        Action::Compact {} => Some(Budget::Compact),
        Action::Lease { .. } => Some(Budget::Lease),
        Action::Slow { .. } => Some(Budget::Slow),
        _ => None,
    }
}
