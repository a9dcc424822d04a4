//! The server as one process: one loop over all sockets, the nodes, and the disk's thread. It moves bytes, time and storage,
//! and decides nothing.

mod chat;
mod elsewhere;
mod relay;
mod stop;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token, Waker};
use ring::rand::{SecureRandom, SystemRandom};
use rustls::ServerConfig;

use super::admin;
use super::aside::Answer;
use super::book::{Book, Copied};
use super::connection::{Connection, READ_BYTES};
use super::control::Reply;
use super::desk::{ConnectionId, Deed, Desk};
use super::disk::{DiskThread, Done, Job};
use super::door::Door;
use super::front::write;
use super::links::news::Life;
use super::metrics::Now;
use super::operators::{Operators, PEERS_MAX};
use super::parting::Parting;
use super::said::Waiting;
use super::seats::{Claims, Whereabouts};
use super::store::{Accounts, FileLog, RedbStore};
use super::trace_files::TraceFiles;
use super::wires::{self, Wires};

/// Events of sockets that are taken at once.
const EVENTS_MAX: usize = 1024;
/// Connections at a time.
const CONNECTIONS_MAX: usize = 20_000;
/// Connections at a time that are not logged in, from one address.
const STRANGERS_OF_ADDRESS_MAX: usize = 64;
/// Time to log in.
const LOGIN_US_MAX: u64 = 30_000_000;
/// Stanzas of a client that are heeded before what comes of them is sent: with cards of 64 KiB that is not more than may wait
/// for a client that takes nothing.
const HEEDED_MAX: usize = 32;
/// As many are heeded of each client that has so many, even if then not all clients have their turn before it is sent: an
/// answer at a time would cost twice as much.
const HEEDED_MIN: usize = 16;
/// How often as many are heeded of such a client before anything is sent.
const ROUNDS_MAX: usize = 4;
/// Stanzas of all clients that are heeded before what comes of them is sent, so that who asks little does not wait long for
/// those who ask much, and the queues of query servers do not fill only to be emptied in the same turn.
const HEEDED_OF_ALL_MAX: usize = 512;
/// Time for those who are not logged in, until others have their turn: to check a password takes milliseconds.
const STRANGERS_TURN: Duration = Duration::from_millis(2);
/// How often the time to log in is looked at.
const TICK: Duration = Duration::from_millis(500);
/// How often it is asked which accounts there are, even if nobody says that they have changed.
const ACCOUNTS_AGAIN: Duration = Duration::from_secs(5);
/// For how long a stop waits for what is under way, and for what is to be sent.
const DRAIN: Duration = Duration::from_secs(5);
/// For how long it waits for streams to end at least, however long the disk has taken.
const ENDING: Duration = Duration::from_secs(2);
const DRAIN_TICK: Duration = Duration::from_millis(10);

const CHAT: Token = Token(0);
const CONTROL: Token = Token(1);
const WAKER: Token = Token(2);
const ADMIN: Token = Token(3);
const DIRECT: Token = Token(4);
const PEERS: usize = 5;
const ADMIN_PEERS: usize = PEERS + PEERS_MAX;
const CONNECTIONS: usize = ADMIN_PEERS + admin::PEERS_MAX;

/// A server that is ready to run.
pub struct Server {
    poll: Poll,
    /// Where chat clients come in: [`CHAT`], and [`DIRECT`] if there is one.
    doors: Vec<Door>,
    operators: Option<Operators>,
    admin: Option<admin::Listener>,
    health: admin::Health,
    tls: Option<Arc<ServerConfig>>,
    book: Book,
    /// How often the accounts have changed, and in which life of the process.
    stirred: u64,
    disk: Option<DiskThread>,
    desk: Desk,
    trace: Option<TraceFiles>,
    /// Connections with other servers, if there are any.
    wires: Option<Wires>,
    /// Who has which user's seat: what is kept of it, where the store is; and what is known of it.
    claims: Claims,
    /// The newest roster of each user that another process has asked to be stored: of which process, and its number.
    newest_rosters: BTreeMap<u16, (Life, u64)>,
    /// Whether those who have seats, and were not heard of, are given up.
    has_given_up: bool,
    whereabouts: Whereabouts,
    guests: relay::Guests,
    /// What is to be told once a roster is stored, by the number of the question.
    rosters: BTreeMap<u64, Vec<(ConnectionId, minidom::Element)>>,
    accounts_asked: Instant,
    is_outcast: bool,
    connections: BTreeMap<ConnectionId, Connection>,
    parting: Parting,
    strangers: BTreeMap<IpAddr, usize>,
    next_id: ConnectionId,
    /// Connections that may have something to read.
    readable: BTreeSet<ConnectionId>,
    /// The last connection that was not logged in and had its turn.
    met: ConnectionId,
    /// The last connection that was logged in and was heeded.
    heeded: ConnectionId,
    /// Those of whom more may be heeded before anything is sent.
    met_now: Vec<ConnectionId>,
    /// Gets that wait to be heeded.
    waiting: Waiting,
    /// Where what a socket gives is read into.
    room: Box<[u8]>,
    /// Connections that have something to send.
    dirty: BTreeSet<ConnectionId>,
    begun: Instant,
    ticked: Instant,
    random: SystemRandom,
}

/// What a server is made of.
pub(super) struct Parts {
    /// Where chat clients come in: at most two.
    pub(super) doors: Vec<Door>,
    pub(super) control: Option<std::os::unix::net::UnixListener>,
    pub(super) admin: Option<std::net::TcpListener>,
    pub(super) tls: Option<Arc<ServerConfig>>,
    /// The store, where it is here.
    pub(super) stored: Option<(Arc<Accounts<RedbStore>>, FileLog)>,
    pub(super) desk: Desk,
    pub(super) trace: Option<TraceFiles>,
    pub(super) wires: Option<WireParts>,
    pub(super) claims: Claims,
    pub(super) me: Life,
}

/// What connections with other servers are made of.
pub(super) struct WireParts {
    pub(super) configuration: u64,
    pub(super) peers: Vec<spillway_traces::Node>,
    pub(super) listener: Option<std::net::TcpListener>,
    pub(super) addresses: BTreeMap<spillway_traces::Node, SocketAddr>,
    pub(super) tls: Option<wires::Tls>,
}

/// How a server has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was told to.
    Told,
    /// Others took it for gone, so that it has to begin anew.
    Outcast,
}

impl Server {
    /// A server of these parts.
    ///
    /// # Errors
    /// The system does not give what it needs.
    pub(super) fn new(parts: Parts) -> io::Result<Server> {
        let Parts { mut doors, control, admin, tls, stored, desk, trace, wires, claims, me } =
            parts;
        let poll = Poll::new()?;
        for (door, token) in doors.iter_mut().zip([CHAT, DIRECT]) {
            poll.registry().register(&mut door.listener, token, Interest::READABLE)?;
        }
        let operators =
            control.map(|control| Operators::new(control, CONTROL, PEERS, poll.registry()));
        let operators = operators.transpose()?;
        let listen = |admin| admin::Listener::new(admin, ADMIN, ADMIN_PEERS, poll.registry());
        let admin = admin.map(listen).transpose()?;
        let waker = Waker::new(poll.registry(), WAKER)?;
        let (book, disk) = match stored {
            Some((accounts, log)) => {
                (Book::Store(accounts.clone()), Some(DiskThread::start(log, accounts, waker)?))
            }
            None => (Book::Copy(Copied::default()), None),
        };
        let wires = wires.map(|parts| {
            let WireParts { configuration, peers, listener, addresses, tls } = parts;
            Wires::new(me, configuration, peers, listener, addresses, tls, poll.registry())
        });
        let wires = wires.transpose()?;
        Ok(Server {
            poll,
            doors,
            operators,
            admin,
            health: admin::Health::default(),
            tls,
            book,
            stirred: u64::from(me.1) << 32 | 1,
            disk,
            desk,
            trace,
            wires,
            claims,
            newest_rosters: BTreeMap::new(),
            has_given_up: false,
            whereabouts: Whereabouts::default(),
            guests: relay::Guests::default(),
            rosters: BTreeMap::new(),
            accounts_asked: Instant::now(),
            is_outcast: false,
            connections: BTreeMap::new(),
            parting: Parting::default(),
            strangers: BTreeMap::new(),
            next_id: CONNECTIONS as ConnectionId,
            readable: BTreeSet::new(),
            met: 0,
            heeded: 0,
            met_now: Vec::new(),
            waiting: Waiting::default(),
            room: vec![0; READ_BYTES].into(),
            dirty: BTreeSet::new(),
            begun: Instant::now(),
            ticked: Instant::now(),
            random: SystemRandom::new(),
        })
    }

    /// Where it listens for chat clients, if it does.
    ///
    /// # Errors
    /// The system does not say.
    pub fn address(&self) -> io::Result<Option<SocketAddr>> {
        self.doors.first().map(|door| door.listener.local_addr()).transpose()
    }

    /// Where it listens for chat clients whose connections begin with TLS, if it does.
    ///
    /// # Errors
    /// The system does not say.
    pub fn direct_address(&self) -> io::Result<Option<SocketAddr>> {
        self.doors.get(1).map(|door| door.listener.local_addr()).transpose()
    }

    /// Where it listens for admin clients, if it does.
    ///
    /// # Errors
    /// The system does not say.
    pub fn admin_address(&self) -> io::Result<Option<SocketAddr>> {
        self.admin.as_ref().map(admin::Listener::address).transpose()
    }

    /// Runs until it is told to stop; then ends all streams, and stores what is still to be stored.
    ///
    /// # Errors
    /// The system fails to say what has come.
    pub fn run(mut self, is_to_stop: impl Fn() -> bool) -> io::Result<Ended> {
        let mut events = Events::with_capacity(EVENTS_MAX);
        self.ask_accounts();
        while !is_to_stop() {
            if self.is_outcast {
                tracing::error!("others took this server for gone: it begins anew");
                return Ok(Ended::Outcast);
            }
            self.wait(&mut events)?;
            for event in &events {
                self.happened(event.token(), event.is_readable() || event.is_read_closed());
            }
            self.work();
        }
        self.drain().map(|()| Ended::Told)
    }

    fn now_us(&self) -> u64 {
        self.begun.elapsed().as_micros() as u64
    }

    fn wait(&mut self, events: &mut Events) -> io::Result<()> {
        let due = self.desk.host.next_due_us();
        let due = due.into_iter().chain(self.wires.as_ref().map(Wires::next_due_us)).min();
        let until_due = due.map(|due| Duration::from_micros(due.saturating_sub(self.now_us())));
        let has_more = self.wires.as_ref().is_some_and(Wires::has_more);
        let wait = if self.readable.is_empty() && !has_more {
            until_due.unwrap_or(TICK).min(TICK)
        } else {
            Duration::ZERO
        };
        self.poll_for(events, wait)
    }

    /// A signal ends the waiting, and nothing else.
    fn poll_for(&mut self, events: &mut Events, wait: Duration) -> io::Result<()> {
        match self.poll.poll(events, Some(wait)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(()),
            done => done,
        }
    }

    fn happened(&mut self, token: Token, is_readable: bool) {
        match token {
            CHAT => self.accept(0),
            DIRECT => self.accept(1),
            CONTROL => {
                if let Some(operators) = &mut self.operators {
                    operators.accept(self.poll.registry());
                }
            }
            Token(token) if token >= wires::TOKENS => {
                let now_us = self.now_us();
                if let Some(wires) = &mut self.wires {
                    wires.happened(token, self.poll.registry(), now_us);
                }
            }
            WAKER => self.stored(),
            ADMIN => self.accept_admin(),
            Token(peer) if peer < ADMIN_PEERS => self.operator(peer - PEERS),
            Token(peer) if peer < CONNECTIONS => self.admin(peer - ADMIN_PEERS),
            Token(id) => {
                let id = id as ConnectionId;
                if self.connections.contains_key(&id) {
                    self.dirty.insert(id);
                    if is_readable {
                        self.readable.insert(id);
                    }
                } else {
                    self.parting.heard(id);
                }
            }
        }
    }

    /// Reads what has come, lets the nodes work, and sends what has come of it.
    fn work(&mut self) {
        self.read_all();
        self.hear();
        self.let_work();
        for _ in 1..ROUNDS_MAX {
            if !self.meet_again() {
                break;
            }
            self.let_work();
        }
        self.met_now.clear();
        if let Some(wires) = &mut self.wires {
            wires.flush();
        }
        for id in std::mem::take(&mut self.dirty) {
            self.flush(id);
        }
        if self.ticked.elapsed() >= TICK {
            self.ticked = Instant::now();
            self.end_strangers();
            self.give_up_unknown();
            self.parting.end_late(self.now_us());
            // Whom the system had no room for.
            (0..self.doors.len()).for_each(|door| self.accept(door));
            if self.accounts_asked.elapsed() >= ACCOUNTS_AGAIN {
                self.ask_accounts();
            }
            self.end_late_admins();
            self.accept_admin();
        }
    }

    /// Lets the nodes do what there is to do, and does what comes of it.
    fn let_work(&mut self) {
        let mut more = true;
        while more {
            more = self.desk.run(self.now_us());
            more |= self.desk.answer(self.now_us());
            self.tell();
            if let Some(store) = self.desk.host.take_store() {
                self.health.storing(self.now_us());
                self.ask_disk(Job::Log(store));
            }
            self.carry_out();
            more |= self.say();
        }
    }

    fn ask_disk(&mut self, job: Job) {
        if let Some(disk) = &self.disk {
            disk.ask(job);
        }
    }

    /// Writes down what the nodes have done, before anything comes of it.
    fn tell(&mut self) {
        let told = self.desk.host.take_told();
        let Some(trace) = self.trace.as_mut().filter(|_| !told.is_empty()) else { return };
        if let Err(error) = trace.write(&told) {
            tracing::error!(%error, "tracing ends here: its files can take no more, and have no end");
            self.trace = None;
            self.desk.host.stop_telling();
        }
    }

    /// Carries out what the desk wants done.
    fn carry_out(&mut self) {
        for deed in self.desk.take_deeds() {
            match deed {
                Deed::Send(id, stanza) => self.send(id, &stanza),
                Deed::SendBytes(id, bytes) => self.send_bytes(id, bytes),
                Deed::Elsewhere { user, stanza } => self.send_elsewhere(user, stanza),
                Deed::Close(id, condition) => self.close(id, condition, ""),
                Deed::SaveRoster { user, bytes, then } => self.save_roster(user, bytes, then),
            }
        }
    }

    fn end_account(&mut self, name: &str) {
        let user = self.desk.directory.remove(name);
        for id in user.map(|user| self.desk.of_user(user)).into_iter().flatten() {
            self.close(id, "not-authorized", "the account is removed");
        }
    }

    fn send_bytes(&mut self, id: ConnectionId, bytes: Vec<u8>) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return self.send_to_guest(id, bytes);
        };
        if !connection.stream.is_closed() {
            connection.out.extend_from_slice(&bytes);
            self.dirty.insert(id);
        }
    }

    fn send(&mut self, id: ConnectionId, stanza: &minidom::Element) {
        let Some(connection) = self.connections.get_mut(&id) else {
            let mut bytes = Vec::new();
            write::stanza(stanza, &mut bytes);
            return self.send_to_guest(id, bytes);
        };
        connection.stream.send(stanza, &mut connection.out);
        self.dirty.insert(id);
    }

    fn close(&mut self, id: ConnectionId, condition: &str, text: &str) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return self.close_guest(id, condition);
        };
        connection.stream.close(Some((condition, text)), &mut connection.out);
        connection.is_closing = true;
        self.dirty.insert(id);
    }

    fn flush(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let is_there = connection.flush() && !connection.is_overfull();
        if !is_there {
            self.end(id);
        } else if connection.is_closing && connection.is_flushed() {
            connection.say_end();
            self.part(id);
        } else if connection.is_held && !connection.is_paused() {
            connection.is_held = false;
            self.readable.insert(id);
        }
    }

    /// A connection is over.
    fn end(&mut self, id: ConnectionId) {
        let Some(mut connection) = self.take_leave(id) else { return };
        let _ = self.poll.registry().deregister(&mut connection.socket); // it is closed now
    }

    /// A connection is over once its client has read what was said.
    fn part(&mut self, id: ConnectionId) {
        let now_us = self.now_us();
        if let Some(connection) = self.take_leave(id) {
            self.parting.add(id, connection.socket, now_us);
        }
    }

    fn take_leave(&mut self, id: ConnectionId) -> Option<Connection> {
        let connection = self.connections.remove(&id)?;
        self.waiting.forget(&connection.said);
        if !connection.is_bound {
            self.forget_stranger(&connection);
        }
        self.left(id, connection.served_by);
        tracing::debug!(id, "ended");
        Some(connection)
    }

    /// Who does not log in makes room.
    fn end_strangers(&mut self) {
        let now_us = self.now_us();
        let is_late = |connection: &Connection| {
            !connection.is_bound && now_us.saturating_sub(connection.since_us) > LOGIN_US_MAX
        };
        let late = self.connections.iter().filter(|(_, connection)| is_late(connection));
        let late: Vec<ConnectionId> = late.map(|(id, _)| *id).collect();
        for id in late {
            self.close(id, "connection-timeout", "log in sooner");
            self.flush(id);
            self.end(id);
        }
    }

    /// The disk's thread has done something.
    fn stored(&mut self) {
        let done = self.disk.as_ref().map(DiskThread::take_done).unwrap_or_default();
        done.into_iter().for_each(|done| self.take_done(done));
    }

    fn take_done(&mut self, done: Done) {
        match done {
            Done::Log(stored) => {
                self.health.stored(&stored);
                if let Err(error) = &stored {
                    self.desk.host.metrics.disk_failed();
                    tracing::error!(%error, "user information cannot be stored");
                }
                self.desk.host.stored_done(stored.is_ok(), self.now_us());
            }
            Done::Roster { stored, then } => self.roster_stored(stored, then),
            Done::RosterFor { stored, asker } => self.answer_asker(asker, Answer::Roster(stored)),
            Done::Seat { stored, user, claim, asker } => {
                self.seat_stored(stored, user, claim, asker);
            }
            Done::Account { reply, peer } => self.tell_operator(reply, peer),
        }
    }

    /// An operator asks.
    fn operator(&mut self, peer: usize) {
        if let Some(request) = self.operators.as_mut().and_then(|operators| operators.ask(peer)) {
            self.ask_disk(Job::Account { request, peer });
        }
    }

    fn tell_operator(&mut self, reply: Reply, peer: usize) {
        match &reply {
            Reply::Added { name, number } => self.desk.directory.add(name, *number),
            Reply::Removed { name } => self.end_account(name),
            Reply::Done | Reply::Accounts(_) | Reply::Refused(_) => {}
        }
        if matches!(reply, Reply::Added { .. } | Reply::Removed { .. } | Reply::Done) {
            self.stirred += 1;
            if let Some(wires) = &mut self.wires {
                wires.stir();
            }
        }
        if let Some(operators) = &mut self.operators {
            operators.tell(peer, &reply);
        }
    }

    fn accept_admin(&mut self) {
        let now_us = self.now_us();
        if let Some(admin) = &mut self.admin {
            admin.accept(self.poll.registry(), now_us);
        }
    }

    /// An admin client asks, and is told at once.
    fn admin(&mut self, peer: usize) {
        let Some(request) = self.admin.as_mut().and_then(|admin| admin.ask(peer)) else { return };
        let now = Now {
            servers: self.desk.host.gauges(),
            connections: self.connections.len(),
            sessions: self.desk.sessions(),
            now_us: self.now_us(),
        };
        let status = admin::Status { metrics: &self.desk.host.metrics, now, health: &self.health };
        let response = admin::respond(&request, &status);
        if let Some(admin) = &mut self.admin {
            admin.tell(peer, response);
        }
    }

    fn end_late_admins(&mut self) {
        let now_us = self.now_us();
        if let Some(admin) = &mut self.admin {
            admin.end_late(now_us);
        }
    }
}

/// Random bytes, fit for secrets.
fn fill(random: &SystemRandom, bytes: &mut [u8]) {
    random.fill(bytes).expect("the system gives random bytes");
}
