//! Which message is on its way since which event: what gives a delivery its cause and an arrow its start.

use std::collections::{BTreeMap, VecDeque};

use crate::event::Observed;
use crate::vocabulary::{Disturbance, Vocabulary};

/// A message on its way.
#[derive(Clone, Debug)]
pub(crate) struct Flying<V: Vocabulary> {
    /// The event that sent it.
    pub(crate) since: u64,
    /// What it says.
    pub(crate) message: V::Message,
}

type Link<V> = (<V as Vocabulary>::Node, <V as Vocabulary>::Node);

/// The messages in flight, link by link, the oldest first.
#[derive(Clone, Debug)]
pub(crate) struct Flights<V: Vocabulary> {
    links: BTreeMap<Link<V>, VecDeque<Flying<V>>>,
}

/// What one event did to messages that earlier events had sent.
#[derive(Debug)]
pub(crate) struct Landing<V: Vocabulary> {
    /// The message that the event took, if it is known to have been sent.
    pub(crate) taken: Option<Flying<V>>,
    /// The message that was doubled or overtaken, if it is known to have been sent.
    pub(crate) disturbed: Option<V::Message>,
    /// For each lost message, in order, the event that sent it, if known.
    pub(crate) lost: Vec<Option<u64>>,
}

impl<V: Vocabulary> Flights<V> {
    pub(crate) fn new() -> Self {
        Flights { links: BTreeMap::new() }
    }

    /// Applies an event: first it takes its message, then messages are lost, then it sends.
    pub(crate) fn apply(
        &mut self,
        index: u64,
        action: &V::Action,
        observed: &Observed<V>,
    ) -> Landing<V> {
        let taken = V::delivers(action).and_then(|link| self.take(link, observed.took.as_ref()));
        let disturbed = V::disturbs(action).and_then(|how| self.disturb(how, observed));
        let lost = observed.lost.iter().map(|lost| {
            self.take((lost.from, lost.to), Some(&lost.message)).map(|flying| flying.since)
        });
        let lost = lost.collect();
        for sent in &observed.sent {
            let flying = Flying { since: index, message: sent.message.clone() };
            self.links.entry((sent.from, sent.to)).or_default().push_back(flying);
        }
        Landing { taken, disturbed, lost }
    }

    /// Changes the order or the number of the messages on a link, and gives the one that it is about. A copy is on its
    /// way since the same event as the first one. A loss that was observed is applied with the other losses.
    fn disturb(&mut self, how: Disturbance<V::Node>, observed: &Observed<V>) -> Option<V::Message> {
        let link = match how {
            Disturbance::Lost(from, to)
            | Disturbance::Doubled(from, to)
            | Disturbance::Overtaken(from, to) => (from, to),
        };
        let queue = self.links.get_mut(&link)?;
        let oldest = queue.front()?.clone();
        match how {
            Disturbance::Lost(..) if observed.lost.is_empty() => drop(queue.pop_front()),
            Disturbance::Lost(..) => return None, // shown as a loss
            Disturbance::Doubled(..) => queue.push_back(oldest.clone()),
            Disturbance::Overtaken(..) => queue.rotate_left(1),
        }
        Some(oldest.message)
    }

    /// What is still in flight, by link, then by age.
    pub(crate) fn remaining(&self) -> impl Iterator<Item = (V::Node, V::Node, &Flying<V>)> {
        let links = self.links.iter();
        links.flat_map(|((from, to), queue)| queue.iter().map(|flying| (*from, *to, flying)))
    }

    /// Removes the oldest message of a link, or the oldest that says this: a datagram may overtake another.
    fn take(&mut self, link: Link<V>, message: Option<&V::Message>) -> Option<Flying<V>> {
        let queue = self.links.get_mut(&link)?;
        match message {
            None => queue.pop_front(),
            Some(message) => {
                let place = queue.iter().position(|flying| flying.message == *message)?;
                queue.remove(place)
            }
        }
    }
}
