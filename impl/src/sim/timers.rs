//! Timers that are armed anew and disarmed far more often than they run out.
//!
//! Nothing is ever sought or removed in the queue of events. A timer that is armed for later than it was keeps its event:
//! when that happens too early, it is scheduled once more. One that is armed for earlier, or was disarmed in between, gets
//! a new event under a new number, and the old one is known by its number as void. So a timer that is armed anew at each
//! message costs a look-up each time, and one event for each time that it could have run out.

use std::collections::BTreeMap;

use super::engine::Engine;

/// The timers of a simulation, by key.
#[derive(Clone, Debug)]
pub struct Timers<K> {
    armed: BTreeMap<K, Armed>,
    next: u64,
}

#[derive(Clone, Copy, Debug)]
struct Armed {
    due_us: u64,
    /// When the event happens that stands for it: never after `due_us`.
    event_us: u64,
    number: u64,
}

/// The event of a timer: to be given back to [`Timers::fire`] when it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alarm<K> {
    key: K,
    number: u64,
}

impl<K: Ord + Copy> Default for Timers<K> {
    fn default() -> Timers<K> {
        Timers::new()
    }
}

impl<K: Ord + Copy> Timers<K> {
    /// No timer is armed.
    pub fn new() -> Timers<K> {
        Timers { armed: BTreeMap::new(), next: 0 }
    }

    /// Arms a timer for a time that is not before now; if it is armed, anew.
    pub fn arm<E: From<Alarm<K>>>(&mut self, engine: &mut Engine<E>, key: K, due_us: u64) {
        if let Some(armed) = self.armed.get_mut(&key)
            && armed.event_us <= due_us
        {
            armed.due_us = due_us;
            return;
        }
        self.schedule(engine, key, due_us);
    }

    /// Disarms a timer, if it is armed.
    pub fn disarm(&mut self, key: K) {
        self.armed.remove(&key);
    }

    /// Disarms every timer of a range of keys, such as those of one node.
    pub fn disarm_range(&mut self, range: impl std::ops::RangeBounds<K>) {
        let keys: Vec<K> = self.armed.range(range).map(|(key, _)| *key).collect();
        for key in keys {
            self.armed.remove(&key);
        }
    }

    /// How many timers are armed.
    pub fn armed(&self) -> usize {
        self.armed.len()
    }

    /// What an event stands for: the timer that runs out now, and is armed no more; or none, if the timer was disarmed or
    /// is to run out later.
    pub fn fire<E: From<Alarm<K>>>(
        &mut self,
        engine: &mut Engine<E>,
        alarm: Alarm<K>,
    ) -> Option<K> {
        let armed = *self.armed.get(&alarm.key)?;
        if armed.number != alarm.number {
            return None;
        }
        if armed.due_us > engine.now_us() {
            self.schedule(engine, alarm.key, armed.due_us);
            return None;
        }
        self.armed.remove(&alarm.key);
        Some(alarm.key)
    }

    fn schedule<E: From<Alarm<K>>>(&mut self, engine: &mut Engine<E>, key: K, due_us: u64) {
        let number = self.next;
        self.next += 1;
        self.armed.insert(key, Armed { due_us, event_us: due_us, number });
        engine.at(due_us, E::from(Alarm { key, number }));
    }
}
