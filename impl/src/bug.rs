//! The seeded bugs of the implementation: each leaves one rule out, and shows that something notices.

use serde::{Deserialize, Serialize};

macro_rules! bugs {
    ($($(#[doc = $about:literal])+ $bug:ident $name:literal),+ $(,)?) => {
        /// A seeded bug. A node that has one behaves as its sentence says, and in nothing else differently.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Bug {
            $($(#[doc = $about])+ $bug,)+
        }

        impl Bug {
            /// All of them, in the order of the nodes.
            pub const ALL: &[Bug] = &[$(Bug::$bug),+];

            /// Its name, as on the command line and in the header of a trace.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Bug::$bug => $name,)+
                }
            }

            /// What it does, in a sentence.
            pub const fn about(self) -> &'static str {
                match self {
                    $(Bug::$bug => concat!($($about),+).trim_ascii(),)+
                }
            }

            /// The bug of this name.
            pub fn named(name: &str) -> Option<Bug> {
                Self::ALL.iter().copied().find(|bug| bug.name() == name)
            }
        }
    };
}

bugs! {
    /// The client hands every reply to its user, also a second one.
    SecondReplyTaken "second-reply-taken",
    /// The client sends its requests without its token.
    TokenLeftOut "token-left-out",
    /// The client's token does not rise with what its queries were answered.
    SeenForgotten "seen-forgotten",
    /// The client's token does not rise with what its changes were acknowledged for.
    AcknowledgementForgotten "acknowledgement-forgotten",
    /// The client asks again with the token that it has by now.
    RetriedWithNewToken "retried-with-new-token",
    /// The client takes a reply for the oldest request that it waits for, whichever it names.
    ReplyToOldest "reply-to-oldest",
    /// The client does not ask again when its connection is made anew.
    ClientSilentAtReset "client-silent-at-reset",
    /// The client does not ask again when it has moved.
    MovedSilently "moved-silently",
    /// The client goes on waiting for a request that its user has given up.
    GivenUpAwaited "given-up-awaited",
    /// The client sends with a change only what it changes, and not the whole record.
    ChangeAloneCarried "change-alone-carried",
    /// The client does not ask again on datagram links when its timer runs out.
    RequestNotRepeated "request-not-repeated",
    /// The communication server does not send again what is pending when the connection is made anew.
    PendingNotResent "pending-not-resent",
    /// The communication server does not send queries again when it loses another query server than theirs.
    SameLinkOnlyResent "same-link-only-resent",
    /// The communication server drops a request that it has no room for, and does not say so.
    RefusalUnsaid "refusal-unsaid",
    /// The communication server takes requests without bound.
    PendingUnbounded "pending-unbounded",
    /// The communication server passes publishes on and does not remember them.
    PublishNotPending "publish-not-pending",
    /// The communication server keeps what is pending for a client whose session has ended.
    SessionKept "session-kept",
    /// The communication server keeps a request pending that its client has given up.
    GivenUpPending "given-up-pending",
    /// The communication server does not send a request elsewhere when its query server is out of reach.
    NeverRerouted "never-rerouted",
    /// The communication server does not send again on datagram links when its timer runs out.
    PendingNotRepeated "pending-not-repeated",
    /// The query server starts a task whose token its replica has not reached.
    TokenIgnored "token-ignored",
    /// The query server starts the lowest class first.
    LowestClassStarted "lowest-class-started",
    /// The query server starts the newest task of a class first.
    NewestStarted "newest-started",
    /// The query server starts by class alone, however often a task was overtaken.
    AgeingIgnored "ageing-ignored",
    /// The query server offers one task more than it has above its threshold.
    OfferedBelowThreshold "offered-below-threshold",
    /// The query server hands over the highest class first.
    HighestClassOffered "highest-class-offered",
    /// The query server hands over a task that it works on.
    RunningOffered "running-offered",
    /// The query server hands over a task that came back.
    RefusedOffered "refused-offered",
    /// The query server hands over a task of another one.
    ForeignOffered "foreign-offered",
    /// The query server names hand-overs after a crash as it did before.
    IncarnationReused "incarnation-reused",
    /// The query server does not note that a task was asked for again while it is handed over.
    AgainUnmarked "again-unmarked",
    /// The query server takes a Finish whatever hand-over it names.
    FinishUnmatched "finish-unmatched",
    /// The query server takes a Return whatever hand-over it names.
    ReturnUnmatched "return-unmatched",
    /// The query server queues a returned task without the mark that it came back.
    ReturnedUnmarked "returned-unmarked",
    /// The query server takes a foreign task on under the id of a second source.
    SecondSourceAdopted "second-source-adopted",
    /// The query server takes tasks from others whatever its load.
    LoadUnchecked "load-unchecked",
    /// The query server refuses a query by the bound of its queue, whatever room there is for the class.
    RoomsIgnored "rooms-ignored",
    /// The query server does not say that a foreign task is done.
    DoneUnsaid "done-unsaid",
    /// The query server does not offer again when the connection to its leader is made anew.
    NotOfferedAgain "not-offered-again",
    /// The query server heeds a control server of a lower epoch.
    EpochUnchecked "epoch-unchecked",
    /// The query server drops a withdrawn task although somebody asked for it there.
    WithdrawnForAll "withdrawn-for-all",
    /// The query server shows information to everybody, whatever the rule of its owner.
    RulesIgnored "rules-ignored",
    /// The query server keeps the record from before a change that shares it with fewer users.
    RevokedCopyKept "revoked-copy-kept",
    /// The query server takes a revision on after a gap.
    GapApplied "gap-applied",
    /// The query server answers for a publish before the global server has stored it.
    AcknowledgedBeforeStored "acknowledged-before-stored",
    /// The global server stores a version that is older than what it has.
    OlderStored "older-stored",
    /// The global server does not acknowledge a publish that it has stored before.
    DuplicateUnacknowledged "duplicate-unacknowledged",
    /// The global server names the revision before the one that it has stored.
    AcknowledgedTooLow "acknowledged-too-low",
    /// The global server acknowledges a publish before its disk has it.
    AcknowledgedBeforeFlushed "acknowledged-before-flushed",
    /// The global server acknowledges an older publish at once, although its disk has not what supersedes it.
    DuplicateBeforeFlushed "duplicate-before-flushed",
    /// The global server acknowledges nothing of what waited for its disk.
    FlushUnacknowledged "flush-unacknowledged",
    /// The global server sends query servers what its disk does not have yet.
    SyncedBeforeFlushed "synced-before-flushed",
    /// The global server goes on with its feed where it was, whatever a query server says that it has.
    HelloIgnored "hello-ignored",
    /// The global server leaves a revision out of an update.
    RevisionSkipped "revision-skipped",
    /// The global server sends no snapshot in place of what it has forgotten.
    SnapshotSkipped "snapshot-skipped",
    /// The global server forgets the version of a user whose information is gone when it compacts its log.
    TombstoneForgotten "tombstone-forgotten",
    /// The global server does not look at the checksums of its file.
    TornFrameAccepted "torn-frame-accepted",
    /// The global server does not read its file when it restarts.
    StoredInMemory "stored-in-memory",
    /// The control server forgets a hand-over once the receiver accepts it.
    FreedAtAccept "freed-at-accept",
    /// The control server forgets who refused a task.
    RefusalUnnoted "refusal-unnoted",
    /// The control server assigns a task to a server that has refused it.
    AssignedToRefuser "assigned-to-refuser",
    /// The control server assigns a task to the server that handed it over.
    AssignedToSource "assigned-to-source",
    /// The control server assigns the lowest class first.
    LowestClassAssigned "lowest-class-assigned",
    /// The control server keeps assignments to a query server that it has lost.
    AssignedKept "assigned-kept",
    /// The control server assigns to a query server that it has lost.
    AssignedToLost "assigned-to-lost",
    /// The control server finishes a hand-over whatever id the receiver says is done.
    DoneUnmatched "done-unmatched",
    /// The control server holds a task that it has given back.
    GivenBackHeld "given-back-held",
    /// The control server does not pass its turn on.
    WrongTurn "wrong-turn",
    /// The control server assigns to any eligible server, whatever the strategy.
    StrategyIgnored "strategy-ignored",
    /// The control server holds a hand-over up to the bound of its ledger, whatever room there is for the class.
    LedgerRoomsIgnored "ledger-rooms-ignored",
    /// The control server that gets the lease does not say so.
    LeadUnsaid "lead-unsaid",
    /// The control server that is superseded keeps its ledger and goes on.
    SupersededGoesOn "superseded-goes-on",
}
