//! Sets of communication servers: who is to be told what becomes of a task or a publish.

use spillway_traces::{Node, Role, Sessions};

/// The set with this communication server and nobody else.
pub(crate) fn only(server: Node) -> Sessions {
    with(Sessions::default(), server)
}

/// The set, and this communication server.
pub(crate) fn with(askers: Sessions, server: Node) -> Sessions {
    Sessions::from_bits(askers.bits() | bit(server))
}

/// The set without this communication server.
pub(crate) fn without(askers: Sessions, server: Node) -> Sessions {
    Sessions::from_bits(askers.bits() & !bit(server))
}

/// Everybody of both sets.
pub(crate) fn union(one: Sessions, other: Sessions) -> Sessions {
    Sessions::from_bits(one.bits() | other.bits())
}

fn bit(server: Node) -> u32 {
    debug_assert_eq!(server.role, Role::Communication);
    debug_assert!(server.index < Sessions::SERVERS_MAX);
    1u32.checked_shl(u32::from(server.index)).unwrap_or(0)
}
