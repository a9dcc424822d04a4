//! How often each step of the environment may happen in one run, and the budgets that the state keeps of that.

use serde::{Deserialize, Serialize};

fn is_zero(often: &u32) -> bool {
    *often == 0
}

macro_rules! faults {
    (
        $($(#[doc = $doc:literal])+ $field:ident $key:literal $budget:ident,)+
        since then
        $($(#[doc = $later_doc:literal])+ $later:ident $later_key:literal $later_budget:ident,)+
    ) => {
        /// How often each fault, or other step that only the environment decides on, may happen in one run.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
        pub struct Faults {
            $($(#[doc = $doc])+ pub $field: u32,)+
            $($(#[doc = $later_doc])+ #[serde(skip_serializing_if = "is_zero")] pub $later: u32,)+
        }

        /// The kinds of fault that have a budget of their own.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Budget {
            $($(#[doc = $doc])+ $budget,)+
            $($(#[doc = $later_doc])+ $later_budget,)+
        }

        /// How many budgets there are.
        pub const BUDGETS: usize = [$($key,)+ $($later_key,)+].len();

        impl Faults {
            /// How often each fault may happen, by the key of a scope file and in the order of [`Budget`].
            pub fn by_key(&self) -> [(&'static str, u32); BUDGETS] {
                [$(($key, self.$field),)+ $(($later_key, self.$later),)+]
            }

            /// The faults by what is said of each key.
            pub fn from_keys(mut often: impl FnMut(&'static str) -> u32) -> Faults {
                Faults { $($field: often($key),)+ $($later: often($later_key),)+ }
            }
        }
    };
}

faults! {
    /// Crashes of communication servers.
    crash_communication "crash-communication" CrashCommunication,
    /// Crashes of query servers.
    crash_query "crash-query" CrashQuery,
    /// Crashes of the global server.
    crash_global "crash-global" CrashGlobal,
    /// Crashes of control servers.
    crash_control "crash-control" CrashControl,
    /// Resets of links between a client and its communication server.
    reset_client "reset-client" ResetClient,
    /// Resets of links between a communication and a query server.
    reset_query "reset-query" ResetQuery,
    /// Resets of links between a query server and the global server.
    reset_global "reset-global" ResetGlobal,
    /// Resets of links between a query and a control server.
    reset_control "reset-control" ResetControl,
    /// Requests that a client sends again although nothing was lost.
    retry "retry" Retry,
    since then
    /// Clients that end their session and begin one with another communication server.
    moves "moves" Move,
    /// Clients that end their session and give up whatever they wait for.
    leave "leave" Leave,
    /// Requests that a client gives up.
    cancel "cancel" Cancel,
    /// Communication servers that crash and stay down for a while.
    stop_communication "stop-communication" StopCommunication,
    /// Query servers that crash and stay down for a while.
    stop_query "stop-query" StopQuery,
    /// Times that the global server crashes and stays down for a while.
    stop_global "stop-global" StopGlobal,
    /// Control servers that crash and stay down for a while.
    stop_control "stop-control" StopControl,
    /// Directions of links between a client and its communication server that are cut for a while.
    cut_client "cut-client" CutClient,
    /// Directions of links between a communication and a query server that are cut for a while.
    cut_query "cut-query" CutQuery,
    /// Directions of links between a query server and the global server that are cut for a while.
    cut_global "cut-global" CutGlobal,
    /// Directions of links between a query and a control server that are cut for a while.
    cut_control "cut-control" CutControl,
    /// Messages that a datagram link loses.
    drop "drop" Drop,
    /// Messages that a datagram link doubles.
    duplicate "duplicate" Duplicate,
    /// Messages that are overtaken on a datagram link.
    reorder "reorder" Reorder,
    /// Times that the global server forgets its log and keeps what it adds up to.
    compact "compact" Compact,
    /// Times that the lease passes to the other control server.
    lease "lease" Lease,
    /// Times that a query server's queue becomes too slow, where the threshold is one of delay.
    slow "slow" Slow,
}
