//! What communication servers say to each other, by way of a query server.
//!
//! A client whose user has its seat elsewhere is served there: what it says goes there as it is, and what is to be sent to it
//! comes back. Stanzas from user to user go to where the other one has its seat.

use serde::{Deserialize, Serialize};

use crate::live::desk::ConnectionId;

/// One thing that is said. Connections are numbered by the server that they came in at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Parcel {
    /// A client has logged in, whose user has its seat there.
    Bound {
        /// Its connection.
        id: ConnectionId,
        /// Its account.
        account: String,
        /// The resource that is bound.
        resource: String,
    },
    /// That client says a stanza.
    Said {
        /// Its connection.
        id: ConnectionId,
        /// The stanza, as XML.
        stanza: Vec<u8>,
    },
    /// That client is gone.
    Ended {
        /// Its connection.
        id: ConnectionId,
    },
    /// To a client that came in there: a stanza that it said is heeded.
    Heeded {
        /// Its connection.
        id: ConnectionId,
    },
    /// To a client that came in there: this is to be sent.
    Say {
        /// Its connection.
        id: ConnectionId,
        /// XML of its stream.
        bytes: Vec<u8>,
    },
    /// To a client that came in there: its stream is to end.
    Close {
        /// Its connection.
        id: ConnectionId,
        /// The condition of RFC 6120 §4.9.3.
        condition: String,
    },
    /// A stanza to a user who has its seat there.
    Stanza {
        /// The user.
        user: u16,
        /// The stanza, as XML.
        stanza: Vec<u8>,
    },
}

impl Parcel {
    /// Whether it says that something is over.
    pub fn is_end(&self) -> bool {
        matches!(self, Parcel::Ended { .. } | Parcel::Close { .. })
    }

    /// Its bytes, about.
    pub fn bytes(&self) -> usize {
        match self {
            Parcel::Said { stanza, .. } | Parcel::Stanza { stanza, .. } => stanza.len(),
            Parcel::Say { bytes, .. } => bytes.len(),
            Parcel::Bound { account, resource, .. } => account.len() + resource.len(),
            Parcel::Ended { .. } | Parcel::Heeded { .. } | Parcel::Close { .. } => 0,
        }
    }
}
