//! Nodes and model side by side as a [`stateright::Model`]: explored to the end, every edge is a step of both, and every
//! guarantee is judged on every state and step of the nodes, as the map shows them.
//!
//! In each state the two must also agree on what may be done next: whatever the model allows the nodes can do, and
//! whatever the nodes can do, within the scope's budgets, the model allows. Edges are those that the model explores; what
//! it leaves out, idle faults and mirrored servers, is compared all the same.
//!
//! Nothing follows a difference, so that a guarantee which breaks only later is not seen to. [`NodesModel::alone`] goes on
//! without the model: the nodes do whatever they can, and only the guarantees decide.
//!
//! [`NodesModel::configured`] explores the product's own choices: whatever is due at a node is done only if the configured
//! chooser chooses it, whoever draws; the environment, messages, finished work and timers stay open. In each state the
//! model must allow what is chosen, and no chooser may wait while something is due.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

use spillway_impl::strategy::Configured;
use spillway_impl::world::World;
use spillway_model::{Growable, Protocol, Scope, State, universe};
use spillway_traces::{Action, Observed};
use stateright::{Checker, HasDiscoveries, Model, Property};

use super::configured::{self, choosers};
use super::difference::{choices, observations, states};
use super::judge::{Judge, JudgedNodes};
use super::map::Refinement;
use super::setting::Setting;
use crate::always::{self, for_each_always};
use crate::catalog::ALWAYS;
use crate::checked::{Checked, names_of, place};
use crate::judged::Always;

/// The name under which a difference is reported.
pub const REFINES: &str = "nodes-refine-model";

/// Nodes and model of a scope.
pub struct NodesModel {
    checked: Checked<Protocol<Growable>>,
    refinement: Refinement,
    start: World,
    universe: Vec<Action>,
    alone: bool,
    /// The choosers of the nodes; none if whatever is legal may be chosen.
    choosers: Vec<Configured>,
}

/// Nodes and model in states that correspond, or where they part.
#[derive(Clone, Debug, PartialEq)]
pub struct Joint {
    /// The nodes.
    pub nodes: World,
    /// What the nodes map to, with the history that guarantees need and what is broken. Where the two do not part it is the
    /// model's state.
    pub judged: JudgedNodes,
    /// What differs, if anything does; nothing follows then.
    pub differs: Vec<String>,
}

impl Hash for Joint {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.nodes.hash(hasher);
        self.judged.hash(hasher);
        self.differs.hash(hasher);
    }
}

impl Joint {
    /// The guarantees that are broken here.
    pub fn broken(&self) -> Vec<&'static str> {
        names_of(self.judged.broken).collect()
    }
}

/// What an exploration of the nodes has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explored {
    /// Steps that were taken.
    pub steps: u64,
    /// Whether nodes and model part on some path.
    pub parts: bool,
    /// The guarantees that break on some path.
    pub breaks: BTreeSet<&'static str>,
}

impl NodesModel {
    /// Both, of a scope.
    pub fn new(scope: Scope) -> NodesModel {
        let setting = Setting::of(&scope);
        NodesModel::of(scope, &setting)
    }

    /// Both, of a scope, the nodes in this setting.
    pub fn of(scope: Scope, setting: &Setting) -> NodesModel {
        let protocol = Protocol::new(scope, None);
        let refinement = Refinement::new(&protocol, setting);
        let universe = universe(&protocol);
        let checked = Checked::new(protocol);
        let (start, choosers) = (setting.world(), Vec::new());
        NodesModel { checked, refinement, start, universe, alone: false, choosers }
    }

    /// Both, the nodes choosing as they are configured.
    #[must_use]
    pub fn configured(self) -> NodesModel {
        let choosers = choosers(self.start.config().knobs.strategy);
        NodesModel { choosers, ..self }
    }

    /// The nodes alone, judged by the guarantees.
    #[must_use]
    pub fn alone(self) -> NodesModel {
        NodesModel { alone: true, ..self }
    }

    /// Explores to the end, or until something is wrong, or after about so many steps.
    pub fn explore(self, steps_max: Option<usize>) -> Explored {
        let mut builder = self.checker().finish_when(HasDiscoveries::Any);
        if let Some(steps_max) = steps_max {
            builder = builder.target_state_count(steps_max);
        }
        let checker = builder.spawn_bfs().join();
        let mut breaks: BTreeSet<&'static str> = checker.discoveries().into_keys().collect();
        let parts = breaks.remove(REFINES);
        Explored { steps: checker.state_count() as u64, parts, breaks }
    }

    /// The model alone.
    pub fn protocol(&self) -> &Protocol<Growable> {
        self.checked.model()
    }

    fn judge(&self) -> Judge<'_> {
        Judge { checked: &self.checked, refinement: &self.refinement }
    }

    /// What differs of two states that should correspond, and of what may be done in them.
    fn compare(&self, nodes: &World, model: &State<Growable>) -> Vec<String> {
        let mapped = self.refinement.map(nodes, model.budgets);
        let mut forgotten = model.clone();
        forgotten.forget(model.base as usize);
        let mut differs = states(self.protocol(), &forgotten, &mapped);
        differs.extend(self.refinement.odd_records(nodes));
        if differs.is_empty() {
            differs = choices(self.protocol(), &self.universe, model, nodes);
        }
        if differs.is_empty() && !self.choosers.is_empty() {
            differs = self.chosen_wrongly(nodes, model);
        }
        differs
    }

    /// What the configured choosers choose against the model, or do not choose.
    fn chosen_wrongly(&self, nodes: &World, model: &State<Growable>) -> Vec<String> {
        let choices = configured::choices(nodes, &self.choosers);
        let refused = choices.chosen.iter().filter_map(|action| {
            let guard = self.protocol().allows(model, action).err()?;
            let (name, reason) = (guard.name, guard.reason);
            Some(format!("“{action}” is chosen, the model refuses it by guard `{name}`: {reason}"))
        });
        let refused: Vec<String> = refused.collect();
        choices.wrong.into_iter().chain(refused).collect()
    }

    /// A step of both.
    fn both(&self, last: &Joint, action: Action) -> Joint {
        let mut observed = Observed::default();
        let model = self.protocol().step(&last.judged.inner, action, &mut observed);
        let mut joint = last.clone();
        let shown = match joint.nodes.perform(&action) {
            Err(refusal) => {
                joint.differs.push(format!("the nodes refuse “{action}”: {refusal}"));
                return joint;
            }
            Ok(_) if model.full().is_some() => {
                joint.judged.inner = model; // a bound of the scope, which the nodes do not have: nothing follows
                return joint;
            }
            Ok(shown) => shown,
        };
        joint.differs = observations(&observed, &shown);
        if joint.differs.is_empty() {
            joint.differs = self.compare(&joint.nodes, &model);
        }
        // It is what the nodes did that is judged, and where they do the same it is the model's state.
        joint.judged = self.judge().step(&last.judged, action, &shown, &joint.nodes);
        debug_assert!(!joint.differs.is_empty() || joint.judged.inner == model, "nothing is lost");
        joint
    }

    /// A step of the nodes alone, if they can do it.
    fn nodes_only(&self, last: &Joint, action: Action) -> Option<Joint> {
        let mut nodes = last.nodes.clone();
        let observed = nodes.perform(&action).ok()?;
        let judged = self.judge().step(&last.judged, action, &observed, &nodes);
        Some(Joint { nodes, judged, differs: Vec::new() })
    }
}

/// One property for each guarantee.
macro_rules! guarantees {
    ($($name:ident),+ $(,)?) => {
        fn guarantees() -> Vec<Property<NodesModel>> {
            vec![$(Property::always(always::$name::NAME, |_, joint: &Joint| {
                const AT: usize = place(ALWAYS, always::$name::NAME);
                joint.judged.broken & (1 << AT) == 0
            })),+]
        }
    };
}
for_each_always!(guarantees);

impl Model for NodesModel {
    type State = Joint;
    type Action = Action;

    fn init_states(&self) -> Vec<Joint> {
        let judged = self.judge().start(&self.start);
        let mut joint = Joint { nodes: self.start.clone(), judged, differs: Vec::new() };
        if !self.alone {
            joint.differs = self.compare(&joint.nodes, &self.protocol().initial());
        }
        vec![joint]
    }

    fn actions(&self, joint: &Joint, actions: &mut Vec<Action>) {
        if !joint.differs.is_empty() || joint.judged.broken != 0 {
            return;
        }
        self.protocol().actions_of(&joint.judged.inner, actions);
        if !self.choosers.is_empty() {
            let choices = configured::choices(&joint.nodes, &self.choosers);
            actions.retain(|action| !choices.due.contains(action));
            actions.extend(choices.chosen);
        }
        if self.alone {
            let more = joint.nodes.candidates().into_iter().map(|candidate| candidate.action);
            let more: Vec<Action> =
                more.filter(|one| !one.is_fault() && !actions.contains(one)).collect();
            actions.extend(more);
        }
    }

    fn next_state(&self, last: &Joint, action: Action) -> Option<Joint> {
        if self.alone { self.nodes_only(last, action) } else { Some(self.both(last, action)) }
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let refines = Property::always(REFINES, |_, joint: &Joint| joint.differs.is_empty());
        std::iter::once(refines).chain(guarantees()).collect()
    }
}
