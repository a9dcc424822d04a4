//! What a trace may ask of a world, guard by guard: what PROTOCOL.md's "What happens of itself" allows the environment.
//!
//! What nodes may do of themselves they say themselves, as candidates. Budgets belong to a scope, so none is asked for.

use spillway_traces::{Action, Node, Refusal, RequestId, Role};

use super::World;

/// Refuses unless a condition holds.
pub(super) fn guard(
    ok: bool,
    guard: &'static str,
    reason: impl FnOnce() -> String,
) -> Result<(), Refusal> {
    if ok { Ok(()) } else { Err(Refusal { guard, reason: reason(), nearest: None }) }
}

impl World {
    /// Whether an action of the environment is possible now, or which guard refuses it. Of an action that a node does of
    /// itself: whether the node is there and up.
    pub fn permits(&self, action: &Action) -> Result<(), Refusal> {
        match *action {
            Action::Issue { client, request } => self.permits_issue(client, request),
            Action::Retry { client, request } | Action::Cancel { client, request } => {
                self.is_awaited(client, request)
            }
            Action::Deliver { from, to } => self.is_in_flight(from, to, 1),
            Action::Crash { node } | Action::Stop { node } => {
                self.is_server(node)?;
                self.is_up(node)?;
                self.is_connected(matches!(action, Action::Crash { .. }))
            }
            Action::Restart { node } => {
                guard(self.links.is_down(node), "down", || format!("{node} is up"))
            }
            Action::Reset { a, b } => {
                self.is_linked(a, b)?;
                guard(a < b, "linked", || format!("{a} is named after {b}"))?;
                self.is_connected(false)?;
                guard(self.links.is_whole(a, b), "whole", || {
                    format!("the link between {a} and {b} is out of order")
                })
            }
            Action::Cut { from, to } => {
                self.is_linked(from, to)?;
                self.is_connected(false)?;
                guard(self.links.passes(from, to), "whole", || {
                    format!("{to} does not hear {from} anyway: one is down, or the direction cut")
                })
            }
            Action::Heal { from, to } => guard(self.links.is_cut(from, to), "cut", || {
                format!("{from} is not cut off from {to}")
            }),
            Action::Move { client, to } => {
                self.is_role(to, Role::Communication)?;
                self.has_session(client)?;
                guard(self.links.session(client.index) != Some(to), "elsewhere", || {
                    format!("{client} has its session with {to} already")
                })
            }
            Action::Leave { client } => self.has_session(client),
            Action::Drop { from, to } | Action::Duplicate { from, to } => {
                self.is_disturbed(from, to, 1)
            }
            Action::Reorder { from, to } => self.is_disturbed(from, to, 2),
            Action::Lease { to } => {
                self.is_role(to, Role::Control)?;
                let next = Node::control((self.epoch + 1) as u16 % 2);
                guard(to == next, "other", || format!("{to} has the lease"))?;
                self.is_up(to)
            }
            Action::Resend { from, to } => self.permits_resend(from, to),
            Action::Route { server, .. } => self.acts(server, Role::Communication),
            Action::Start { server, .. }
            | Action::Serve { server, .. }
            | Action::Offer { server, .. }
            | Action::PullBack { server, .. }
            | Action::Slow { server }
            | Action::Calm { server } => self.acts(server, Role::Query),
            Action::Assign { by, .. } | Action::GiveBack { by, .. } => self.acts(by, Role::Control),
            Action::Sync { .. } | Action::Compact {} | Action::Flush {} => self.is_up(Node::GLOBAL),
        }
    }

    fn is_role(&self, node: Node, role: Role) -> Result<(), Refusal> {
        guard(node.role == role && self.links.knows(node), "node", || {
            format!("{node} is not a {role:?} node that is there")
        })
    }

    fn is_server(&self, node: Node) -> Result<(), Refusal> {
        guard(node.role != Role::Client && self.links.knows(node), "node", || {
            format!("{node} is no server that is there")
        })
    }

    fn is_up(&self, node: Node) -> Result<(), Refusal> {
        guard(!self.links.is_down(node), "up", || format!("{node} is down"))
    }

    fn acts(&self, node: Node, role: Role) -> Result<(), Refusal> {
        self.is_role(node, role)?;
        self.is_up(node)
    }

    /// Connections are lost and made only where there are some.
    fn is_connected(&self, or_not: bool) -> Result<(), Refusal> {
        guard(or_not || !self.is_datagram(), "connected", || {
            "there are no connections on datagram links".to_owned()
        })
    }

    fn is_linked(&self, a: Node, b: Node) -> Result<(), Refusal> {
        guard(self.links.is_link(a, b), "linked", || format!("no link joins {a} and {b}"))?;
        guard(self.links.stands(a, b), "session", || {
            format!("{} has no session with {}", a.min(b), a.max(b))
        })
    }

    fn is_in_flight(&self, from: Node, to: Node, at_least: usize) -> Result<(), Refusal> {
        let linked = self.links.is_link(from, to);
        guard(linked && self.links.len(from, to) >= at_least, "in-flight", || {
            format!("fewer than {at_least} messages are in flight from {from} to {to}")
        })
    }

    fn is_disturbed(&self, from: Node, to: Node, at_least: usize) -> Result<(), Refusal> {
        guard(self.is_datagram(), "datagram", || {
            "a connection loses, doubles and reorders nothing".to_owned()
        })?;
        self.is_in_flight(from, to, at_least)
    }

    fn has_session(&self, client: Node) -> Result<(), Refusal> {
        self.is_role(client, Role::Client)?;
        guard(self.links.session(client.index).is_some(), "session", || {
            format!("{client} has gone away")
        })
    }

    fn permits_issue(&self, client: Node, request: RequestId) -> Result<(), Refusal> {
        self.has_session(client)?;
        let at = usize::from(client.index);
        let next = self.plan.next(client.index, self.issued[at]);
        guard(next == Some(request), "next-request", || match next {
            Some(next) => format!("the next request of {client} is {next}"),
            None => format!("{client} has issued all of its requests"),
        })?;
        let (open, most) = (self.clients[at].waiting.len(), self.config.knobs.window_max);
        guard(open < most as usize, "window", || format!("{client} waits for {open} requests"))
    }

    fn is_awaited(&self, client: Node, request: RequestId) -> Result<(), Refusal> {
        self.has_session(client)?;
        let waits = self.clients[usize::from(client.index)].waiting.contains_key(&request);
        guard(waits, "waiting", || format!("{client} does not wait for {request}"))
    }

    /// A timer is long: it runs out only while nothing is in flight that it would wait for. What a node cannot see, but a
    /// trace must not have: a Hello that tells nothing new.
    fn permits_resend(&self, from: Node, to: Node) -> Result<(), Refusal> {
        self.is_linked(from, to)?;
        self.is_up(from)?;
        guard(self.is_datagram(), "datagram", || {
            "on a connection nothing is lost that its ends do not notice".to_owned()
        })?;
        let answers = from.role == Role::Communication;
        let answered = |c| self.links.len(Node::query(c), from) > 0;
        let heard = !(answers && (0..self.config.query_servers).any(answered));
        guard(heard && self.links.is_quiet(from, to), "quiet", || {
            format!("a message is still in flight between {from} and {to}, or an answer to {from}")
        })?;
        if (from.role, to.role) != (Role::Query, Role::Global) {
            return Ok(());
        }
        let server = &self.query[usize::from(from.index)];
        let cursor = self.global.cursors[usize::from(from.index)];
        let needed = !server.relayed.is_empty() || cursor.is_none_or(|sent| sent > server.applied);
        guard(needed, "unsettled", || format!("{from} waits for nothing that {to} has missed"))
    }
}
