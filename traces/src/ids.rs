//! Names of nodes, requests and hand-overs, as every crate, trace and message writes them.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// What a node is. The order is the order in which nodes are listed everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A client, sign `A`: asks and publishes.
    Client,
    /// A communication server, sign `B`: holds its clients' sessions.
    Communication,
    /// A query server, sign `C`: a replica that answers queries.
    Query,
    /// The global server, sign `G`: stores user information.
    Global,
    /// A control server, sign `K`: moves redundant tasks.
    Control,
}

impl Role {
    /// Every role, in listing order.
    pub const ALL: [Role; 5] =
        [Role::Client, Role::Communication, Role::Query, Role::Global, Role::Control];

    /// The letter that starts a node's name.
    pub const fn sign(self) -> char {
        match self {
            Role::Client => 'A',
            Role::Communication => 'B',
            Role::Query => 'C',
            Role::Global => 'G',
            Role::Control => 'K',
        }
    }
}

/// The largest index that a node's name may carry.
pub const NODE_INDEX_MAX: u16 = 65_534;

/// A node: its role and its index among the nodes of that role, written `A0`, `C2`, `G`, `K`.
///
/// The global and the control server are written without an index while it is zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// What the node is.
    pub role: Role,
    /// Its index among the nodes of its role, from 0.
    pub index: u16,
}

impl Node {
    /// The global server.
    pub const GLOBAL: Node = Node { role: Role::Global, index: 0 };
    /// The control server; where there are two, the one that leads at the start.
    pub const CONTROL: Node = Node { role: Role::Control, index: 0 };

    /// The client with this index.
    pub const fn client(index: u16) -> Node {
        Node { role: Role::Client, index }
    }
    /// The communication server with this index.
    pub const fn communication(index: u16) -> Node {
        Node { role: Role::Communication, index }
    }
    /// The query server with this index.
    pub const fn query(index: u16) -> Node {
        Node { role: Role::Query, index }
    }
    /// The control server with this index.
    pub const fn control(index: u16) -> Node {
        Node { role: Role::Control, index }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let single = matches!(self.role, Role::Global | Role::Control) && self.index == 0;
        if single {
            return f.pad(self.role.sign().encode_utf8(&mut [0; 4]));
        }
        f.pad(&format!("{}{}", self.role.sign(), self.index))
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is not the name of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadNode(String);

impl fmt::Display for BadNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no node: expected A0, B0, C0, … or G or K", self.0)
    }
}

impl std::error::Error for BadNode {}

impl FromStr for Node {
    type Err = BadNode;

    fn from_str(text: &str) -> Result<Node, BadNode> {
        let bad = || BadNode(text.chars().take(32).collect());
        let mut chars = text.chars();
        let sign = chars.next().ok_or_else(bad)?;
        let role = Role::ALL.into_iter().find(|r| r.sign() == sign).ok_or_else(bad)?;
        let digits = chars.as_str();
        let index = match digits {
            "" if matches!(role, Role::Global | Role::Control) => 0,
            _ if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().map_err(|_| bad())?,
            _ => return Err(bad()),
        };
        let node = Node { role, index };
        // One node has one name: `A00` and `G0` are refused, so that files compare byte by byte.
        if index > NODE_INDEX_MAX || node.to_string() != text {
            return Err(bad());
        }
        Ok(node)
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// A client's request, a query or a publish, named by its number in the scope or the run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(pub u64);

/// As a number of 32 bits if it is one of a scope: what is drawn by hashes, such as random walks, stays what it was.
impl Hash for RequestId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match u32::try_from(self.0) {
            Ok(number) => number.hash(state),
            Err(_) => self.0.hash(state),
        }
    }
}

impl RequestId {
    /// The request of this number in a scope.
    pub const fn of(number: u32) -> RequestId {
        RequestId(number as u64)
    }

    /// Its number, if it is one of a scope: there are fewer than 2^32. A greater one, which no scope has, is the greatest.
    pub const fn number(self) -> u32 {
        if self.0 > u32::MAX as u64 { u32::MAX } else { self.0 as u32 }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "r{}", self.0)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The name of one hand-over: unique across crashes of its source, and so what fences off stale messages.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct HandOver {
    /// The query server that gives the task away.
    pub source: Node,
    /// How often that server has restarted.
    pub incarnation: u32,
    /// Its count of offers since then.
    pub sequence: u32,
}

impl fmt::Display for HandOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.source, self.incarnation, self.sequence)
    }
}

impl fmt::Debug for HandOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A set of communication servers: those that wait for the answer to a query. Written as a list, `["B0","B2"]`.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sessions(u32);

impl Sessions {
    /// Communication servers that a set can tell apart.
    pub const SERVERS_MAX: u16 = 32;

    /// The set with these bits: bit i is `B`i.
    pub const fn from_bits(bits: u32) -> Sessions {
        Sessions(bits)
    }
    /// The set as bits.
    pub const fn bits(self) -> u32 {
        self.0
    }
    /// Whether nobody is in it.
    pub const fn is_empty(&self) -> bool {
        self.0 == 0
    }
    /// Its members, in order.
    pub fn nodes(self) -> impl Iterator<Item = Node> {
        (0..Self::SERVERS_MAX).filter(move |b| self.0 & (1 << b) != 0).map(Node::communication)
    }
}

impl fmt::Display for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.nodes().map(|node| node.to_string()).collect();
        f.write_str(&names.join("+"))
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Sessions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Some formats write first how many there are.
        serializer.collect_seq(self.nodes().collect::<Vec<_>>())
    }
}

impl<'de> Deserialize<'de> for Sessions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Sessions, D::Error> {
        let nodes = Vec::<Node>::deserialize(deserializer)?;
        let mut bits = 0u32;
        for node in nodes {
            let known = node.role == Role::Communication && node.index < Self::SERVERS_MAX;
            // One set has one spelling, so that files compare byte by byte.
            if !known || bits >> node.index != 0 {
                return Err(de::Error::custom(format!(
                    "`{node}` does not belong there: expected communication servers, each once and in order"
                )));
            }
            bits |= 1 << node.index;
        }
        Ok(Sessions(bits))
    }
}
