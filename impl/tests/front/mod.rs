//! A client's end for the tests: a stream with its accounts, fixed randomness, scripts of dialogues.
#![allow(dead_code, unreachable_pub)]

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac, pbkdf2};
use spillway_impl::live::front::sasl::{Accounts, Hash, ITERATIONS, SALT_BYTES, Verifier};
use spillway_impl::live::front::stream::{Event, Policy, Stream, Tls};
use spillway_impl::live::front::write;

pub const PASSWORD: &str = "secret";

/// The accounts `alice` and `bob`, both with the password `secret`.
pub struct Table {
    verifiers: Verifiers,
    pub available: bool,
}

type Verifiers = BTreeMap<(String, bool), Verifier>;

static TABLE: LazyLock<Verifiers> = LazyLock::new(|| verifiers(ITERATIONS));
static HASTY: LazyLock<Verifiers> = LazyLock::new(|| verifiers(1));

fn verifiers(iterations: u32) -> Verifiers {
    let mut verifiers = BTreeMap::new();
    for name in ["alice", "bob"] {
        for hash in [Hash::Sha1, Hash::Sha256] {
            let salt = [name.len() as u8; SALT_BYTES];
            let made = Verifier::new(PASSWORD, hash, &salt, iterations).expect("a good password");
            verifiers.insert((name.to_owned(), hash == Hash::Sha1), made);
        }
    }
    verifiers
}

impl Accounts for Table {
    fn verifier(&self, account: &str, hash: Hash) -> Option<Verifier> {
        self.verifiers.get(&(account.to_owned(), hash == Hash::Sha1)).cloned()
    }

    fn available(&self) -> bool {
        self.available
    }
}

pub struct Peer {
    pub stream: Stream,
    pub table: Table,
    pub drawn: u8,
    pub out: Vec<u8>,
    pub events: Vec<Event>,
}

pub fn policy(tls: Tls) -> Arc<Policy> {
    Arc::new(Policy { domain: "example.org".to_owned(), tls, secret: [7; 32] })
}

impl Peer {
    pub fn new(tls: Tls) -> Self {
        Self {
            stream: Stream::new(policy(tls), "first".to_owned()),
            table: Table { verifiers: TABLE.clone(), available: true },
            drawn: 0,
            out: Vec::new(),
            events: Vec::new(),
        }
    }

    /// With passwords that are checked in no time.
    pub fn hasty(tls: Tls) -> Self {
        let table = Table { verifiers: HASTY.clone(), available: true };
        Self { table, ..Self::new(tls) }
    }

    /// Gives bytes to the stream; what it answers stays in `out` and `events`.
    pub fn feed(&mut self, bytes: &[u8]) {
        let drawn = &mut self.drawn;
        let mut random = |slice: &mut [u8]| {
            for byte in slice {
                *byte = *drawn;
                *drawn = drawn.wrapping_add(1);
            }
        };
        let (out, events) = (&mut self.out, &mut self.events);
        self.stream.receive(bytes, &self.table, &mut random, out, events);
    }

    /// Gives text to the stream and takes what it answers.
    pub fn say(&mut self, text: &str) -> String {
        self.feed(text.as_bytes());
        self.heard()
    }

    pub fn heard(&mut self) -> String {
        String::from_utf8(std::mem::take(&mut self.out)).expect("what we send is UTF-8")
    }

    /// The events so far, in a form that a test can write down.
    pub fn happened(&mut self) -> Vec<String> {
        std::mem::take(&mut self.events).iter().map(shown).collect()
    }

    pub fn is_closed(&self) -> bool {
        self.stream.is_closed()
    }
}

pub fn shown(event: &Event) -> String {
    match event {
        Event::Stanza(element) => {
            let mut bytes = Vec::new();
            write::stanza(element, &mut bytes);
            format!("stanza {}", String::from_utf8(bytes).expect("what we write is UTF-8"))
        }
        Event::Get(get) => format!("get {} {}", get.id, get.to),
        Event::StartTls => "start tls".to_owned(),
        Event::Bound { account, resource } => format!("bound {account} {resource}"),
        Event::LoginFailed { account: Some(account) } => format!("failed {account}"),
        Event::LoginFailed { account: None } => "failed".to_owned(),
        Event::Closed => "closed".to_owned(),
    }
}

/// Plays a script: `C:` the client says, `S:` the server says, `E:` an event, `T:` TLS is up.
pub fn play(peer: &mut Peer, script: &str) {
    let mut heard = String::new();
    let mut happened = Vec::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (who, text) = line.split_once(':').expect("a line begins with who speaks");
        let text = text.trim_start();
        match who {
            "S" => {
                let rest = heard.strip_prefix(text);
                let rest = rest.unwrap_or_else(|| panic!("expected {text}\n heard {heard}"));
                heard = rest.to_owned();
            }
            "E" => {
                assert!(!happened.is_empty(), "expected the event {text}");
                assert_eq!(happened.remove(0), text);
            }
            _ => {
                assert_eq!(heard, "", "before {line}");
                assert_eq!(happened, Vec::<String>::new(), "before {line}");
                match who {
                    "C" => peer.feed(text.as_bytes()),
                    _ => peer.stream.secured(),
                }
                heard = peer.heard();
                happened = peer.happened();
            }
        }
    }
    assert_eq!(heard, "", "at the end");
    assert_eq!(happened, Vec::<String>::new(), "at the end");
}

pub const HEAD: &str = "<?xml version='1.0'?><stream:stream to='example.org' version='1.0' \
                        xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";

pub fn auth(mechanism: &str, message: &[u8]) -> String {
    let text = STANDARD.encode(message);
    format!("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='{mechanism}'>{text}</auth>")
}

pub fn response(message: &str) -> String {
    let text = STANDARD.encode(message);
    format!("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{text}</response>")
}

/// The text in base64 of an element such as `<challenge>`.
pub fn content(element: &str) -> String {
    let from = element.find('>').expect("a tag") + 1;
    let to = element.rfind("</").expect("an end tag");
    let bytes = STANDARD.decode(&element[from..to]).expect("base64");
    String::from_utf8(bytes).expect("UTF-8")
}

/// The client's half of SCRAM, written from the RFC and sharing no code with the server's: its
/// last message and what the server must answer.
pub fn client_final(
    sha1: bool,
    password: &str,
    first_bare: &str,
    challenge: &str,
) -> (String, String) {
    let without_proof = format!("c=biws,r={}", challenge_field(challenge, "r="));
    client_signs(sha1, password, first_bare, challenge, &without_proof)
}

/// The same for a client that sends another header or nonce than it should, but signs it well.
pub fn client_signs(
    sha1: bool,
    password: &str,
    first_bare: &str,
    challenge: &str,
    without_proof: &str,
) -> (String, String) {
    let (mac, hash, kdf) = match sha1 {
        true => (
            hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            &digest::SHA1_FOR_LEGACY_USE_ONLY,
            pbkdf2::PBKDF2_HMAC_SHA1,
        ),
        false => (hmac::HMAC_SHA256, &digest::SHA256, pbkdf2::PBKDF2_HMAC_SHA256),
    };
    let salt = STANDARD.decode(challenge_field(challenge, "s=")).expect("base64");
    let rounds = challenge_field(challenge, "i=").parse().expect("a number of rounds");
    let mut salted = vec![0; hash.output_len()];
    pbkdf2::derive(kdf, rounds, &salt, password.as_bytes(), &mut salted);
    let sign = |key: &[u8], text: &[u8]| hmac::sign(&hmac::Key::new(mac, key), text);
    let client_key = sign(&salted, b"Client Key");
    let stored_key = digest::digest(hash, client_key.as_ref());
    let about = format!("{first_bare},{challenge},{without_proof}");
    let signature = sign(stored_key.as_ref(), about.as_bytes());
    let proof: Vec<u8> =
        client_key.as_ref().iter().zip(signature.as_ref()).map(|(a, b)| a ^ b).collect();
    let server = sign(sign(&salted, b"Server Key").as_ref(), about.as_bytes());
    (
        format!("{without_proof},p={}", STANDARD.encode(proof)),
        format!("v={}", STANDARD.encode(server.as_ref())),
    )
}

fn challenge_field<'a>(challenge: &'a str, key: &str) -> &'a str {
    let found = challenge.split(',').find_map(|f| f.strip_prefix(key));
    found.expect("a field of the challenge")
}

/// A whole log-in by SCRAM up to `<success>` and the answer to the last message.
pub fn scram(peer: &mut Peer, sha1: bool, name: &str, password: &str) -> (String, String) {
    let mechanism = if sha1 { "SCRAM-SHA-1" } else { "SCRAM-SHA-256" };
    let bare = format!("n={name},r=clientnonce");
    let challenge = content(&peer.say(&auth(mechanism, format!("n,,{bare}").as_bytes())));
    let (last, server) = client_final(sha1, password, &bare, &challenge);
    (peer.say(&response(&last)), server)
}

/// A peer with `alice` logged in and bound to the resource `here`.
pub fn bound() -> Peer {
    let mut peer = Peer::new(Tls::None);
    peer.feed(HEAD.as_bytes());
    peer.feed(auth("PLAIN", b"\0alice\0secret").as_bytes());
    peer.feed(HEAD.as_bytes());
    peer.feed(
        b"<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
          <resource>here</resource></bind></iq>",
    );
    assert_eq!(peer.happened(), ["bound alice here"]);
    peer.heard();
    peer
}
