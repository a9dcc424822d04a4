//! Sockets on which the last word is said. What the client says meanwhile is read and forgotten, until it hangs up or time is up:
//! a socket that is closed with something unread in it resets the connection, and the client may never read the last word
//! (RFC 1122, section 4.2.2.13).

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};
use std::net::Shutdown;

use mio::net::TcpStream;

use super::desk::ConnectionId;

/// Sockets at a time; of more the oldest are closed as they are.
const SOCKETS_MAX: usize = 1024;
/// For how long a client may take to hang up.
const TIME_US_MAX: u64 = 1_000_000;
const READ_BYTES: usize = 16 * 1024;
/// Reads of a socket, until others have their turn.
const READS_MAX: usize = 16;

/// The sockets, each with when its last word was said.
#[derive(Debug, Default)]
pub(super) struct Parting {
    sockets: BTreeMap<ConnectionId, (TcpStream, u64)>,
}

impl Parting {
    /// The last word is said on a socket.
    pub(super) fn add(&mut self, id: ConnectionId, socket: TcpStream, now_us: u64) {
        let _ = socket.shutdown(Shutdown::Write); // if it fails the client is gone already
        if self.sockets.len() >= SOCKETS_MAX {
            self.sockets.pop_first();
        }
        self.sockets.insert(id, (socket, now_us));
        self.heard(id);
    }

    /// There may be something to read on a socket, or its end.
    pub(super) fn heard(&mut self, id: ConnectionId) {
        let Some((socket, _)) = self.sockets.get_mut(&id) else { return };
        let mut room = [0; READ_BYTES];
        for _ in 0..READS_MAX {
            match socket.read(&mut room) {
                Ok(1..) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Ok(0) | Err(_) => {
                    self.sockets.remove(&id);
                    return;
                }
            }
        }
    }

    /// Whoever has not hung up by now is not waited for.
    pub(super) fn end_late(&mut self, now_us: u64) {
        self.sockets.retain(|_, (_, since_us)| now_us.saturating_sub(*since_us) < TIME_US_MAX);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sockets.is_empty()
    }
}
