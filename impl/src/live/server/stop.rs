//! The end of a server: what was asked for is answered, streams end in so many words, and what is to be stored is.

use std::io;
use std::time::Instant;

use mio::Events;

use super::super::desk::ConnectionId;
use super::super::disk::{DiskThread, Done};
use super::super::wires::Wires;
use super::{CHAT, DRAIN, DRAIN_TICK, ENDING, EVENTS_MAX, Server};

impl Server {
    /// Whether something is under way.
    pub(super) fn is_busy(&self) -> bool {
        let has_parcels = self.wires.as_ref().is_some_and(Wires::has_parcels);
        let is_asking = has_parcels || self.whereabouts.is_waiting() || !self.rosters.is_empty();
        !self.desk.host.is_idle() || self.desk.is_waiting() || is_asking
    }

    /// Ends all streams, and stores what is still to be stored.
    pub(super) fn drain(mut self) -> io::Result<()> {
        self.health.drain();
        let until = Instant::now() + DRAIN;
        let mut events = Events::with_capacity(EVENTS_MAX);
        // What was asked for is answered first.
        while self.is_busy() && Instant::now() < until {
            self.poll_for(&mut events, DRAIN_TICK)?;
            for event in events.iter().filter(|event| event.token() != CHAT) {
                self.happened(event.token(), false);
            }
            self.stored();
            self.work();
        }
        let ids: Vec<ConnectionId> = self.connections.keys().copied().collect();
        for id in ids.into_iter().chain(self.guests.all()) {
            self.close(id, "system-shutdown", "");
        }
        let is_over = |server: &Server| {
            let has_parcels = server.wires.as_ref().is_some_and(Wires::has_parcels);
            server.connections.is_empty() && server.parting.is_empty() && !has_parcels
        };
        // That they are gone, for those who see them.
        self.work();
        let until = until.max(Instant::now() + ENDING);
        while !is_over(&self) && Instant::now() < until {
            self.work();
            self.poll_for(&mut events, DRAIN_TICK)?;
            for event in events.iter().filter(|event| event.token() != CHAT) {
                self.happened(event.token(), false);
            }
        }
        self.desk.host.end_told();
        self.tell();
        for done in self.disk.map(DiskThread::stop).unwrap_or_default() {
            if let Done::Log(Err(error)) = done {
                tracing::error!(%error, "user information cannot be stored");
            }
        }
        Ok(())
    }
}
