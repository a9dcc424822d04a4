//! `strategy-kept`: a redundant task goes where the receiving strategy lets it go.
//!
//! *To an operator*: the control server never sends a task back where it came from, nor again to a server that
//! has just refused it. *Source*: "task receiving strategy". *Not promised*: which of the allowed servers takes
//! it; the strategies that allow fewer come with their own scopes. *Broken by*: `assigned-to-source`,
//! `assigned-to-refuser`, `refusal-unnoted`, `refusals-forgotten`.

use spillway_model::size::{Num, Size, Table};
use spillway_traces::Action;

use crate::judged::{Always, Stepped};

/// See the module.
pub struct StrategyKept;

impl Always for StrategyKept {
    const NAME: &'static str = "strategy-kept";
    const STATEMENT: &'static str = "the receiver is one that the receiving strategy allows, is not the source, \
        and has not refused this hand-over to this incarnation of the control server";

    fn holds_over<S: Size>(step: &Stepped<'_, S>) -> bool {
        let Action::Assign { source, request, to, .. } = step.action else { return true };
        let key = (u32::from(source.index), request.0);
        let entry = step.before.ledger.iter().find(|e| (e.source.get(), e.request.get()) == key);
        // Not the ledger's own record of refusals: that is what a bug would get wrong.
        let refused = |e| step.ghost.refusals_of(e) & (1 << to.index) != 0;
        source != to && entry.is_some_and(|e| !refused(e))
    }
}
