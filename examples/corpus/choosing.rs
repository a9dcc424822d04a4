//! The nodes choosing for themselves, as in the product: what happens to them is told, and what they then do at once is
//! recorded. A replay makes them do what the trace says, and so cannot tell *when* they would choose.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use spillway_impl::strategy::Configured;
use spillway_impl::wire::Wire;
use spillway_impl::world::recorder::Recorded;
use spillway_impl::world::{Driver, Hand, Recorder};
use spillway_model::Scope;
use spillway_properties::refinement::Setting;
use spillway_traces::{Action, Node, Note};

struct Product {
    recorder: Recorder,
    chooser: Configured,
    random: ChaCha8Rng,
}

impl Driver for Product {
    fn hand(&mut self, _node: Node) -> Hand<'_> {
        Hand { now_us: 0, chooser: &mut self.chooser, random: &mut self.random }
    }
    fn step(&mut self, action: Action) {
        self.recorder.step(action);
    }
    fn took(&mut self, _from: Node, _to: Node, message: &Wire) {
        self.recorder.took(message);
    }
    fn sent(&mut self, from: Node, to: Node, message: &Wire) {
        self.recorder.sent(from, to, message);
    }
    fn lost(&mut self, from: Node, to: Node, message: &Wire) {
        self.recorder.lost(from, to, message);
    }
    fn note(&mut self, _node: Node, note: Note) {
        self.recorder.note(note);
    }
}

/// All steps of a run in which this happens to the nodes of a scope.
///
/// # Panics
/// One of these is a step that nodes choose, or one that nothing here does to them.
pub(crate) fn run(scope: &Scope, happens: &[Action]) -> Vec<Recorded> {
    let setting = Setting::of(scope);
    let random = ChaCha8Rng::from_seed([0; 32]);
    let chooser = Configured::new(setting.config.knobs.strategy, random.clone());
    let recorder = Recorder::new(setting.config.clone());
    let (mut world, mut product) = (setting.world(), Product { recorder, chooser, random });
    for action in happens {
        match *action {
            Action::Issue { client, .. } => world.issue(client.index, &mut product),
            Action::Deliver { from, to } => world.deliver(from, to, &mut product),
            Action::Lease { .. } => world.lease(&mut product),
            Action::Stop { node } => world.stop(node, &mut product),
            Action::Restart { node } => world.restart(node, &mut product),
            _ => panic!("{action} does not happen here"),
        }
    }
    product.recorder.drain().collect()
}
