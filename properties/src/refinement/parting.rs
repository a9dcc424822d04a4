//! Nodes and model until they part, as a [`Machine`] that shrinking runs: the smaller run must part them at the same kind
//! of step, in the same way.

use std::mem::{Discriminant, discriminant};

use spillway_impl::world::World;
use spillway_model::{Growable, Protocol, Scope, State};
use spillway_traces::{Action, Machine, Observed, Refusal, Spillway, View};

use super::difference::{part_of_observations, part_of_states};
use super::map::Refinement;
use super::setting::Setting;

/// How nodes and model part: the kind of the step, and the guard of the model that refuses it, or the part of what was
/// observed that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parted {
    kind: Discriminant<Action>,
    /// The guard, or `took`, `sent`, `lost` or `notes`, or the field of the state.
    pub by: &'static str,
}

/// Nodes and model of a scope, side by side.
pub struct Parting {
    protocol: Protocol<Growable>,
    model: State<Growable>,
    nodes: World,
    /// The map, if states are compared too, which takes longer than the step.
    refinement: Option<Refinement>,
    sought: Option<Parted>,
    parted: Option<Parted>,
}

impl Parting {
    /// Both at their start, the nodes in this setting. Of several ways to part only this one is told, if one is given.
    pub fn new(scope: Scope, setting: &Setting, sought: Option<Parted>) -> Parting {
        let protocol = Protocol::new(scope, None);
        let model = protocol.initial();
        Parting { protocol, model, nodes: setting.world(), refinement: None, sought, parted: None }
    }

    /// The same, with states compared after each step.
    #[must_use]
    pub fn with_states(mut self, setting: &Setting) -> Parting {
        self.refinement = Some(Refinement::new(&self.protocol, setting));
        self
    }

    /// How the nodes part from the model on this run, and after how many steps; nothing if they do not.
    pub fn on(mut self, actions: &[Action]) -> Option<(usize, Parted)> {
        for (at, action) in actions.iter().enumerate() {
            self.step(action).ok()?;
            if let Some(parted) = self.parted {
                return Some((at + 1, parted));
            }
        }
        None
    }

    /// Whether they have parted in the way that is sought, if one is.
    pub fn has_parted(&self) -> bool {
        !self.broken().is_empty()
    }

    /// What the model says of a step that the nodes have taken.
    fn compare(&mut self, action: &Action, nodes: &Observed<Spillway>) -> Option<&'static str> {
        if let Err(guard) = self.protocol.allows(&self.model, action) {
            return Some(guard.name);
        }
        let mut model = Observed::default();
        self.model = self.protocol.step(&self.model, *action, &mut model);
        part_of_observations(&model, nodes).or_else(|| self.part_of_states())
    }

    /// The field in which the states differ, if states are compared.
    fn part_of_states(&self) -> Option<&'static str> {
        let refinement = self.refinement.as_ref()?;
        let mut model = self.model.clone();
        model.forget(model.base as usize);
        let nodes = refinement.map(&self.nodes, model.budgets);
        part_of_states(&self.protocol, &model, &nodes)
    }
}

impl Machine<Spillway> for Parting {
    fn step(&mut self, action: &Action) -> Result<Observed<Spillway>, Refusal> {
        let over =
            |reason: &str| Refusal { guard: "parted", reason: reason.to_owned(), nearest: None };
        if self.parted.is_some() {
            return Err(over("nodes and model have parted"));
        }
        let observed = self.nodes.perform(action)?;
        if let Some(by) = self.compare(action, &observed) {
            let parted = Parted { kind: discriminant(action), by };
            self.parted = Some(parted);
            if self.sought.is_some_and(|sought| sought != parted) {
                return Err(over("nodes and model part in another way"));
            }
        }
        Ok(observed)
    }

    fn view(&self) -> View<Spillway> {
        self.protocol.view(&self.model)
    }

    fn broken(&self) -> Vec<&'static str> {
        let told = self.parted.filter(|parted| self.sought.is_none_or(|sought| sought == *parted));
        told.map(|parted| parted.by).into_iter().collect()
    }
}
