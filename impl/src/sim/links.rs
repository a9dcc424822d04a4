//! When a message arrives: latency, and the order of a link.
//!
//! A link here is one direction between two nodes, under a number that its user gives it. On a FIFO link no message
//! arrives before one that was sent before it: it waits for that, and then arrives at the same time and after it, since
//! [`Engine`](super::engine::Engine) keeps the order of scheduling. A reset raises the link's generation: what was in
//! flight is recognised at its arrival as of an older one, and need not be sought in the queue.

/// The directed links of a network, numbered from 0.
#[derive(Clone, Debug)]
pub struct Links {
    ways: Vec<Way>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Way {
    /// When the message that was sent last arrives.
    last_us: u64,
    generation: u32,
}

/// A message in flight: on which link, since which reset of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flight {
    /// The link.
    pub link: u32,
    /// How often the link had been reset when the message was sent.
    pub generation: u32,
}

impl Links {
    /// So many links, without messages.
    pub fn new(links: u32) -> Links {
        Links { ways: vec![Way::default(); links as usize] }
    }

    /// Sends a message now over a FIFO link: when it arrives, and as what.
    #[inline]
    pub fn send(&mut self, link: u32, now_us: u64, latency_us: u64) -> (u64, Flight) {
        let way = &mut self.ways[link as usize];
        way.last_us = way.last_us.max(now_us.saturating_add(latency_us));
        (way.last_us, Flight { link, generation: way.generation })
    }

    /// Whether a message arrives: the link was not reset since it was sent.
    #[inline]
    pub fn arrives(&self, flight: Flight) -> bool {
        self.ways[flight.link as usize].generation == flight.generation
    }

    /// Loses what is in flight.
    pub fn reset(&mut self, link: u32) {
        let way = &mut self.ways[link as usize];
        *way = Way { last_us: 0, generation: way.generation.wrapping_add(1) };
    }
}
