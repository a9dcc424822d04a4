//! One step under way: the protocol, the state that it changes, and whoever watches.

use spillway_traces::{Message, Node, Note, Observed, Sent, Spillway};

use crate::protocol::Protocol;
use crate::rows::Envelope;
use crate::size::{Num, Size, Table};
use crate::state::{Full, State};
use crate::wire;

/// Watches a step. Exploration watches nothing, properties watch the notes, a recorder all of it.
pub trait Observe {
    /// An outcome.
    fn note(&mut self, _note: Note) {}
    /// A message was taken from its link.
    fn took(&mut self, _message: Message) {}
    /// A message was sent.
    fn sent(&mut self, _from: Node, _to: Node, _message: Message) {}
    /// A message in flight was lost.
    fn lost(&mut self, _from: Node, _to: Node, _message: Message) {}
}

/// Watches nothing.
impl Observe for () {}

impl Observe for Observed<Spillway> {
    fn note(&mut self, note: Note) {
        self.notes.push(note);
    }
    fn took(&mut self, message: Message) {
        self.took = Some(message);
    }
    fn sent(&mut self, from: Node, to: Node, message: Message) {
        self.sent.push(Sent { from, to, message });
    }
    fn lost(&mut self, from: Node, to: Node, message: Message) {
        self.lost.push(Sent { from, to, message });
    }
}

/// A step under way. The rules of each node are its methods, one file a node in `rules/`.
pub(crate) struct Step<'a, S: Size, O: Observe> {
    pub(crate) protocol: &'a Protocol<S>,
    pub(crate) state: &'a mut State<S>,
    pub(crate) observer: &'a mut O,
}

impl<S: Size, O: Observe> Step<'_, S, O> {
    pub(crate) fn note(&mut self, note: Note) {
        self.observer.note(note);
    }

    /// Puts a message behind those in flight on its link. It is lost if nobody can hear it.
    pub(crate) fn send(&mut self, from: Node, to: Node, message: Message) {
        if !self.state.passes(from, to) {
            return self.observer.lost(from, to, message);
        }
        let link = self.state.link(from, to);
        if link.len() >= self.protocol.scope().knobs.link_max as usize {
            self.state.set_full(Full::Link { from, to });
        } else if !self.state.flight.insert(link.end, wire::seal(from, to, message)) {
            self.state.set_full(Full::Flight);
        } else {
            self.observer.sent(from, to, message);
        }
    }

    /// Takes the oldest message from a link.
    pub(crate) fn take(&mut self, from: Node, to: Node) -> Message {
        let at = self.state.link(from, to).start;
        let envelope = self.state.flight.remove(at);
        assert!(
            envelope.from == S::Num::of_node(from) && envelope.to == S::Num::of_node(to),
            "a message is in flight from {from} to {to}"
        );
        let message = wire::open(envelope);
        self.observer.took(message);
        message
    }

    /// Empties both directions of a link.
    pub(crate) fn cut(&mut self, a: Node, b: Node) {
        self.empty(a, b);
        self.empty(b, a);
    }

    /// Empties one direction of a link.
    pub(crate) fn empty(&mut self, from: Node, to: Node) {
        let link = self.state.link(from, to);
        for at in link.clone() {
            let envelope: Envelope<S::Num> = self.state.flight.get(at);
            self.observer.lost(from, to, wire::open(envelope));
        }
        self.state.flight.remove_range(link.start, link.end);
    }

    /// Notes when a table of the fixed-size state had no room.
    pub(crate) fn must_fit(&mut self, fits: bool) {
        if !fits {
            self.state.set_full(Full::Table);
        }
    }
}
