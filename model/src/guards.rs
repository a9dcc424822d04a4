//! When each action is allowed, and which choices are legal.
//!
//! The same predicates generate the actions (`actions.rs`) and name the guard that refuses one.

use spillway_traces::ids::RequestId;
use spillway_traces::{Action, Node, Role};

use crate::mutant::Mutant;
use crate::protocol::Protocol;
use crate::rows::{Entry, Task};
use crate::scope::{Class, Routing};
use crate::size::{Num, Size, Table};
use crate::state::{Budget, State};

mod ageing;
mod delay;
mod lease;

/// The guard that refuses an action, with what it saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    /// Its name.
    pub name: &'static str,
    /// Why, in words.
    pub reason: String,
}

pub(crate) fn guard(
    ok: bool,
    name: &'static str,
    reason: impl FnOnce() -> String,
) -> Result<(), Guard> {
    if ok { Ok(()) } else { Err(Guard { name, reason: reason() }) }
}

impl Budget {
    /// The budget for crashes of nodes of a role.
    pub fn of_crash(role: Role) -> Option<Budget> {
        match role {
            Role::Client => None,
            Role::Communication => Some(Budget::CrashCommunication),
            Role::Query => Some(Budget::CrashQuery),
            Role::Global => Some(Budget::CrashGlobal),
            Role::Control => Some(Budget::CrashControl),
        }
    }

    /// The budget for resets of links between two roles, the lower first.
    pub fn of_reset(a: Role, b: Role) -> Option<Budget> {
        match (a, b) {
            (Role::Client, Role::Communication) => Some(Budget::ResetClient),
            (Role::Communication, Role::Query) => Some(Budget::ResetQuery),
            (Role::Query, Role::Global) => Some(Budget::ResetGlobal),
            (Role::Query, Role::Control) => Some(Budget::ResetControl),
            _ => None,
        }
    }
}

impl<S: Size> Protocol<S> {
    /// Whether a node is in the scope.
    pub fn has_node(&self, node: Node) -> bool {
        match node.role {
            Role::Client => self.clients().contains(&node.index),
            Role::Communication => self.communication_servers().contains(&node.index),
            Role::Query => self.query_servers().contains(&node.index),
            Role::Global => node.index == 0,
            Role::Control => self.control_servers().contains(&node.index),
        }
    }

    /// The request that a client may issue next.
    pub fn next_issue(&self, state: &State<S>, client: u16) -> Option<RequestId> {
        let row = state.clients.get(client.into());
        let issued = row.issued.get() as usize;
        let next = *self.requests_of(client).get(issued)?;
        let open =
            state.waiting.count(|w| self.planned(RequestId::of(w.request.get())).client == client);
        let here = row.session.get() != 0;
        (here && open < self.scope().knobs.window_max as usize).then_some(next)
    }

    /// The class of a task or of a ledger entry's task.
    pub fn class(&self, request: impl Num) -> Class {
        self.planned(RequestId::of(request.get())).class
    }

    /// Whether a query server works on a task.
    pub fn is_busy(&self, state: &State<S>, server: u16) -> bool {
        state.queue.position(|t| t.server.get() == u32::from(server) && t.is_running()).is_some()
    }

    /// Whether a task's token is satisfied by its server's replica.
    pub fn is_ready(&self, state: &State<S>, task: Task<S::Num>) -> bool {
        let applied = state.servers.get(task.server.get() as usize).applied;
        task.token <= applied || self.has(Mutant::TokenIgnored)
    }

    /// The task that a query server may start: of the ready ones the highest class, first come first served. One that
    /// was overtaken as often as classes may goes before all classes.
    pub fn next_start(&self, state: &State<S>, server: u16) -> Option<RequestId> {
        let mut best: Option<Task<S::Num>> = None;
        for task in state.queue.iter().filter(|t| t.server.get() == u32::from(server)) {
            if task.is_running() {
                return None; // one task at a time
            }
            if !self.is_ready(state, task) {
                continue;
            }
            let better = best.is_none_or(|best| {
                let (class, than) = (self.effective_class(task), self.effective_class(best));
                match self.mutant() {
                    Some(Mutant::LowestClassStarted) => class > than,
                    Some(Mutant::NewestStarted) => class <= than,
                    _ => class < than,
                }
            });
            if better {
                best = Some(task);
            }
        }
        best.map(|task| RequestId::of(task.request.get()))
    }

    /// Whether a task may be handed over at all: local, not running, not one that came back refused.
    fn is_movable(&self, task: Task<S::Num>) -> bool {
        (!task.is_running() || self.has(Mutant::RunningOffered))
            && (!task.is_foreign() || self.has(Mutant::ForeignOffered))
            && (!task.is_refused() || self.has(Mutant::RefusedOffered))
    }

    /// Whether the task at a place of the queue is one of its server's redundant ones: of those that may be handed
    /// over, as many as are above the threshold, the lowest class first and the newest first within it.
    pub fn is_redundant(&self, state: &State<S>, at: usize) -> bool {
        let task = state.queue.get(at);
        if !self.is_movable(task) {
            return false;
        }
        let server = task.server.get() as u16;
        let load = state.load(server);
        let excess = match self.has(Mutant::OfferedBelowThreshold) {
            true => load,
            false => load.saturating_sub(self.kept_to_itself(state, server)),
        };
        let class = self.class(task.request);
        let before = state.queue.iter().enumerate().filter(|(place, other)| {
            let than = self.class(other.request);
            other.server == task.server
                && self.is_movable(*other)
                && match self.mutant() {
                    Some(Mutant::HighestClassOffered) => (than, at) < (class, *place),
                    Some(Mutant::OldestOffered) => (class, *place) < (than, at),
                    _ => (class, at) < (than, *place),
                }
        });
        before.count() < excess
    }

    /// The place of a redundant task in the queue.
    pub(crate) fn redundant_at(
        &self,
        state: &State<S>,
        server: Node,
        request: RequestId,
    ) -> Option<usize> {
        let key = (u32::from(server.index), request.number());
        let named = |at: &usize| {
            let task = state.queue.get(*at);
            (task.server.get(), task.request.get()) == key
        };
        (0..state.queue.len()).filter(named).find(|at| self.is_redundant(state, *at))
    }

    /// Whether a control server may assign an entry to a query server at all: not the source, none that refused, none
    /// that does not take its class, and none that it has lost. Which of these the strategy allows is in `strategy.rs`.
    pub fn may_receive(&self, state: &State<S>, entry: Entry<S::Num>, server: u16) -> bool {
        (entry.source.get() != u32::from(server) || self.has(Mutant::AssignedToSource))
            && (!entry.was_refused_by(server) || self.has(Mutant::AssignedToRefuser))
            && self.takes_class(server, self.class(entry.request))
            && (!state.is_down(Node::query(server)) || self.has(Mutant::AssignedToLost))
    }

    /// The class that a control server must assign from: the highest of the entries that it holds unassigned
    /// and that have an eligible receiver.
    pub fn class_to_assign(&self, state: &State<S>, control: u16) -> Option<Class> {
        let held = state.ledger.iter().filter(|e| {
            e.control.get() == u32::from(control)
                && e.to.get() == 0
                && self.query_servers().any(|c| self.may_receive(state, *e, c))
        });
        let classes = held.map(|e| self.class(e.request));
        match self.has(Mutant::LowestClassAssigned) {
            true => classes.max(),
            false => classes.min(),
        }
    }

    /// Whether the global server may send a query server its next revision.
    pub fn may_sync(&self, state: &State<S>, server: u16) -> bool {
        let cursor = state.feeds.get(server.into()).cursor.get();
        cursor != 0 && ((cursor - 1) as usize) < self.syncable(state)
    }

    /// Whether an action is allowed, or the guard that refuses it.
    pub fn allows(&self, state: &State<S>, action: &Action) -> Result<(), Guard> {
        self.names_nodes(action)?;
        guard(state.full().is_none(), "scope-bound", || "a bound of the scope is exceeded".into())?;
        match *action {
            Action::Issue { client, request } => self.allows_issue(state, client, request),
            Action::Retry { client, request } => self.allows_retry(state, client, request),
            Action::Deliver { from, to } => {
                guard(!state.link(from, to).is_empty(), "in-flight", || {
                    format!("no message is in flight from {from} to {to}")
                })
            }
            Action::Route { server, request, to } => self.allows_route(state, server, request, to),
            Action::Start { server, request } => self.allows_start(state, server, request),
            Action::Serve { server, request } => {
                let key = (u32::from(server.index), request.number());
                let runs = state
                    .queue
                    .position(|t| t.is_running() && (t.server.get(), t.request.get()) == key);
                guard(runs.is_some(), "running", || format!("{server} does not work on {request}"))
            }
            Action::Offer { server, request } => self.allows_offer(state, server, request),
            Action::Assign { source, request, to, by } => {
                self.allows_assign(state, by, source, request, to)
            }
            Action::GiveBack { source, request, by } => {
                self.allows_give_back(state, by, source, request)
            }
            Action::Sync { server } => guard(self.may_sync(state, server.index), "behind", || {
                format!("the global server has nothing to send to {server}, or waits for its Hello")
            }),
            Action::Crash { node } => {
                self.is_up(state, node)?;
                self.allows_fault(state, Budget::of_crash(node.role))
            }
            Action::Reset { a, b } => {
                guard(self.links().contains(&(a, b)), "linked", || {
                    format!("no link joins {a} and {b}, in this order")
                })?;
                self.has_connection(state, a, b)?;
                guard(state.is_whole(a, b), "whole", || {
                    format!("the link between {a} and {b} is out of order")
                })?;
                self.allows_fault(state, Budget::of_reset(a.role, b.role))
            }
            // Sessions.
            Action::Move { client, to } => self.allows_move(state, client, to),
            Action::Leave { client } => self.allows_leave(state, client),
            Action::Cancel { client, request } => self.allows_cancel(state, client, request),
            // Outages.
            Action::Stop { node } => self.allows_stop(state, node),
            Action::Restart { node } => self.allows_restart(state, node),
            Action::Cut { from, to } => self.allows_cut(state, from, to),
            Action::Heal { from, to } => self.allows_heal(state, from, to),
            Action::PullBack { server, request } => self.allows_pull_back(state, server, request),
            // Datagrams.
            Action::Resend { from, to } => self.allows_resend(state, from, to),
            Action::Drop { from, to } => {
                self.allows_disturbance(state, (from, to), 1, Budget::Drop)
            }
            Action::Duplicate { from, to } => {
                self.allows_disturbance(state, (from, to), 1, Budget::Duplicate)
            }
            Action::Reorder { from, to } => {
                self.allows_disturbance(state, (from, to), 2, Budget::Reorder)
            }
            // The global server's log.
            Action::Compact {} => self.allows_compact(state),
            Action::Flush {} => self.allows_flush(state),
            // Control servers.
            Action::Lease { to } => self.allows_lease(state, to),
            Action::Slow { server } => self.allows_slow(state, server),
            Action::Calm { server } => self.allows_calm(state, server),
        }
    }

    /// Every node that an action names is in the scope and of the right role.
    fn names_nodes(&self, action: &Action) -> Result<(), Guard> {
        let is = |node: Node, role: Role| {
            guard(self.has_node(node) && node.role == role, "node", || {
                format!("{node} is not a {role:?} node of the scope")
            })
        };
        match *action {
            Action::Issue { client, .. }
            | Action::Retry { client, .. }
            | Action::Leave { client }
            | Action::Cancel { client, .. } => is(client, Role::Client),
            Action::Move { client, to } => {
                is(client, Role::Client).and(is(to, Role::Communication))
            }
            Action::Deliver { from, to }
            | Action::Cut { from, to }
            | Action::Heal { from, to }
            | Action::Resend { from, to }
            | Action::Drop { from, to }
            | Action::Duplicate { from, to }
            | Action::Reorder { from, to } => is(from, from.role).and(is(to, to.role)),
            Action::Route { server, to, .. } => {
                is(server, Role::Communication).and(is(to, Role::Query))
            }
            Action::Start { server, .. }
            | Action::Serve { server, .. }
            | Action::Offer { server, .. }
            | Action::PullBack { server, .. }
            | Action::Slow { server }
            | Action::Calm { server }
            | Action::Sync { server } => is(server, Role::Query),
            Action::Assign { source, to, by, .. } => {
                is(source, Role::Query).and(is(to, Role::Query)).and(is(by, Role::Control))
            }
            Action::GiveBack { source, by, .. } => {
                is(source, Role::Query).and(is(by, Role::Control))
            }
            Action::Crash { node } | Action::Stop { node } | Action::Restart { node } => {
                is(node, node.role)
            }
            Action::Lease { to } => is(to, Role::Control),
            Action::Compact {} | Action::Flush {} => Ok(()),
            Action::Reset { a, b } => is(a, a.role).and(is(b, b.role)),
        }
    }

    fn allows_issue(
        &self,
        state: &State<S>,
        client: Node,
        request: RequestId,
    ) -> Result<(), Guard> {
        let next = self.next_issue(state, client.index);
        guard(next == Some(request), "next-request", || match next {
            Some(next) => format!("the next request of {client} is {next}"),
            None => format!("{client} has no request to issue now"),
        })
    }

    fn allows_retry(
        &self,
        state: &State<S>,
        client: Node,
        request: RequestId,
    ) -> Result<(), Guard> {
        self.awaits(state, client, request)?;
        self.allows_fault(state, Some(Budget::Retry))
    }

    fn allows_route(
        &self,
        state: &State<S>,
        server: Node,
        request: RequestId,
        to: Node,
    ) -> Result<(), Guard> {
        let key = (u32::from(server.index), request.number());
        let open = state.pending.position(|p| {
            (p.server.get(), p.request.get()) == key
                && p.at
                    .get()
                    .checked_sub(1)
                    .is_none_or(|at| self.may_reroute(state, server, Node::query(at as u16), to))
        });
        guard(open.is_some(), "unrouted", || {
            format!("{request} is not pending at {server} without a query server that it can reach")
        })
    }

    fn allows_start(
        &self,
        state: &State<S>,
        server: Node,
        request: RequestId,
    ) -> Result<(), Guard> {
        let next = self.next_start(state, server.index);
        guard(next == Some(request), "next-task", || match next {
            Some(next) => format!("the task that {server} must start next is {next}"),
            None if self.is_busy(state, server.index) => format!("{server} works on another task"),
            None => format!("no task of {server} is ready"),
        })
    }

    fn allows_offer(
        &self,
        state: &State<S>,
        server: Node,
        request: RequestId,
    ) -> Result<(), Guard> {
        let key = (u32::from(server.index), request.number());
        let at = state.queue.position(|t| (t.server.get(), t.request.get()) == key);
        guard(at.is_some(), "queued", || format!("{server} does not hold {request}"))?;
        guard(self.redundant_at(state, server, request).is_some(), "redundant", || {
            let (load, threshold) = (state.load(server.index), self.said_threshold(state, server));
            format!(
                "{request} is none of the redundant tasks of {server}, \
                 which holds {load} with {threshold}"
            )
        })
    }

    fn allows_assign(
        &self,
        state: &State<S>,
        by: Node,
        source: Node,
        request: RequestId,
        to: Node,
    ) -> Result<(), Guard> {
        guard(self.leads(state, by.index), "leads", || {
            format!("{by} knows that it does not lead")
        })?;
        let key = (u32::from(by.index), u32::from(source.index), request.number());
        let entry =
            state.ledger.iter().find(|e| (e.control.get(), e.source.get(), e.request.get()) == key);
        let held = entry.filter(|e| e.to.get() == 0);
        guard(held.is_some(), "held", || {
            format!("the control server holds no unassigned task {request} of {source}")
        })?;
        let class = self.planned(request).class;
        guard(self.takes_class(to.index, class), "class", || {
            format!("{to} takes no tasks of the class of {request}")
        })?;
        guard(held.is_some_and(|e| self.may_receive(state, e, to.index)), "eligible", || {
            format!("{to} is the source of {request}, has refused it, or is down")
        })?;
        guard(held.is_some_and(|e| self.strategy_allows(state, e, to.index)), "strategy", || {
            format!("the receiving strategy does not choose {to} for {request} now")
        })?;
        let class = self.class_to_assign(state, by.index);
        guard(class == Some(self.planned(request).class), "highest-class", || {
            format!("a task of a higher class than {request} is held and has an eligible receiver")
        })
    }

    /// Whether a control server may give an entry back of itself, if it leads and the scope lets it.
    pub(crate) fn may_give_back(&self, entry: Entry<S::Num>, control: u16) -> bool {
        let unassigned = entry.assignee().is_none() || self.has(Mutant::GivenBackAssigned);
        entry.control.get() == u32::from(control) && unassigned
    }

    fn allows_give_back(
        &self,
        state: &State<S>,
        by: Node,
        source: Node,
        request: RequestId,
    ) -> Result<(), Guard> {
        guard(self.scope().knobs.give_back, "give-back", || {
            "the scope has no `give-back`".to_owned()
        })?;
        guard(self.leads(state, by.index), "leads", || {
            format!("{by} knows that it does not lead")
        })?;
        let key = (u32::from(source.index), request.number());
        let own = |e: &Entry<S::Num>| (e.source.get(), e.request.get()) == key;
        let held = state.ledger.iter().filter(own).any(|e| self.may_give_back(e, by.index));
        guard(held, "held", || format!("{by} holds no unassigned task {request} of {source}"))
    }

    pub(crate) fn allows_fault(
        &self,
        state: &State<S>,
        budget: Option<Budget>,
    ) -> Result<(), Guard> {
        let left = budget.is_some_and(|b| state.budget(b) > 0);
        guard(left, "budget", || "the scope allows no more such faults".into())
    }

    /// Whether the scope sends requests to a query server that is chosen step by step.
    pub(crate) fn routes_anywhere(&self) -> bool {
        self.scope().knobs.routing == Routing::Any
    }
}
