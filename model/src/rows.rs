//! The rows of the state's tables. Every cell is a number; an absent one is 0, a present index is stored plus one.

use crate::size::Num;

/// Defines rows of a table: structures of cells of one number type, each with its width.
#[macro_export]
macro_rules! rows {
    ($($(#[$doc:meta])* $name:ident [$width:literal] { $($(#[$cell_doc:meta])* $cell:ident),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name<N> {
            $($(#[$cell_doc])* pub $cell: N,)+
        }

        impl<N: $crate::size::Num> $crate::size::Row<N> for $name<N> {
            type Raw = [N; $width];

            #[inline]
            fn pack(self) -> [N; $width] {
                [$(self.$cell),+]
            }
            #[inline]
            fn unpack([$($cell),+]: [N; $width]) -> Self {
                $name { $($cell),+ }
            }
            #[inline]
            fn flatten(raw: &[[N; $width]]) -> &[N] {
                raw.as_flattened()
            }
            #[inline]
            fn flatten_mut(raw: &mut [[N; $width]]) -> &mut [N] {
                raw.as_flattened_mut()
            }
        }
    )+};
}

rows! {
    /// A message in flight. The table is in the order of links, and within a link of sending.
    Envelope [9] {
        /// Sender, as a node code.
        from,
        /// Receiver, as a node code.
        to,
        /// Which message: see `wire.rs`, also for the meaning of the cells below.
        kind,
        /// The request, or the user of an update.
        request,
        /// Token, revision or applied revision.
        a,
        /// Version, or the query server index of a hand-over's source.
        b,
        /// Incarnation of a hand-over.
        c,
        /// Sequence of a hand-over.
        d,
        /// Sessions and epoch of a hand-over: see `wire.rs`.
        e,
    }

    /// A client: row i is client i.
    Client [3] {
        /// The newest revision it was acknowledged for or has seen.
        token,
        /// How many of its requests it has issued.
        issued,
        /// The communication server that it has a session with, plus one; 0 when it has gone away.
        session,
    }

    /// A request that its client still waits for, in the order of request ids.
    Waiting [2] {
        /// The request.
        request,
        /// The client's token when it asked: sent with the request, and with each repetition.
        token,
    }

    /// A request pending at a communication server, in the order of servers and ids.
    Pending [4] {
        /// The communication server's index.
        server,
        /// The request.
        request,
        /// The token it came with.
        token,
        /// The query server it was sent to, plus one; 0 while none is chosen.
        at,
    }

    /// A query server: row i is query server i.
    Server [5] {
        /// The revision up to which its replica is complete.
        applied,
        /// How often it has restarted: all that survives a crash.
        incarnation,
        /// Offers since then.
        sequence,
        /// The highest epoch of a control server that it has heard of since it started.
        epoch,
        /// 1 while its queue is too slow, where the threshold is one of delay.
        late,
    }

    /// What the global server knows of a query server: row i is query server i.
    Feed [1] {
        /// The last revision sent, plus one; 0 before its Hello.
        cursor,
    }

    /// A user's version in a replica: row `server * users + user`.
    Replica [1] {
        /// The version; 0 is "nothing published".
        version,
    }

    /// A task in a query server's queue, in the order of servers and, within a server, of arrival.
    Task [10] {
        /// The query server's index.
        server,
        /// The request.
        request,
        /// The revision that the replica must have applied before the task may start.
        token,
        /// A sum of [`RUNNING`] and [`REFUSED`].
        flags,
        /// For a foreign task the source of its hand-over, a query server index plus one; 0 for a local one.
        source,
        /// Incarnation of that hand-over.
        incarnation,
        /// Sequence of that hand-over.
        sequence,
        /// The communication servers that asked here, as a bit set; 0 while clients do not move.
        sessions,
        /// The communication servers that asked at the source of the hand-over, likewise.
        carried,
        /// How often it was overtaken while it was ready; 0 while classes do not age.
        overtaken,
    }

    /// A task that a query server has handed over and holds until it is settled, in the order of servers and ids.
    Handed [7] {
        /// The query server's index.
        server,
        /// The request.
        request,
        /// Its token.
        token,
        /// Incarnation of the hand-over.
        incarnation,
        /// Sequence of the hand-over.
        sequence,
        /// 1 once the query was asked again in the meantime.
        again,
        /// The communication servers that asked, as a bit set; 0 while clients do not move.
        sessions,
    }

    /// A publish that a query server has passed on and not yet seen acknowledged, in the order of servers and ids.
    Relay [3] {
        /// The query server's index.
        server,
        /// The request.
        request,
        /// The communication servers that sent it, as a bit set; 0 while clients do not move.
        sessions,
    }

    /// A hand-over at a control server, in the order of control servers, sources and request ids.
    Entry [9] {
        /// The source's query server index.
        source,
        /// The request.
        request,
        /// Its token.
        token,
        /// Incarnation of the hand-over.
        incarnation,
        /// Sequence of the hand-over.
        sequence,
        /// The query server it is assigned to, plus one; 0 while unassigned.
        to,
        /// The query servers that refused it, as a bit set.
        refused,
        /// The communication servers that asked, as a bit set; 0 while clients do not move.
        sessions,
        /// The control server's index.
        control,
    }

    /// A revision of the global server's log, in their order.
    Revision [3] {
        /// Its number, from 1.
        revision,
        /// Whose information.
        user,
        /// Its version.
        version,
    }

    /// A publish that the global server acknowledges once it is durable, in the order of arrival.
    Awaited [2] {
        /// The query server that it came from.
        server,
        /// The request.
        request,
    }

    /// A control server: row i is control server i.
    Control [2] {
        /// The highest epoch that it knows of. It leads, as far as it knows, if that is one of its own: even ones are
        /// those of the first control server, odd ones those of the second.
        epoch,
        /// The query server that it assigned to last, plus one, where servers take turns.
        turn,
    }

    /// Something that is out of order for a while, in the order of its cells: a node that is down, twice the same
    /// code, or a direction of a link that is cut.
    Outage [2] {
        /// Sender, as a node code.
        from,
        /// Receiver, as a node code.
        to,
    }
}

/// In [`Task::flags`]: the server works on it.
pub const RUNNING: u32 = 1;
/// In [`Task::flags`]: it was handed over, every other server refused it, and it came back.
pub const REFUSED: u32 = 2;

impl<N: Num> Task<N> {
    /// Whether the server works on it.
    pub fn is_running(self) -> bool {
        self.flags.get() & RUNNING != 0
    }
    /// Whether it came back refused.
    pub fn is_refused(self) -> bool {
        self.flags.get() & REFUSED != 0
    }
    /// Whether it was handed over by another server.
    pub fn is_foreign(self) -> bool {
        self.source.get() != 0
    }
}

impl<N: Num> Entry<N> {
    /// The query server it is assigned to, if it is.
    pub fn assignee(self) -> Option<u16> {
        self.to.get().checked_sub(1).map(|i| i as u16)
    }
    /// Whether the query server has refused it.
    pub fn was_refused_by(self, server: u16) -> bool {
        self.refused.get() & (1 << server) != 0
    }
}
