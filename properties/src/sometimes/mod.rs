//! The situations that scopes are there to reach, one file each, and the list that everything else is made from.

mod all_full;
mod answered_at_new_session;
mod answered_while_control_down;
mod asked_again;
mod cancelled_in_queue;
mod catch_up;
mod class_not_accepted;
mod classes_compete;
mod client_moves_mid_request;
mod client_refused;
mod crash_mid_handover;
mod deleted_answer;
mod duplicate_publish;
mod given_back;
mod heard_one_way;
mod hidden_answer;
mod late_publish;
mod late_server_offers;
mod late_server_refuses;
mod lease_passed_mid_handover;
mod ledger_room_refused;
mod loads_differ;
mod overflow_happens;
mod overtaken_to_the_bound;
mod publish_overtaken;
mod published_anew;
mod pulled_back;
mod receiver_crash_mid_handover;
mod receiver_refuses;
mod redistributed_answer;
mod replicas_differ;
mod rerouted;
mod resumed_after_snapshot;
mod revocation_spreads;
mod room_refused;
mod second_reply;
mod served_for_nobody;
mod served_twice;
mod snapshot_replaces;
mod source_crash_mid_handover;
mod stale_hand_over;
mod stale_replica_waits;
mod superseded_heard;
mod task_returned;
mod turn_passed_over;
mod two_askers;
mod two_leaders;
mod withdrawn_after_hand_over;
mod write_at_risk;

pub use all_full::AllFull;
pub use answered_at_new_session::AnsweredAtNewSession;
mod update_overtaken;

pub use answered_while_control_down::AnsweredWhileControlDown;
pub use asked_again::AskedAgain;
pub use cancelled_in_queue::CancelledInQueue;
pub use catch_up::CatchUp;
pub use class_not_accepted::ClassNotAccepted;
pub use classes_compete::ClassesCompete;
pub use client_moves_mid_request::ClientMovesMidRequest;
pub use client_refused::ClientRefused;
pub use crash_mid_handover::CrashMidHandover;
pub use deleted_answer::DeletedAnswer;
pub use duplicate_publish::DuplicatePublish;
pub use given_back::GivenBack;
pub use heard_one_way::HeardOneWay;
pub use hidden_answer::HiddenAnswer;
pub use late_publish::LatePublish;
pub use late_server_offers::LateServerOffers;
pub use late_server_refuses::LateServerRefuses;
pub use lease_passed_mid_handover::LeasePassedMidHandover;
pub use ledger_room_refused::LedgerRoomRefused;
pub use loads_differ::LoadsDiffer;
pub use overflow_happens::OverflowHappens;
pub use overtaken_to_the_bound::OvertakenToTheBound;
pub use publish_overtaken::PublishOvertaken;
pub use published_anew::PublishedAnew;
pub use pulled_back::PulledBack;
pub use receiver_crash_mid_handover::ReceiverCrashMidHandover;
pub use receiver_refuses::ReceiverRefuses;
pub use redistributed_answer::RedistributedAnswer;
pub use replicas_differ::ReplicasDiffer;
pub use rerouted::Rerouted;
pub use resumed_after_snapshot::ResumedAfterSnapshot;
pub use revocation_spreads::RevocationSpreads;
pub use room_refused::RoomRefused;
pub use second_reply::SecondReply;
pub use served_for_nobody::ServedForNobody;
pub use served_twice::ServedTwice;
pub use snapshot_replaces::SnapshotReplaces;
pub use source_crash_mid_handover::SourceCrashMidHandover;
pub use stale_hand_over::StaleHandOver;
pub use stale_replica_waits::StaleReplicaWaits;
pub use superseded_heard::SupersededHeard;
pub use task_returned::TaskReturned;
pub use turn_passed_over::TurnPassedOver;
pub use two_askers::TwoAskers;
pub use two_leaders::TwoLeaders;
pub use update_overtaken::UpdateOvertaken;
pub use withdrawn_after_hand_over::WithdrawnAfterHandOver;
pub use write_at_risk::WriteAtRisk;

/// Calls a macro with every "sometimes", in the order in which they are listed everywhere.
macro_rules! for_each_sometimes {
    ($with:ident) => {
        $with! {
            OverflowHappens, RedistributedAnswer, AllFull, ReceiverRefuses, TaskReturned, ClientRefused, ClassesCompete, AskedAgain, SecondReply, StaleReplicaWaits, ReplicasDiffer, PublishOvertaken, DuplicatePublish, CatchUp, CrashMidHandover, SourceCrashMidHandover, ReceiverCrashMidHandover,
            HiddenAnswer, RevocationSpreads, DeletedAnswer, PublishedAnew, LatePublish,
            SnapshotReplaces, ResumedAfterSnapshot, WriteAtRisk,
            LeasePassedMidHandover, TwoLeaders, SupersededHeard, OvertakenToTheBound, LateServerOffers, LateServerRefuses, ClassNotAccepted, LoadsDiffer, TurnPassedOver,
            ClientMovesMidRequest, AnsweredAtNewSession, TwoAskers, CancelledInQueue, WithdrawnAfterHandOver, ServedForNobody,
            AnsweredWhileControlDown, PulledBack, ServedTwice, Rerouted, HeardOneWay, StaleHandOver, UpdateOvertaken,
            RoomRefused, LedgerRoomRefused, GivenBack,
        }
    };
}
pub(crate) use for_each_sometimes;
