//! The judged model and any system side by side, driven by the same actions, until they part or a guarantee breaks.

use std::collections::BTreeSet;
use std::fmt;
use std::mem::{Discriminant, discriminant};

use spillway_model::Scope;
use spillway_traces::machine::IN_FLIGHT;
use spillway_traces::{Action, Machine, Observed, Refusal, Sent, Spillway, View};

use crate::machine::CheckedMachine;

/// How the two part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parted {
    /// The step.
    pub action: Action,
    /// Whether the system refused it, what of the observation differs (`took`, `sent`, `lost`, `notes`, `state`), or the
    /// guarantee that breaks.
    pub by: &'static str,
    /// What differs, in lines.
    pub lines: Vec<String>,
}

/// The kind of the step and what differs: what stays the same while a run is shrunk.
pub(super) type Way = (Discriminant<Action>, &'static str);

impl Parted {
    pub(super) fn way(&self) -> Way {
        (discriminant(&self.action), self.by)
    }
}

impl fmt::Display for Parted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: the system and the model part, by `{}`", self.action, self.by)?;
        self.lines.iter().try_for_each(|line| write!(f, "\n    {line}"))
    }
}

/// Both in states that correspond.
pub struct SideBySide<M> {
    model: CheckedMachine,
    system: M,
    sought: Option<Way>,
    parted: Option<Parted>,
}

impl<M: Machine<Spillway>> SideBySide<M> {
    /// Both at the start of a scope. Of several ways to part only this one is told, if one is given.
    pub fn new(
        scope: &Scope,
        system: M,
        sought: Option<(Discriminant<Action>, &'static str)>,
    ) -> Self {
        SideBySide { model: CheckedMachine::new(scope.clone(), None), system, sought, parted: None }
    }

    /// How they part, if they do; no step is taken from there.
    pub fn parted(&self) -> Option<&Parted> {
        self.parted.as_ref()
    }

    /// Whether a bound of the scope is full, which the system need not have: nothing follows.
    pub fn is_over(&self) -> bool {
        self.model.full().is_some()
    }

    /// What the system does, compared with what the model does. Where the system refuses it, what the model does is told.
    fn compare(
        &mut self,
        action: &Action,
        model: Observed<Spillway>,
    ) -> (Observed<Spillway>, Differs) {
        let system = match self.system.step(action) {
            Ok(observed) => observed,
            Err(refusal) => return (model, Some(("refused", vec![refusal.to_string()]))),
        };
        let parts = [
            ("took", model.took != system.took, vec![differ("took", &model.took, &system.took)]),
            ("sent", model.sent != system.sent, mail(&model.sent, &system.sent)),
            ("lost", model.lost != system.lost, mail(&model.lost, &system.lost)),
            (
                "notes",
                model.notes != system.notes,
                vec![differ("notes", &model.notes, &system.notes)],
            ),
        ];
        if let Some((part, _, lines)) = parts.into_iter().find(|(_, differs, _)| *differs) {
            return (system, Some((part, lines)));
        }
        // A system that tells no state is compared by what it does.
        if system.state.is_some() && system.state != model.state {
            let lines = fields(&self.model.view(), &self.system.view());
            return (system, Some(("state", lines)));
        }
        let broken = self.model.broken().first().map(|name| (*name, Vec::new()));
        (system, broken)
    }
}

/// What differs, and in what way.
type Differs = Option<(&'static str, Vec<String>)>;

impl<M: Machine<Spillway>> Machine<Spillway> for SideBySide<M> {
    fn step(&mut self, action: &Action) -> Result<Observed<Spillway>, Refusal> {
        let over =
            |reason: &str| Refusal { guard: "parted", reason: reason.to_owned(), nearest: None };
        if self.parted.is_some() || self.is_over() {
            return Err(over("nothing follows"));
        }
        let observed = self.model.step(action)?;
        if self.is_over() {
            return Ok(observed);
        }
        let (observed, differs) = self.compare(action, observed);
        if let Some((by, lines)) = differs {
            let parted = Parted { action: *action, by, lines };
            let other = self.sought.is_some_and(|sought| sought != parted.way());
            self.parted = Some(parted);
            if other {
                return Err(over("they part in another way"));
            }
        }
        Ok(observed)
    }

    fn view(&self) -> View<Spillway> {
        self.model.view()
    }

    fn broken(&self) -> Vec<&'static str> {
        let told = |parted: &&Parted| self.sought.is_none_or(|sought| sought == parted.way());
        self.parted.iter().filter(told).map(|parted| parted.by).collect()
    }
}

fn differ(what: &str, model: &impl fmt::Debug, system: &impl fmt::Debug) -> String {
    format!("{what}: the model has {model:?}, the system {system:?}")
}

fn mail(model: &[Sent<Spillway>], system: &[Sent<Spillway>]) -> Vec<String> {
    let words = |mail: &[Sent<Spillway>]| {
        let all: Vec<String> =
            mail.iter().map(|s| format!("{} → {}: {}", s.from, s.to, s.message)).collect();
        if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
    };
    vec![format!("model: {}", words(model)), format!("system: {}", words(system))]
}

/// The fields in which two views differ.
fn fields(model: &View<Spillway>, system: &View<Spillway>) -> Vec<String> {
    let nodes: BTreeSet<_> = model.keys().chain(system.keys()).collect();
    let mut lines = Vec::new();
    for node in nodes {
        let (a, b) = (model.get(node), system.get(node));
        let names =
            a.into_iter().chain(b).flat_map(|fields| fields.keys()).collect::<BTreeSet<_>>();
        for name in names.into_iter().filter(|name| **name != IN_FLIGHT) {
            let of = |view: Option<&std::collections::BTreeMap<&'static str, String>>| {
                view.and_then(|fields| fields.get(name)).map_or("–", String::as_str).to_owned()
            };
            let (a, b) = (of(a), of(b));
            if a != b {
                lines.push(format!("{node}.{name}: the model has {a}, the system {b}"));
            }
        }
    }
    lines
}
