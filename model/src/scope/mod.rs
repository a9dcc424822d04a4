//! A scope: how many nodes, which requests, which knobs and which faults a check explores.
//!
//! A scope is read from a TOML file ([`Scope::parse`]) or from a trace's header, and is checked whole before
//! anything uses it. A feature that a scope leaves off costs no state.

mod builtin;
mod check;
mod error;
mod faults;
mod json;
pub mod limits;
mod names;
mod notes;
pub mod pairs;
mod read;
mod table;
mod write;

pub use builtin::{BUILTIN, BuiltinError, builtin_file_name};
pub use check::Impossible;
pub use error::ScopeError;
pub use faults::{BUDGETS, Budget, Faults};
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
    /// Publish new information about oneself. Like all changes of oneself it makes a new version of it: its place
    /// among the client's changes, from 1.
    Publish,
    /// Delete one's information: until it is published anew there is none.
    Delete,
    /// Change with whom one shares one's information.
    Share {
        /// With whom from now on.
        rule: Rule,
    },
    /// Change whom one has as contacts.
    Contacts {
        /// All of them.
        contacts: Users,
    },
    /// State the whole record anew, as a client does that has lost its memory: none of it is as it was before.
    Restate {
        /// Whether there is information; it is new then.
        information: bool,
        /// With whom it is shared.
        rule: Rule,
        /// All contacts.
        contacts: Users,
    },
}

/// With whom a user shares information.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// With everyone.
    #[default]
    Everyone,
    /// With the users on its own contact list.
    Contacts,
    /// With nobody.
    Nobody,
}

/// A set of users. A list of client indices in a file or a header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Users(pub u128);

/// Users that a set tells apart.
pub const USERS_MAX: u16 = u128::BITS as u16;

impl Users {
    /// Whether a user is in it.
    pub fn contains(self, user: u16) -> bool {
        user < USERS_MAX && self.0 & (1 << user) != 0
    }
    /// Its members, in order.
    pub fn iter(self) -> impl Iterator<Item = u16> {
        (0..USERS_MAX).filter(move |user| self.contains(*user))
    }
}

impl Serialize for Users {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Users {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Users, D::Error> {
        let mut users = Users::default();
        for user in Vec::<u16>::deserialize(deserializer)? {
            if user >= USERS_MAX || users.contains(user) {
                return Err(serde::de::Error::custom(format!(
                    "{user} does not belong there: expected indices of clients, each once"
                )));
            }
            users.0 |= 1 << user;
        }
        Ok(users)
    }
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
    /// The communication server of each client, at the start.
    pub sessions: Vec<u16>,
    /// Control servers, 1 or 2: the second is a standby.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub control_servers: u16,
}

fn once() -> u32 {
    1
}

fn is_once(rounds: &u32) -> bool {
    *rounds == 1
}

fn one() -> u16 {
    1
}

fn is_one(count: &u16) -> bool {
    *count == 1
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

/// What the links are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Links {
    /// Like TCP connections: in order, no loss while they stand.
    #[default]
    Fifo,
    /// Datagrams: lost, doubled and overtaken within the scope's budgets; no connection whose end one notices.
    Datagram,
}

/// Which servers may take a redundant task, beside those that neither gave it away nor refused it. The load that a
/// strategy reckons with is the number of tasks that the control server has assigned to a server and not yet finished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Any.
    #[default]
    Any,
    /// One of the least loaded.
    LeastLoaded,
    /// The next one in turn.
    RoundRobin,
    /// Two are drawn, and the one that is not more loaded takes it.
    TwoChoices,
    /// One of the least loaded in proportion to its weight.
    Weighted,
    /// One that takes the task's class.
    Classes,
}

/// What a threshold counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Tasks.
    #[default]
    Count,
    /// The queue's delay: whether it is above the threshold is an input of the environment.
    Delay,
}

/// How the global server's disk works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disk {
    /// What is written is durable.
    #[default]
    Immediate,
    /// What is written is durable once it is flushed, a step of its own.
    Flushed,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The protocol's parameters. Bounds count entries.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Knobs {
    /// Tasks a query server may hold before it hands over, for each query server.
    pub threshold: Vec<u32>,
    /// Tasks a query server holds at most, handed-over ones included; one more query is refused.
    pub queue_max: u32,
    /// Tasks a query server holds at which it refuses a new query, for each class: interactive, normal, bulk. Empty if
    /// that is `queue-max` for all.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rooms: Vec<u32>,
    /// Requests a communication server has pending at most; one more is refused.
    pub pending_max: u32,
    /// Publishes a query server relays at most at a time; one more is refused.
    pub relay_max: u32,
    /// Hand-overs the control server holds at most; one more is returned.
    pub ledger_max: u32,
    /// Hand-overs the control server holds at which it returns a new one, for each class: interactive, normal, bulk. Empty
    /// if that is `ledger-max` for all.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ledger_rooms: Vec<u32>,
    /// Requests a client has unanswered at most; it issues no more until one is settled.
    pub window_max: u32,
    /// Messages one direction of a link holds; one more is an error of the scope.
    pub link_max: u32,
    /// Where a communication server sends a request.
    pub routing: Routing,
    /// What becomes of a task that every other server refused.
    pub returned: Returned,
    /// Whether a control server may give a task back to its source although another server may take it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub give_back: bool,
    /// What the links are.
    #[serde(default, skip_serializing_if = "is_default")]
    pub links: Links,
    /// Which servers may take a redundant task.
    #[serde(default, skip_serializing_if = "is_default")]
    pub strategy: Strategy,
    /// For the strategy `classes`: the classes that each query server takes from others.
    #[serde(default, skip_serializing_if = "is_default")]
    pub accepts: Vec<Vec<Class>>,
    /// For the strategy `weighted`: the weight of each query server.
    #[serde(default, skip_serializing_if = "is_default")]
    pub weights: Vec<u32>,
    /// What a threshold counts.
    #[serde(default, skip_serializing_if = "is_default")]
    pub unit: Unit,
    /// How often a ready task is overtaken at most; 0 if classes do not age.
    #[serde(default, skip_serializing_if = "is_default")]
    pub overtaken_max: u32,
    /// How the global server's disk works.
    #[serde(default, skip_serializing_if = "is_default")]
    pub disk: Disk,
    /// With whom users share their information until they say so.
    #[serde(default, skip_serializing_if = "is_default")]
    pub sharing: Rule,
}

impl Knobs {
    /// How many tasks a query server holds when it refuses a new query of a class.
    pub fn room(&self, class: Class) -> u32 {
        self.rooms.get(class as usize).copied().unwrap_or(self.queue_max)
    }

    /// How many hand-overs the control server holds when it returns a new one of a class.
    pub fn ledger_room(&self, class: Class) -> u32 {
        self.ledger_rooms.get(class as usize).copied().unwrap_or(self.ledger_max)
    }
}

impl Default for Knobs {
    /// No thresholds, the largest bounds, and every feature off.
    fn default() -> Knobs {
        let bound = *limits::BOUND.end();
        Knobs {
            threshold: Vec::new(),
            queue_max: bound,
            rooms: Vec::new(),
            pending_max: bound,
            relay_max: bound,
            ledger_max: bound,
            ledger_rooms: Vec::new(),
            window_max: bound,
            link_max: limits::LINK_MAX_DEFAULT,
            routing: Routing::Home,
            returned: Returned::Queue,
            give_back: false,
            links: Links::default(),
            strategy: Strategy::default(),
            accepts: Vec::new(),
            weights: Vec::new(),
            unit: Unit::default(),
            overtaken_max: 0,
            disk: Disk::default(),
            sharing: Rule::default(),
        }
    }
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
    /// How many times over: the ids of each round follow those of the one before. More than one is for long random
    /// runs; exploration has no room for many.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub rounds: u32,
    /// The faults.
    pub faults: Faults,
    /// The names of the "sometimes" properties that a complete check must reach.
    pub sometimes: Vec<String>,
}
