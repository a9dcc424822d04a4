//! What a [`World`](super::World) asks of whoever runs it: time, choices, and what becomes of what the nodes want done.

use rand_chacha::ChaCha8Rng;
use spillway_traces::{Action, Node, Note, RequestId};

use crate::node::{Chooser, Refused, Shown, Store, Timer};
use crate::wire::{Ask, Wire};

/// What one node is given with an input.
pub struct Hand<'a> {
    /// Its clock.
    pub now_us: u64,
    /// Who chooses for it.
    pub chooser: &'a mut dyn Chooser,
    /// For the random part of its timers.
    pub random: &'a mut ChaCha8Rng,
}

/// Runs a world.
///
/// What is told comes in the order in which it happens: a [step](Driver::step), then what belongs to it. A message that
/// was sent is on its link; the driver decides when to call [`World::deliver`](super::World::deliver) for that direction,
/// once for each message that was sent and has not been lost.
pub trait Driver {
    /// What a node is given with its next input.
    fn hand(&mut self, node: Node) -> Hand<'_>;

    /// A step begins: what follows belongs to it.
    fn step(&mut self, _action: Action) {}
    /// The step takes a message.
    fn took(&mut self, _from: Node, _to: Node, _message: &Wire) {}
    /// The step sends a message, which is on its way now.
    fn sent(&mut self, _from: Node, _to: Node, _message: &Wire) {}
    /// The step loses a message: one that was on its way, or one that cannot get there.
    fn lost(&mut self, _from: Node, _to: Node, _message: &Wire) {}
    /// The step empties a direction of a link; what is lost by that is told next, message by message.
    fn emptied(&mut self, _from: Node, _to: Node) {}
    /// An outcome of the step.
    fn note(&mut self, _node: Node, _note: Note) {}
    /// A node begins anew: its timers, its work and what its disk was asked for are void.
    fn begun(&mut self, _node: Node) {}

    /// A timer is to run out after this time, and to be given then; armed again, it starts anew.
    fn arm(&mut self, _node: Node, _timer: Timer, _after_us: u64) {}
    /// A timer is not to run out.
    fn disarm(&mut self, _node: Node, _timer: Timer) {}
    /// A query server works on a task, and is to be given [`Input::Worked`](crate::node::Input::Worked) when it is done.
    fn work(&mut self, _server: Node, _ask: &Ask) {}
    /// A query server reports how many tasks it would take on. When that arrives, if it does, the driver calls
    /// [`World::reported`](super::World::reported). Nothing depends on it but how well tasks are spread.
    fn report(&mut self, _from: Node, _to: Node, _room: u32) {}
    /// The global server's disk is to do something. When it has, or cannot, the driver calls
    /// [`World::stored`](super::World::stored).
    fn store(&mut self, _store: &Store) {}
    /// A user gets the reply to a request, or is told why there is none.
    fn reply(&mut self, _client: Node, _request: RequestId, _reply: Result<Shown, Refused>) {}
}
