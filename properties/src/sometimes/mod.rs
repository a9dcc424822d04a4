//! The situations that scopes are there to reach, one file each, and the list that everything else is made from.

mod all_full;
mod answered_while_control_down;
mod asked_again;
mod catch_up;
mod classes_compete;
mod client_refused;
mod crash_mid_handover;
mod duplicate_publish;
mod heard_one_way;
mod overflow_happens;
mod publish_overtaken;
mod pulled_back;
mod receiver_crash_mid_handover;
mod receiver_refuses;
mod redistributed_answer;
mod replicas_differ;
mod rerouted;
mod second_reply;
mod served_twice;
mod source_crash_mid_handover;
mod stale_hand_over;
mod stale_replica_waits;
mod task_returned;
mod update_overtaken;

pub use all_full::AllFull;
pub use answered_while_control_down::AnsweredWhileControlDown;
pub use asked_again::AskedAgain;
pub use catch_up::CatchUp;
pub use classes_compete::ClassesCompete;
pub use client_refused::ClientRefused;
pub use crash_mid_handover::CrashMidHandover;
pub use duplicate_publish::DuplicatePublish;
pub use heard_one_way::HeardOneWay;
pub use overflow_happens::OverflowHappens;
pub use publish_overtaken::PublishOvertaken;
pub use pulled_back::PulledBack;
pub use receiver_crash_mid_handover::ReceiverCrashMidHandover;
pub use receiver_refuses::ReceiverRefuses;
pub use redistributed_answer::RedistributedAnswer;
pub use replicas_differ::ReplicasDiffer;
pub use rerouted::Rerouted;
pub use second_reply::SecondReply;
pub use served_twice::ServedTwice;
pub use source_crash_mid_handover::SourceCrashMidHandover;
pub use stale_hand_over::StaleHandOver;
pub use stale_replica_waits::StaleReplicaWaits;
pub use task_returned::TaskReturned;
pub use update_overtaken::UpdateOvertaken;

/// Calls a macro with every "sometimes", in the order in which they are listed everywhere.
macro_rules! for_each_sometimes {
    ($with:ident) => {
        $with! {
            OverflowHappens, RedistributedAnswer, AllFull, ReceiverRefuses, TaskReturned, ClientRefused, ClassesCompete, AskedAgain, SecondReply, StaleReplicaWaits, ReplicasDiffer, PublishOvertaken, DuplicatePublish, CatchUp, CrashMidHandover, SourceCrashMidHandover, ReceiverCrashMidHandover, AnsweredWhileControlDown, PulledBack, ServedTwice, Rerouted, HeardOneWay, StaleHandOver, UpdateOvertaken,
        }
    };
}
pub(crate) use for_each_sometimes;
