//! A chat client's connection: bytes in and out of a socket, through TLS where there is any. What they mean is its stream's
//! affair.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;

use mio::net::TcpStream;
use rustls::{ServerConfig, ServerConnection};

use super::front::stream::Stream;
use super::links::news::Life;
use super::said::Said;

/// Bytes that are read from a socket at once.
pub(super) const READ_BYTES: usize = 16 * 1024;
/// Bytes that wait to be sent, above which nothing more is read: a client that does not take its answers asks no more.
const WAITING_BYTES_PAUSE: usize = 256 * 1024;
/// Bytes that wait to be sent, at most: a client that does not take what others send it is cut off.
const WAITING_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Stanzas of a client that another server has not heeded yet, at most.
const UNDER_WAY_MAX: usize = 32;
/// Stanzas that wait to be heeded, above which nothing more is read; gets do not count, they are refused when too many wait.
const OTHERS_WAITING_MAX: usize = 32;

/// What a turn of reading has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// There is nothing more for now.
    Waits,
    /// There may be more.
    More,
    /// The other end is gone.
    Gone,
}

/// Who serves a client that has logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ServedBy {
    /// This server.
    Here,
    /// It is being asked who.
    Unknown,
    /// Another server, which has not heeded so many of its stanzas yet.
    There(Life, usize),
}

/// A connection and its stream.
pub(super) struct Connection {
    pub(super) socket: TcpStream,
    pub(super) stream: Stream,
    tls: Option<Box<ServerConnection>>,
    /// What is to be sent, in plaintext.
    pub(super) out: Vec<u8>,
    /// How much of that is on its way.
    sent: usize,
    /// When it was accepted.
    pub(super) since_us: u64,
    /// Whether a resource is bound.
    pub(super) is_bound: bool,
    /// By whom it is served then.
    pub(super) served_by: ServedBy,
    /// Whether it ends when all is sent.
    pub(super) is_closing: bool,
    /// What the client has said, and was not yet heeded.
    pub(super) said: Said,
    /// What the last turn of reading has come to.
    pub(super) turn: Turn,
    /// Whether there may be something to read or to heed, which waits until it is not paused any more.
    pub(super) is_held: bool,
}

impl Connection {
    pub(super) fn new(socket: TcpStream, stream: Stream, since_us: u64) -> Connection {
        Connection {
            socket,
            stream,
            tls: None,
            out: Vec::new(),
            sent: 0,
            since_us,
            is_bound: false,
            served_by: ServedBy::Here,
            is_closing: false,
            said: Said::default(),
            turn: Turn::More,
            is_held: false,
        }
    }

    /// From here on both sides speak TLS.
    ///
    /// # Errors
    /// The configuration is not fit for it.
    pub(super) fn begin_tls(&mut self, config: Arc<ServerConfig>) -> Result<(), rustls::Error> {
        self.tls = Some(Box::new(ServerConnection::new(config)?));
        Ok(())
    }

    /// Whether nothing more is to be read for now: much waits to be sent, or others have to do something first.
    pub(super) fn is_paused(&self) -> bool {
        self.waiting_bytes() > WAITING_BYTES_PAUSE || self.is_waiting()
    }

    /// Whether what the client says next is not to be heeded before others have done something.
    pub(super) fn is_waiting(&self) -> bool {
        match self.served_by {
            ServedBy::Here => false,
            ServedBy::Unknown => true,
            ServedBy::There(_, under_way) => under_way >= UNDER_WAY_MAX,
        }
    }

    /// Whether more waits to be sent than may.
    pub(super) fn is_overfull(&self) -> bool {
        self.waiting_bytes() > WAITING_BYTES_MAX
    }

    /// Whether it may be read from: not while much that the client has said waits, which goes on to wait on its side then.
    /// Before log-in one thing is done after the other, TLS in particular.
    pub(super) fn may_say_more(&self) -> bool {
        let others_max = if self.is_bound { OTHERS_WAITING_MAX } else { 1 };
        self.turn != Turn::Gone && self.said.others() < others_max
    }

    fn waiting_bytes(&self) -> usize {
        self.out.len() - self.sent
    }

    /// Reads once into this room, and gives what has come to `take` in plaintext.
    pub(super) fn read(
        &mut self,
        room: &mut [u8],
        mut take: impl FnMut(&mut Connection, &[u8]),
    ) -> Turn {
        let read = loop {
            match self.socket.read(room) {
                Ok(0) => return Turn::Gone,
                Ok(read) => break read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Turn::Waits,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Turn::Gone,
            }
        };
        let bytes = &room[..read];
        if self.tls.is_none() {
            take(self, bytes);
        } else if self.decrypt(bytes, &mut take).is_err() {
            if let Some(tls) = &mut self.tls {
                let _ = tls.write_tls(&mut self.socket); // why it ends: the last thing, and only a courtesy
            }
            return Turn::Gone;
        }
        if read < room.len() { Turn::Waits } else { Turn::More }
    }

    fn decrypt(
        &mut self,
        mut bytes: &[u8],
        take: &mut impl FnMut(&mut Connection, &[u8]),
    ) -> Result<(), rustls::Error> {
        let mut room = [0; READ_BYTES];
        while !bytes.is_empty() {
            let Some(tls) = &mut self.tls else { return Ok(()) };
            // A slice can always be read.
            let _ = tls.read_tls(&mut bytes);
            let state = tls.process_new_packets()?;
            let mut left = state.plaintext_bytes_to_read();
            while left > 0 {
                let Some(tls) = &mut self.tls else { return Ok(()) };
                let Ok(read) = tls.reader().read(&mut room) else { break };
                if read == 0 {
                    break;
                }
                left -= read.min(left);
                take(self, &room[..read]);
            }
        }
        Ok(())
    }

    /// Sends what there is to send, as far as the socket takes it. False if the other end is gone.
    pub(super) fn flush(&mut self) -> bool {
        match self.try_flush() {
            Ok(()) => true,
            Err(error) => error.kind() == ErrorKind::WouldBlock,
        }
    }

    fn try_flush(&mut self) -> io::Result<()> {
        match &mut self.tls {
            None => {
                while self.sent < self.out.len() {
                    self.sent += write(&mut self.socket, &self.out[self.sent..])?;
                }
            }
            Some(tls) => loop {
                // It takes as much as its own buffer has room for.
                if self.sent < self.out.len() && !tls.is_handshaking() {
                    self.sent += tls.writer().write(&self.out[self.sent..])?;
                }
                if !tls.wants_write() {
                    break;
                }
                while tls.wants_write() {
                    tls.write_tls(&mut self.socket)?;
                }
            },
        }
        if self.sent == self.out.len() {
            self.out.clear();
            self.sent = 0;
        }
        Ok(())
    }

    /// Whether all is sent that can be: while TLS has not begun nothing of ours can, and who lets it wait is not waited for.
    pub(super) fn is_flushed(&self) -> bool {
        match &self.tls {
            None => self.out.is_empty(),
            Some(tls) => tls.is_handshaking() || (self.out.is_empty() && !tls.wants_write()),
        }
    }

    /// Says that nothing more comes.
    pub(super) fn say_end(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
            let _ = tls.write_tls(&mut self.socket); // it is the last thing, and only a courtesy
        }
    }
}

fn write(socket: &mut TcpStream, bytes: &[u8]) -> io::Result<usize> {
    loop {
        match socket.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}
