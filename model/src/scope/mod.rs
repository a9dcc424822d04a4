//! A scope: how many nodes, which requests, which knobs and which faults a check explores.
//!
//! A scope is read from a TOML file ([`Scope::parse`]) or from a trace's header, and is checked whole before
//! anything uses it. A feature that a scope leaves off costs no state.

mod builtin;
mod check;
mod error;
mod json;
pub mod limits;
mod names;
mod notes;
mod read;
mod table;
mod write;

pub use builtin::{BUILTIN, BuiltinError, builtin_file_name};
pub use check::Impossible;
pub use error::ScopeError;
pub use json::ScopeJsonError;

use serde::{Deserialize, Serialize};

/// Task-processing priority of a query, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// A person waits for it.
    Interactive,
    /// The ordinary case.
    Normal,
    /// Nobody waits: the first to be handed over.
    Bulk,
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Body {
    /// Ask for a user's information: a task of a query server.
    Query {
        /// The user, who is the client with this index.
        user: u16,
        /// Its priority.
        class: Class,
    },
    /// Publish new information about oneself; its version is its place among the client's publishes, from 1.
    Publish,
}

/// One request of the scope. Its id is its place in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Request {
    /// The client that issues it; each client issues its requests in the order of the list.
    pub client: u16,
    /// What it asks for.
    #[serde(flatten)]
    pub body: Body,
    /// The query server it goes to while routing is `home`.
    pub home: u16,
}

/// How many nodes of each role there are. One global server is always there.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Nodes {
    /// Clients; each is also the user of the same index.
    pub clients: u16,
    /// Communication servers.
    pub communication_servers: u16,
    /// Query servers, at least two.
    pub query_servers: u16,
    /// The communication server of each client.
    pub sessions: Vec<u16>,
}

/// Where a communication server sends a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Routing {
    /// To the request's home.
    Home,
    /// To any query server: every choice is explored.
    Any,
}

/// What becomes of a task that every other server refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Returned {
    /// Its source queues it again and never offers it again.
    Queue,
    /// Its source refuses it to the client.
    Busy,
}

/// The protocol's parameters. Bounds count entries.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Knobs {
    /// Tasks a query server may hold before it hands over, for each query server.
    pub threshold: Vec<u32>,
    /// Tasks a query server holds at most, handed-over ones included; one more query is refused.
    pub queue_max: u32,
    /// Requests a communication server has pending at most; one more is refused.
    pub pending_max: u32,
    /// Publishes a query server relays at most at a time; one more is refused.
    pub relay_max: u32,
    /// Hand-overs the control server holds at most; one more is returned.
    pub ledger_max: u32,
    /// Requests a client has unanswered at most; it issues no more until one is settled.
    pub window_max: u32,
    /// Messages one direction of a link holds; one more is an error of the scope.
    pub link_max: u32,
    /// Where a communication server sends a request.
    pub routing: Routing,
    /// What becomes of a task that every other server refused.
    pub returned: Returned,
}

/// How often each fault may happen in one run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Faults {
    /// Crashes of communication servers.
    pub crash_communication: u32,
    /// Crashes of query servers.
    pub crash_query: u32,
    /// Crashes of the global server.
    pub crash_global: u32,
    /// Crashes of the control server.
    pub crash_control: u32,
    /// Resets of links between a client and its communication server.
    pub reset_client: u32,
    /// Resets of links between a communication and a query server.
    pub reset_query: u32,
    /// Resets of links between a query server and the global server.
    pub reset_global: u32,
    /// Resets of links between a query server and the control server.
    pub reset_control: u32,
    /// Requests that a client sends again although nothing was lost.
    pub retry: u32,
}

/// Everything that a check explores.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Scope {
    /// Its name: that of its file.
    pub name: String,
    /// What it is there for, in a sentence.
    pub about: String,
    /// The nodes.
    pub nodes: Nodes,
    /// The parameters.
    pub knobs: Knobs,
    /// The requests, in the order of their ids.
    pub requests: Vec<Request>,
    /// The faults.
    pub faults: Faults,
    /// The names of the "sometimes" properties that a complete check must reach.
    pub sometimes: Vec<String>,
}
