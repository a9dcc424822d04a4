//! The sockets of the admin port, beside the server's loop: each client asks one thing, is told it, and is gone. None of
//! them is ever waited for; what one may cost is bounded.

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;

use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};

use super::request::{self, HEAD_BYTES_MAX, Heard, Request};
use super::response;

/// Clients at a time.
pub(in crate::live) const PEERS_MAX: usize = 64;
/// For how long one may be here, whatever it does.
const STAY_US_MAX: u64 = 10_000_000;
/// Bytes that are read and thrown away behind a request, so that its answer is not lost to a reset.
const DISCARDED_BYTES_MAX: usize = 64 * 1024;
/// Bytes that are read at once.
const READ_BYTES: usize = 4 * 1024;

/// Those who are connected, by place.
pub(in crate::live) struct Listener {
    listener: TcpListener,
    peers: Vec<Option<Peer>>,
    /// The token of the first place.
    first: usize,
}

/// A client.
struct Peer {
    socket: TcpStream,
    since_us: u64,
    heard: Vec<u8>,
    /// What it is told, once that is known.
    out: Option<Vec<u8>>,
    sent: usize,
    discarded: usize,
    /// Whether nothing more comes from it.
    has_ended: bool,
}

impl Listener {
    /// Nobody yet. The listener has one token, and the places those from another one on.
    ///
    /// # Errors
    /// The system does not give what it needs.
    pub(in crate::live) fn new(
        listener: std::net::TcpListener,
        token: Token,
        first: usize,
        registry: &Registry,
    ) -> io::Result<Listener> {
        listener.set_nonblocking(true)?;
        let mut listener = TcpListener::from_std(listener);
        registry.register(&mut listener, token, Interest::READABLE)?;
        Ok(Listener { listener, peers: (0..PEERS_MAX).map(|_| None).collect(), first })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system does not say.
    pub(in crate::live) fn address(&self) -> io::Result<std::net::SocketAddr> {
        self.listener.local_addr()
    }

    /// Takes whoever has come, and sends away whom there is no place for. Those beyond are taken at the next tick.
    pub(in crate::live) fn accept(&mut self, registry: &Registry, now_us: u64) {
        for _ in 0..PEERS_MAX {
            let mut socket = match self.listener.accept() {
                Ok((socket, _)) => socket,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return, // there is none, or the system has no room
            };
            let Some(place) = self.peers.iter().position(Option::is_none) else { continue };
            let interests = Interest::READABLE | Interest::WRITABLE;
            if registry.register(&mut socket, Token(self.first + place), interests).is_ok() {
                self.peers[place] = Some(Peer::new(socket, now_us));
            }
        }
    }

    /// Something has happened to a client: what it asks, if all of that is here now.
    pub(in crate::live) fn ask(&mut self, place: usize) -> Option<Request> {
        let peer = self.peers.get_mut(place)?.as_mut()?;
        if peer.out.is_some() {
            self.go_on(place);
            return None;
        }
        match peer.read() {
            Some(Heard::Whole(request)) => Some(request),
            Some(Heard::Bad(code)) => {
                self.tell(place, response::plain(code, false));
                None
            }
            Some(Heard::Part) if !peer.has_ended => None,
            Some(Heard::Part) | None => {
                self.peers[place] = None;
                None
            }
        }
    }

    /// Tells a client what it has asked. One who has gone is not told.
    pub(in crate::live) fn tell(&mut self, place: usize, response: Vec<u8>) {
        if let Some(peer) = self.peers.get_mut(place).and_then(Option::as_mut) {
            peer.out = Some(response);
            self.go_on(place);
        }
    }

    /// Whoever has been here for too long makes room.
    pub(in crate::live) fn end_late(&mut self, now_us: u64) {
        for place in &mut self.peers {
            let is_late = |peer: &mut Peer| now_us.saturating_sub(peer.since_us) > STAY_US_MAX;
            let _ = place.take_if(is_late); // its socket is closed with it
        }
    }

    fn go_on(&mut self, place: usize) {
        let over = self.peers[place].as_mut().is_some_and(|peer| !peer.go_on());
        if over {
            self.peers[place] = None;
        }
    }
}

impl Peer {
    fn new(socket: TcpStream, since_us: u64) -> Peer {
        let (heard, discarded) = (Vec::new(), 0);
        Peer { socket, since_us, heard, out: None, sent: 0, discarded, has_ended: false }
    }

    /// Reads what has come, as far as it may be part of a request. None if the client is gone.
    fn read(&mut self) -> Option<Heard> {
        let mut room = [0; READ_BYTES];
        while self.heard.len() <= HEAD_BYTES_MAX && !self.has_ended {
            match read(&mut self.socket, &mut room) {
                Ok(0) => self.has_ended = true,
                Ok(read) => self.heard.extend_from_slice(&room[..read]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return None,
            }
        }
        Some(request::read(&self.heard))
    }

    /// Sends what is to be sent, and then waits until the client has it. False if that is over.
    fn go_on(&mut self) -> bool {
        let out = self.out.as_deref().unwrap_or_default();
        while self.sent < out.len() {
            match self.socket.write(&out[self.sent..]) {
                Ok(0) => return false,
                Ok(sent) => self.sent += sent,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
        self.socket.shutdown(Shutdown::Write).is_ok() && self.discard()
    }

    /// Throws away what still comes. False once nothing more does, or too much.
    fn discard(&mut self) -> bool {
        let mut room = [0; READ_BYTES];
        while !self.has_ended && self.discarded <= DISCARDED_BYTES_MAX {
            match read(&mut self.socket, &mut room) {
                Ok(0) => self.has_ended = true,
                Ok(read) => self.discarded += read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
                Err(_) => return false,
            }
        }
        false
    }
}

fn read(socket: &mut TcpStream, room: &mut [u8]) -> io::Result<usize> {
    loop {
        match socket.read(room) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}
