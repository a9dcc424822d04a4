//! Publishes on their way to G, and the feed that comes back when the connection is made.

use spillway_traces::{Node, RequestId};

use super::{Query, Relayed, dropped, refuse, send};
use crate::bug::Bug;
use crate::node::Context;
use crate::nodes::askers;
use crate::wire::{Ask, Wire};

impl Query {
    /// A communication server publishes.
    pub(super) fn publish(&mut self, from: Node, ask: Ask, context: &mut Context<'_>) {
        let request = ask.request;
        if let Some(relayed) = self.relayed.get_mut(&request) {
            let askers = askers::with(relayed.askers, from);
            let is_new = askers != relayed.askers;
            relayed.askers = askers;
            self.known_already(is_new, context);
        } else if self.relayed.len() >= self.config.knobs.relay_max as usize {
            refuse(askers::only(from), request, context);
        } else {
            self.relayed.insert(request, Relayed { ask: ask.clone(), askers: askers::only(from) });
            send(context, Node::GLOBAL, Wire::Publish(ask));
            if self.config.has(Bug::AcknowledgedBeforeStored) {
                send(context, from, Wire::Published { request, revision: self.applied });
            }
        }
    }

    /// G has it.
    pub(super) fn published(
        &mut self,
        request: RequestId,
        revision: u32,
        context: &mut Context<'_>,
    ) {
        let Some(relayed) = self.relayed.remove(&request) else { return dropped(context) };
        for asker in relayed.askers.nodes() {
            send(context, asker, Wire::Published { request, revision });
        }
    }

    /// The connection to G is made anew, or nothing was heard from it for long.
    pub(super) fn global_made(&self, context: &mut Context<'_>) {
        send(context, Node::GLOBAL, Wire::Hello { applied: self.applied });
        for relayed in self.relayed.values() {
            send(context, Node::GLOBAL, Wire::Publish(relayed.ask.clone()));
        }
    }
}
