//! Nodes and model side by side, driven by the same actions.

use spillway_impl::world::World;
use spillway_model::{Growable, Protocol, Scope, State};
use spillway_traces::{Action, Machine, Observed, Refusal, Spillway, View};

use super::difference::{Difference, choices, observations, states};
use super::map::Refinement;
use super::setting::Setting;

/// Nodes and model in states that correspond.
pub struct Lockstep {
    protocol: Protocol<Growable>,
    refinement: Refinement,
    model: State<Growable>,
    nodes: World,
    difference: Option<Difference>,
}

impl Lockstep {
    /// Both at the start of a scope.
    ///
    /// # Errors
    /// They differ already.
    pub fn new(scope: Scope) -> Result<Lockstep, Difference> {
        let setting = Setting::of(&scope);
        Lockstep::of(scope, &setting)
    }

    /// Both at the start of a scope, the nodes in this setting.
    ///
    /// # Errors
    /// They differ already.
    pub fn of(scope: Scope, setting: &Setting) -> Result<Lockstep, Difference> {
        let protocol = Protocol::new(scope, None);
        let refinement = Refinement::new(&protocol, setting);
        let model = protocol.initial();
        let nodes = setting.world();
        let lockstep = Lockstep { protocol, refinement, model, nodes, difference: None };
        let lines = lockstep.compared();
        match lines.is_empty() {
            true => Ok(lockstep),
            false => Err(Difference { action: None, lines }),
        }
    }

    /// The model.
    pub fn protocol(&self) -> &Protocol<Growable> {
        &self.protocol
    }

    /// The model's state.
    pub fn model(&self) -> &State<Growable> {
        &self.model
    }

    /// The nodes.
    pub fn nodes(&self) -> &World {
        &self.nodes
    }

    /// Where they parted, if they have; no step is taken from there.
    pub fn difference(&self) -> Option<&Difference> {
        self.difference.as_ref()
    }

    /// Performs an action that the model allows on both.
    ///
    /// # Errors
    /// They differ: the nodes refuse it, show something else, or get somewhere else.
    pub fn perform(&mut self, action: &Action) -> Result<Observed<Spillway>, Difference> {
        let differs = |lines| Difference { action: Some(*action), lines };
        let mut observed = Observed::default();
        self.model = self.protocol.step(&self.model, *action, &mut observed);
        let nodes = self.nodes.perform(action).map_err(|refusal| {
            differs(vec![format!("the model allows it, the nodes do not: {refusal}")])
        })?;
        if self.model.full().is_some() {
            return Ok(observed); // a bound of the scope, which the nodes do not have: nothing follows
        }
        let mut lines = observations(&observed, &nodes);
        lines.extend(self.compared());
        match lines.is_empty() {
            true => Ok(Observed { state: Some(self.protocol.digest(&self.model)), ..observed }),
            false => Err(differs(lines)),
        }
    }

    /// Whether both have the same choice of what to do next, of all that can be named.
    ///
    /// # Errors
    /// What one may do and the other not.
    pub fn compare_choices(&self, universe: &[Action]) -> Result<(), Difference> {
        let lines = match self.model.full() {
            None => choices(&self.protocol, universe, &self.model, &self.nodes),
            Some(_) => Vec::new(),
        };
        if lines.is_empty() { Ok(()) } else { Err(Difference { action: None, lines }) }
    }

    /// What differs of the states.
    fn compared(&self) -> Vec<String> {
        let mapped = self.refinement.map(&self.nodes, self.model.budgets);
        let mut model = self.model.clone();
        // What the log has forgotten the nodes do not have either.
        model.forget(model.base as usize);
        let mut lines = states(&self.protocol, &model, &mapped);
        lines.extend(self.refinement.odd_records(&self.nodes));
        lines
    }
}

impl Machine<Spillway> for Lockstep {
    fn step(&mut self, action: &Action) -> Result<Observed<Spillway>, Refusal> {
        if let Some(difference) = &self.difference {
            return Err(difference.clone().into());
        }
        if let Some(refusal) = self.protocol.refusal(&self.model, action) {
            return Err(refusal);
        }
        self.perform(action).map_err(|difference| {
            self.difference = Some(difference.clone());
            difference.into()
        })
    }

    fn view(&self) -> View<Spillway> {
        self.protocol.view(&self.model)
    }
}
