//! Turns actions and what was observed of them into the events of a trace.

use crate::event::{Event, Observed};
use crate::flight::Flights;
use crate::machine::{Machine, Refusal};
use crate::vocabulary::Vocabulary;

/// Numbers events and finds their causes. It holds the messages in flight, not the events.
///
/// The cause of a delivery is the event that sent the message. An event that delivers nothing has none, and so has the
/// delivery of a message that was in flight before the first event.
#[derive(Clone, Debug)]
pub struct Recorder<V: Vocabulary> {
    count: u64,
    flights: Flights<V>,
}

impl<V: Vocabulary> Default for Recorder<V> {
    fn default() -> Self {
        Recorder::new()
    }
}

impl<V: Vocabulary> Recorder<V> {
    /// A recorder that has seen nothing.
    pub fn new() -> Self {
        Recorder { count: 0, flights: Flights::new() }
    }

    /// The event of an action, where time does not pass: its time is its index.
    pub fn event(&mut self, action: V::Action, observed: Observed<V>) -> Event<V> {
        self.event_at(self.count, action, observed)
    }

    /// The event of an action performed at this virtual time.
    pub fn event_at(&mut self, time: u64, action: V::Action, observed: Observed<V>) -> Event<V> {
        let index = self.count;
        self.count += 1;
        let landing = self.flights.apply(index, &action, &observed);
        let cause = landing.taken.map(|flying| flying.since);
        Event { index, time, node: V::node(&action), action, cause, observed }
    }
}

/// Performs actions one after the other and records them.
///
/// # Errors
/// The place of the first action that the machine refuses, and its refusal.
pub fn record<V: Vocabulary, M: Machine<V> + ?Sized>(
    machine: &mut M,
    actions: &[V::Action],
) -> Result<Vec<Event<V>>, (usize, Refusal)> {
    let mut recorder = Recorder::new();
    let mut events = Vec::with_capacity(actions.len());
    for (place, action) in actions.iter().enumerate() {
        let observed = machine.step(action).map_err(|refusal| (place, refusal))?;
        events.push(recorder.event(action.clone(), observed));
    }
    Ok(events)
}
