//! What travels on the links in the words of traces, which leave out what an id stands for.

use spillway_traces::{Message, Sessions};

use crate::config::Config;
use crate::profile::Info;
use crate::wire::{Entry, Wire};

/// Says a message in the words of traces: one by one, since an Update may carry several revisions.
pub fn messages(wire: &Wire, config: &Config, mut each: impl FnMut(Message)) {
    match wire {
        Wire::Update { entries } => entries.iter().map(update).for_each(each),
        _ => each(message(wire, config)),
    }
}

/// How many messages of a trace it is.
pub fn count(wire: &Wire) -> usize {
    if let Wire::Update { entries } = wire { entries.len() } else { 1 }
}

fn update(entry: &Entry) -> Message {
    Message::Update { revision: entry.revision, user: entry.user.into(), version: entry.version }
}

/// The version that published what is shown.
fn shown<'a>(info: impl Into<Option<&'a Info>>) -> u32 {
    info.into().map_or(0, |info| info.version)
}

fn message(wire: &Wire, config: &Config) -> Message {
    // Who asks is told only where clients may move, leave or cancel.
    let said = |askers: Sessions| if config.knobs.sessions { askers } else { Sessions::default() };
    match *wire {
        Wire::Request(ref asked) => {
            Message::Request { request: asked.ask.request, token: asked.token }
        }
        Wire::Reply { request, revision, version, .. } => {
            Message::Reply { request, revision, version }
        }
        Wire::Busy { request, .. } => Message::Busy { request },
        Wire::Query(ref asked) => Message::Query { request: asked.ask.request, token: asked.token },
        Wire::Answer { request, revision, ref info, .. } => {
            Message::Answer { request, revision, version: shown(info.as_deref()) }
        }
        Wire::Publish(ref ask) => Message::Publish { request: ask.request },
        Wire::Published { request, revision } => Message::Published { request, revision },
        Wire::Hello { applied } => Message::Hello { applied },
        Wire::Update { ref entries } => update(entries.first().expect("an Update has a revision")),
        Wire::Snapshot { revision, .. } => Message::Snapshot { revision },
        Wire::Offer { ref asked, hand_over, askers } => Message::Offer {
            request: asked.ask.request,
            token: asked.token,
            hand_over,
            sessions: said(askers),
        },
        Wire::Assign { ref asked, hand_over, askers, epoch } => Message::Assign {
            request: asked.ask.request,
            token: asked.token,
            hand_over,
            sessions: said(askers),
            epoch,
        },
        Wire::Accept { request, hand_over } => Message::Accept { request, hand_over },
        Wire::Reject { request, hand_over } => Message::Reject { request, hand_over },
        Wire::Done { request, hand_over } => Message::Done { request, hand_over },
        Wire::Finish { request, hand_over, epoch } => Message::Finish { request, hand_over, epoch },
        Wire::Return { request, hand_over, epoch } => Message::Return { request, hand_over, epoch },
        Wire::Lead { epoch } => Message::Lead { epoch },
        Wire::Cancel { request } => Message::Cancel { request },
        Wire::Withdraw { request, hand_over } => Message::Withdraw { request, hand_over },
    }
}
