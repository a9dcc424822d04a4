//! Datagram links: messages are lost, doubled and overtaken, and no connection tells anybody.
//!
//! What a new connection does on FIFO links, timers do here: a node sends again what the other may have missed. A timer
//! is modelled as long: it runs out only while nothing is in flight that it would wait for. One that runs out earlier
//! adds copies, which is what doubling stands for.

use spillway_traces::{Action, Node, RequestId, Role};

use crate::guards::{Guard, guard};
use crate::mutant::Mutant;
use crate::protocol::Protocol;
use crate::rows::{Entry, Handed, Task};
use crate::scope::Links;
use crate::scope::limits::FAULT_ANY;
use crate::size::{Num, Size, Table};
use crate::state::{Budget, State};

impl<S: Size> Protocol<S> {
    /// Whether the links are datagrams.
    #[inline]
    pub fn is_datagram(&self) -> bool {
        self.scope().knobs.links == Links::Datagram
    }

    /// Whether a node has a timer for a peer at all.
    pub(crate) fn repeats(&self, from: Node, to: Node) -> bool {
        let skipped = match (from.role, to.role) {
            (Role::Client, Role::Communication) => Mutant::RequestNotRepeated,
            (Role::Communication, Role::Query) => Mutant::PendingNotRepeated,
            (Role::Query, Role::Global) => Mutant::HelloNotRepeated,
            (Role::Query, Role::Control) => Mutant::OfferNotRepeated,
            (Role::Control, Role::Query) => Mutant::AssignmentNotRepeated,
            _ => return false,
        };
        !self.has(skipped)
    }

    /// Whether a node waits for something that its timer would send to another again; with `missed`, only whether the
    /// other one lacks any of it. A Hello that would change nothing is none.
    fn has_to_resend(&self, state: &State<S>, from: Node, to: Node, missed: bool) -> bool {
        let (own, peer) = (u32::from(from.index), u32::from(to.index));
        match (from.role, to.role) {
            (Role::Client, Role::Communication) => state.waiting.iter().any(|w| {
                let client = self.planned(RequestId::of(w.request.get())).client;
                let key = (peer, w.request);
                let known = || state.pending.position(|p| (p.server.get(), p.request) == key);
                u32::from(client) == own && !(missed && known().is_some())
            }),
            (Role::Communication, Role::Query) => state.pending.iter().any(|p| {
                let there = (p.server.get(), p.at.get()) == (own, peer + 1);
                there && !(missed && self.is_known(state, from, peer, p.request))
            }),
            (Role::Query, Role::Global) => {
                let sent = state.feeds.get(own as usize).cursor.get().checked_sub(1);
                let applied = state.servers.get(own as usize).applied.get();
                sent.is_none_or(|sent| sent > applied)
                    || state.relay.position(|r| r.server.get() == own).is_some()
            }
            (Role::Query, Role::Control) => {
                let epoch = state.servers.get(own as usize).epoch.get();
                if self.leader_of(epoch) != to {
                    let heard = state.controls.get(peer as usize).epoch.get();
                    return epoch > 0 && !(missed && heard >= epoch);
                }
                state.handed.iter().any(|h| {
                    let known = || state.ledger.position(|e| is_entry_of(e, h, peer));
                    h.server.get() == own && !(missed && known().is_some())
                })
            }
            (Role::Control, Role::Query) => {
                let epoch = state.controls.get(own as usize).epoch.get();
                let heard = state.servers.get(peer as usize).epoch.get();
                let leads = self.leads(state, from.index) && epoch > 0;
                let entries = state.ledger.iter().filter(|e| e.control.get() == own);
                let mut assigned = entries.filter(|e| e.to.get() == peer + 1);
                let known = |e: Entry<S::Num>| {
                    state.queue.position(|t| t.server.get() == peer && is_task_of(t, e)).is_some()
                };
                leads && !(missed && heard >= epoch) || assigned.any(|e| !(missed && known(e)))
            }
            _ => false,
        }
    }

    /// Whether a query server has a request queued, handed over or relayed, and knows that this communication server
    /// waits for it.
    fn is_known(&self, state: &State<S>, from: Node, server: u32, request: S::Num) -> bool {
        let key = (server, request);
        let asker = self.asker(from);
        let noted = |sessions: u32| sessions & asker == asker;
        state.queue.iter().any(|t| (t.server.get(), t.request) == key && noted(t.sessions.get()))
            || state
                .handed
                .iter()
                .any(|h| (h.server.get(), h.request) == key && noted(h.sessions.get()))
            || state
                .relay
                .iter()
                .any(|r| (r.server.get(), r.request) == key && noted(r.sessions.get()))
    }

    /// Whether nothing is on its way that the timer of one node for another would wait for: nothing between the two,
    /// and no answer to a communication server from anywhere, since any query server may answer.
    fn has_waited(&self, state: &State<S>, from: Node, to: Node) -> bool {
        let heard = from.role != Role::Communication
            || self.query_servers().all(|c| state.link(Node::query(c), from).is_empty());
        heard && self.is_quiet(state, from, to)
    }

    /// Appends the timers that may run out and whose repetition the other one lacks. The others may run out too, but
    /// what they send is dropped, or marks a hand-over, as a doubled message does.
    pub(crate) fn timers(
        &self,
        state: &State<S>,
        hidden: impl Fn(Node) -> bool,
        actions: &mut Vec<Action>,
    ) {
        let stands = |(a, b): &&(Node, Node)| self.stands(state, *a, *b);
        let links = self.links().iter().filter(stands);
        for &(a, b) in links.filter(|(a, b)| !hidden(*a) && !hidden(*b)) {
            for (from, to) in [(a, b), (b, a)] {
                if self.repeats(from, to)
                    && self.has_waited(state, from, to)
                    && self.has_to_resend(state, from, to, true)
                {
                    actions.push(Action::Resend { from, to });
                }
            }
        }
    }

    /// Appends what the network may do to the messages in flight.
    pub(crate) fn disturbances(
        &self,
        state: &State<S>,
        hidden: impl Fn(Node) -> bool,
        actions: &mut Vec<Action>,
    ) {
        let left = |budget| state.budget(budget) > 0;
        let mut at = 0;
        while at < state.flight.len() {
            let head = state.flight.get(at);
            let (from, to) = (head.from.node(), head.to.node());
            let count = state.link(from, to).len();
            at += count;
            if hidden(from) || hidden(to) {
                continue;
            }
            if left(Budget::Drop) {
                actions.push(Action::Drop { from, to });
            }
            if left(Budget::Duplicate) {
                actions.push(Action::Duplicate { from, to });
            }
            if left(Budget::Reorder) && count > 1 {
                actions.push(Action::Reorder { from, to });
            }
        }
    }

    pub(crate) fn allows_resend(
        &self,
        state: &State<S>,
        from: Node,
        to: Node,
    ) -> Result<(), Guard> {
        let linked = self.links().contains(&(from.min(to), from.max(to)));
        guard(linked, "linked", || format!("no link joins {from} and {to}"))?;
        self.has_connection(state, from.min(to), from.max(to))?;
        guard(self.is_datagram(), "datagram", || {
            "on a connection nothing is lost that its ends do not notice".into()
        })?;
        let early = self.scope().faults.duplicate == FAULT_ANY;
        guard(early || self.has_waited(state, from, to), "quiet", || {
            format!("a message is still in flight between {from} and {to}, or an answer to {from}")
        })?;
        let waits = self.repeats(from, to) && self.has_to_resend(state, from, to, false);
        guard(waits, "unsettled", || format!("{from} waits for nothing that {to} may have missed"))
    }

    /// Whether the network may do something to the oldest of at least so many messages.
    pub(crate) fn allows_disturbance(
        &self,
        state: &State<S>,
        (from, to): (Node, Node),
        at_least: usize,
        budget: Budget,
    ) -> Result<(), Guard> {
        guard(state.link(from, to).len() >= at_least, "in-flight", || {
            format!("fewer than {at_least} messages are in flight from {from} to {to}")
        })?;
        self.allows_fault(state, Some(budget))
    }
}

fn is_entry_of<N: Num>(entry: Entry<N>, handed: Handed<N>, control: u32) -> bool {
    entry.control.get() == control
        && (entry.source, entry.request, entry.incarnation, entry.sequence)
            == (handed.server, handed.request, handed.incarnation, handed.sequence)
}

fn is_task_of<N: Num>(task: Task<N>, entry: Entry<N>) -> bool {
    task.source.get() == entry.source.get() + 1
        && (task.request, task.incarnation, task.sequence)
            == (entry.request, entry.incarnation, entry.sequence)
}
