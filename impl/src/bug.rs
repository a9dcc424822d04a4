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
                    $(Bug::$bug => concat!($($about),+),)+
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
    /// The control server does not pass its turn on.
    WrongTurn "wrong-turn",
    /// The control server assigns to any eligible server, whatever the strategy.
    StrategyIgnored "strategy-ignored",
    /// The control server that gets the lease does not say so.
    LeadUnsaid "lead-unsaid",
    /// The control server that is superseded keeps its ledger and goes on.
    SupersededGoesOn "superseded-goes-on",
}
