//! Operators of the accounts, at the socket in the data folder: each asks one thing, and is told one.

use std::io::{self, ErrorKind, Read, Write};
use std::time::Duration;

use mio::net::{UnixListener, UnixStream};
use mio::{Interest, Registry, Token};

use super::control::{self, Reply, Request};

/// Operators at a time.
pub(super) const PEERS_MAX: usize = 16;

/// Those who are connected, by place.
pub(super) struct Operators {
    listener: UnixListener,
    peers: Vec<Option<UnixStream>>,
    /// The token of the first place.
    first: usize,
}

impl Operators {
    /// Nobody yet. The listener has one token, and the places those from another one on.
    ///
    /// # Errors
    /// The system does not give what it needs.
    pub(super) fn new(
        listener: std::os::unix::net::UnixListener,
        token: Token,
        first: usize,
        registry: &Registry,
    ) -> io::Result<Operators> {
        listener.set_nonblocking(true)?;
        let mut listener = UnixListener::from_std(listener);
        registry.register(&mut listener, token, Interest::READABLE)?;
        Ok(Operators { listener, peers: (0..PEERS_MAX).map(|_| None).collect(), first })
    }

    /// Takes whoever has come, as far as there are places.
    pub(super) fn accept(&mut self, registry: &Registry) {
        while let Ok((mut socket, _)) = self.listener.accept() {
            let Some(place) = self.peers.iter().position(Option::is_none) else { continue };
            let token = Token(self.first + place);
            if registry.register(&mut socket, token, Interest::READABLE).is_ok() {
                self.peers[place] = Some(socket);
            }
        }
    }

    /// What an operator asks: one small request that comes at once.
    pub(super) fn ask(&mut self, place: usize) -> Option<Request> {
        let socket = self.peers.get_mut(place)?.as_mut()?;
        let request = control::read(&mut Whole(socket)).ok();
        if request.is_none() {
            self.peers[place] = None;
        }
        request
    }

    /// Tells an operator what came of it. One who has gone is not told.
    pub(super) fn tell(&mut self, place: usize, reply: &Reply) {
        if let Some(mut socket) = self.peers[place].take() {
            let _ = control::write(reply, &mut Whole(&mut socket));
        }
    }
}

/// A socket that does not block, read and written as if it did, for small messages of an operator on the same machine.
struct Whole<'a>(&'a mut UnixStream);

/// How often a small message is waited for.
const TRIES_MAX: usize = 200;
const TRY: Duration = Duration::from_millis(1);

impl Whole<'_> {
    fn try_often<T>(
        &mut self,
        mut act: impl FnMut(&mut UnixStream) -> io::Result<T>,
    ) -> io::Result<T> {
        for _ in 0..TRIES_MAX {
            match act(self.0) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(TRY),
                done => return done,
            }
        }
        Err(ErrorKind::TimedOut.into())
    }
}

impl Read for Whole<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.try_often(|socket| socket.read(room))
    }
}

impl Write for Whole<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.try_often(|socket| socket.write(bytes))
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
