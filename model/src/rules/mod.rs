//! The rules of the protocol, one file a node, and the faults.
//!
//! What an action does is here; when it is allowed is in `guards.rs`. `PROTOCOL.md` says the same in prose.

mod ageing;
mod client;
mod communication;
mod control;
mod datagram;
mod delay;
mod disk;
mod fault;
mod global;
mod lease;
mod outage;
mod query;
mod session;
mod sharing;
mod snapshot;

use spillway_traces::{Action, Message, Node, Note, Role};

use crate::size::Size;
use crate::step::{Observe, Step};

impl<S: Size, O: Observe> Step<'_, S, O> {
    /// Performs an action that is allowed.
    pub(crate) fn perform(&mut self, action: Action) {
        match action {
            Action::Issue { client, request } => self.issue(client, request),
            Action::Retry { client, request } => self.retry(client, request),
            Action::Deliver { from, to } => self.deliver(from, to),
            Action::Route { server, request, to } => self.route(server, request, to),
            Action::Start { server, request } => self.start(server, request),
            Action::Serve { server, request } => self.serve(server, request),
            Action::Offer { server, request } => self.offer(server, request),
            Action::Assign { source, request, to, by } => self.assign(by, source, request, to),
            Action::Sync { server } => self.sync(server),
            Action::Crash { node } => self.crash(node),
            Action::Reset { a, b } => self.reset(a, b),
            // Sessions.
            Action::Move { client, to } => self.move_to(client, to),
            Action::Leave { client } => self.leave(client),
            Action::Cancel { client, request } => self.give_up(client, request),
            // Outages.
            Action::Stop { node } => self.stop(node),
            Action::Restart { node } => self.restart(node),
            Action::Cut { from, to } => self.cut_direction(from, to),
            Action::Heal { from, to } => self.heal(from, to),
            Action::PullBack { server, request } => self.pull_back(server, request),
            // Datagrams.
            Action::Resend { from, to } => self.resend(from, to),
            Action::Drop { from, to } => self.drop_oldest(from, to),
            Action::Duplicate { from, to } => self.double_oldest(from, to),
            Action::Reorder { from, to } => self.overtake_oldest(from, to),
            // The global server's log.
            Action::Compact {} => self.compact(),
            Action::Flush {} => self.flush(),
            // Control servers.
            Action::Lease { to } => self.lease(to),
            Action::GiveBack { source, request, by } => self.give_back(by, source, request),
            Action::Slow { server } => self.slow(server),
            Action::Calm { server } => self.calm(server),
        }
    }

    fn deliver(&mut self, from: Node, to: Node) {
        let message = self.take(from, to);
        match to.role {
            Role::Client => self.client_takes(to, message),
            Role::Communication => self.communication_takes(to, from, message),
            Role::Query => self.query_takes(to, from, message),
            Role::Global => self.global_takes(from, message),
            Role::Control => self.control_takes(to, from, message),
        }
    }

    /// A message that changes nothing.
    fn drop_message(&mut self) {
        self.note(Note::Dropped);
    }

    /// A message that its receiver can never be sent: a bug of the model.
    fn misdirected(&self, to: Node, message: Message) -> ! {
        unreachable!("{to} is never sent {message}")
    }
}
