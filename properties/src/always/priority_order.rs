//! `priority-order`: the urgent goes first.
//!
//! *To a user*: a person who waits is served before bulk work, at the control server and in every queue.
//! *Source*: "by task-processing priority". In a queue whose classes age, a task that was overtaken as often as the
//! scope allows is above all classes. *Not promised*: anything of a task that is not ready (its token is not
//! satisfied) or has no eligible receiver; anything between servers. *Broken by*: `lowest-class-assigned`,
//! `lowest-class-started`, `newest-started`, `unready-overtaken`.

use spillway_model::rows::{Entry, Task};
use spillway_model::size::{Num, Size, Table};
use spillway_traces::{Action, Node, RequestId};

use super::receivers::takes_class;
use crate::judged::{Always, Stepped};

/// See the module.
pub struct PriorityOrder;

impl Always for PriorityOrder {
    const NAME: &'static str = "priority-order";
    const STATEMENT: &'static str = "of the tasks that the control server holds and that have an eligible \
        receiver, one of the highest class is assigned; of the tasks that are ready, a query server starts one of \
        the highest effective class, first come first served within it";

    fn holds_over<S: Size>(step: &Stepped<'_, S>) -> bool {
        match step.action {
            Action::Assign { request, by, .. } => assigns_in_order(step, by, request),
            Action::Start { server, request } => starts_in_order(step, server, request),
            _ => true,
        }
    }
}

fn assigns_in_order<S: Size>(step: &Stepped<'_, S>, by: Node, request: RequestId) -> bool {
    let receivable = |e: &Entry<S::Num>| {
        let class = step.protocol.class(e.request);
        step.protocol.query_servers().any(|c| {
            u32::from(c) != e.source.get()
                && !e.was_refused_by(c)
                && takes_class(step.protocol.scope(), c, class)
                && !step.before.is_down(Node::query(c))
        })
    };
    let own = |e: &Entry<S::Num>| e.control.get() == u32::from(by.index);
    let held = step.before.ledger.iter().filter(own);
    let held = held.filter(|e| e.assignee().is_none() && receivable(e));
    let class = step.protocol.planned(request).class;
    held.map(|e| step.protocol.class(e.request)).all(|other| class <= other)
}

fn starts_in_order<S: Size>(step: &Stepped<'_, S>, server: Node, request: RequestId) -> bool {
    let applied = step.before.servers.get(server.index.into()).applied;
    let own = |t: &Task<S::Num>| t.server.get() == u32::from(server.index);
    let queue = || step.before.queue.iter().filter(own).enumerate();
    // Not the server's own count: a task that was overtaken as often as classes may goes before them all.
    let bound = step.protocol.scope().knobs.overtaken_max;
    let due = |t: Task<S::Num>| bound > 0 && step.ghost.overtaken(t) >= bound;
    let class = |t: Task<S::Num>| (!due(t)).then(|| step.protocol.class(t.request));
    let Some((at, started)) = queue().find(|(_, t)| t.request.get() == request.number()) else {
        return false;
    };
    let ready = queue().filter(|(_, t)| !t.is_running() && t.token <= applied);
    ready.clone().all(|(place, t)| (class(started), at) <= (class(t), place))
}
