//! Chat clients: they come in, and what they say is read and heeded, in turn.

use std::io::ErrorKind;
use std::time::Instant;

use mio::{Interest, Token};

use super::super::connection::{Connection, ServedBy, Turn};
use super::super::desk::{ConnectionId, Desk, class};
use super::super::door;
use super::super::front::get::Form;
use super::super::front::stream::{Event, Sink};
use super::super::front::token;
use super::super::said::{Said, Waiting};
use super::{
    CONNECTIONS_MAX, HEEDED_MAX, HEEDED_MIN, HEEDED_OF_ALL_MAX, STRANGERS_OF_ADDRESS_MAX,
    STRANGERS_TURN, Server, fill,
};

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
            if let Err(error) = door::prepare(&socket) {
                tracing::debug!(id, %error, "the system does not do for a socket what it is asked to");
            }
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

    /// Reads from all that are logged in and heeds them in turn, then those of the others for whom there is time.
    pub(super) fn read_all(&mut self) {
        let is_bound = |id: &ConnectionId| self.connections.get(id).is_some_and(|one| one.is_bound);
        let (bound, strangers): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.readable).into_iter().partition(is_bound);
        self.meet_all(bound);
        let begun = Instant::now();
        for id in after(strangers, self.met) {
            if begun.elapsed() < STRANGERS_TURN {
                self.met = id;
                self.read(id);
                self.heed_some(id, HEEDED_MAX);
            } else {
                self.readable.insert(id);
            }
        }
    }

    /// Each has all read that it has said, so that what there is no time for is told so, and some of it heeded: to read, and
    /// to send, each time a little of everybody's would cost more than to answer.
    fn meet_all(&mut self, bound: Vec<ConnectionId>) {
        let mut left = HEEDED_OF_ALL_MAX;
        let each = (left / bound.len().max(1)).clamp(HEEDED_MIN, HEEDED_MAX);
        for id in after(bound, self.heeded) {
            if left > 0 {
                self.heeded = id;
                self.read(id);
                let heeded = self.heed_some(id, each.min(left));
                left -= heeded;
                if heeded == HEEDED_MIN && each == HEEDED_MIN {
                    self.met_now.push(id);
                }
            } else {
                self.readable.insert(id);
            }
        }
    }

    /// Those who had much to say have as much heeded once more, before anything is sent: the nodes have done with the first.
    /// Whether there was anything.
    pub(super) fn meet_again(&mut self) -> bool {
        let met = std::mem::take(&mut self.met_now);
        let mut all = 0;
        for id in met {
            if self.connections.get(&id).is_none_or(Connection::is_paused) {
                continue; // much is to be sent already
            }
            let heeded = self.heed_some(id, HEEDED_MIN);
            all += heeded;
            if heeded == HEEDED_MIN {
                self.met_now.push(id);
            }
        }
        all > 0
    }

    fn read(&mut self, id: ConnectionId) {
        let Some(mut connection) = self.connections.remove(&id) else { return };
        if connection.is_paused() {
            connection.is_held = true;
        } else if connection.may_say_more() {
            let mut room = std::mem::take(&mut self.room);
            let take = |connection: &mut Connection, bytes: &[u8]| self.take(id, connection, bytes);
            connection.turn = connection.read(&mut room, take);
            self.room = room;
        }
        self.connections.insert(id, connection);
    }

    /// Bytes of a client, in plaintext.
    fn take(&mut self, id: ConnectionId, connection: &mut Connection, bytes: &[u8]) {
        let random = &self.random;
        let Connection { stream, out, said, .. } = connection;
        let under_way = self.desk.gets(id);
        let mut ear = Ear { desk: &mut self.desk, waiting: &mut self.waiting, said, under_way };
        let mut random = |room: &mut [u8]| fill(random, room);
        stream.receive(bytes, &self.book, &mut random, out, &mut ear);
    }

    /// Heeds so much of what a client has said. How much it was.
    fn heed_some(&mut self, id: ConnectionId, max: usize) -> usize {
        let Some(mut connection) = self.connections.remove(&id) else { return 0 };
        let mut count = 0;
        while count < max && !connection.is_held {
            if connection.is_waiting() {
                connection.is_held = true;
                break;
            }
            let Some(event) = self.waiting.pop(&mut connection.said) else { break };
            self.heed(id, &mut connection, event);
            count += 1;
        }
        let (turn, is_done, is_held) =
            (connection.turn, connection.said.is_empty(), connection.is_held);
        self.connections.insert(id, connection);
        self.dirty.insert(id);
        match turn {
            _ if is_held => {}
            Turn::Gone if is_done => self.end(id),
            Turn::Waits if is_done => {}
            Turn::Waits | Turn::More | Turn::Gone => {
                self.readable.insert(id);
            }
        }
        count
    }

    fn heed(&mut self, id: ConnectionId, connection: &mut Connection, event: Event) {
        match event {
            Event::StartTls => self.start_tls(id, connection),
            Event::Bound { account, resource } => {
                self.bound(id, connection, &account, &resource);
            }
            Event::Stanza(stanza) => self.said(id, connection, stanza),
            Event::Get(get) if connection.served_by == ServedBy::Here => {
                self.desk.get(id, get, self.now_us());
            }
            Event::Get(get) => {
                let stanza = get.stanza(connection.stream.jid().unwrap_or_default());
                self.said(id, connection, stanza);
            }
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

/// All of them, beginning with the first one after this one, so that nobody is always the last.
fn after(mut ids: Vec<ConnectionId>, last: ConnectionId) -> Vec<ConnectionId> {
    let next = ids.partition_point(|id| *id <= last);
    ids.rotate_left(next);
    ids
}

/// What a client says waits until it is heeded, unless there will be no time for it.
struct Ear<'a> {
    desk: &'a mut Desk,
    waiting: &'a mut Waiting,
    said: &'a mut Said,
    /// Gets of the client that are under way.
    under_way: usize,
}

impl Sink for Ear<'_> {
    fn event(&mut self, event: Event) {
        self.waiting.push(self.said, event);
    }

    fn get(&mut self, get: Form<'_>, to_client: &[u8], out: &mut Vec<u8>) {
        let class = class(self.under_way + self.said.gets() + 1);
        match self.waiting.has_place(class, self.said) {
            true => self.waiting.push(self.said, Event::Get(get.get())),
            false => self.desk.refuse_get(to_client, &get, class, out),
        }
    }
}
