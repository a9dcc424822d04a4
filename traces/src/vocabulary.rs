//! What a protocol must say of itself so that its runs can be recorded, replayed, shrunk and shown.

use std::fmt::{Debug, Display};

use serde::{Serialize, de::DeserializeOwned};

/// A protocol's words. Spillway's own are [`crate::Spillway`]; any other protocol brings its own type.
pub trait Vocabulary: Clone + Debug + PartialEq + 'static {
    /// A node's name. Its order is the order in which nodes are listed.
    type Node: Copy + Ord + Debug + Display + Serialize + DeserializeOwned;
    /// One step, with its choices as arguments.
    type Action: Clone + PartialEq + Debug + Display + Serialize + DeserializeOwned;
    /// What travels between nodes.
    type Message: Clone + PartialEq + Debug + Display + Serialize + DeserializeOwned;
    /// An outcome of a step.
    type Note: Clone + PartialEq + Debug + Display + Serialize + DeserializeOwned;

    /// The vocabulary's name, in the header of every trace.
    const NAME: &'static str;
    /// The names of all actions as they are serialised. A trace is readable while all of its actions are here.
    const ACTIONS: &'static [&'static str];

    /// The node at which an action happens.
    fn node(action: &Self::Action) -> Self::Node;
    /// The link, from and to, whose oldest message the action takes, if it takes one.
    fn delivers(action: &Self::Action) -> Option<(Self::Node, Self::Node)>;
    /// Whether the action is a fault of the environment.
    fn is_fault(action: &Self::Action) -> bool;
    /// What the action does to the oldest message of a link instead of delivering it, where links are datagrams.
    fn disturbs(_action: &Self::Action) -> Option<Disturbance<Self::Node>> {
        None
    }
}

/// What a network does to the oldest message of a link, given as from and to. Nobody sends or takes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disturbance<N> {
    /// It is lost.
    Lost(N, N),
    /// It is doubled: the copy goes behind all others.
    Doubled(N, N),
    /// It is overtaken by all others.
    Overtaken(N, N),
}
