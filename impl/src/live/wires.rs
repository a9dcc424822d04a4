//! The sockets between servers: bytes in and out, through TLS where there is any, and when to begin a connection again. What
//! is said on them is the affair of [`Neighbours`].

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};
use rustls::{ClientConfig, ClientConnection, ServerConfig, ServerConnection};
use spillway_traces::Node;

use super::aside::{Answer, Ask};
use super::host::Host;
use super::keys;
use super::links::frame::{Frame, Frames, write};
use super::links::neighbours::Line;
use super::links::news::Life;
use super::links::{Aside, Asides, Between, Deed, Neighbours, asides};
use super::seats::Parcel;

/// Tokens from here on are of lines; the first is of the listener.
pub(super) const TOKENS: usize = 1 << 48;
/// Connections between servers at a time.
const LINES_MAX: usize = 256;
/// Bytes that are read at once.
const READ_BYTES: usize = 64 * 1024;
/// Reads of a line, until others have their turn.
const READS_MAX: usize = 64;
/// Bytes that wait to be sent to a server that takes nothing, at most: then it counts as gone.
const WAITING_BYTES_MAX: usize = 256 * 1024 * 1024;
/// After how long a connection is begun again.
const DIAL_AGAIN_US: u64 = 100_000;
/// How often a server says that it is still there.
const PING_US: u64 = 500_000;
/// After how long without a word a server counts as gone; and so long a connection may take to be made.
const SILENCE_US_MAX: u64 = 5_000_000;

/// Certificates, for both ends of connections.
#[derive(Clone)]
pub(super) struct Tls {
    pub(super) client: Arc<ClientConfig>,
    pub(super) server: Arc<ServerConfig>,
}

/// A connection with another server.
struct Wire {
    socket: TcpStream,
    tls: Option<rustls::Connection>,
    frames: Frames,
    out: Vec<u8>,
    sent: usize,
    heard_us: u64,
    /// Which node is to be called; nothing where the other end has called.
    to: Option<Node>,
    is_said: bool,
    is_closing: bool,
}

/// What the sockets have come to.
#[derive(Debug)]
pub(super) enum Event {
    /// This process is taken for gone.
    Outcast,
    /// Something beside the protocol is asked of this process.
    Asked { by: Node, from: Life, number: u64, ask: Ask },
    /// A question of this process is answered.
    Answered { number: u64, answer: Answer },
    /// Accounts have changed.
    Stirred,
    /// Another communication server has said something.
    Came { from: Life, parcels: Vec<Parcel> },
    /// Another communication server is gone, and has not taken this.
    Gone { life: Life, lost: Vec<Parcel> },
}

/// All connections with other servers.
pub(super) struct Wires {
    me: Life,
    neighbours: Neighbours,
    asides: Asides,
    between: Between,
    listener: Option<TcpListener>,
    addresses: BTreeMap<Node, SocketAddr>,
    tls: Option<Tls>,
    wires: BTreeMap<Line, Wire>,
    readable: BTreeSet<Line>,
    next: Line,
    dial_us: u64,
    ping_us: u64,
}

impl Wires {
    /// No connection yet. The configuration is told as a hash; peers are at these addresses, as far as they are called.
    ///
    /// # Errors
    /// The system does not give what it needs.
    pub(super) fn new(
        me: Life,
        configuration: u64,
        peers: Vec<Node>,
        listener: Option<std::net::TcpListener>,
        addresses: BTreeMap<Node, SocketAddr>,
        tls: Option<Tls>,
        registry: &Registry,
    ) -> io::Result<Wires> {
        let mut listener = match listener {
            Some(listener) => {
                listener.set_nonblocking(true)?;
                Some(TcpListener::from_std(listener))
            }
            None => None,
        };
        if let Some(listener) = &mut listener {
            registry.register(listener, Token(TOKENS), Interest::READABLE)?;
        }
        Ok(Wires {
            me,
            neighbours: Neighbours::new(me, configuration, peers),
            asides: Asides::new(me),
            between: Between::new(me),
            listener,
            addresses,
            tls,
            wires: BTreeMap::new(),
            readable: BTreeSet::new(),
            next: 0,
            dial_us: 0,
            ping_us: 0,
        })
    }

    /// When something is to be done of itself.
    pub(super) fn next_due_us(&self) -> u64 {
        let dial = if self.neighbours.missing().is_empty() { u64::MAX } else { self.dial_us };
        let again = self.asides.next_due_us().into_iter().chain(self.between.next_due_us());
        again.fold(dial.min(self.ping_us), u64::min)
    }

    /// Whether there may be something to read.
    pub(super) fn has_more(&self) -> bool {
        !self.readable.is_empty()
    }

    /// The system says that something has happened at a token.
    pub(super) fn happened(&mut self, token: usize, registry: &Registry, now_us: u64) {
        match token - TOKENS {
            0 => self.accept(registry, now_us),
            line => {
                self.readable.insert(line as Line);
            }
        }
    }

    fn accept(&mut self, registry: &Registry, now_us: u64) {
        loop {
            let accepted = self.listener.as_ref().map(TcpListener::accept);
            let Some(Ok((socket, from))) = accepted else { return };
            if self.wires.len() >= LINES_MAX {
                tracing::warn!(%from, "refused: too many connections of servers");
                continue;
            }
            let tls = self.tls.as_ref().map(|tls| ServerConnection::new(tls.server.clone()));
            let Ok(tls) = tls.transpose() else { continue };
            if let Some(line) = self.add(socket, tls.map(Into::into), None, registry, now_us) {
                self.neighbours.accepted(line);
            }
        }
    }

    fn add(
        &mut self,
        mut socket: TcpStream,
        tls: Option<rustls::Connection>,
        to: Option<Node>,
        registry: &Registry,
        now_us: u64,
    ) -> Option<Line> {
        self.next += 1;
        let line = self.next;
        let interests = Interest::READABLE | Interest::WRITABLE;
        registry.register(&mut socket, Token(TOKENS + line as usize), interests).ok()?;
        let _ = socket.set_nodelay(true); // only slower without it
        let wire = Wire {
            socket,
            tls,
            frames: Frames::default(),
            out: Vec::new(),
            sent: 0,
            heard_us: now_us,
            to,
            is_said: to.is_none(),
            is_closing: false,
        };
        self.wires.insert(line, wire);
        self.readable.insert(line);
        Some(line)
    }

    /// Begins what connections are missing, says that this server is still there, and gives up who says nothing.
    pub(super) fn tick(&mut self, registry: &Registry, now_us: u64) {
        if now_us >= self.dial_us {
            self.dial_us = now_us + DIAL_AGAIN_US;
            self.dial(registry, now_us);
        }
        if now_us >= self.ping_us {
            self.ping_us = now_us + PING_US;
            self.neighbours.ping();
        }
        let is_silent = |wire: &Wire| now_us.saturating_sub(wire.heard_us) > SILENCE_US_MAX;
        let silent = self.wires.iter().filter(|(_, wire)| is_silent(wire)).map(|(line, _)| *line);
        for line in silent.collect::<Vec<_>>() {
            self.end(line);
        }
        self.asides.say(&mut self.neighbours, now_us);
        self.between.say(&mut self.neighbours, now_us);
    }

    fn dial(&mut self, registry: &Registry, now_us: u64) {
        let called: BTreeSet<Node> = self.wires.values().filter_map(|wire| wire.to).collect();
        for node in self.neighbours.missing() {
            let Some(address) = self.addresses.get(&node).filter(|_| !called.contains(&node))
            else {
                continue;
            };
            let Ok(socket) = TcpStream::connect(*address) else { continue };
            let tls = self.tls.as_ref().map(|tls| {
                ClientConnection::new(tls.client.clone(), keys::server_name(&node.to_string()))
            });
            let Ok(tls) = tls.transpose() else { continue };
            self.add(socket, tls.map(Into::into), Some(node), registry, now_us);
        }
    }

    /// Reads what has come.
    pub(super) fn read(&mut self, now_us: u64) {
        for line in std::mem::take(&mut self.readable) {
            self.read_line(line, now_us);
        }
    }

    fn read_line(&mut self, line: Line, now_us: u64) {
        for _ in 0..READS_MAX {
            let Some(wire) = self.wires.get_mut(&line) else { return };
            if !wire.is_said && wire.is_connected() {
                wire.is_said = true;
                let to = wire.to.expect("who says the first word has called somebody");
                self.neighbours.dialed(line, to);
            }
            let Some(wire) = self.wires.get_mut(&line) else { return };
            match wire.read() {
                Ok(true) => wire.heard_us = now_us,
                Ok(false) => return,
                Err(_) => {
                    self.heed(line);
                    return self.end(line);
                }
            }
            if !self.heed(line) {
                return self.end(line);
            }
        }
        self.readable.insert(line);
    }

    /// Takes what was said. Whether that made sense.
    fn heed(&mut self, line: Line) -> bool {
        loop {
            let Some(wire) = self.wires.get_mut(&line) else { return true };
            match wire.frames.take() {
                Ok(Some(frame)) => {
                    if let (Frame::Hello { from, .. }, false) = (&frame, wire.is_of_caller(&frame))
                    {
                        tracing::warn!(node = %from.0, "its certificate is not of that server");
                        return false;
                    }
                    self.neighbours.heard(line, frame);
                }
                Ok(None) => return true,
                Err(error) => {
                    tracing::warn!(line, %error, "a server says what is none");
                    return false;
                }
            }
        }
    }

    /// A connection is over.
    fn end(&mut self, line: Line) {
        if self.wires.remove(&line).is_some() {
            self.neighbours.lost(line);
        }
    }

    /// Gives the nodes here what has come for them.
    pub(super) fn deliver(&mut self, host: &mut Host) {
        self.neighbours.deliver(host);
    }

    /// Asks something beside the protocol; the number names the question in its answer.
    pub(super) fn ask(&mut self, ask: Ask, now_us: u64) -> u64 {
        let number = self.asides.ask(ask);
        self.asides.say(&mut self.neighbours, now_us);
        number
    }

    /// Answers a question, by the way it came.
    pub(super) fn answer(&mut self, by: Node, to: Life, number: u64, answer: Answer) {
        self.neighbours.aside(by, Aside::Answer { to, number, answer });
    }

    /// Something for another communication server. Whether there is room for it.
    pub(super) fn send(&mut self, to: Life, parcel: Parcel) -> bool {
        self.between.put(to, parcel)
    }

    /// Whether something waits until another communication server has taken it.
    pub(super) fn has_parcels(&self) -> bool {
        self.between.is_waiting()
    }

    /// Another communication server is of interest from now on: that it is gone is to be told.
    pub(super) fn meet(&mut self, life: Life) {
        self.between.meet(life);
    }

    /// This process.
    pub(super) fn me(&self) -> Life {
        self.me
    }

    /// Whether a node may be alive, as far as is known.
    pub(super) fn may_live(&self, life: Life) -> bool {
        self.neighbours.may_live(life)
    }

    /// Who was never heard of, though there was time, counts as gone.
    pub(super) fn give_up_unknown(&mut self, life: Life) {
        if !self.neighbours.knows(life.0) {
            self.neighbours.give_up(life);
        }
    }

    /// Accounts have changed.
    pub(super) fn stir(&mut self) {
        for node in self.neighbours.connected().collect::<Vec<_>>() {
            self.neighbours.aside(node, Aside::Stirred);
        }
    }

    /// Takes what the nodes here have for others, and says it. What is left for whoever runs this process.
    pub(super) fn collect(&mut self, host: &mut Host, now_us: u64) -> Vec<Event> {
        let mut events = Vec::new();
        self.between.say(&mut self.neighbours, now_us);
        // What is passed on is said in a second round.
        for _ in 0..2 {
            for deed in self.neighbours.collect(host) {
                self.carry_out(deed, &mut events, now_us);
            }
        }
        let neighbours = &self.neighbours;
        let gone = self.between.take_gone(|life| neighbours.may_live(life));
        events.extend(gone.into_iter().map(|(life, lost)| Event::Gone { life, lost }));
        events
    }

    fn carry_out(&mut self, deed: Deed, events: &mut Vec<Event>, now_us: u64) {
        match deed {
            Deed::Say(line, frame) => {
                let Some(wire) = self.wires.get_mut(&line) else { return };
                if !write(&frame, &mut wire.out) {
                    tracing::error!(line, "what is to be said is too long");
                }
            }
            Deed::Close(line) => {
                if let Some(wire) = self.wires.get_mut(&line) {
                    wire.is_closing = true;
                }
            }
            Deed::Aside(from, aside) => {
                if let Some(aside) = asides::pass_on(self.me.0, &mut self.neighbours, aside) {
                    events.extend(self.event(from, aside, now_us));
                }
            }
            Deed::Outcast => events.push(Event::Outcast),
            Deed::Complain(why) => tracing::info!("{why}"),
            Deed::Noticed(..) | Deed::Arrived(_) => {
                debug_assert!(false, "what is for nodes is delivered before");
            }
        }
    }

    fn event(&mut self, by: Node, aside: Aside, now_us: u64) -> Option<Event> {
        match aside {
            Aside::Ask { from, number, ask } => Some(Event::Asked { by, from, number, ask }),
            Aside::Answer { to, number, answer } => {
                let (_, answer) = self.asides.answered(to, number, answer)?;
                Some(Event::Answered { number, answer })
            }
            Aside::Stirred => Some(Event::Stirred),
            Aside::Between { from, to, number, taken, parcels } => {
                if to != self.me || !self.neighbours.may_live(from) {
                    return None;
                }
                let parcels = self.between.heard(from, number, taken, parcels, now_us);
                Some(Event::Came { from, parcels })
            }
        }
    }

    /// Sends what is to be sent.
    pub(super) fn flush(&mut self) {
        let mut over = Vec::new();
        for (line, wire) in &mut self.wires {
            let is_well = wire.flush().is_ok() && wire.out.len() - wire.sent <= WAITING_BYTES_MAX;
            if !is_well || (wire.is_closing && wire.is_flushed()) {
                over.push(*line);
            }
        }
        over.into_iter().for_each(|line| self.end(line));
    }
}

impl Wire {
    /// Whether the connection stands, so that something can be said.
    fn is_connected(&self) -> bool {
        self.socket.peer_addr().is_ok()
    }

    /// Whether somebody who says Hello has the certificate of who it says it is.
    fn is_of_caller(&self, frame: &Frame) -> bool {
        let (Some(tls), Frame::Hello { from, .. }) = (&self.tls, frame) else { return true };
        let certificate = tls.peer_certificates().and_then(<[_]>::first);
        certificate.is_some_and(|certificate| keys::is_of(certificate, &from.0.to_string()))
    }

    /// Reads once. Whether there may be more.
    ///
    /// # Errors
    /// The other end is gone.
    fn read(&mut self) -> io::Result<bool> {
        let mut room = [0; READ_BYTES];
        let read = match self.socket.read(&mut room) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) if error.kind() == ErrorKind::NotConnected => return Ok(false),
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(true),
            Err(error) => return Err(error),
        };
        let mut bytes = &room[..read];
        let Some(tls) = &mut self.tls else {
            self.frames.put(bytes);
            return Ok(true);
        };
        let mut plain = Vec::new();
        while !bytes.is_empty() {
            tls.read_tls(&mut bytes)?;
            tls.process_new_packets().map_err(io::Error::other)?;
            match tls.reader().read_to_end(&mut plain) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        self.frames.put(&plain);
        Ok(true)
    }

    fn is_flushed(&self) -> bool {
        self.sent == self.out.len() && self.tls.as_ref().is_none_or(|tls| !tls.wants_write())
    }

    /// Sends as much as the system takes.
    ///
    /// # Errors
    /// The other end is gone.
    fn flush(&mut self) -> io::Result<()> {
        let sent = match &mut self.tls {
            None => send(&mut self.socket, &self.out[self.sent..])?,
            Some(tls) => {
                let mut taken = 0;
                loop {
                    // What TLS has no room for waits here.
                    taken += tls.writer().write(&self.out[self.sent + taken..])?;
                    match tls.write_tls(&mut self.socket) {
                        Ok(_) if tls.wants_write() || self.sent + taken < self.out.len() => {}
                        Ok(_) => break,
                        Err(error) if is_later(&error) => break,
                        Err(error) => return Err(error),
                    }
                }
                taken
            }
        };
        self.sent += sent;
        if self.sent == self.out.len() {
            self.out.clear();
            self.sent = 0;
        }
        Ok(())
    }
}

fn is_later(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected)
}

fn send(socket: &mut TcpStream, bytes: &[u8]) -> io::Result<usize> {
    let mut sent = 0;
    while sent < bytes.len() {
        match socket.write(&bytes[sent..]) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(more) => sent += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if is_later(&error) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(sent)
}
