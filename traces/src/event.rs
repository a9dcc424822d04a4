//! One step of a run as a trace keeps it: what was done, what caused it, and what was seen.

use serde::{Deserialize, Serialize};

use crate::vocabulary::Vocabulary;

/// A message together with the link it travels on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Sent<V: Vocabulary> {
    /// Who sent it.
    pub from: V::Node,
    /// For whom it is.
    pub to: V::Node,
    /// What it says.
    pub message: V::Message,
}

/// What could be seen of a step from outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Observed<V: Vocabulary> {
    /// The message that the step took from its link.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub took: Option<V::Message>,
    /// The messages that the step sent, in the order of sending.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub sent: Vec<Sent<V>>,
    /// The messages in flight that the step lost, link by link, the oldest first.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<Sent<V>>,
    /// The outcomes of the step.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<V::Note>,
    /// Whether nobody saw the step, which follows from what was seen of others: what else is said here is not compared.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub assumed: bool,
    /// The digest of the whole state after the step, 16 hexadecimal digits.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

fn none<T>() -> Option<T> {
    None
}

impl<V: Vocabulary> Default for Observed<V> {
    fn default() -> Self {
        Observed {
            took: None,
            sent: Vec::new(),
            lost: Vec::new(),
            notes: Vec::new(),
            assumed: false,
            state: None,
        }
    }
}

/// One event of a trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Event<V: Vocabulary> {
    /// Its place in the trace, from 0.
    pub index: u64,
    /// Virtual time; in a trace of the model, where time does not pass, the index.
    pub time: u64,
    /// The node at which it happened.
    pub node: V::Node,
    /// What was done.
    pub action: V::Action,
    /// The event that caused it: for a delivery, the one that sent the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<u64>,
    /// What was seen.
    #[serde(default = "Observed::default")]
    pub observed: Observed<V>,
}
