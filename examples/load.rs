//! Load for an XMPP server: gets of vCards in a closed loop, each answer checked.
//!
//! `cargo run --release --example load -- --server 127.0.0.1:5222 --password secret [--connections 50] [--pipelined 16]
//! [--seconds 10] [--users 50] [--domain localhost] [--pid PID] [--sets]`
//!
//! The accounts u0, u1, ... exist, all with that password, and share with everyone. Each publishes a card of 500 bytes first.
//! Plaintext and PLAIN, on loopback. One thread that never sleeps: it takes a core of its own, and the server another one.
//! With `--pid` the processor time of that process is told for each answer; with `--sets` cards are set, not got.
#![allow(clippy::print_stdout)]

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Parser;

/// Bytes of a card.
const CARD_BYTES: usize = 500;
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Gets vCards, as fast as they come.
#[derive(Debug, Parser)]
struct Args {
    /// Where the server listens.
    #[arg(long, default_value = "127.0.0.1:5222")]
    server: String,
    /// The password of all accounts.
    #[arg(long)]
    password: String,
    /// Connections.
    #[arg(long, default_value_t = 50)]
    connections: usize,
    /// Requests of a connection that are under way.
    #[arg(long, default_value_t = 16)]
    pipelined: usize,
    /// How long to measure.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Accounts: connection i is of account i modulo that.
    #[arg(long, default_value_t = 50)]
    users: usize,
    /// The server's domain.
    #[arg(long, default_value = "localhost")]
    domain: String,
    /// The server's process.
    #[arg(long)]
    pid: Option<u32>,
    /// Set cards instead of getting them.
    #[arg(long)]
    sets: bool,
}

struct Connection {
    socket: TcpStream,
    user: usize,
    buffer: Vec<u8>,
    /// When each request that is under way was sent, the oldest first.
    sent: std::collections::VecDeque<(u64, Instant)>,
    next: u64,
    out: Vec<u8>,
}

fn card(user: usize, domain: &str) -> String {
    let head = format!("<vCard xmlns='vcard-temp'><FN>user {user} of {domain}</FN><DESC>");
    let tail = "</DESC></vCard>";
    let fill = CARD_BYTES.saturating_sub(head.len() + tail.len());
    format!("{head}{}{tail}", "x".repeat(fill))
}

impl Connection {
    fn open(args: &Args, number: usize) -> std::io::Result<Connection> {
        let socket = TcpStream::connect(&args.server)?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let user = number % args.users;
        let (buffer, sent, out) = (Vec::new(), Default::default(), Vec::new());
        let mut connection = Connection { socket, user, buffer, sent, next: 0, out };
        let head = format!(
            "<?xml version='1.0'?><stream:stream to='{}' version='1.0' xmlns='jabber:client' \
             xmlns:stream='http://etherx.jabber.org/streams'>",
            args.domain
        );
        connection.talk(&head, "</stream:features>")?;
        let plain = STANDARD.encode(format!("\0u{user}\0{}", args.password));
        let auth = format!(
            "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{plain}</auth>"
        );
        connection.talk(&auth, "<success")?;
        connection.talk(&head, "</stream:features>")?;
        let bind = format!(
            "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>load{number}\
             </resource></bind></iq>"
        );
        connection.talk(&bind, "</iq>")?;
        Ok(connection)
    }

    /// Says something and waits for an answer that has this in it.
    fn talk(&mut self, say: &str, until: &str) -> std::io::Result<String> {
        self.socket.write_all(say.as_bytes())?;
        let (mut heard, mut room) = (Vec::new(), [0; 4096]);
        loop {
            let read = self.socket.read(&mut room)?;
            heard.extend_from_slice(&room[..read]);
            let text = String::from_utf8_lossy(&heard).into_owned();
            if text.contains(until) {
                return Ok(text);
            }
            if read == 0 || text.contains("<failure") || text.contains("stream:error") {
                return Err(std::io::Error::other(format!("after {say}: {text}")));
            }
        }
    }

    fn ask(&mut self, args: &Args) {
        let id = self.next;
        self.next += 1;
        let request = if args.sets {
            format!("<iq type='set' id='{id}'>{}</iq>", card(self.user, &args.domain))
        } else {
            let other = (self.user + 1 + id as usize % (args.users - 1)) % args.users;
            format!(
                "<iq type='get' id='{id}' to='u{other}@{}'><vCard xmlns='vcard-temp'/></iq>",
                args.domain
            )
        };
        self.out.extend_from_slice(request.as_bytes());
        self.sent.push_back((id, Instant::now()));
    }

    /// Takes the answers that are there.
    fn take(&mut self, args: &Args, told: &mut Told) {
        let mut from = 0;
        while let Some(end) =
            find(&self.buffer[from..], b"</iq>").map(|at| from + at + 5).or_else(|| {
                // The answer to a set is empty.
                args.sets
                    .then(|| find(&self.buffer[from..], b"/>").map(|at| from + at + 2))
                    .flatten()
            })
        {
            let answer = &self.buffer[from..end];
            from = end;
            let id = attribute(answer, b"id=").and_then(|id| id.parse::<u64>().ok());
            let Some(place) = id.and_then(|id| self.sent.iter().position(|(sent, _)| *sent == id))
            else {
                continue; // something else, such as presence
            };
            let Some((_, since)) = self.sent.remove(place) else { continue };
            match attribute(answer, b"type=").as_deref() {
                Some("result") if args.sets => told.answered(since),
                Some("result") if answer.len() >= CARD_BYTES => told.answered(since),
                Some("error") if find(answer, b"resource-constraint").is_some() => {
                    told.refused += 1
                }
                _ => told.wrong(answer),
            }
        }
        self.buffer.drain(..from);
    }
}

#[derive(Default)]
struct Told {
    waits_us: Vec<u32>,
    refused: u64,
    wrong: u64,
}

impl Told {
    fn answered(&mut self, since: Instant) {
        self.waits_us.push(since.elapsed().as_micros().min(u128::from(u32::MAX)) as u32);
    }

    fn wrong(&mut self, answer: &[u8]) {
        if self.wrong == 0 {
            println!("wrong: {}", String::from_utf8_lossy(answer));
        }
        self.wrong += 1;
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = wanted[0];
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| *byte == first) {
        if bytes[from + at..].starts_with(wanted) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

fn attribute(answer: &[u8], name: &[u8]) -> Option<String> {
    let head = &answer[..find(answer, b">")?];
    let at = find(head, &[b" ", name].concat())? + name.len() + 1;
    let quote = *head.get(at)?;
    let end = head[at + 1..].iter().position(|byte| *byte == quote)?;
    Some(String::from_utf8_lossy(&head[at + 1..at + 1 + end]).into_owned())
}

/// Processor time of a process, in ticks of 10 ms (proc(5), `stat`).
fn ticks(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}

fn main() -> std::io::Result<()> {
    let args = Args::parse();
    let mut connections = Vec::new();
    for number in 0..args.connections {
        let mut connection = Connection::open(&args, number)?;
        if number < args.users {
            let set = format!("<iq type='set' id='card'>{}</iq>", card(number, &args.domain));
            let answer = connection.talk(&set, "id=")?;
            assert!(answer.contains("result"), "a card is set: {answer}");
            // Ours share with contacts until told otherwise; others do not know this.
            let share = "<iq type='set' id='share'><sharing xmlns='urn:spillway:sharing' with='everyone'/></iq>";
            connection.talk(share, "id=")?;
        }
        connection.socket.set_nonblocking(true)?;
        connections.push(connection);
    }
    let before = args.pid.and_then(ticks);
    let (begun, mut told, mut room) = (Instant::now(), Told::default(), vec![0; 64 * 1024]);
    let span = Duration::from_secs(args.seconds);
    while begun.elapsed() < span {
        for connection in &mut connections {
            while connection.sent.len() < args.pipelined {
                connection.ask(&args);
            }
            while !connection.out.is_empty() {
                match connection.socket.write(&connection.out) {
                    Ok(written) => drop(connection.out.drain(..written)),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => return Err(error),
                }
            }
            match connection.socket.read(&mut room) {
                Ok(0) => return Err(std::io::Error::other("the server has closed a connection")),
                Ok(read) => {
                    connection.buffer.extend_from_slice(&room[..read]);
                    connection.take(&args, &mut told);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    let answered = told.waits_us.len();
    told.waits_us.sort_unstable();
    let at =
        |share: f64| told.waits_us.get((answered as f64 * share) as usize).copied().unwrap_or(0);
    println!(
        "{:.0} answers/s, {} refused, {} wrong, wait in us: median {}, 99 % {}",
        answered as f64 / seconds,
        told.refused,
        told.wrong,
        at(0.5),
        at(0.99)
    );
    if let (Some(before), Some(after)) = (before, args.pid.and_then(ticks)) {
        let us = (after - before) as f64 * 10_000.0 / answered.max(1) as f64;
        println!("{us:.1} us of processor time an answer");
    }
    Ok(())
}
