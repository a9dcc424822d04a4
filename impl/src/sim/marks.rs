//! Marks: each kind of fault and each interesting branch counts how often it was met.
//!
//! A fault that never happened has tested nothing, and a branch that was never taken may as well be wrong. A suite adds up
//! the marks of its runs and fails if one of them is 0, naming it.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::Error as _;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! marks {
    ($($(#[doc = $about:literal])+ $mark:ident $name:literal),+ $(,)?) => {
        /// Something that a run may meet.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(usize)]
        pub enum Mark {
            $($(#[doc = $about])+ $mark,)+
        }

        impl Mark {
            /// All of them.
            pub const ALL: &[Mark] = &[$(Mark::$mark),+];

            /// Its name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Mark::$mark => $name,)+
                }
            }

            /// What was met.
            pub const fn about(self) -> &'static str {
                match self {
                    $(Mark::$mark => concat!($($about),+).trim_ascii(),)+
                }
            }

            /// The mark of this name.
            pub fn named(name: &str) -> Option<Mark> {
                Self::ALL.iter().copied().find(|mark| mark.name() == name)
            }
        }
    };
}

marks! {
    /// A communication server crashed.
    CrashCommunication "crash-communication",
    /// A query server crashed.
    CrashQuery "crash-query",
    /// The global server crashed.
    CrashGlobal "crash-global",
    /// A control server crashed.
    CrashControl "crash-control",
    /// A node stopped and stayed down.
    Stop "stop",
    /// A node that was down restarted.
    Restart "restart",
    /// A node was slow.
    Slow "slow-node",
    /// A node stalled.
    Stall "stall",
    /// A node that stalled took something later than it came.
    StalledInput "stalled-input",
    /// A link was reset.
    Reset "reset",
    /// One direction was cut.
    Cut "cut",
    /// Some nodes were cut from all others, both ways.
    Partition "partition",
    /// Some nodes were no longer heard by all others, and heard them.
    PartitionOneWay "partition-one-way",
    /// What was cut was healed.
    Heal "heal",
    /// A message was lost with its link, or for want of one.
    Lost "message-lost",
    /// A datagram was lost.
    Drop "drop",
    /// A datagram was doubled.
    Duplicate "duplicate",
    /// A datagram was overtaken.
    Reorder "reorder",
    /// A clock jumped forwards.
    JumpForward "jump-forward",
    /// A clock jumped back.
    JumpBack "jump-back",
    /// A clock ran in error.
    Skew "skew",
    /// The lease passed to the other control server.
    Lease "lease",
    /// A message took far longer than usual.
    Spike "spike",
    /// The disk could not: it was full.
    DiskFull "disk-full",
    /// The global server tried again what its disk could not do.
    StoreAgain "store-again",
    /// A write took far longer than a message until it was synced.
    SlowSync "slow-sync",
    /// The global server took a message only once its disk was done.
    Held "held-for-disk",
    /// A crash met a write, and nothing of it was there.
    WriteLost "write-lost",
    /// A crash met a write, and a part of it was there.
    WriteTorn "write-torn",
    /// A write that was torn was found when the file was read, and left out.
    TornFound "torn-found",
    /// A crash met a write, and all of it was there.
    WriteWhole "write-whole",
    /// The disk could not be read at first.
    ReadError "read-error",
    /// A task was handed over.
    Offer "offer",
    /// A task was assigned.
    Assign "assign",
    /// The control server gave back of itself what it held.
    GiveBack "give-back",
    /// A query server reported that it has no room.
    RoomGone "room-gone",
    /// A report of room was too old to count while a task was held.
    RoomUnknown "room-unknown",
    /// A server rejected an assignment.
    Reject "reject",
    /// The control server returned a task.
    Return "return",
    /// A task that was handed over was done elsewhere, and its source was told.
    Finish "finish",
    /// A query server took a task back.
    PullBack "pull-back",
    /// A communication server sent a request to another query server.
    Reroute "reroute",
    /// A request was refused.
    Refused "refused",
    /// A query was refused for want of room for its class, where the queue had some.
    RefusedForClass "refused-for-class",
    /// A message changed nothing and was dropped.
    Dropped "dropped",
    /// A client asked again.
    Retry "retry",
    /// A client gave a request up.
    Cancel "cancel",
    /// A hand-over was withdrawn.
    Withdraw "withdraw",
    /// A client moved.
    Move "move",
    /// A client went away.
    Leave "leave",
    /// A node sent again on a timer.
    Resend "resend",
    /// The log was compacted.
    Compact "compact",
    /// A query server got a snapshot.
    Snapshot "snapshot",
    /// An Update had several revisions.
    Batch "batch",
    /// The disk synced what was written.
    Flush "flush",
    /// A query server became late.
    Late "late",
    /// A late query server was late no more.
    Calm "calm",
    /// A user was shown information of another.
    Shown "shown",
    /// A query came before the information that it had to reflect.
    Waited "waited-for-sync",
}

/// How often each mark was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marks {
    counts: [u64; Mark::ALL.len()],
}

impl Default for Marks {
    fn default() -> Marks {
        Marks { counts: [0; Mark::ALL.len()] }
    }
}

impl Marks {
    /// Counts a mark.
    #[inline]
    pub fn hit(&mut self, mark: Mark) {
        self.counts[mark as usize] += 1;
    }

    /// How often it was met.
    pub fn count(&self, mark: Mark) -> u64 {
        self.counts[mark as usize]
    }

    /// Adds the marks of another run. The order of runs does not matter.
    pub fn merge(&mut self, other: &Marks) {
        for (own, other) in self.counts.iter_mut().zip(other.counts) {
            *own += other;
        }
    }

    /// The marks that were never met.
    pub fn missed(&self) -> impl Iterator<Item = Mark> + '_ {
        Mark::ALL.iter().copied().filter(|mark| self.count(*mark) == 0)
    }

    /// Whether every mark was met.
    ///
    /// # Errors
    /// Those that were not.
    pub fn all_met(&self) -> Result<(), NeverMet> {
        let missed: Vec<Mark> = self.missed().collect();
        if missed.is_empty() { Ok(()) } else { Err(NeverMet(missed)) }
    }
}

impl Serialize for Marks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(Mark::ALL.len()))?;
        for mark in Mark::ALL {
            map.serialize_entry(mark.name(), &self.count(*mark))?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Marks {
    /// Each mark once, and no other.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Marks, D::Error> {
        let mut told = BTreeMap::<String, u64>::deserialize(deserializer)?;
        let mut marks = Marks::default();
        for mark in Mark::ALL {
            let count = told.remove(mark.name());
            let missing = || D::Error::custom(format!("there is no mark `{}`", mark.name()));
            marks.counts[*mark as usize] = count.ok_or_else(missing)?;
        }
        match told.keys().next() {
            Some(name) => Err(D::Error::custom(format!("no mark is called `{name}`"))),
            None => Ok(marks),
        }
    }
}

/// Marks that a suite never met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeverMet(pub Vec<Mark>);

impl fmt::Display for NeverMet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|mark| mark.name()).collect();
        write!(f, "never met in any run: {}", names.join(", "))
    }
}

impl std::error::Error for NeverMet {}
