//! The situations that scopes are there to reach, one file each, and the list that everything else is made from.

mod all_full;
mod answered_at_new_session;
mod asked_again;
mod cancelled_in_queue;
mod catch_up;
mod classes_compete;
mod client_moves_mid_request;
mod client_refused;
mod crash_mid_handover;
mod duplicate_publish;
mod overflow_happens;
mod publish_overtaken;
mod receiver_crash_mid_handover;
mod receiver_refuses;
mod redistributed_answer;
mod replicas_differ;
mod second_reply;
mod served_for_nobody;
mod source_crash_mid_handover;
mod stale_replica_waits;
mod task_returned;
mod two_askers;
mod withdrawn_after_hand_over;

pub use all_full::AllFull;
pub use answered_at_new_session::AnsweredAtNewSession;
pub use asked_again::AskedAgain;
pub use cancelled_in_queue::CancelledInQueue;
pub use catch_up::CatchUp;
pub use classes_compete::ClassesCompete;
pub use client_moves_mid_request::ClientMovesMidRequest;
pub use client_refused::ClientRefused;
pub use crash_mid_handover::CrashMidHandover;
pub use duplicate_publish::DuplicatePublish;
pub use overflow_happens::OverflowHappens;
pub use publish_overtaken::PublishOvertaken;
pub use receiver_crash_mid_handover::ReceiverCrashMidHandover;
pub use receiver_refuses::ReceiverRefuses;
pub use redistributed_answer::RedistributedAnswer;
pub use replicas_differ::ReplicasDiffer;
pub use second_reply::SecondReply;
pub use served_for_nobody::ServedForNobody;
pub use source_crash_mid_handover::SourceCrashMidHandover;
pub use stale_replica_waits::StaleReplicaWaits;
pub use task_returned::TaskReturned;
pub use two_askers::TwoAskers;
pub use withdrawn_after_hand_over::WithdrawnAfterHandOver;

/// Calls a macro with every "sometimes", in the order in which they are listed everywhere.
macro_rules! for_each_sometimes {
    ($with:ident) => {
        $with! {
            OverflowHappens, RedistributedAnswer, AllFull, ReceiverRefuses, TaskReturned, ClientRefused, ClassesCompete, AskedAgain, SecondReply, StaleReplicaWaits, ReplicasDiffer, PublishOvertaken, DuplicatePublish, CatchUp, CrashMidHandover, SourceCrashMidHandover, ReceiverCrashMidHandover,
            ClientMovesMidRequest, AnsweredAtNewSession, TwoAskers, CancelledInQueue, WithdrawnAfterHandOver, ServedForNobody,
        }
    };
}
pub(crate) use for_each_sometimes;
