//! Chat clients: they come in, and what they say is read and heeded, in turn.

use std::io::ErrorKind;
use std::time::Instant;

use mio::{Interest, Token};

use super::super::connection::{Connection, Turn};
use super::super::desk::ConnectionId;
use super::super::front::stream::Event;
use super::super::front::token;
use super::{CONNECTIONS_MAX, HEEDED_MAX, STRANGERS_OF_ADDRESS_MAX, STRANGERS_TURN, Server, fill};

impl Server {
    pub(super) fn accept(&mut self, door: usize) {
        let Some(door) = self.doors.get(door).filter(|_| self.is_ready()) else { return };
        loop {
            let (mut socket, from) = match door.listener.accept() {
                Ok(accepted) => accepted,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return, // there is none, or the system has no room: whoever waits is met later
            };
            let strangers = self.strangers.get(&from.ip()).copied().unwrap_or(0);
            if self.connections.len() >= CONNECTIONS_MAX || strangers >= STRANGERS_OF_ADDRESS_MAX {
                tracing::debug!(%from, "refused: too many connections");
                continue;
            }
            let id = self.next_id;
            let interests = Interest::READABLE | Interest::WRITABLE;
            if self.poll.registry().register(&mut socket, Token(id as usize), interests).is_err() {
                continue;
            }
            self.next_id += 1;
            let _ = socket.set_nodelay(true); // only slower without it
            let random = &self.random;
            let name = token::fresh(&mut |bytes: &mut [u8]| fill(random, bytes));
            let connection = match door.connection(socket, name, self.now_us()) {
                Ok(connection) => connection,
                Err(error) => {
                    tracing::error!(id, %error, "TLS cannot begin");
                    continue;
                }
            };
            self.strangers.insert(from.ip(), strangers + 1);
            self.connections.insert(id, connection);
            self.readable.insert(id);
            tracing::debug!(id, %from, "connected");
        }
    }

    /// Reads from all that are logged in, and in turn from those of the others for whom there is time.
    pub(super) fn read_all(&mut self) {
        let mut strangers = Vec::new();
        for id in std::mem::take(&mut self.readable) {
            match self.connections.get(&id).is_some_and(|connection| connection.is_bound) {
                true => self.read(id),
                false => strangers.push(id),
            }
        }
        let next = strangers.partition_point(|id| *id <= self.met);
        strangers.rotate_left(next);
        let begun = Instant::now();
        for id in strangers {
            if begun.elapsed() < STRANGERS_TURN {
                self.met = id;
                self.read(id);
            } else {
                self.readable.insert(id);
            }
        }
    }

    pub(super) fn read(&mut self, id: ConnectionId) {
        let Some(mut connection) = self.connections.remove(&id) else { return };
        if connection.is_paused() {
            connection.is_held = true;
            self.connections.insert(id, connection);
            return;
        }
        // What was said before comes before what is said now.
        let turn = match connection.said.is_empty() {
            true => connection.read(|connection, bytes| self.take(connection, bytes)),
            false => Turn::More,
        };
        for _ in 0..HEEDED_MAX {
            if connection.is_waiting() {
                connection.is_held = true;
                break;
            }
            let Some(event) = connection.said.pop_front() else { break };
            self.heed(id, &mut connection, event);
        }
        let is_done = connection.said.is_empty();
        self.connections.insert(id, connection);
        self.dirty.insert(id);
        match turn {
            Turn::Gone => self.end(id),
            Turn::Waits if is_done => {}
            Turn::Waits | Turn::More => {
                self.readable.insert(id);
            }
        }
    }

    /// Bytes of a client, in plaintext.
    pub(super) fn take(&mut self, connection: &mut Connection, bytes: &[u8]) {
        let mut events = Vec::new();
        let random = &self.random;
        connection.stream.receive(
            bytes,
            &self.book,
            &mut |room: &mut [u8]| fill(random, room),
            &mut connection.out,
            &mut events,
        );
        connection.said.extend(events);
    }

    pub(super) fn heed(&mut self, id: ConnectionId, connection: &mut Connection, event: Event) {
        match event {
            Event::StartTls => self.start_tls(id, connection),
            Event::Bound { account, resource } => {
                self.bound(id, connection, &account, &resource);
            }
            Event::Stanza(stanza) => self.said(id, connection, stanza),
            Event::LoginFailed { account } => {
                tracing::info!(id, account = account.as_deref().unwrap_or("?"), "log-in failed");
            }
            Event::Closed => connection.is_closing = true,
        }
    }

    pub(super) fn start_tls(&mut self, id: ConnectionId, connection: &mut Connection) {
        // The client waits for this in plaintext before it sends anything else.
        let is_sent = connection.flush() && connection.is_flushed();
        let begun = self.tls.clone().map(|config| connection.begin_tls(config));
        match begun {
            Some(Ok(())) if is_sent => connection.stream.secured(),
            Some(Err(error)) => {
                tracing::error!(id, %error, "TLS cannot begin");
                connection.is_closing = true;
            }
            _ => connection.is_closing = true,
        }
    }

    pub(super) fn bound(
        &mut self,
        id: ConnectionId,
        connection: &mut Connection,
        account: &str,
        resource: &str,
    ) {
        connection.is_bound = true;
        self.forget_stranger(connection);
        if !self.serve(id, connection, account, resource) {
            connection
                .stream
                .close(Some(("not-authorized", "the account is gone")), &mut connection.out);
            connection.is_closing = true;
        }
        tracing::info!(id, account, resource, "logged in");
    }

    pub(super) fn forget_stranger(&mut self, connection: &Connection) {
        let Ok(from) = connection.socket.peer_addr() else { return };
        if let Some(count) = self.strangers.get_mut(&from.ip()) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.strangers.remove(&from.ip());
            }
        }
    }
}
