//! `visible-to-allowed`: what you share with some, the others never see.
//!
//! *To a user*: your information reaches those with whom you share it, everyone, your contacts or nobody, and the
//! others cannot tell it from information that you never published. What you publish after you have withdrawn it from
//! somebody never reaches them, whether or not your word was acknowledged yet. *Source*: "the clients send user
//! information"; a rule of ours. *Not promised*: that a server which lags behind does not show what was published and
//! shared before you withdrew it, as of a revision before that; nor that nobody can tell from the revision that
//! somebody published something. *Broken by*: `rules-ignored`, `previous-rule-used`, `asker-list-used`,
//! `hidden-told-apart`, `change-alone-carried`, `rule-deleted`.

use spillway_model::size::{Num, Size, Table};
use spillway_model::wire;
use spillway_traces::{Action, Message, Node, Note, RequestId};

use crate::judged::{Always, Stepped};

/// See the module.
pub struct VisibleToAllowed;

impl Always for VisibleToAllowed {
    const NAME: &'static str = "visible-to-allowed";
    const STATEMENT: &'static str = "user information reaches only those with whom its owner shares it, by the rules \
        at the answer's revision; hidden looks the same as absent; nothing that was published after a revocation \
        reaches the revoked";

    fn holds_over<S: Size>(step: &Stepped<'_, S>) -> bool {
        match (step.outcome, step.action) {
            (Some(Note::Given { request, revision, version }), _) => {
                version == 0 || is_shared(step, request, revision, version)
            }
            (_, Action::Serve { server, request }) => hidden_looks_absent(step, server, request),
            _ => true,
        }
    }
}

/// Whether what a client is given is shared with it at the answer's revision, and by some record that shows this very
/// information: none does if it was published after a revocation that was not taken back.
/// The second does not believe the revision that the answer names.
fn is_shared<S: Size>(
    step: &Stepped<'_, S>,
    request: RequestId,
    revision: u32,
    version: u32,
) -> bool {
    let planned = step.protocol.planned(request);
    if planned.is_publish() {
        return true;
    }
    let (owner, asker) = (planned.user, planned.client);
    let (stored, _) = step.after.stored_at(owner, revision as usize);
    // The information of a version is shown by a record from that one on, if by any.
    let mut records = (version..=stored).map(|v| step.protocol.document(owner, v));
    step.protocol.document(owner, stored).is_shared_with(owner, asker)
        && records.any(|record| record.shown_to(owner, asker) == version)
}

/// Whether a client that may not see something is answered, field by field, as if there were nothing.
fn hidden_looks_absent<S: Size>(step: &Stepped<'_, S>, server: Node, request: RequestId) -> bool {
    let planned = step.protocol.planned(request);
    let applied = step.before.servers.get(server.index.into()).applied.get();
    let (stored, _) = step.before.stored_at(planned.user, applied as usize);
    if step.protocol.document(planned.user, stored).is_shared_with(planned.user, planned.client) {
        return true;
    }
    // Whomever it answers is told the same.
    let absent = Message::Answer { request, revision: applied, version: 0 };
    step.protocol.communication_servers().map(Node::communication).all(|session| {
        let (before, after) = (step.before.link(server, session), step.after.link(server, session));
        let mut sent = after.skip(before.len());
        sent.all(|at| wire::open(step.after.flight.get(at)) == absent)
    })
}
