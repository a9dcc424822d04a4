//! Two clients that go on, whatever others do: each publishes a card and gets the other's, over and over, and every answer is
//! checked. Whoever cannot go on for as long as [`ANSWER_MAX`] fails the test.

use std::fmt;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::live::{HEAD, PASSWORD, Server};
use super::tls;

/// The longest time until an answer: generous, for a machine that does other things too.
pub const ANSWER_MAX: Duration = Duration::from_secs(5);

pub trait Wire: Read + Write + Send {}
impl<T: Read + Write + Send> Wire for T {}

/// A client that has logged in.
pub struct Client(Box<dyn Wire>);

impl Client {
    /// Logs in, with PLAIN, over TLS if asked to.
    pub fn log_in(server: &Server, name: &str, is_secure: bool) -> Client {
        let mut socket = TcpStream::connect(server.address).unwrap();
        socket.set_read_timeout(Some(ANSWER_MAX)).unwrap();
        socket.set_nodelay(true).unwrap();
        let mut client = if is_secure {
            talk(&mut socket, HEAD, "</stream:features>");
            talk(&mut socket, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "<proceed");
            Client(Box::new(tls::client(socket)))
        } else {
            Client(Box::new(socket))
        };
        client.talk(HEAD, "</stream:features>");
        let success = client.talk(&plain(name, PASSWORD), "xmpp-sasl");
        assert!(success.contains("<success"), "{success}");
        client.talk(HEAD, "</stream:features>");
        let bind = "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";
        client.talk(bind, "</iq>");
        client
    }

    pub fn talk(&mut self, say: &str, until: &str) -> String {
        talk(&mut self.0, say, until)
    }

    /// Sends what is to be sent without a look at the answer.
    pub fn say(&mut self, say: &[u8]) -> std::io::Result<()> {
        self.0.write_all(say)?;
        self.0.flush()
    }

    /// What comes until there are so many answers, each of which has something in it.
    pub fn answers(&mut self, count: usize) -> String {
        let (mut heard, mut room, mut ends) = (Vec::new(), [0; 16 * 1024], 0);
        while ends < count {
            let read = self.0.read(&mut room).unwrap();
            assert!(read > 0, "closed after {ends} answers");
            let from = heard.len().saturating_sub(b"/iq>".len());
            heard.extend_from_slice(&room[..read]);
            ends += heard[from..].windows(5).filter(|part| part == b"</iq>").count();
        }
        String::from_utf8_lossy(&heard).into_owned()
    }

    /// All that comes until the other end is closed.
    pub fn rest(&mut self) -> String {
        let mut heard = Vec::new();
        let _ = self.0.read_to_end(&mut heard); // a reset is an end, too
        String::from_utf8_lossy(&heard).into_owned()
    }

    fn set(&mut self, what: &str) {
        let answer = self.talk(&format!("<iq type='set' id='s'>{what}</iq>"), "/>");
        assert!(answer.contains("type='result'"), "{answer}");
    }

    fn publish(&mut self, number: u64) {
        self.set(&format!("<vCard xmlns='vcard-temp'><FN>{number}</FN></vCard>"));
    }

    /// The number on somebody's card.
    fn card(&mut self, of: &str) -> u64 {
        let get =
            format!("<iq type='get' id='g' to='{of}@localhost'><vCard xmlns='vcard-temp'/></iq>");
        let answer = self.talk(&get, "</iq>");
        let number = answer.split_once("<FN>").and_then(|(_, rest)| rest.split_once("</FN>"));
        number.and_then(|(number, _)| number.parse().ok()).unwrap_or_else(|| panic!("{answer}"))
    }
}

/// An attempt to log in with PLAIN.
pub fn plain(name: &str, password: &str) -> String {
    let message = STANDARD.encode(format!("\0{name}\0{password}"));
    format!("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{message}</auth>")
}

/// Says something, and hears until there is this.
pub fn talk(wire: &mut impl Wire, say: &str, until: &str) -> String {
    wire.write_all(say.as_bytes()).unwrap();
    wire.flush().unwrap();
    let (mut heard, mut room) = (String::new(), [0; 4096]);
    while !heard.contains(until) {
        let read = wire.read(&mut room).unwrap_or_else(|error| panic!("after {say}: {error}"));
        assert!(read > 0, "closed after {say}: {heard}");
        heard.push_str(&String::from_utf8_lossy(&room[..read]));
    }
    heard
}

/// How the good clients fared.
#[derive(Default)]
pub struct Fared {
    answers: u64,
    worst: Duration,
}

impl Fared {
    fn timed<T>(&mut self, ask: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let answer = ask();
        self.answers += 1;
        self.worst = self.worst.max(begun.elapsed());
        answer
    }

    /// How often they were answered, all in all.
    pub fn answers(&self) -> u64 {
        self.answers
    }
}

impl fmt::Display for Fared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let worst_ms = self.worst.as_secs_f64() * 1000.0;
        write!(f, "{} answers to good clients, the last after {worst_ms:.1} ms", self.answers)
    }
}

/// The two, at work.
pub struct Good {
    is_over: Arc<AtomicBool>,
    at_work: Vec<JoinHandle<Fared>>,
}

const NAMES: [&str; 2] = ["alice", "bob"];

impl Good {
    pub fn begin(server: &Server, is_secure: bool) -> Good {
        let is_over = Arc::new(AtomicBool::new(false));
        let published = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
        let mut clients = NAMES.map(|name| Client::log_in(server, name, is_secure));
        for client in &mut clients {
            client.set("<sharing xmlns='urn:spillway:sharing' with='everyone'/>");
            client.publish(0);
        }
        let begin = |(own, client)| {
            let (is_over, published) = (is_over.clone(), published.clone());
            std::thread::spawn(move || go_on(own, client, &published, &is_over))
        };
        let at_work = clients.into_iter().enumerate().map(begin).collect();
        Good { is_over, at_work }
    }

    pub fn end(self) -> Fared {
        self.is_over.store(true, Ordering::Relaxed);
        let mut all = Fared::default();
        for one in self.at_work {
            let one = one.join().expect("the good clients go on");
            all = Fared { answers: all.answers + one.answers, worst: all.worst.max(one.worst) };
        }
        all
    }
}

fn go_on(own: usize, mut client: Client, published: &[AtomicU64; 2], over: &AtomicBool) -> Fared {
    let (other, mut fared) = (1 - own, Fared::default());
    for number in 1.. {
        if over.load(Ordering::Relaxed) {
            break;
        }
        fared.timed(|| client.publish(number));
        published[own].store(number, Ordering::SeqCst);
        // What was acknowledged to the other before this was asked is what comes, or something newer.
        let at_least = published[other].load(Ordering::SeqCst);
        let found = fared.timed(|| client.card(NAMES[other]));
        assert!(found >= at_least, "{found} is older than {at_least}");
        assert_eq!(fared.timed(|| client.card(NAMES[own])), number);
    }
    fared
}
