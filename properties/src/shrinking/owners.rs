//! Which request each step of a run belongs to: a request goes with all that is done for it, or what is left of that stands
//! in the way of others.

use std::collections::BTreeMap;

use spillway_traces::{Message, Note, RequestId};

use super::failing::Step;

/// For each step the request that it is there for, if it is there for one.
pub(super) fn owners(steps: &[Step]) -> Vec<Option<RequestId>> {
    let mut stored = BTreeMap::new();
    let owner = |step: &Step| {
        for note in &step.observed.notes {
            if let Note::Stored { request, revision } = note {
                stored.insert(*revision, *request);
            }
        }
        let sent = || step.observed.sent.iter().find_map(|sent| revised(&sent.message, &stored));
        let took = step.observed.took.as_ref();
        let takes = took.and_then(|message| message.request().or(revised(message, &stored)));
        let is_sync = matches!(step.action, spillway_traces::Action::Sync { .. });
        step.action.request().or(takes).or_else(|| if is_sync { sent() } else { None })
    };
    steps.iter().map(owner).collect()
}

/// The request that an update tells of.
fn revised(message: &Message, stored: &BTreeMap<u32, RequestId>) -> Option<RequestId> {
    match message {
        Message::Update { revision, .. } => stored.get(revision).copied(),
        _ => None,
    }
}
