//! The seeded bugs: each leaves out or turns around one rule, to show that the rule is needed and that some
//! property notices.
//!
//! A model carries at most one, and whoever asks for it is told loudly: see `spillway check --mutant`.

use std::fmt;
use std::str::FromStr;

macro_rules! mutants {
    ($($(#[doc = $doc:literal])+ $variant:ident $name:literal,)+) => {
        /// A seeded bug. Its name is what `--mutant` takes; what it does is its documentation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Mutant {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Mutant {
            /// All of them, grouped by the node that has the bug.
            pub const ALL: &'static [Mutant] = &[$(Mutant::$variant,)+];

            /// Its name, in kebab case.
            pub const fn name(self) -> &'static str {
                match self { $(Mutant::$variant => $name,)+ }
            }

            /// What it does wrong, in a sentence.
            pub fn about(self) -> &'static str {
                match self { $(Mutant::$variant => concat!($($doc),+).trim(),)+ }
            }
        }
    };
}

mutants! {
    /// A client asks without its token.
    TokenLeftOut "token-left-out",
    /// A client does not raise its token when it sees an answer.
    SeenForgotten "seen-forgotten",
    /// A client does not raise its token when its publish is acknowledged.
    AcknowledgementForgotten "acknowledgement-forgotten",
    /// A client takes a reply to a request that is already settled.
    SecondReplyTaken "second-reply-taken",
    /// A client gives a reply to its oldest waiting request, whichever the reply names.
    ReplyToOldest "reply-to-oldest",
    /// A client does not ask again when its link is reset.
    ClientSilentAtReset "client-silent-at-reset",
    /// A client's change carries only what it changes, and the rest of the record stays as it is stored.
    ChangeAloneCarried "change-alone-carried",
    /// A client that deletes its information forgets with whom it shares.
    RuleDeleted "rule-deleted",
    /// A client that moves does not ask its new communication server for what it waits for.
    MovedSilently "moved-silently",
    /// A client that moves asks again without its token.
    TokenLeftBehind "token-left-behind",
    /// A client takes a reply to a request that it has given up.
    GivenUpAwaited "given-up-awaited",
    /// A client does not ask again when its timer runs out.
    RequestNotRepeated "request-not-repeated",

    /// A communication server does not send its pending queries again at a reset.
    PendingNotResent "pending-not-resent",
    /// A communication server sends again only what was pending on the link that was reset.
    SameLinkOnlyResent "same-link-only-resent",
    /// A communication server that has no room drops the request in silence.
    RefusalUnsaid "refusal-unsaid",
    /// A communication server takes more requests than its bound.
    PendingUnbounded "pending-unbounded",
    /// A communication server keeps no publish pending, and so sends none again.
    PublishNotPending "publish-not-pending",
    /// A communication server keeps pending what a client asked whose session has ended.
    SessionKept "session-kept",
    /// A communication server keeps a request pending that it takes back from the query server.
    GivenUpPending "given-up-pending",
    /// A communication server does not send queries again when it loses a query server that may have answered them.
    NotResentAtLoss "not-resent-at-loss",
    /// A communication server never sends a request to another query server than the one that it cannot reach.
    NeverRerouted "never-rerouted",
    /// A communication server does not send its pending requests again when its timer runs out.
    PendingNotRepeated "pending-not-repeated",

    /// A query server starts a task before its replica has applied the token.
    TokenIgnored "token-ignored",
    /// A query server leaves the token out of its offer.
    TokenNotOffered "token-not-offered",
    /// A query server starts the lowest ready class first.
    LowestClassStarted "lowest-class-started",
    /// A query server starts the newest task of a class first.
    NewestStarted "newest-started",
    /// A query server offers tasks while it is not above its threshold.
    OfferedBelowThreshold "offered-below-threshold",
    /// A query server offers its highest class first.
    HighestClassOffered "highest-class-offered",
    /// A query server offers its oldest task first.
    OldestOffered "oldest-offered",
    /// A query server offers the task that it is working on.
    RunningOffered "running-offered",
    /// A query server offers a task again that came back refused.
    RefusedOffered "refused-offered",
    /// A query server offers a task that another server handed over to it.
    ForeignOffered "foreign-offered",
    /// A query server forgets a task as soon as it has offered it.
    ForgottenAfterOffer "forgotten-after-offer",
    /// A query server does not offer its handed-over tasks again at a reset.
    NotOfferedAgain "not-offered-again",
    /// A query server ignores a query for a task that it has handed over, without marking it.
    AgainUnmarked "again-unmarked",
    /// A query server forgets the mark of a task that was asked again when the hand-over finishes.
    AgainForgotten "again-forgotten",
    /// A query server does not recognise a query that it has handed over, and queues it a second time.
    HandedUnrecognised "handed-unrecognised",
    /// A query server does not recognise a query that it has queued, and queues it a second time.
    QueuedUnrecognised "queued-unrecognised",
    /// A query server numbers its hand-overs from the start again after a crash, with the same incarnation.
    IncarnationReused "incarnation-reused",
    /// A query server takes any Finish for the task, whatever hand-over it names.
    FinishUnmatched "finish-unmatched",
    /// A query server loses the task when it comes back refused.
    ReturnedLost "returned-lost",
    /// A query server takes on the hand-over id of a second source for a task that it holds for a first.
    SecondSourceAdopted "second-source-adopted",
    /// A query server accepts an assignment whatever its load.
    LoadUnchecked "load-unchecked",
    /// A query server counts its load wrongly by one when it accepts an assignment.
    LoadMiscounted "load-miscounted",
    /// A query server that has no room drops the query in silence.
    QueueFullSilently "queue-full-silently",
    /// A query server queues more tasks than its bound.
    QueueUnbounded "queue-unbounded",
    /// A query server refuses a query by the bound of its queue, whatever room there is for the class.
    RoomsIgnored "rooms-ignored",
    /// A query server refuses a query of any class once there is no room for the lowest.
    SmallestRoomKept "smallest-room-kept",
    /// A control server holds a hand-over up to the bound of its ledger, whatever room there is for the class.
    LedgerRoomsIgnored "ledger-rooms-ignored",
    /// A query server does not tell the control server that it has served a foreign task.
    DoneUnsaid "done-unsaid",
    /// A query server answers as of the first revision, whatever it has applied.
    RevisionUnderstated "revision-understated",
    /// A query server answers with what it holds of the asking client, not of the user asked for.
    WrongUserAnswered "wrong-user-answered",
    /// A query server takes its applied revision back by one when its feed is reset.
    AppliedRewound "applied-rewound",
    /// A query server does not mark a task that came back refused.
    ReturnedUnmarked "returned-unmarked",
    /// A query server that has no room drops a publish in silence.
    RelayFullSilently "relay-full-silently",
    /// A query server relays more publishes than its bound.
    RelayUnbounded "relay-unbounded",
    /// A query server answers the client itself, past the communication server.
    AnsweredDirectly "answered-directly",
    /// A query server acknowledges a publish before the global server has stored it.
    AcknowledgedBeforeStored "acknowledged-before-stored",
    /// A query server does not send its relayed publishes again at a reset.
    RelayNotResent "relay-not-resent",
    /// A query server keeps its applied revision in a crash that loses its replica.
    AppliedKeptInCrash "applied-kept-in-crash",
    /// A query server shows everybody everything.
    RulesIgnored "rules-ignored",
    /// A query server judges by the rule of the version before the one that it holds.
    PreviousRuleUsed "previous-rule-used",
    /// A query server looks for the owner among the contacts of whoever asks.
    AskerListUsed "asker-list-used",
    /// A query server hides information from its owner too.
    OwnerHidden "owner-hidden",
    /// A query server answers for a hidden user as of revision 0, as if it had heard of nothing yet.
    HiddenToldApart "hidden-told-apart",
    /// A query server keeps what it holds of a user who has deleted it.
    DeletionNotApplied "deletion-not-applied",
    /// A query server keeps what it holds of users of whom a snapshot has no information.
    SnapshotMerged "snapshot-merged",
    /// A query server takes over a snapshot and leaves its applied revision as it was.
    SnapshotUncounted "snapshot-uncounted",
    /// A query server starts a task no sooner however often it was overtaken.
    AgeingIgnored "ageing-ignored",
    /// A query server lets a task be overtaken once more than the bound.
    OvertakenMiscounted "overtaken-miscounted",
    /// A query server forgets how often a task was overtaken when its query is repeated.
    OvertakenForgotten "overtaken-forgotten",
    /// A query server counts a task as overtaken while it is not ready.
    UnreadyOvertaken "unready-overtaken",
    /// A query server goes by the number of its tasks where the threshold is one of delay.
    DelayIgnored "delay-ignored",
    /// A query server that is late offers the last of its tasks too.
    LastTaskOffered "last-task-offered",
    /// A query server that is late takes assigned tasks.
    LateAccepts "late-accepts",
    /// A query server heeds a control server that it knows to be superseded.
    EpochUnchecked "epoch-unchecked",
    /// A query server does not offer what it has handed over to a new leader.
    NotOfferedToNewLeader "not-offered-to-new-leader",
    /// A query server offers to the first control server, whichever leads.
    OfferedToFirst "offered-to-first",
    /// A query server says Done to the first control server, whichever leads.
    DoneToFirst "done-to-first",
    /// A query server that hears of a new leader does not tell the other control server.
    SupersededUntold "superseded-untold",
    /// A query server does not tell a superseded control server again at a reset.
    SupersededUntoldAtReset "superseded-untold-at-reset",
    /// A query server answers only one of the communication servers that asked.
    FirstAskerAnswered "first-asker-answered",
    /// A query server does not note a further communication server that asks for a queued task.
    AskerForgotten "asker-forgotten",
    /// A query server does not note a further communication server that asks for a task that it has handed over.
    AgainForTheFirst "again-for-the-first",
    /// A query server leaves those who asked out of its offer.
    AskersNotOffered "askers-not-offered",
    /// A query server does not note a further communication server that sends a publish.
    PublisherForgotten "publisher-forgotten",
    /// A query server drops a task for all who asked when one of them waits no longer.
    CancelledForAll "cancelled-for-all",
    /// A query server drops a foreign task when those who asked there wait no longer, though its source still does.
    SourceForgotten "source-forgotten",
    /// A query server holds a task as handed over that it has withdrawn.
    WithdrawnHeld "withdrawn-held",
    /// A query server drops a foreign task that its source withdraws although somebody asked for it there.
    WithdrawnForAll "withdrawn-for-all",
    /// A query server drops a task when any hand-over of it is withdrawn.
    WithdrawUnmatched "withdraw-unmatched",
    /// A query server that is cut off from the control server never takes a task back.
    NeverPulledBack "never-pulled-back",
    /// A query server does not mark a task that it has taken back.
    PulledBackUnmarked "pulled-back-unmarked",
    /// A query server forgets a task instead of taking it back.
    PulledBackLost "pulled-back-lost",
    /// The ends of a link that is whole again go on as if nothing had been lost.
    HealUnnoticed "heal-unnoticed",
    /// A query server does not offer its handed-over tasks again when its timer runs out.
    OfferNotRepeated "offer-not-repeated",
    /// A query server says no Hello, and sends no publish again, when its timer runs out.
    HelloNotRepeated "hello-not-repeated",
    /// A query server applies a revision once more that it has applied before.
    OlderApplied "older-applied",
    /// A query server takes any Return for the task, whatever hand-over it names.
    ReturnUnmatched "return-unmatched",

    /// The global server goes on from its own cursor after a reset, and query servers apply any newer revision.
    GapApplied "gap-applied",
    /// The global server ignores a Hello and goes on from its own cursor after a reset.
    HelloIgnored "hello-ignored",
    /// The global server stores a version that is older than the one it has.
    OlderStored "older-stored",
    /// The global server loses its newest revision in a crash.
    StoredInMemory "stored-in-memory",
    /// The global server acknowledges a publish as of the revision before it.
    AcknowledgedTooLow "acknowledged-too-low",
    /// The global server does not acknowledge a publish that it has stored before.
    DuplicateUnacknowledged "duplicate-unacknowledged",
    /// The global server sends the version of the previous revision in an update.
    UpdateStale "update-stale",
    /// The global server forgets the version of deleted information when it compacts its log.
    TombstoneForgotten "tombstone-forgotten",
    /// The global server resumes a feed from where its log begins now, without a snapshot.
    SnapshotSkipped "snapshot-skipped",
    /// The global server resumes a feed from where its log begins now, and query servers take that for the next.
    GapCompacted "gap-compacted",
    /// The global server forgets its log up to what is not durable yet.
    UndurableCompacted "undurable-compacted",
    /// The global server acknowledges a publish before its disk has it.
    AcknowledgedBeforeFlushed "acknowledged-before-flushed",
    /// The global server acknowledges at once a publish that is not newer than what its disk does not have yet.
    DuplicateBeforeFlushed "duplicate-before-flushed",
    /// The global server sends query servers what its disk does not have yet.
    SyncedBeforeFlushed "synced-before-flushed",
    /// The global server acknowledges nothing once its disk has it.
    FlushUnacknowledged "flush-unacknowledged",
    /// The global server keeps over crashes and resets what it was to acknowledge once its disk has it.
    AwaitedKept "awaited-kept",

    /// The control server leaves the token out of its assignment.
    TokenNotAssigned "token-not-assigned",
    /// The control server keeps a task assigned to a server that it has lost.
    AssignedKept "assigned-kept",
    /// The control server keeps a task that all have refused.
    NeverReturned "never-returned",
    /// The control server assigns its lowest class first.
    LowestClassAssigned "lowest-class-assigned",
    /// The control server assigns a task back to its source.
    AssignedToSource "assigned-to-source",
    /// The control server does not note a refusal.
    RefusalUnnoted "refusal-unnoted",
    /// The control server forgets the refusals of a hand-over that is offered again.
    RefusalsForgotten "refusals-forgotten",
    /// The control server assigns a task to a server that has refused it.
    AssignedToRefuser "assigned-to-refuser",
    /// The control server takes a rejection for the task from any server and of any hand-over.
    RejectUnmatched "reject-unmatched",
    /// The control server takes a Done for the task of any hand-over, and finishes the one it holds.
    DoneUnmatched "done-unmatched",
    /// The control server takes more hand-overs than its bound.
    LedgerUnbounded "ledger-unbounded",
    /// The control server gives a task back and forgets to say so.
    GivenBackSilently "given-back-silently",
    /// The control server holds a task that it has given back.
    GivenBackHeld "given-back-held",
    /// The control server gives a task back that it has assigned.
    GivenBackAssigned "given-back-assigned",
    /// The control server assigns to any eligible server, whatever the strategy.
    StrategyIgnored "strategy-ignored",
    /// The control server forgets what it has assigned when it compares loads.
    LoadForgotten "load-forgotten",
    /// The control server assigns to the more loaded one of two.
    HeavierChosen "heavier-chosen",
    /// The control server compares loads without their servers' weights.
    WeightsIgnored "weights-ignored",
    /// The control server does not pass the turn on when it assigns.
    TurnKept "turn-kept",
    /// The control server assigns a task to a server that does not take its class.
    ClassFilterIgnored "class-filter-ignored",
    /// The control server holds a task whose class no other server takes.
    UnwantedHeld "unwanted-held",
    /// A control server that gets the lease does not say so.
    LeadUnsaid "lead-unsaid",
    /// A control server that leads does not say so when a link is reset.
    LeadUnsaidAtReset "lead-unsaid-at-reset",
    /// A control server that gets the lease does not begin a new epoch.
    EpochNotRaised "epoch-not-raised",
    /// A control server that gets the lease again keeps the ledger of its last time.
    LedgerKeptAtLease "ledger-kept-at-lease",
    /// A control server does not ask for the lease's epoch when it restarts.
    EpochLostInCrash "epoch-lost-in-crash",
    /// A control server that hears of a higher epoch goes on as before.
    SupersededGoesOn "superseded-goes-on",
    /// A control server that hears of a higher epoch acts no more, and keeps its ledger.
    SupersededKeepsLedger "superseded-keeps-ledger",
    /// A control server that does not lead holds what it is offered.
    SupersededHolds "superseded-holds",
    /// The control server assigns a task to a server that it has lost.
    AssignedToLost "assigned-to-lost",
    /// The control server holds a task for a server that it has lost until that one restarts.
    HeldForLost "held-for-lost",
    /// The control server does not send an assignment again when its timer runs out.
    AssignmentNotRepeated "assignment-not-repeated",
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The name of no mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownMutant {
    /// The name that was given.
    pub name: String,
}

impl fmt::Display for UnknownMutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no mutant is called `{}`", self.name)
    }
}

impl std::error::Error for UnknownMutant {}

impl FromStr for Mutant {
    type Err = UnknownMutant;

    fn from_str(name: &str) -> Result<Mutant, UnknownMutant> {
        let found = Mutant::ALL.iter().copied().find(|m| m.name() == name);
        found.ok_or_else(|| UnknownMutant { name: name.to_owned() })
    }
}
