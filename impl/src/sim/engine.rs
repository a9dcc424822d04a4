//! One virtual clock and one queue of events: the whole of discrete-event simulation.
//!
//! Events happen in the order of their times, and at one time in the order in which they were scheduled, so that a run
//! is a function of what is scheduled and of nothing else. The clock jumps to the next event: time in which nothing
//! happens costs nothing.
//!
//! The queue is the binary heap of the standard library over keys of 16 bytes, with the events aside. Measured with
//! 1,000 events of 72 bytes waiting, taking one and scheduling another: 25 ns; with the events beside their keys 47 ns; a
//! four-ary heap 56 ns. A hierarchical timing wheel takes 16 ns, and is more code than the difference is worth.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Events that may wait at a time.
pub const PENDING_MAX: usize = 1 << PLACE_BITS;
/// Events that may be scheduled in one run.
pub const SCHEDULED_MAX: u64 = 1 << SEQUENCE_BITS;

const PLACE_BITS: u32 = 24;
const SEQUENCE_BITS: u32 = 40;

/// Time, then sequence number, then the event's place: one number, so that one comparison orders two events. The
/// sequence number is unique, hence the place never decides.
type Key = u128;

/// Virtual time and what is to happen in it.
#[derive(Clone, Debug)]
pub struct Engine<E> {
    now_us: u64,
    scheduled: u64,
    queue: BinaryHeap<Reverse<Key>>,
    places: Vec<Place<E>>,
    /// The head of the list of free places, if there is one.
    free: Option<u32>,
}

#[derive(Clone, Debug)]
enum Place<E> {
    Free { next: Option<u32> },
    Taken(E),
}

impl<E> Default for Engine<E> {
    fn default() -> Engine<E> {
        Engine::new()
    }
}

impl<E> Engine<E> {
    /// Time 0, and nothing to happen.
    pub fn new() -> Engine<E> {
        Engine { now_us: 0, scheduled: 0, queue: BinaryHeap::new(), places: Vec::new(), free: None }
    }

    /// The time of the event that was taken last.
    #[inline]
    pub fn now_us(&self) -> u64 {
        self.now_us
    }

    /// How many events wait.
    pub fn pending(&self) -> usize {
        self.queue.len()
    }

    /// How many events were scheduled since the start.
    pub fn scheduled(&self) -> u64 {
        self.scheduled
    }

    /// When the next event happens.
    pub fn next_at_us(&self) -> Option<u64> {
        self.queue.peek().map(|Reverse(key)| time_of(*key))
    }

    /// Schedules an event at a time, which is not before now.
    ///
    /// # Panics
    ///
    /// If the time has passed, or [`PENDING_MAX`] or [`SCHEDULED_MAX`] is reached.
    #[inline]
    pub fn at(&mut self, at_us: u64, event: E) {
        assert!(at_us >= self.now_us, "an event at {at_us} us, and it is {} us", self.now_us);
        assert!(self.scheduled < SCHEDULED_MAX, "{SCHEDULED_MAX} events in one run");
        let place = self.put(event);
        let low = (self.scheduled << PLACE_BITS) | u64::from(place);
        self.queue.push(Reverse((Key::from(at_us) << u64::BITS) | Key::from(low)));
        self.scheduled += 1;
    }

    /// Schedules an event so many microseconds from now.
    #[inline]
    pub fn after(&mut self, wait_us: u64, event: E) {
        self.at(self.now_us.saturating_add(wait_us), event);
    }

    /// Takes the next event, and the clock to its time.
    #[inline]
    pub fn take_next(&mut self) -> Option<E> {
        let Reverse(key) = self.queue.pop()?;
        debug_assert!(time_of(key) >= self.now_us, "time does not go back");
        self.now_us = time_of(key);
        Some(self.take(place_of(key)))
    }

    /// Takes the next event if it happens at this time or before; else the clock goes to this time, if that is ahead.
    #[inline]
    pub fn take_until(&mut self, until_us: u64) -> Option<E> {
        if self.next_at_us().is_some_and(|at_us| at_us <= until_us) {
            return self.take_next();
        }
        self.now_us = self.now_us.max(until_us);
        None
    }

    fn put(&mut self, event: E) -> u32 {
        let Some(place) = self.free else {
            assert!(self.places.len() < PENDING_MAX, "{PENDING_MAX} events wait");
            self.places.push(Place::Taken(event));
            return (self.places.len() - 1) as u32;
        };
        match std::mem::replace(&mut self.places[place as usize], Place::Taken(event)) {
            Place::Free { next } => self.free = next,
            Place::Taken(_) => unreachable!("the list of free places holds free ones"),
        }
        place
    }

    fn take(&mut self, place: u32) -> E {
        let freed = Place::Free { next: self.free };
        self.free = Some(place);
        match std::mem::replace(&mut self.places[place as usize], freed) {
            Place::Taken(event) => event,
            Place::Free { .. } => unreachable!("what is in the queue has its event"),
        }
    }
}

#[inline]
fn time_of(key: Key) -> u64 {
    (key >> u64::BITS) as u64
}

#[inline]
fn place_of(key: Key) -> u32 {
    (key as u32) & ((1 << PLACE_BITS) - 1)
}
