//! How large a scope may be. The model's state is of fixed size, so that each of these is a hard limit.
//!
//! A reader that refuses a scope quotes the range from here, so that message and rule cannot drift apart.

use std::ops::RangeInclusive;

/// Bytes of a scope file, at most: what is larger is not a scope.
pub const FILE_BYTES_MAX: usize = 64 * 1024;

/// Characters of a scope's name, at most.
pub const NAME_CHARS_MAX: usize = 64;

/// Characters of the sentence that says what a scope is there for, at most.
pub const ABOUT_CHARS_MAX: usize = 400;

/// Clients.
pub const CLIENTS: RangeInclusive<u32> = 1..=32;

/// Communication servers.
pub const COMMUNICATION_SERVERS: RangeInclusive<u32> = 1..=4;

/// Query servers: with fewer than two, nobody could take an overflow.
pub const QUERY_SERVERS: RangeInclusive<u32> = 2..=8;

/// Requests.
pub const REQUESTS: RangeInclusive<u32> = 1..=4_096;

/// How many times over the requests are issued.
pub const ROUNDS: RangeInclusive<u32> = 1..=10_000;

/// The threshold of a query server; at 0 every task overflows.
pub const THRESHOLD: RangeInclusive<u32> = 0..=64;

/// `queue-max`, `pending-max`, `relay-max`, `ledger-max` and `window-max`: at 0 nothing could ever happen.
pub const BOUND: RangeInclusive<u32> = 1..=64;

/// Messages that one direction of a link holds.
pub const LINK_MAX: RangeInclusive<u32> = 1..=4_096;

/// The `link-max` of a scope file that gives none.
pub const LINK_MAX_DEFAULT: u32 = 8;

/// How often one kind of fault may happen in a run.
pub const FAULT: RangeInclusive<u32> = 0..=8;

/// The budget of a fault that may happen any number of times, in the header of a trace: a recorded run has no budgets.
/// A scope with one is never explored. With that of `duplicate` timers may run out early, since that adds copies too.
pub const FAULT_ANY: u32 = 255;

/// In a recorded run, whose state grows: clients, as many as a set of contacts tells apart.
pub const RECORDED_CLIENTS: RangeInclusive<u32> = 1..=128;

/// In a recorded run: requests.
pub const RECORDED_REQUESTS: RangeInclusive<u32> = 1..=4_000_000;

/// In a recorded run: thresholds, and the bounds of queues, tables and windows.
pub const RECORDED_BOUND: RangeInclusive<u32> = 0..=1_000_000;

/// Leases in a recorded run, at most: their budget counts epochs, so that it has to have an end.
pub const LEASES_MAX: u32 = 254;

/// Names of "sometimes" properties that a scope may list, at most.
pub const SOMETIMES_MAX: usize = 64;

/// Control servers: the second is a standby.
pub const CONTROL_SERVERS: RangeInclusive<u32> = 1..=2;

/// How often a ready task is overtaken at most; at 0 classes do not age.
pub const OVERTAKEN: RangeInclusive<u32> = 0..=16;

/// The weight of a query server.
pub const WEIGHT: RangeInclusive<u32> = 1..=64;
