//! Which property kills which seeded bug, in which scope, and how deep: promised here, and tested.

use spillway_model::Mutant;

/// What a check of a scope with a seeded bug is promised to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promise {
    /// The seeded bug.
    pub mutant: Mutant,
    /// The guarantee that it breaks.
    pub property: &'static str,
    /// The built-in scope in which it shows.
    pub scope: &'static str,
    /// Steps of the shortest counterexample.
    pub steps: usize,
}

/// The promise for each seeded bug, in the order of [`Mutant::ALL`].
pub const PROMISES: &[Promise] = &[
    bug(Mutant::TokenLeftOut, "fresh-answer", "catch-up-crash", 16),
    bug(Mutant::SeenForgotten, "fresh-answer", "default", 29),
    bug(Mutant::AcknowledgementForgotten, "fresh-answer", "catch-up-crash", 16),
    bug(Mutant::SecondReplyTaken, "answered-once", "retry", 14),
    bug(Mutant::ReplyToOldest, "answered-once", "refused", 17),
    bug(Mutant::ClientSilentAtReset, "final-states", "crash-global", 3),
    bug(Mutant::ChangeAloneCarried, "visible-to-allowed", "sharing", 22),
    bug(Mutant::RuleDeleted, "visible-to-allowed", "anew", 39),
    bug(Mutant::PendingNotResent, "no-lost-task", "refused", 3),
    bug(Mutant::SameLinkOnlyResent, "no-lost-overflow-task", "handover", 15),
    bug(Mutant::RefusalUnsaid, "final-states", "full", 30),
    bug(Mutant::PendingUnbounded, "bounded", "full", 10),
    bug(Mutant::PublishNotPending, "final-states", "catch-up-crash", 13),
    bug(Mutant::TokenIgnored, "fresh-answer", "catch-up-crash", 16),
    bug(Mutant::TokenNotOffered, "fresh-answer", "retry", 21),
    bug(Mutant::LowestClassStarted, "priority-order", "refused", 7),
    bug(Mutant::NewestStarted, "priority-order", "full", 12),
    bug(Mutant::OfferedBelowThreshold, "overflow-only", "refused", 4),
    bug(Mutant::HighestClassOffered, "overflow-only", "refused", 7),
    bug(Mutant::OldestOffered, "overflow-only", "full", 12),
    bug(Mutant::RunningOffered, "overflow-only", "refused", 12),
    bug(Mutant::RefusedOffered, "overflow-only", "refused", 13),
    bug(Mutant::ForeignOffered, "overflow-only", "routing", 17),
    bug(Mutant::ForgottenAfterOffer, "no-lost-overflow-task", "refused", 8),
    bug(Mutant::NotOfferedAgain, "no-lost-overflow-task", "refused", 8),
    bug(Mutant::AgainUnmarked, "no-lost-overflow-task", "routing", 19),
    bug(Mutant::AgainForgotten, "no-lost-overflow-task", "routing", 22),
    bug(Mutant::HandedUnrecognised, "no-lost-overflow-task", "refused", 17),
    bug(Mutant::QueuedUnrecognised, "no-lost-overflow-task", "refused", 17),
    bug(Mutant::IncarnationReused, "no-lost-overflow-task", "handover", 23),
    bug(Mutant::FinishUnmatched, "no-lost-overflow-task", "handover", 23),
    bug(Mutant::ReturnedLost, "no-lost-overflow-task", "refused", 12),
    bug(Mutant::SecondSourceAdopted, "final-states", "two-sources", 24),
    bug(Mutant::LoadUnchecked, "threshold-kept", "refused", 10),
    bug(Mutant::LoadMiscounted, "threshold-kept", "refused", 10),
    bug(Mutant::QueueFullSilently, "no-lost-task", "full", 22),
    bug(Mutant::QueueUnbounded, "bounded", "full", 22),
    bug(Mutant::DoneUnsaid, "final-states", "routing", 21),
    bug(Mutant::RevisionUnderstated, "synced-info", "catch-up-crash", 15),
    bug(Mutant::WrongUserAnswered, "synced-info", "crash-global", 13),
    bug(Mutant::AppliedRewound, "synced-info", "catch-up", 7),
    bug(Mutant::ReturnedUnmarked, "overflow-only", "refusals", 16),
    bug(Mutant::RelayFullSilently, "final-states", "relay-full", 14),
    bug(Mutant::RelayUnbounded, "bounded", "relay-full", 6),
    bug(Mutant::AnsweredDirectly, "links-only", "refused", 5),
    bug(Mutant::AcknowledgedBeforeStored, "durable-publish", "catch-up", 5),
    bug(Mutant::RelayNotResent, "final-states", "catch-up", 10),
    bug(Mutant::AppliedKeptInCrash, "synced-info", "catch-up-crash", 7),
    bug(Mutant::RulesIgnored, "visible-to-allowed", "sharing", 19),
    bug(Mutant::PreviousRuleUsed, "visible-to-allowed", "sharing", 19),
    bug(Mutant::AskerListUsed, "visible-to-allowed", "contacts", 21),
    bug(Mutant::OwnerHidden, "fresh-answer", "contacts", 16),
    bug(Mutant::HiddenToldApart, "visible-to-allowed", "contacts", 14),
    bug(Mutant::DeletionNotApplied, "no-resurrection", "deletion", 13),
    bug(Mutant::SnapshotMerged, "no-resurrection", "tombstone", 14),
    bug(Mutant::SnapshotUncounted, "final-states", "tombstone", 19),
    bug(Mutant::AgeingIgnored, "bounded-overtaking", "ageing", 12),
    bug(Mutant::OvertakenMiscounted, "bounded-overtaking", "ageing", 12),
    bug(Mutant::OvertakenForgotten, "bounded-overtaking", "ageing", 15),
    bug(Mutant::UnreadyOvertaken, "priority-order", "ageing-unready", 21),
    bug(Mutant::DelayIgnored, "overflow-only", "delay", 7),
    bug(Mutant::LastTaskOffered, "overflow-only", "delay", 5),
    bug(Mutant::LateAccepts, "threshold-kept", "delay", 15),
    bug(Mutant::EpochUnchecked, "final-states", "standby-crash-query", 26),
    bug(Mutant::NotOfferedToNewLeader, "no-lost-overflow-task", "standby-crash", 7),
    bug(Mutant::OfferedToFirst, "no-lost-overflow-task", "standby-crash", 7),
    bug(Mutant::DoneToFirst, "final-states", "standby-crash", 18),
    bug(Mutant::SupersededUntold, "final-states", "standby-crash", 18),
    bug(Mutant::SupersededUntoldAtReset, "final-states", "standby-reset", 21),
    bug(Mutant::GapApplied, "synced-info", "catch-up", 12),
    bug(Mutant::HelloIgnored, "final-states", "catch-up", 22),
    bug(Mutant::OlderStored, "synced-info", "sync", 13),
    bug(Mutant::StoredInMemory, "durable-publish", "crash-global", 8),
    bug(Mutant::AcknowledgedTooLow, "fresh-answer", "catch-up-crash", 16),
    bug(Mutant::DuplicateUnacknowledged, "final-states", "catch-up", 22),
    bug(Mutant::UpdateStale, "synced-info", "catch-up-crash", 12),
    bug(Mutant::TombstoneForgotten, "no-resurrection", "tombstone", 9),
    bug(Mutant::SnapshotSkipped, "final-states", "tombstone", 17),
    bug(Mutant::GapCompacted, "no-resurrection", "snapshot", 22),
    bug(Mutant::UndurableCompacted, "synced-info", "disk", 13),
    bug(Mutant::AcknowledgedBeforeFlushed, "durable-publish", "disk", 8),
    bug(Mutant::DuplicateBeforeFlushed, "durable-publish", "disk-overtaken", 11),
    bug(Mutant::SyncedBeforeFlushed, "synced-info", "disk", 7),
    bug(Mutant::FlushUnacknowledged, "final-states", "disk", 14),
    bug(Mutant::AwaitedKept, "durable-publish", "disk", 14),
    bug(Mutant::TokenNotAssigned, "fresh-answer", "retry", 21),
    bug(Mutant::AssignedKept, "no-lost-overflow-task", "refused", 12),
    bug(Mutant::NeverReturned, "no-lost-overflow-task", "refused", 11),
    bug(Mutant::LowestClassAssigned, "priority-order", "refused", 20),
    bug(Mutant::AssignedToSource, "strategy-kept", "refused", 9),
    bug(Mutant::RefusalUnnoted, "strategy-kept", "refusals", 12),
    bug(Mutant::RefusalsForgotten, "strategy-kept", "refusals", 14),
    bug(Mutant::AssignedToRefuser, "strategy-kept", "refused", 12),
    bug(Mutant::RejectUnmatched, "no-lost-overflow-task", "refused", 16),
    bug(Mutant::DoneUnmatched, "no-lost-overflow-task", "crash", 22),
    bug(Mutant::LedgerUnbounded, "bounded", "full", 13),
    bug(Mutant::StrategyIgnored, "strategy-kept", "round-robin", 6),
    bug(Mutant::LoadForgotten, "strategy-kept", "least-loaded", 12),
    bug(Mutant::HeavierChosen, "strategy-kept", "two-choices", 12),
    bug(Mutant::WeightsIgnored, "strategy-kept", "weighted", 18),
    bug(Mutant::TurnKept, "strategy-kept", "round-robin", 12),
    bug(Mutant::ClassFilterIgnored, "strategy-kept", "classes", 6),
    bug(Mutant::UnwantedHeld, "no-lost-overflow-task", "classes", 5),
    bug(Mutant::LeadUnsaid, "no-lost-overflow-task", "standby-crash", 6),
    bug(Mutant::LeadUnsaidAtReset, "no-lost-overflow-task", "standby-crash", 8),
    bug(Mutant::EpochNotRaised, "no-lost-overflow-task", "standby-crash", 6),
    bug(Mutant::LedgerKeptAtLease, "no-lost-overflow-task", "standby", 10),
    bug(Mutant::EpochLostInCrash, "no-lost-overflow-task", "standby-crash", 7),
    bug(Mutant::SupersededGoesOn, "final-states", "standby-crash", 20),
    bug(Mutant::SupersededKeepsLedger, "final-states", "standby-crash", 20),
    bug(Mutant::SupersededHolds, "final-states", "standby-crash", 20),
];

const fn bug(mutant: Mutant, property: &'static str, scope: &'static str, steps: usize) -> Promise {
    Promise { mutant, property, scope, steps }
}

/// The promise for a seeded bug.
///
/// # Panics
/// If there is none: a test shows that there is one for each.
pub fn promise(mutant: Mutant) -> Promise {
    let found = PROMISES.iter().find(|promise| promise.mutant == mutant);
    *found.expect("every mutant has its promise")
}
