//! Nodes and model side by side as a [`stateright::Model`]: explored to the end, every edge is a step of both.
//!
//! In each state the two must also agree on what may be done next: whatever the model allows the nodes can do, and
//! whatever the nodes can do, within the scope's budgets, the model allows. Edges are those that the model explores; what
//! it leaves out, idle faults and mirrored servers, is compared all the same.

use std::hash::{Hash, Hasher};

use spillway_impl::world::World;
use spillway_model::{Growable, Protocol, Scope, State};
use spillway_traces::{Action, Observed};
use stateright::{Checker, Model, Property};

use super::difference::{choices, observations, states};
use super::map::Refinement;
use super::setting::Setting;
use super::universe::universe;

/// The name under which a difference is reported.
pub const REFINES: &str = "nodes-refine-model";

/// Nodes and model of a scope.
pub struct NodesModel {
    protocol: Protocol<Growable>,
    refinement: Refinement,
    start: World,
    universe: Vec<Action>,
}

/// Nodes and model in states that correspond, or where they part.
#[derive(Clone, Debug, PartialEq)]
pub struct Joint {
    /// The nodes.
    pub nodes: World,
    /// The model.
    pub model: State<Growable>,
    /// What differs, if anything does; nothing follows then.
    pub differs: Vec<String>,
}

impl Hash for Joint {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.nodes.hash(hasher);
        self.model.hash(hasher);
        self.differs.hash(hasher);
    }
}

/// What an exploration of nodes and model together has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explored {
    /// Steps that were taken.
    pub steps: u64,
    /// Whether the two part on some path.
    pub parts: bool,
}

impl NodesModel {
    /// Both, of a scope.
    pub fn new(scope: Scope) -> NodesModel {
        let setting = Setting::of(&scope);
        NodesModel::of(scope, &setting)
    }

    /// Explores both to the end, or until they part.
    pub fn explore(self) -> Explored {
        let checker = self.checker().spawn_bfs().join();
        let parts = checker.discovery(REFINES).is_some();
        Explored { steps: checker.state_count() as u64, parts }
    }

    /// Both, of a scope, the nodes in this setting.
    pub fn of(scope: Scope, setting: &Setting) -> NodesModel {
        let protocol = Protocol::new(scope, None);
        let refinement = Refinement::new(&protocol, setting);
        let universe = universe(&protocol);
        NodesModel { protocol, refinement, start: setting.world(), universe }
    }

    /// The model alone.
    pub fn protocol(&self) -> &Protocol<Growable> {
        &self.protocol
    }

    /// What differs of two states that should correspond, and of what may be done in them.
    fn compare(&self, joint: &mut Joint) {
        if joint.model.full().is_some() {
            return;
        }
        let mapped = self.refinement.map(&joint.nodes, joint.model.budgets);
        let mut model = joint.model.clone();
        model.forget(model.base as usize);
        joint.differs.extend(states(&self.protocol, &model, &mapped));
        joint.differs.extend(self.refinement.odd_records(&joint.nodes));
        if joint.differs.is_empty() {
            joint.differs = choices(&self.protocol, &self.universe, &joint.model, &joint.nodes);
        }
    }
}

impl Model for NodesModel {
    type State = Joint;
    type Action = Action;

    fn init_states(&self) -> Vec<Joint> {
        let (nodes, model) = (self.start.clone(), self.protocol.initial());
        let mut joint = Joint { nodes, model, differs: Vec::new() };
        self.compare(&mut joint);
        vec![joint]
    }

    fn actions(&self, joint: &Joint, actions: &mut Vec<Action>) {
        if joint.differs.is_empty() {
            self.protocol.actions_of(&joint.model, actions);
        }
    }

    fn next_state(&self, last: &Joint, action: Action) -> Option<Joint> {
        let mut observed = Observed::default();
        let model = self.protocol.step(&last.model, action, &mut observed);
        let mut joint = Joint { nodes: last.nodes.clone(), model, differs: Vec::new() };
        match joint.nodes.perform(&action) {
            Err(refusal) => joint.differs.push(format!("the nodes refuse “{action}”: {refusal}")),
            Ok(_) if joint.model.full().is_some() => {}
            Ok(nodes) => joint.differs = observations(&observed, &nodes),
        }
        if joint.differs.is_empty() {
            self.compare(&mut joint);
        }
        Some(joint)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always(REFINES, |_, joint: &Joint| joint.differs.is_empty())]
    }
}
