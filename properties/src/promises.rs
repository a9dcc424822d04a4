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
    bug(Mutant::RequestNotRepeated, "final-states", "datagram", 2),
    bug(Mutant::PendingNotResent, "no-lost-task", "refused", 3),
    bug(Mutant::SameLinkOnlyResent, "no-lost-overflow-task", "handover", 15),
    bug(Mutant::RefusalUnsaid, "final-states", "full", 30),
    bug(Mutant::PendingUnbounded, "bounded", "full", 10),
    bug(Mutant::PublishNotPending, "final-states", "catch-up-crash", 13),
    bug(Mutant::NotResentAtLoss, "no-lost-overflow-task", "downtime", 12),
    bug(Mutant::NeverRerouted, "final-states", "reroute", 4),
    bug(Mutant::PendingNotRepeated, "no-lost-task", "datagram", 3),
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
    bug(Mutant::NeverPulledBack, "final-states", "pull-back", 5),
    bug(Mutant::PulledBackUnmarked, "overflow-only", "pull-back", 7),
    bug(Mutant::PulledBackLost, "no-lost-overflow-task", "pull-back", 6),
    bug(Mutant::HealUnnoticed, "no-lost-task", "cut", 4),
    bug(Mutant::OfferNotRepeated, "no-lost-overflow-task", "datagram", 5),
    bug(Mutant::HelloNotRepeated, "final-states", "datagram-feed", 23),
    bug(Mutant::OlderApplied, "synced-info", "datagram-feed", 14),
    bug(Mutant::ReturnUnmatched, "overflow-only", "datagram-refused", 18),
    bug(Mutant::GapApplied, "synced-info", "catch-up", 12),
    bug(Mutant::HelloIgnored, "final-states", "catch-up", 22),
    bug(Mutant::OlderStored, "synced-info", "sync", 13),
    bug(Mutant::StoredInMemory, "durable-publish", "crash-global", 8),
    bug(Mutant::AcknowledgedTooLow, "fresh-answer", "catch-up-crash", 16),
    bug(Mutant::DuplicateUnacknowledged, "final-states", "catch-up", 22),
    bug(Mutant::UpdateStale, "synced-info", "catch-up-crash", 12),
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
    bug(Mutant::AssignedToLost, "no-lost-overflow-task", "downtime", 6),
    bug(Mutant::HeldForLost, "final-states", "downtime", 8),
    bug(Mutant::AssignmentNotRepeated, "no-lost-overflow-task", "datagram", 7),
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
