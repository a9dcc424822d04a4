//! Which messages travel from whom to whom, as the table of PROTOCOL.md has it: what is in no row of it does not come in, so
//! that nodes need not doubt what they are told.

use spillway_traces::{HandOver, Role};

use crate::live::host::{Content, Post};
use crate::wire::{Ask, Body, Wire};

/// Whether something that has come from another process may be said.
pub(super) fn is_in(post: &Post) -> bool {
    let ends = (post.from.role, post.to.role);
    match &post.content {
        Content::Report(_) => ends == (Role::Query, Role::Control),
        Content::Message(message) => has_row(ends, message) && makes_sense(message),
    }
}

fn has_row(ends: (Role, Role), message: &Wire) -> bool {
    match ends {
        (Role::Communication, Role::Query) => {
            matches!(message, Wire::Query(_) | Wire::Publish(_) | Wire::Cancel { .. })
        }
        (Role::Query, Role::Communication) => {
            matches!(message, Wire::Answer { .. } | Wire::Busy { .. } | Wire::Published { .. })
        }
        (Role::Query, Role::Global) => matches!(message, Wire::Publish(_) | Wire::Hello { .. }),
        (Role::Global, Role::Query) => {
            matches!(message, Wire::Published { .. } | Wire::Update { .. } | Wire::Snapshot { .. })
        }
        (Role::Query, Role::Control) => matches!(
            message,
            Wire::Offer { .. }
                | Wire::Accept { .. }
                | Wire::Reject { .. }
                | Wire::Done { .. }
                | Wire::Lead { .. }
                | Wire::Withdraw { .. }
        ),
        (Role::Control, Role::Query) => matches!(
            message,
            Wire::Assign { .. }
                | Wire::Finish { .. }
                | Wire::Return { .. }
                | Wire::Lead { .. }
                | Wire::Withdraw { .. }
        ),
        _ => false,
    }
}

/// Tasks are queries, publishes change something, and query servers hand over.
fn makes_sense(message: &Wire) -> bool {
    let is_query = |ask: &Ask| matches!(ask.body, Body::Query { .. });
    let is_from_query = |hand_over: &HandOver| hand_over.source.role == Role::Query;
    match message {
        Wire::Query(asked) => is_query(&asked.ask),
        Wire::Publish(ask) => !is_query(ask),
        Wire::Offer { asked, hand_over, .. } | Wire::Assign { asked, hand_over, .. } => {
            is_query(&asked.ask) && is_from_query(hand_over)
        }
        Wire::Accept { hand_over, .. }
        | Wire::Reject { hand_over, .. }
        | Wire::Done { hand_over, .. }
        | Wire::Finish { hand_over, .. }
        | Wire::Return { hand_over, .. }
        | Wire::Withdraw { hand_over, .. } => is_from_query(hand_over),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use spillway_traces::{Node, RequestId};

    use super::*;

    fn may_be_said(from: Node, to: Node, message: Wire) -> bool {
        is_in(&Post { from, to, incarnation: 0, content: Content::Message(message), clock: 0 })
    }

    #[test]
    fn what_is_in_no_row_does_not_come_in() {
        let (b, c, request) = (Node::communication(0), Node::query(0), RequestId(1));
        assert!(may_be_said(b, c, Wire::Cancel { request }));
        assert!(!may_be_said(c, b, Wire::Cancel { request }));
        assert!(!may_be_said(Node::GLOBAL, Node::CONTROL, Wire::Hello { applied: 0 }));
        let done = |source| {
            let hand_over = HandOver { source, incarnation: 0, sequence: 1 };
            Wire::Done { request, hand_over }
        };
        assert!(may_be_said(c, Node::CONTROL, done(c)));
        assert!(!may_be_said(c, Node::CONTROL, done(b)));
        assert!(!may_be_said(Node::CONTROL, c, done(c)));
        let query = Body::Query { user: 0, class: crate::config::Class::Bulk, search: None };
        let ask = Ask { request, client: 0, home: 0, body: query };
        assert!(!may_be_said(b, c, Wire::Publish(ask)));
    }
}
