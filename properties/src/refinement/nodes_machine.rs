//! The nodes alone as a [`Machine`]: what replays a trace on the implementation.

use spillway_impl::world::{LINKS_ONLY, ONE_STEP, World};
use spillway_model::state::BUDGETS;
use spillway_model::{Growable, Protocol, Scope, universe};
use spillway_traces::{Action, Machine, Nearest, Observed, Refusal, Spillway, View, nearest};

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
        NodesMachine::of(scope, &setting)
    }

    /// The nodes of a scope at their start, in this setting.
    pub fn of(scope: Scope, setting: &Setting) -> NodesMachine {
        let protocol = Protocol::new(scope, None);
        let refinement = Refinement::new(&protocol, setting);
        NodesMachine { protocol, refinement, nodes: setting.world() }
    }

    /// The nodes.
    pub fn nodes(&self) -> &World {
        &self.nodes
    }

    /// Of all that the nodes can do the step most like this one.
    fn nearest(&self, refused: &Action) -> Option<Nearest> {
        let candidates = self.nodes.candidates();
        let all = universe(&self.protocol).into_iter();
        nearest::<Spillway>(refused, all.filter(|one| self.nodes.can(one, &candidates).is_ok()))
    }
}

impl Machine<Spillway> for NodesMachine {
    fn step(&mut self, action: &Action) -> Result<Observed<Spillway>, Refusal> {
        let performed = self.nodes.perform(action);
        // Only a step that was not begun leaves the nodes where other steps may be told of.
        let mut observed = performed.map_err(|refusal| match refusal.guard {
            ONE_STEP | LINKS_ONLY => refusal,
            _ => Refusal { nearest: self.nearest(action), ..refusal },
        })?;
        let state = self.refinement.map(&self.nodes, [0; BUDGETS]);
        observed.state = Some(self.protocol.digest(&state));
        Ok(observed)
    }

    fn view(&self) -> View<Spillway> {
        self.protocol.view(&self.refinement.map(&self.nodes, [0; BUDGETS]))
    }
}
