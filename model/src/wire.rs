//! Messages as cells: how a typed [`Message`] becomes an [`Envelope`] and back.

use spillway_traces::{HandOver, Message, Node, RequestId, Sessions};

use crate::rows::Envelope;
use crate::size::Num;

/// The number of each message in [`Envelope::kind`], in the order of the table in PROTOCOL.md.
pub mod kind {
    #![allow(missing_docs)]
    pub const REQUEST: u32 = 1;
    pub const REPLY: u32 = 2;
    pub const BUSY: u32 = 3;
    pub const QUERY: u32 = 4;
    pub const ANSWER: u32 = 5;
    pub const PUBLISH: u32 = 6;
    pub const PUBLISHED: u32 = 7;
    pub const HELLO: u32 = 8;
    pub const UPDATE: u32 = 9;
    pub const OFFER: u32 = 10;
    pub const ASSIGN: u32 = 11;
    pub const ACCEPT: u32 = 12;
    pub const REJECT: u32 = 13;
    pub const DONE: u32 = 14;
    pub const FINISH: u32 = 15;
    pub const RETURN: u32 = 16;
    pub const CANCEL: u32 = 17;
    pub const WITHDRAW: u32 = 18;
    pub const SNAPSHOT: u32 = 19;
    pub const LEAD: u32 = 20;
}

/// The message as an envelope on its link.
#[inline]
pub fn seal<N: Num>(from: Node, to: Node, message: Message) -> Envelope<N> {
    use Message::*;
    let none = HandOver { source: Node::query(0), incarnation: 0, sequence: 0 };
    let (kind, request, a, b, hand_over) = match message {
        Request { request, token } => (kind::REQUEST, request.number(), token, 0, none),
        Reply { request, revision, version } => {
            (kind::REPLY, request.number(), revision, version, none)
        }
        Busy { request } => (kind::BUSY, request.number(), 0, 0, none),
        Query { request, token } => (kind::QUERY, request.number(), token, 0, none),
        Answer { request, revision, version } => {
            (kind::ANSWER, request.number(), revision, version, none)
        }
        Publish { request } => (kind::PUBLISH, request.number(), 0, 0, none),
        Published { request, revision } => (kind::PUBLISHED, request.number(), revision, 0, none),
        Hello { applied } => (kind::HELLO, 0, applied, 0, none),
        Update { revision, user, version } => (kind::UPDATE, user, revision, version, none),
        Offer { request, token, hand_over, .. } => {
            (kind::OFFER, request.number(), token, 0, hand_over)
        }
        Assign { request, token, hand_over, .. } => {
            (kind::ASSIGN, request.number(), token, 0, hand_over)
        }
        Accept { request, hand_over } => (kind::ACCEPT, request.number(), 0, 0, hand_over),
        Reject { request, hand_over } => (kind::REJECT, request.number(), 0, 0, hand_over),
        Done { request, hand_over } => (kind::DONE, request.number(), 0, 0, hand_over),
        Finish { request, hand_over, .. } => (kind::FINISH, request.number(), 0, 0, hand_over),
        Return { request, hand_over, .. } => (kind::RETURN, request.number(), 0, 0, hand_over),
        Cancel { request } => (kind::CANCEL, request.number(), 0, 0, none),
        Withdraw { request, hand_over } => (kind::WITHDRAW, request.number(), 0, 0, hand_over),
        Snapshot { revision } => (kind::SNAPSHOT, 0, revision, 0, none),
        Lead { .. } => (kind::LEAD, 0, 0, 0, none),
    };
    // A message has either a version or a hand-over, so both share the cell.
    let b = b.max(u32::from(hand_over.source.index));
    Envelope {
        from: N::of_node(from),
        to: N::of_node(to),
        kind: N::of(kind),
        request: N::of(request),
        a: N::of(a),
        b: N::of(b),
        c: N::of(hand_over.incarnation),
        d: N::of(hand_over.sequence),
        e: N::of(extra(message)),
    }
}

/// Epochs follow the sessions in one cell: there are at most four communication servers, and few leases.
const SESSION_BITS: u32 = 4;

const _: () = assert!(*crate::scope::limits::COMMUNICATION_SERVERS.end() <= SESSION_BITS);

fn extra(message: Message) -> u32 {
    use Message::*;
    let (sessions, epoch) = match message {
        Offer { sessions, .. } => (sessions, 0),
        Assign { sessions, epoch, .. } => (sessions, epoch),
        Finish { epoch, .. } | Return { epoch, .. } | Lead { epoch } => {
            (Sessions::default(), epoch)
        }
        _ => return 0,
    };
    debug_assert!(sessions.bits() < 1 << SESSION_BITS);
    sessions.bits() | epoch << SESSION_BITS
}

/// The message in an envelope that [`seal`] made.
///
/// # Panics
/// On a kind that is none: a bug of the model.
#[inline]
pub fn open<N: Num>(envelope: Envelope<N>) -> Message {
    use Message::*;
    let request = RequestId::of(envelope.request.get());
    let (a, b) = (envelope.a.get(), envelope.b.get());
    let hand_over = HandOver {
        source: Node::query(b as u16),
        incarnation: envelope.c.get(),
        sequence: envelope.d.get(),
    };
    let sessions = Sessions::from_bits(envelope.e.get() & ((1 << SESSION_BITS) - 1));
    let epoch = envelope.e.get() >> SESSION_BITS;
    match envelope.kind.get() {
        kind::REQUEST => Request { request, token: a },
        kind::REPLY => Reply { request, revision: a, version: b },
        kind::BUSY => Busy { request },
        kind::QUERY => Query { request, token: a },
        kind::ANSWER => Answer { request, revision: a, version: b },
        kind::PUBLISH => Publish { request },
        kind::PUBLISHED => Published { request, revision: a },
        kind::HELLO => Hello { applied: a },
        kind::UPDATE => Update { revision: a, user: request.number(), version: b },
        kind::OFFER => Offer { request, token: a, hand_over, sessions },
        kind::ASSIGN => Assign { request, token: a, hand_over, sessions, epoch },
        kind::ACCEPT => Accept { request, hand_over },
        kind::REJECT => Reject { request, hand_over },
        kind::DONE => Done { request, hand_over },
        kind::FINISH => Finish { request, hand_over, epoch },
        kind::RETURN => Return { request, hand_over, epoch },
        kind::CANCEL => Cancel { request },
        kind::WITHDRAW => Withdraw { request, hand_over },
        kind::SNAPSHOT => Snapshot { revision: a },
        kind::LEAD => Lead { epoch },
        other => unreachable!("no message has the number {other}"),
    }
}
