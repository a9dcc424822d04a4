//! How two steps differ, and which of those allowed is nearest to one that was refused: a refusal that says both is half
//! of the explanation.
//!
//! Steps and messages are compared as they stand in a trace, so that any vocabulary is told of in its own names.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::vocabulary::Vocabulary;

/// What stands for a difference of kinds among the names of arguments.
const KIND: &str = "its kind";

/// A step that was allowed where another one was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Nearest {
    /// The step in words.
    pub step: String,
    /// What it differs in from the one that was refused: each argument, and its value instead of the refused one.
    pub differs: String,
}

impl fmt::Display for Nearest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; it differs in {}", self.step, self.differs)
    }
}

/// The nearest of the steps that were allowed to one that was refused: one of the same kind before all others, of these
/// one at the same node, of these the one with the fewest other arguments, of these the first.
pub fn nearest<V: Vocabulary>(
    refused: &V::Action,
    allowed: impl IntoIterator<Item = V::Action>,
) -> Option<Nearest> {
    let wanted = value(refused);
    let far = |action: &V::Action| {
        let parts = parts(&wanted, &value(action));
        let kind = parts.iter().any(|part| part.starts_with(KIND));
        (kind, V::node(action) != V::node(refused), parts.len())
    };
    let step = allowed.into_iter().min_by_key(far)?;
    let differs = parts(&wanted, &value(&step)).join(", ");
    Some(Nearest { step: step.to_string(), differs })
}

/// Where two lists of the same kind of thing first differ.
pub(crate) fn first_difference<T: Serialize + PartialEq>(
    thing: &str,
    recorded: &[T],
    got: &[T],
    words: impl Fn(&T) -> String,
) -> Option<String> {
    let longest = recorded.len().max(got.len());
    let at = (0..longest).find(|&at| recorded.get(at) != got.get(at))?;
    let number = at + 1;
    Some(match (recorded.get(at), got.get(at)) {
        (Some(recorded), Some(got)) => {
            let parts = parts(&value(recorded), &value(got)).join(", ");
            format!("{thing} {number} differs in {parts}")
        }
        (Some(recorded), None) => format!("{thing} {number} is missing: {}", words(recorded)),
        (_, got) => {
            let got = got.map(words).unwrap_or_default();
            format!("{thing} {number} is not recorded: {got}")
        }
    })
}

fn value(of: &impl Serialize) -> Value {
    serde_json::to_value(of).unwrap_or_default()
}

/// What the second has instead of the first, part by part.
fn parts(one: &Value, other: &Value) -> Vec<String> {
    let mut parts = Vec::new();
    compare("", one, other, &mut parts);
    parts
}

fn compare(path: &str, one: &Value, other: &Value, parts: &mut Vec<String>) {
    if one == other {
        return;
    }
    let name = || if path.is_empty() { KIND.to_owned() } else { format!("`{path}`") };
    match (tagged(one), tagged(other)) {
        (Some((tag, one)), Some((same, other))) if tag == same => compare(path, one, other, parts),
        (Some((tag, _)), Some((another, _))) => {
            parts.push(format!("{}: {another} instead of {tag}", name()));
        }
        _ => match (one, other) {
            (Value::Object(fields), Value::Object(others)) => {
                let more = others.keys().filter(|key| !fields.contains_key(*key));
                for key in fields.keys().chain(more) {
                    let of = |fields: &serde_json::Map<String, Value>| {
                        fields.get(key).cloned().unwrap_or_default()
                    };
                    let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    compare(&path, &of(fields), &of(others), parts);
                }
            }
            _ => parts.push(format!("{}: {} instead of {}", name(), text(other), text(one))),
        },
    }
}

/// The name of a variant, and what it holds: serde's default for enums. A text is such a name, or reads like one.
fn tagged(value: &Value) -> Option<(&str, &Value)> {
    match value {
        Value::String(tag) => Some((tag, &Value::Null)),
        Value::Object(fields) if fields.len() == 1 => {
            let (tag, held) = fields.iter().next()?;
            held.is_object().then_some((tag, held))
        }
        _ => None,
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{Action, Node, RequestId, Spillway};

    fn assign(request: u32, to: u16, by: u16) -> Action {
        let (source, request) = (Node::query(0), RequestId::of(request));
        Action::Assign { source, request, to: Node::query(to), by: Node::control(by) }
    }

    fn start(server: u16, request: u32) -> Action {
        Action::Start { server: Node::query(server), request: RequestId::of(request) }
    }

    fn near(refused: Action, allowed: &[Action]) -> String {
        nearest::<Spillway>(&refused, allowed.iter().copied()).unwrap().to_string()
    }

    #[test]
    fn the_kind_counts_before_the_node_and_the_node_before_arguments() {
        let allowed = [start(0, 7), start(1, 1), assign(1, 2, 0)];
        assert_eq!(
            near(start(0, 1), &allowed),
            "C0 starts r7; it differs in `request`: 7 instead of 1"
        );
        assert_eq!(
            near(start(0, 1), &allowed[1..]),
            "C1 starts r1; it differs in `server`: C1 instead of C0"
        );
        let offer = Action::Offer { server: Node::query(0), request: RequestId(1) };
        assert_eq!(
            near(start(0, 1), &[allowed[2], offer]),
            "C0 offers r1; it differs in its kind: offer instead of start"
        );
        assert_eq!(nearest::<Spillway>(&start(0, 1), []), None);
    }

    #[test]
    fn the_fewest_arguments_differ_and_of_equals_the_first_is_told() {
        let allowed = [assign(0, 2, 0), assign(1, 1, 0), assign(1, 3, 0)];
        assert_eq!(
            near(assign(1, 2, 0), &allowed[1..]),
            "K assigns r1 of C0 to C1; it differs in `to`: C1 instead of C2"
        );
        assert_eq!(
            near(assign(0, 3, 0), &allowed[..2]),
            "K assigns r0 of C0 to C2; it differs in `to`: C2 instead of C3"
        );
        assert_eq!(
            near(assign(0, 2, 1), &allowed),
            "K assigns r0 of C0 to C2; it differs in `by`: nothing instead of K1"
        );
    }

    #[test]
    fn lists_differ_in_an_item_and_its_part_or_in_what_one_has_more() {
        let told = |recorded: &[Action], got: &[Action]| {
            first_difference("step", recorded, got, ToString::to_string)
        };
        let (one, two) = (start(0, 1), start(0, 2));
        assert_eq!(told(&[one], &[one]), None);
        let differs = "step 2 differs in `request`: 2 instead of 1";
        assert_eq!(told(&[one, one], &[one, two]).as_deref(), Some(differs));
        assert_eq!(told(&[one, two], &[one]).as_deref(), Some("step 2 is missing: C0 starts r2"));
        assert_eq!(told(&[], &[one]).as_deref(), Some("step 1 is not recorded: C0 starts r1"));
    }
}
