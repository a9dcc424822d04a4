//! Clients that publish and ask, more than the system takes at once, and remember what they saw: nobody is told twice, nobody
//! sees what is older than what it was acknowledged for or had seen when it asked.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::system::DOORS;

pub const USERS: usize = 6;
/// Gets that a client sends at once.
const BURST: usize = 30;
/// Bursts of a stream, at least; up to twice as many. Then the user comes again, at the other communication server.
const BURSTS_MIN: usize = 5;
/// Time between two bursts of a client.
const PAUSE: Duration = Duration::from_millis(60);
const HEAD: &str = "<stream:stream to='localhost' version='1.0' xmlns='jabber:client' \
                    xmlns:stream='http://etherx.jabber.org/streams'>";

pub fn password_of(user: usize) -> String {
    format!("secret {user}")
}

/// A stream.
pub struct Client {
    tls: StreamOwned<ClientConnection, TcpStream>,
    heard: String,
}

/// An answer.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    /// The number on a card; 0 if there is none.
    Card(u64),
    /// A change is stored.
    Done,
    /// There is no room, in so many words.
    Busy,
}

impl Client {
    pub fn log_in(
        chat: SocketAddr,
        certificate: &Path,
        user: usize,
        patience: Duration,
    ) -> io::Result<Client> {
        let mut roots = RootCertStore::empty();
        let trusted = CertificateDer::from_pem_file(certificate).map_err(io::Error::other)?;
        roots.add(trusted).map_err(io::Error::other)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().map_err(io::Error::other)?;
        let config = builder.with_root_certificates(roots).with_no_client_auth();
        let name = "localhost".try_into().unwrap();
        let tls = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
        let socket = TcpStream::connect(chat)?;
        socket.set_read_timeout(Some(patience))?;
        let mut client = Client { tls: StreamOwned::new(tls, socket), heard: String::new() };
        client.talk(HEAD, "</stream:features>")?;
        let plain = STANDARD.encode(format!("\0u{user}\0{}", password_of(user)));
        let auth = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>";
        let success = client.talk(&format!("{auth}{plain}</auth>"), "xmpp-sasl")?;
        if !success.contains("<success") {
            return Err(io::Error::other(format!("log-in: {success}")));
        }
        client.heard.clear();
        client.talk(HEAD, "</stream:features>")?;
        let bind = "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";
        client.talk(bind, "</iq>")?;
        client.heard.clear();
        let share =
            "<iq type='set' id='s0'><sharing xmlns='urn:spillway:sharing' with='everyone'/></iq>";
        client.say(share)?;
        client.answer()?;
        Ok(client)
    }

    pub fn say(&mut self, text: &str) -> io::Result<()> {
        self.tls.write_all(text.as_bytes())?;
        self.tls.flush()
    }

    fn more(&mut self) -> io::Result<()> {
        let mut room = [0; 16 * 1024];
        let read = self.tls.read(&mut room)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.heard.push_str(std::str::from_utf8(&room[..read]).unwrap());
        Ok(())
    }

    pub fn talk(&mut self, text: &str, until: &str) -> io::Result<String> {
        self.heard.clear();
        self.say(text)?;
        self.hear(until)
    }

    /// Waits until this has come. What came until then.
    pub fn hear(&mut self, until: &str) -> io::Result<String> {
        while !self.heard.contains(until) {
            self.more()?;
        }
        Ok(std::mem::take(&mut self.heard))
    }

    /// The next answer, with the id of what it answers.
    fn answer(&mut self) -> io::Result<(String, Answer)> {
        loop {
            if let Some(end) = end_of_stanza(&self.heard) {
                let stanza: String = self.heard.drain(..end).collect();
                if stanza.contains("</stream:stream>") || stanza.contains("<stream:error") {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                let id = stanza.split("id='").nth(1).and_then(|rest| rest.split('\'').next());
                let id = id.unwrap_or_else(|| panic!("no id: {stanza}")).to_owned();
                let answer = match () {
                    () if stanza.contains("resource-constraint") => Answer::Busy,
                    () if stanza.contains("item-not-found") => Answer::Card(0),
                    () if stanza.contains("<FN>") => Answer::Card(number_in(&stanza)),
                    () if stanza.contains("type='result'") => Answer::Done,
                    () => panic!("what is this? {stanza}"),
                };
                return Ok((id, answer));
            }
            self.more()?;
        }
    }

    /// The number on somebody's card, asked for until there is room.
    pub fn get(&mut self, user: usize) -> io::Result<u64> {
        loop {
            self.say(&get("last", user))?;
            if let (_, Answer::Card(number)) = self.answer()? {
                return Ok(number);
            }
        }
    }
}

/// Where the first stanza ends, if all of it is there.
fn end_of_stanza(heard: &str) -> Option<usize> {
    let ends =
        ["</iq>", "</stream:stream>"].iter().filter_map(|end| Some(heard.find(end)? + end.len()));
    let short = heard.find("/>").map(|at| at + 2).filter(|at| {
        heard[..*at].starts_with("<iq") && !heard[1..*at].contains('<') // an iq with nothing in it
    });
    ends.chain(short).min()
}

fn number_in(stanza: &str) -> u64 {
    let text = stanza.split("<FN>").nth(1).unwrap().split('<').next().unwrap();
    text.split(' ').next_back().unwrap().parse().unwrap()
}

fn get(id: &str, user: usize) -> String {
    format!("<iq type='get' id='{id}' to='u{user}@localhost'><vCard xmlns='vcard-temp'/></iq>")
}

/// What clients tell when they have gone.
#[derive(Debug, Default)]
pub struct Told {
    pub answered: u64,
    pub refused: u64,
    pub published: u64,
    pub streams: u64,
    /// For each user the highest number that was acknowledged.
    pub acknowledged: Vec<u64>,
    pub wrong: Vec<String>,
}

/// Clients, one for each user.
pub struct Crowd {
    is_over: Arc<AtomicBool>,
    clients: Vec<JoinHandle<Told>>,
}

impl Crowd {
    pub fn come(system: &crate::system::System, patience: Duration) -> Crowd {
        let is_over = Arc::new(AtomicBool::new(false));
        let of = |user| {
            let (is_over, chat) = (is_over.clone(), system.chat);
            let certificates = [0, 1].map(|door| system.certificate(door));
            std::thread::spawn(move || {
                let mut door = user % DOORS;
                let mut user = User::new(user);
                while !is_over.load(Ordering::Relaxed) {
                    // What ends a stream is no answer to anything, and no wrong one.
                    let _ = user.stream(chat[door], &certificates[door], patience, &is_over);
                    door = (door + 1) % DOORS;
                    std::thread::sleep(Duration::from_millis(20));
                }
                user.told
            })
        };
        Crowd { clients: (0..USERS).map(of).collect(), is_over }
    }

    pub fn leave(self) -> Told {
        self.is_over.store(true, Ordering::Relaxed);
        let mut all = Told::default();
        for client in self.clients {
            let told = client.join().unwrap();
            all.answered += told.answered;
            all.refused += told.refused;
            all.published += told.published;
            all.streams += told.streams;
            all.acknowledged.extend(told.acknowledged);
            all.wrong.extend(told.wrong);
        }
        all
    }
}

/// A user and what it remembers, from stream to stream.
struct User {
    me: usize,
    random: ChaCha8Rng,
    /// The last number that it has published, acknowledged or not.
    number: u64,
    /// The highest number that it has seen of each.
    seen: [u64; USERS],
    told: Told,
}

impl User {
    fn new(me: usize) -> User {
        let told = Told { acknowledged: vec![0], ..Told::default() };
        let random = ChaCha8Rng::seed_from_u64(me as u64);
        User { me, random, number: 0, seen: [0; USERS], told }
    }

    fn stream(
        &mut self,
        chat: SocketAddr,
        certificate: &Path,
        patience: Duration,
        is_over: &AtomicBool,
    ) -> io::Result<()> {
        let mut client = Client::log_in(chat, certificate, self.me, patience)?;
        self.told.streams += 1;
        for _ in 0..BURSTS_MIN + self.random.next_u64() as usize % BURSTS_MIN {
            if is_over.load(Ordering::Relaxed) {
                break;
            }
            self.burst(&mut client)?;
            std::thread::sleep(PAUSE);
        }
        client.say("</stream:stream>")
    }

    /// Many gets and a set at once, and all their answers.
    fn burst(&mut self, client: &mut Client) -> io::Result<()> {
        let (mut said, mut open) = (String::new(), Vec::new());
        for ask in 0..BURST {
            let user = (self.me + 1 + self.random.next_u64() as usize % (USERS - 1)) % USERS;
            let id = format!("g{ask}");
            said += &get(&id, user);
            open.push((id, user, self.seen[user]));
        }
        self.number += 1;
        said += &format!(
            "<iq type='set' id='s'><vCard xmlns='vcard-temp'><FN>u{} {}</FN></vCard></iq>",
            self.me, self.number
        );
        let mut is_set = false;
        client.say(&said)?;
        while !open.is_empty() || !is_set {
            let (id, answer) = client.answer()?;
            if id == "s" {
                if is_set {
                    self.told.wrong.push(format!("u{}: told twice of a set", self.me));
                }
                is_set = true;
                if answer == Answer::Done {
                    self.told.published += 1;
                    self.told.acknowledged[0] = self.number;
                }
                continue;
            }
            let Some(at) = open.iter().position(|(asked, ..)| *asked == id) else {
                self.told.wrong.push(format!("u{}: {id} was not asked, or is answered", self.me));
                continue;
            };
            let (_, user, floor) = open.swap_remove(at);
            match answer {
                Answer::Busy => self.told.refused += 1,
                Answer::Card(number) => {
                    self.told.answered += 1;
                    if number < floor {
                        let what = format!("u{} saw {number} of u{user} after {floor}", self.me);
                        self.told.wrong.push(what);
                    }
                    self.seen[user] = self.seen[user].max(number);
                }
                Answer::Done => self.told.wrong.push(format!("u{}: {id} has no card", self.me)),
            }
        }
        Ok(())
    }
}
