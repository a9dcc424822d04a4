//! `threshold-kept`: help does not overload the helper.
//!
//! *To an operator*: a server that takes a redundant task over stays at or below its own threshold; where the
//! threshold is one of delay, it takes one only while it is not late. *Source*: the control server distributes "to
//! other query servers" by their receiving strategy. *Not promised*: that it stays there, since its own queries, and
//! tasks that come back, may exceed it later. *Broken by*: `load-unchecked`, `load-miscounted`, `late-accepts`.

use spillway_model::rows::Task;
use spillway_model::scope::Unit;
use spillway_model::size::{Num, Size, Table};
use spillway_traces::Action;

use crate::judged::{Always, Stepped};

/// See the module.
pub struct ThresholdKept;

impl Always for ThresholdKept {
    const NAME: &'static str = "threshold-kept";
    const STATEMENT: &'static str = "a server that enqueues an assigned task is at or below its threshold just \
        after";

    fn holds_over<S: Size>(step: &Stepped<'_, S>) -> bool {
        let Action::Deliver { to, from } = step.action else { return true };
        if from.role != spillway_traces::Role::Control {
            return true;
        }
        let foreign = |t: &Task<S::Num>| t.is_foreign() && t.server.get() == u32::from(to.index);
        let (before, after) = (step.before.load(to.index), step.after.load(to.index));
        let taken = after > before
            && step.after.queue.iter().any(|t| {
                foreign(&t)
                    && !step.before.queue.iter().any(|b| b.request == t.request && foreign(&b))
            });
        let kept = match step.protocol.scope().knobs.unit {
            Unit::Count => after <= step.protocol.threshold(to.index),
            Unit::Delay => step.before.servers.get(to.index.into()).late.get() == 0,
        };
        !taken || kept
    }
}
