//! The safety guarantees, one file each, and the list that everything else is made from.

mod answered_once;
mod bounded;
mod bounded_overtaking;
mod custodian;
mod durable_publish;
mod excuse;
mod final_states;
mod fresh_answer;
mod links_only;
mod no_lost_overflow_task;
mod no_lost_task;
mod no_resurrection;
mod overflow_only;
mod priority_order;
mod receivers;
mod resent;
mod strategy_kept;
mod synced_info;
mod threshold_kept;
mod visible_to_allowed;

pub use answered_once::AnsweredOnce;
pub use bounded::Bounded;
pub use bounded_overtaking::BoundedOvertaking;
pub use durable_publish::DurablePublish;
pub use final_states::FinalStates;
pub use fresh_answer::FreshAnswer;
pub use links_only::LinksOnly;
pub use no_lost_overflow_task::NoLostOverflowTask;
pub use no_lost_task::NoLostTask;
pub use no_resurrection::NoResurrection;
pub use overflow_only::OverflowOnly;
pub use priority_order::PriorityOrder;
pub use strategy_kept::StrategyKept;
pub use synced_info::SyncedInfo;
pub use threshold_kept::ThresholdKept;
pub use visible_to_allowed::VisibleToAllowed;

/// Calls a macro with every safety guarantee, in the order in which they are listed everywhere.
macro_rules! for_each_always {
    ($with:ident) => {
        $with! {
            SyncedInfo, DurablePublish, FreshAnswer, NoLostOverflowTask, NoLostTask, AnsweredOnce,
            OverflowOnly, ThresholdKept, PriorityOrder, StrategyKept, LinksOnly, Bounded, FinalStates,
            VisibleToAllowed, NoResurrection, BoundedOvertaking,
        }
    };
}
pub(crate) use for_each_always;
