//! What travels on the links: the messages of `PROTOCOL.md`, with all that an implementation has to carry.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use spillway_traces::{HandOver, RequestId, Sessions};

use crate::config::Class;
use crate::profile::{Info, Record};
use crate::search::{Page, Search};

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Body {
    /// A user's information.
    Query {
        /// The user.
        user: u16,
        /// Its priority.
        class: Class,
        /// What is to be found besides; the user is the asker itself then. Traces do not tell of it.
        search: Option<Arc<Search>>,
    },
    /// A change of the client's own record; see "Sharing and deletion".
    Publish {
        /// The version that it makes.
        version: u32,
        /// All of the record, as it is from this version on.
        record: Arc<Record>,
    },
}

/// A request with everything that its id stands for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ask {
    /// The request.
    pub request: RequestId,
    /// Who asks.
    pub client: u16,
    /// The query server that it goes to while routing is `home`.
    pub home: u16,
    /// What it asks for.
    pub body: Body,
}

/// A task under way: a query, and the revision that whoever serves it must have applied.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Asked {
    /// The request.
    pub ask: Ask,
    /// The token.
    pub token: u32,
}

/// One revision of the log, or one user's record in a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Entry {
    /// The revision.
    pub revision: u32,
    /// The user.
    pub user: u16,
    /// The version of the user's record.
    pub version: u32,
    /// The record.
    pub record: Arc<Record>,
}

/// A message. The fields are those of the table in `PROTOCOL.md`; those that an id stands for are spelt out.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // they are those of the table
pub enum Wire {
    /// A → B.
    Request(Asked),
    /// B → A. `info` is what the client may see; for a publish it is none and `version` the one that it made. `found` is
    /// what a search has found.
    Reply {
        request: RequestId,
        revision: u32,
        version: u32,
        info: Option<Arc<Info>>,
        found: Option<Arc<Page>>,
    },
    /// B → A, C → B.
    Busy { request: RequestId, retry_after_us: u64 },
    /// B → C.
    Query(Asked),
    /// C → B.
    Answer { request: RequestId, revision: u32, info: Option<Arc<Info>>, found: Option<Arc<Page>> },
    /// B → C, C → G.
    Publish(Ask),
    /// G → C, C → B.
    Published { request: RequestId, revision: u32 },
    /// C → G.
    Hello { applied: u32 },
    /// G → C: successive revisions, at least one.
    Update { entries: Vec<Entry> },
    /// G → C: the checkpoint, a record for each user that has one.
    Snapshot { revision: u32, entries: Vec<Entry> },
    /// C → K.
    Offer { asked: Asked, hand_over: HandOver, askers: Sessions },
    /// K → C.
    Assign { asked: Asked, hand_over: HandOver, askers: Sessions, epoch: u32 },
    /// C → K.
    Accept { request: RequestId, hand_over: HandOver },
    /// C → K.
    Reject { request: RequestId, hand_over: HandOver },
    /// C → K.
    Done { request: RequestId, hand_over: HandOver },
    /// K → C.
    Finish { request: RequestId, hand_over: HandOver, epoch: u32 },
    /// K → C.
    Return { request: RequestId, hand_over: HandOver, epoch: u32 },
    /// K → C, C → K.
    Lead { epoch: u32 },
    /// A → B, B → C.
    Cancel { request: RequestId },
    /// C → K, K → C.
    Withdraw { request: RequestId, hand_over: HandOver },
}
