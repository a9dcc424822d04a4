//! What is out of order for a while: nodes that are down, and directions of links that are cut.
//!
//! A node that is down is noticed by whoever it has a link to; a cut is noticed by nobody until the direction is whole
//! again. So a rule may ask [`State::is_down`] of a peer, but must not ask [`State::is_cut`]; that a timer runs out for
//! want of any answer is all that tells, and that is what the guards below stand for.

use spillway_traces::{Action, Node, RequestId, Role};

use crate::guards::{Guard, guard};
use crate::mutant::Mutant;
use crate::protocol::Protocol;
use crate::rows::Outage;
use crate::size::{Num, Size, Table};
use crate::state::{Budget, State};

impl Budget {
    /// The budget for nodes of a role that crash and stay down.
    pub fn of_stop(role: Role) -> Option<Budget> {
        match role {
            Role::Client => None,
            Role::Communication => Some(Budget::StopCommunication),
            Role::Query => Some(Budget::StopQuery),
            Role::Global => Some(Budget::StopGlobal),
            Role::Control => Some(Budget::StopControl),
        }
    }

    /// The budget for cuts of a direction of a link between two roles, in either order.
    pub fn of_cut(a: Role, b: Role) -> Option<Budget> {
        match (a.min(b), a.max(b)) {
            (Role::Client, Role::Communication) => Some(Budget::CutClient),
            (Role::Communication, Role::Query) => Some(Budget::CutQuery),
            (Role::Query, Role::Global) => Some(Budget::CutGlobal),
            (Role::Query, Role::Control) => Some(Budget::CutControl),
            _ => None,
        }
    }
}

impl<S: Size> State<S> {
    /// Whether a node is down.
    #[inline]
    pub fn is_down(&self, node: Node) -> bool {
        self.has_outage(node, node)
    }

    /// Whether a direction of a link is cut.
    #[inline]
    pub fn is_cut(&self, from: Node, to: Node) -> bool {
        from != to && self.has_outage(from, to)
    }

    /// Whether both ends of a link are up and neither direction is cut.
    #[inline]
    pub fn is_whole(&self, a: Node, b: Node) -> bool {
        self.passes(a, b) && !self.is_cut(b, a)
    }

    /// Whether what is sent arrives: both ends are up and this direction is not cut.
    #[inline]
    pub(crate) fn passes(&self, from: Node, to: Node) -> bool {
        self.outages.is_empty()
            || !(self.is_down(from) || self.is_down(to) || self.is_cut(from, to))
    }

    fn has_outage(&self, from: Node, to: Node) -> bool {
        !self.outages.is_empty() && {
            let row = outage(from, to);
            self.outages.position(|o| o == row).is_some()
        }
    }

    /// Notes that something is out of order. False if there is no room for it.
    pub(crate) fn begin_outage(&mut self, from: Node, to: Node) -> bool {
        let row = outage(from, to);
        let place = self.outages.position(|o| (o.from, o.to) > (row.from, row.to));
        let place = place.unwrap_or(self.outages.len());
        self.outages.insert(place, row)
    }

    pub(crate) fn end_outage(&mut self, from: Node, to: Node) {
        let row = outage(from, to);
        let at = self.outages.position(|o| o == row).expect("what ends has begun");
        self.outages.remove(at);
    }
}

fn outage<N: Num>(from: Node, to: Node) -> Outage<N> {
    Outage { from: N::of_node(from), to: N::of_node(to) }
}

impl<S: Size> Protocol<S> {
    /// Whether two nodes are the ends of a link, in either order.
    fn is_link(&self, a: Node, b: Node) -> bool {
        self.links().contains(&(a.min(b), a.max(b)))
    }

    /// Whether a query server may take a task back that it has handed over: it hears nothing of it, since its link
    /// to the control server that leads is out of order.
    pub(crate) fn may_pull_back(&self, state: &State<S>, server: Node) -> bool {
        let epoch = state.servers.get(server.index.into()).epoch.get();
        !state.is_whole(server, self.leader_of(epoch)) && !self.has(Mutant::NeverPulledBack)
    }

    /// Whether a communication server may send a request to another query server than the one it was sent to,
    /// which it cannot reach.
    pub(crate) fn may_reroute(&self, state: &State<S>, server: Node, at: Node, to: Node) -> bool {
        self.routes_anywhere()
            && !state.is_whole(server, at)
            && state.is_whole(server, to)
            && !self.has(Mutant::NeverRerouted)
    }

    /// Appends what may be done because something is out of order; the end of it comes last.
    pub(crate) fn outage_progress(&self, state: &State<S>, actions: &mut Vec<Action>) {
        for row in state.handed.iter() {
            let server = Node::query(row.server.get() as u16);
            if self.may_pull_back(state, server) {
                let request = RequestId::of(row.request.get());
                actions.push(Action::PullBack { server, request });
            }
        }
        for row in state.outages.iter() {
            let (from, to) = (row.from.node(), row.to.node());
            actions.push(match from == to {
                true => Action::Restart { node: from },
                false => Action::Heal { from, to },
            });
        }
    }

    /// Appends the outages whose budget is not spent. `hidden` are nodes that another one stands for.
    pub(crate) fn outage_faults(
        &self,
        state: &State<S>,
        hidden: impl Fn(Node) -> bool,
        actions: &mut Vec<Action>,
    ) {
        let spent = |from: Budget, to: Budget| {
            state.budgets[from as usize..=to as usize].iter().all(|left| *left == 0)
        };
        if spent(Budget::StopCommunication, Budget::CutControl) {
            return;
        }
        for (node, _) in self.servers().iter().filter(|(node, _)| !hidden(*node)) {
            let budget = Budget::of_stop(node.role).map_or(0, |b| state.budget(b));
            if budget > 0 && !state.is_down(*node) {
                actions.push(Action::Stop { node: *node });
            }
        }
        for &(a, b) in self.links().iter().filter(|(a, b)| self.stands(state, *a, *b)) {
            let budget = Budget::of_cut(a.role, b.role).map_or(0, |c| state.budget(c));
            if budget == 0 || hidden(a) || hidden(b) {
                continue;
            }
            for (from, to) in [(a, b), (b, a)] {
                if state.passes(from, to) {
                    actions.push(Action::Cut { from, to });
                }
            }
        }
    }

    pub(crate) fn allows_stop(&self, state: &State<S>, node: Node) -> Result<(), Guard> {
        self.is_up(state, node)?;
        self.allows_fault(state, Budget::of_stop(node.role))
    }

    pub(crate) fn allows_restart(&self, state: &State<S>, node: Node) -> Result<(), Guard> {
        guard(state.is_down(node), "down", || format!("{node} is up"))
    }

    pub(crate) fn is_up(&self, state: &State<S>, node: Node) -> Result<(), Guard> {
        guard(!state.is_down(node), "up", || format!("{node} is down"))
    }

    pub(crate) fn allows_cut(&self, state: &State<S>, from: Node, to: Node) -> Result<(), Guard> {
        guard(self.is_link(from, to), "linked", || format!("no link joins {from} and {to}"))?;
        self.has_connection(state, from.min(to), from.max(to))?;
        guard(state.passes(from, to), "whole", || {
            format!("{to} does not hear {from} anyway: one of them is down, or the direction cut")
        })?;
        self.allows_fault(state, Budget::of_cut(from.role, to.role))
    }

    pub(crate) fn allows_heal(&self, state: &State<S>, from: Node, to: Node) -> Result<(), Guard> {
        guard(state.is_cut(from, to), "cut", || format!("{from} is not cut off from {to}"))
    }

    pub(crate) fn allows_pull_back(
        &self,
        state: &State<S>,
        server: Node,
        request: RequestId,
    ) -> Result<(), Guard> {
        let key = (u32::from(server.index), request.number());
        let held = state.handed.position(|h| (h.server.get(), h.request.get()) == key);
        guard(held.is_some(), "handed-over", || format!("{server} has not handed {request} over"))?;
        guard(self.may_pull_back(state, server), "cut-off", || {
            format!("the link between {server} and the control server is whole")
        })
    }
}
