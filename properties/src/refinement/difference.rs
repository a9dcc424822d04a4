//! Where nodes and model part, in the words of the model's view.

use std::collections::BTreeSet;
use std::fmt;

use spillway_impl::world::World;
use spillway_model::{Growable, Protocol, State};
use spillway_traces::{Action, Observed, Refusal, Spillway};

/// The guard of the model that the nodes know nothing of.
const BUDGET_GUARD: &str = "budget";

/// How nodes and model differ after a step, or about one.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The step; none where no step is to blame.
    pub action: Option<Action>,
    /// What differs, one line each; at least one.
    pub lines: Vec<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.action {
            Some(action) => write!(f, "nodes and model differ at “{action}”:")?,
            None => write!(f, "nodes and model differ:")?,
        }
        self.lines.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

impl std::error::Error for Difference {}

impl From<Difference> for Refusal {
    fn from(difference: Difference) -> Refusal {
        Refusal { guard: "lockstep", reason: difference.to_string(), nearest: None }
    }
}

/// What differs of two states, the model's first: a line for each field, `node.field: model has …, nodes have …`.
pub fn states(
    protocol: &Protocol<Growable>,
    model: &State<Growable>,
    nodes: &State<Growable>,
) -> Vec<String> {
    if model == nodes {
        return Vec::new();
    }
    let (ours, theirs) = (protocol.view(model), protocol.view(nodes));
    let mut lines = Vec::new();
    for (node, fields) in &ours {
        let others = &theirs[node];
        let mut names: Vec<&str> = fields.keys().chain(others.keys()).copied().collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let (a, b) = (fields.get(name), others.get(name));
            if a != b {
                let said = |value: Option<&String>| value.map_or("nothing".into(), String::clone);
                lines.push(format!("{node}.{name}: model has {}, nodes have {}", said(a), said(b)));
            }
        }
    }
    if lines.is_empty() {
        lines.push(format!("a cell that no view shows: model {model:?}\n  nodes {nodes:?}"));
    }
    lines
}

/// The field of the first node whose states differ; `state` for a cell that no view shows.
pub fn part_of_states(
    protocol: &Protocol<Growable>,
    model: &State<Growable>,
    nodes: &State<Growable>,
) -> Option<&'static str> {
    if model == nodes {
        return None;
    }
    let (ours, theirs) = (protocol.view(model), protocol.view(nodes));
    let part = ours.iter().find_map(|(node, fields)| {
        let others = &theirs[node];
        let names: BTreeSet<&'static str> = fields.keys().chain(others.keys()).copied().collect();
        names.into_iter().find(|name| fields.get(name) != others.get(name))
    });
    Some(part.unwrap_or("state"))
}

/// The first part of what was observed of a step that differs: `took`, `sent`, `lost` or `notes`.
pub fn part_of_observations(
    model: &Observed<Spillway>,
    nodes: &Observed<Spillway>,
) -> Option<&'static str> {
    let parts = [
        ("took", model.took != nodes.took),
        ("sent", model.sent != nodes.sent),
        ("lost", model.lost != nodes.lost),
        ("notes", model.notes != nodes.notes),
    ];
    parts.into_iter().find(|(_, differs)| *differs).map(|(part, _)| part)
}

/// What differs of what was observed of a step. The model's digest is not compared: the states are.
pub fn observations(model: &Observed<Spillway>, nodes: &Observed<Spillway>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut compare = |name: &str, a: String, b: String| {
        if a != b {
            lines.push(format!("{name}: model has {a}, nodes have {b}"));
        }
    };
    compare("took", format!("{:?}", model.took), format!("{:?}", nodes.took));
    compare("sent", format!("{:?}", model.sent), format!("{:?}", nodes.sent));
    compare("lost", format!("{:?}", model.lost), format!("{:?}", nodes.lost));
    compare("notes", format!("{:?}", model.notes), format!("{:?}", nodes.notes));
    lines
}

/// What one may do next and the other not: whatever the model allows the nodes can do, and whatever the nodes can do, but
/// for what is only beyond a budget, the model allows.
pub fn choices(
    protocol: &Protocol<Growable>,
    universe: &[Action],
    model: &State<Growable>,
    nodes: &World,
) -> Vec<String> {
    let candidates = nodes.candidates();
    let unknown = candidates.iter().filter(|one| !universe.contains(&one.action));
    let mut lines: Vec<String> =
        unknown.map(|one| format!("the nodes may do what has no name: {}", one.action)).collect();
    for action in universe {
        match (protocol.allows(model, action), nodes.can(action, &candidates)) {
            (Ok(()), Err(refusal)) => {
                lines.push(format!("the model allows “{action}”, the nodes do not: {refusal}"));
            }
            (Err(guard), Ok(())) if guard.name != BUDGET_GUARD => {
                let (name, reason) = (guard.name, guard.reason);
                lines.push(format!(
                    "the nodes can do “{action}”, the model refuses it by guard `{name}`: {reason}"
                ));
            }
            _ => {}
        }
    }
    lines
}
