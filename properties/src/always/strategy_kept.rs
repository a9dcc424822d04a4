//! `strategy-kept`: a redundant task goes where the receiving strategy lets it go.
//!
//! *To an operator*: the control server chooses receivers by the configured strategy, never sends a task back where
//! it came from, nor again to a server that has just refused it; and once a query server has heard of a new leader,
//! the old one moves nothing there any more, whatever it still believes. *Source*: "task receiving strategy". *Not
//! promised*: which of the allowed servers takes it; that the load that a strategy reckons with is what a server has:
//! it is what its control server has assigned and not seen finished; anything of an old leader that a query server
//! has not heard to be superseded. What becomes of a task if a query server heeds an old leader shows much later, in
//! `final-states`: the receiver takes an older hand-over id on, and its Done names one that nobody waits for.
//! *Broken by*: `assigned-to-source`, `assigned-to-refuser`, `refusal-unnoted`, `refusals-forgotten`,
//! `strategy-ignored`, `load-forgotten`, `heavier-chosen`, `weights-ignored`, `turn-kept`, `class-filter-ignored`,
//! `epoch-unchecked`, `given-back-held`, `given-back-assigned`.
//!
//! What the control server gives back of itself goes back to one place: nobody has it yet, and nobody will. Else its
//! source and a receiver would both do it, and nothing else would show.

use spillway_model::rows::{Entry, Handed, Task};
use spillway_model::size::{Num, Size, Table};
use spillway_model::wire;
use spillway_traces::{Action, Message, Node, Role};

use super::receivers::choices;
use crate::judged::{Always, Stepped};

/// See the module.
pub struct StrategyKept;

impl Always for StrategyKept {
    const NAME: &'static str = "strategy-kept";
    const STATEMENT: &'static str = "the receiver is one that the receiving strategy allows, is not the source, \
        and has not refused this hand-over to this incarnation of the control server; and no query server heeds a \
        control server that it has heard to be superseded; and what is given back is assigned to nobody, before and \
        after";

    fn holds_over<S: Size>(step: &Stepped<'_, S>) -> bool {
        match step.action {
            Action::Assign { source, request, to, by } => {
                let key = (u32::from(by.index), u32::from(source.index), request.number());
                let mut ledger = step.before.ledger.iter();
                let entry =
                    ledger.find(|e| (e.control.get(), e.source.get(), e.request.get()) == key);
                entry.is_some_and(|e| choices(step, e).contains(&to.index))
            }
            Action::GiveBack { source, request, by } => {
                let key = (u32::from(by.index), u32::from(source.index), request.number());
                let own =
                    |e: &Entry<S::Num>| (e.control.get(), e.source.get(), e.request.get()) == key;
                let held = step.before.ledger.iter().find(own);
                held.is_some_and(|e| e.assignee().is_none())
                    && !step.after.ledger.iter().any(|e| own(&e))
            }
            Action::Deliver { from, to } if from.role == Role::Control => {
                heeds_no_superseded(step, from, to)
            }
            _ => true,
        }
    }
}

/// What a superseded control server says changes neither what a query server has queued nor what it has handed over.
fn heeds_no_superseded<S: Size>(step: &Stepped<'_, S>, from: Node, to: Node) -> bool {
    let head = step.before.flight.get(step.before.link(from, to).start);
    let epoch = match wire::open(head) {
        Message::Assign { epoch, .. }
        | Message::Finish { epoch, .. }
        | Message::Return { epoch, .. } => epoch,
        _ => return true,
    };
    let queued = |t: &Task<S::Num>| t.server.get() == u32::from(to.index);
    let handed = |h: &Handed<S::Num>| h.server.get() == u32::from(to.index);
    let (before, after) = (step.before, step.after);
    epoch >= step.ghost.heard(to)
        || (before.queue.iter().filter(queued).eq(after.queue.iter().filter(queued))
            && before.handed.iter().filter(handed).eq(after.handed.iter().filter(handed)))
}
