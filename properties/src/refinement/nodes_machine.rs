//! The nodes alone as a [`Machine`]: what replays a trace on the implementation.

use spillway_impl::world::World;
use spillway_model::state::BUDGETS;
use spillway_model::{Growable, Protocol, Scope};
use spillway_traces::{Action, Machine, Observed, Refusal, Spillway, View};

use super::map::Refinement;
use super::setting::Setting;

/// The nodes of a scope, seen in the words of the model. They know no budgets, so that a trace may have more faults than
/// its scope allows.
pub struct NodesMachine {
    protocol: Protocol<Growable>,
    refinement: Refinement,
    nodes: World,
}

impl NodesMachine {
    /// The nodes of a scope at their start.
    pub fn new(scope: Scope) -> NodesMachine {
        let setting = Setting::of(&scope);
        let protocol = Protocol::new(scope, None);
        let refinement = Refinement::new(&protocol, &setting);
        NodesMachine { protocol, refinement, nodes: setting.world() }
    }

    /// The nodes.
    pub fn nodes(&self) -> &World {
        &self.nodes
    }
}

impl Machine<Spillway> for NodesMachine {
    fn step(&mut self, action: &Action) -> Result<Observed<Spillway>, Refusal> {
        let mut observed = self.nodes.perform(action)?;
        let state = self.refinement.map(&self.nodes, [0; BUDGETS]);
        observed.state = Some(self.protocol.digest(&state));
        Ok(observed)
    }

    fn view(&self) -> View<Spillway> {
        self.protocol.view(&self.refinement.map(&self.nodes, [0; BUDGETS]))
    }
}
