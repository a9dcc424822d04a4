//! Where a step shows, and where what it takes came from: what the formats with a line for each node agree on.

use crate::event::Event;
use crate::file::Trace;
use crate::flight::Landing;
use crate::vocabulary::Vocabulary;

/// The nodes at which a step shows: first its own, then whoever else sends something in it.
pub(super) fn places<V: Vocabulary>(event: &Event<V>) -> Vec<V::Node> {
    let mut places = vec![event.node];
    for sent in &event.observed.sent {
        if !places.contains(&sent.from) {
            places.push(sent.from);
        }
    }
    places
}

/// The earlier event that a step comes from: as recorded, or else the one that sent what it takes, if that is known.
pub(super) fn origin<V: Vocabulary>(event: &Event<V>, landing: &Landing<V>) -> Option<u64> {
    let origin = event.cause.or(landing.taken.as_ref().map(|flying| flying.since));
    origin.filter(|origin| *origin < event.index)
}

/// At which node that event shows as the origin of this one: at the sender of what is delivered, if the sender took part.
pub(super) fn origin_node<V: Vocabulary>(
    trace: &Trace<V>,
    event: &Event<V>,
    origin: u64,
) -> V::Node {
    let of = usize::try_from(origin).ok().and_then(|place| trace.events.get(place));
    let Some(of) = of else { return event.node };
    let sender = V::delivers(&event.action).map(|(from, _)| from);
    sender.filter(|from| places(of).contains(from)).unwrap_or(of.node)
}
