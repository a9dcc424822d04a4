//! Clients that mean harm, or are broken, against the real program: while each goes on, two good clients get every answer that
//! is theirs, the server's memory stays under a limit, and in the end it is alive, stops when it is told to, and has not
//! panicked. How long good clients waited at worst is printed.
//!
//! `SPILLWAY_LONG=1 cargo test --release --features live --test bad_clients -- --nocapture` takes minutes instead of seconds.
#![cfg(feature = "live")]
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, unreachable_pub)]

mod good;
#[path = "../live/mod.rs"]
mod live;
mod tls;

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use good::{ANSWER_MAX, Client, Good, plain};
use live::{HEAD, PASSWORD, Server, add};
use socket2::{Domain, Socket, Type};

/// Memory of the server, whatever these clients do: most is kept of 200 stanzas of 256 KiB each that are nearly whole.
const KILOBYTES_MAX: u64 = 128 * 1024;
/// Connections that are not logged in, of one address, as the server has it.
const STRANGERS_OF_ADDRESS_MAX: usize = 64;
/// How long a client may take to log in, as the server has it.
const LOGIN_MAX: Duration = Duration::from_secs(30);
/// Answers that good clients get at least, while the bad ones are at work.
const ANSWERS_MIN: u64 = 10;

const PLAINTEXT: &[&str] = &["--insecure-plaintext"];
const TLS: &[&str] = &[];

/// One number for CI, another one for those who have time.
fn short_or_long<T>(short: T, long: T) -> T {
    if std::env::var_os("SPILLWAY_LONG").is_some() { long } else { short }
}

/// Runs bad clients, with good ones beside them.
fn beside_good_clients(what: &str, options: &[&str], bad: impl FnOnce(&Server)) {
    beside_good_clients_limited(what, "-S -n 1024", options, bad);
}

/// The same for a server with limits of its shell's.
fn beside_good_clients_limited(
    what: &str,
    limit: &str,
    options: &[&str],
    bad: impl FnOnce(&Server),
) {
    // One after the other: each is to have the machine.
    static MACHINE: Mutex<()> = Mutex::new(());
    let _machine = MACHINE.lock().unwrap_or_else(PoisonError::into_inner);
    let data = tempfile::tempdir().unwrap();
    for name in ["alice", "bob", "mallory"] {
        add(name, data.path());
    }
    let server = Server::start_limited(limit, data.path(), options);
    let good = Good::begin(&server, !options.contains(&"--insecure-plaintext"));
    bad(&server);
    let fared = good.end();
    let (most, log) = (server.kilobytes("VmHWM"), server.log());
    println!("{what}: {fared}; {} MiB", most / 1024);
    assert!(fared.answers() >= ANSWERS_MIN, "{what}: {fared}");
    assert!(most <= KILOBYTES_MAX, "{what}: {most} KiB");
    assert!(!log.contains("panicked"), "{log}");
    assert_eq!(server.stop_by("-INT"), Some(0), "{what}");
}

/// A connection from one of the addresses of this machine: of each, the server meets only so many strangers.
fn connect_from(last: u8, server: &Server) -> std::io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    let from = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)), 0);
    socket.bind(&from.into())?;
    socket.connect(&server.address.into())?;
    let socket = TcpStream::from(socket);
    socket.set_read_timeout(Some(ANSWER_MAX))?;
    Ok(socket)
}

/// As many strangers as these many addresses may have.
fn strangers(addresses: u8, server: &Server) -> Vec<TcpStream> {
    let each = (0..addresses).flat_map(|n| [2 + n; STRANGERS_OF_ADDRESS_MAX]);
    each.map(|last| connect_from(last, server).unwrap()).collect()
}

/// All that a client hears that says this and waits for the end.
fn heard_to_the_end(mut socket: TcpStream, say: &[u8]) -> String {
    let mut heard = Vec::new();
    let _ = socket.write_all(say); // the server may close before it has all
    match socket.read_to_end(&mut heard) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => panic!("it is not closed"),
        _ => String::from_utf8_lossy(&heard).into_owned(),
    }
}

#[test]
fn slow_clients() {
    beside_good_clients("slow loris", PLAINTEXT, |server| {
        let mut slow = strangers(short_or_long(4, 16), server);
        let wait = short_or_long(Duration::from_millis(250), Duration::from_secs(1));
        let begun = Instant::now();
        let last = short_or_long(Duration::from_secs(4), LOGIN_MAX * 2 / 3);
        for byte in HEAD.bytes().cycle().take_while(|_| begun.elapsed() < last) {
            for socket in &mut slow {
                socket.write_all(&[byte]).unwrap();
            }
            std::thread::sleep(wait);
        }
        if short_or_long(false, true) {
            std::thread::sleep(
                (LOGIN_MAX + Duration::from_secs(2)).saturating_sub(begun.elapsed()),
            );
            for mut socket in slow {
                let mut heard = String::new();
                let _ = socket.read_to_string(&mut heard);
                assert!(heard.contains("connection-timeout"), "{heard}");
            }
        }
    });
}

/// What a stranger says that is too much, and the condition that it hears.
fn hostile() -> Vec<(String, &'static str)> {
    let a = |count| "a".repeat(count);
    let bomb = "<!DOCTYPE b [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]>";
    vec![
        (
            format!("{HEAD}<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{}", a(20_000)),
            "policy-violation",
        ),
        (format!("{HEAD}<{}", a(20_000)), "policy-violation"),
        (format!("{HEAD}<a b='{}", a(20_000)), "policy-violation"),
        (format!("{HEAD}{}", "<a>".repeat(1000)), "policy-violation"),
        (
            format!("{HEAD}<a {}/>", (0..100).map(|n| format!("b{n}='' ")).collect::<String>()),
            "policy-violation",
        ),
        (format!("<?xml version='1.0'?>{bomb}{HEAD}"), "restricted-xml"),
        (format!("{HEAD}<a>{bomb}"), "restricted-xml"),
        (format!("{HEAD}<a>&b;"), "restricted-xml"),
        (format!("{HEAD}<?php echo ?>"), "restricted-xml"),
        (format!("{HEAD}<!-- -->"), "restricted-xml"),
        (format!("{HEAD}<a></b>"), "not-well-formed"),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), "not-well-formed"),
    ]
}

#[test]
fn hostile_xml() {
    beside_good_clients("hostile XML", PLAINTEXT, |server| {
        for _ in 0..short_or_long(10, 500) {
            for (say, condition) in hostile() {
                let heard = heard_to_the_end(connect_from(2, server).unwrap(), say.as_bytes());
                let short: String = say.chars().take(300).collect();
                assert!(heard.contains(&format!("<{condition}")), "{short}: {heard}");
            }
        }
    });
}

/// What a client that has logged in says that is too much, and what is not quite.
#[test]
fn giant_stanzas() {
    beside_good_clients("giant stanzas", PLAINTEXT, |server| {
        let begin = b"<message to='alice@localhost'><body>";
        // Nearly too large, and never ended.
        let mut nearly: Vec<Client> = (0..short_or_long(20, 200))
            .map(|_| {
                let mut client = Client::log_in(server, "mallory", false);
                client.say(&[begin.as_slice(), &[b'a'; 250 * 1024]].concat()).unwrap();
                client
            })
            .collect();
        for client in &mut nearly {
            let _ = client.say(&[b'a'; 10 * 1024]);
            let heard = client.rest();
            assert!(heard.contains("policy-violation"), "{heard}");
        }
        let many = format!("<message><body>{}", "<a/>".repeat(5000));
        let deep = format!("<message>{}", "<a>".repeat(60_000));
        for say in [many, deep] {
            let mut client = Client::log_in(server, "mallory", false);
            let _ = client.say(say.as_bytes());
            let heard = client.rest();
            assert!(heard.contains("policy-violation"), "{heard}");
        }
    });
}

/// Clients that vanish: their end is never closed, and never read.
#[test]
fn half_open_connections() {
    beside_good_clients("half open, TLS", TLS, |server| {
        let starttls = format!("{HEAD}<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
        let hello = tls::hello();
        let mut gone = strangers(short_or_long(2, 8), server);
        for (n, socket) in gone.iter_mut().enumerate() {
            let (after, before) = hello.split_at(n % hello.len());
            match n % 4 {
                0 => {}
                1 => socket.write_all(HEAD.as_bytes()).unwrap(),
                2 => socket.write_all(starttls.as_bytes()).unwrap(),
                _ => {
                    good::talk(socket, &starttls, "<proceed");
                    socket.write_all(if n % 8 == 3 { after } else { before }).unwrap();
                }
            }
        }
        std::thread::sleep(short_or_long(Duration::from_secs(2), LOGIN_MAX));
        if short_or_long(false, true) {
            std::thread::sleep(Duration::from_secs(2));
            // All are ended by now, and others of their addresses are met.
            let fresh = strangers(8, server);
            fresh
                .into_iter()
                .for_each(|mut socket| drop(good::talk(&mut socket, HEAD, "features>")));
        }
    });
}

/// Clients that ask for much, and take nothing.
#[test]
fn clients_that_take_nothing() {
    beside_good_clients("nothing taken", PLAINTEXT, |server| {
        let mut deaf: Vec<Client> =
            (0..short_or_long(8, 50)).map(|_| Client::log_in(server, "mallory", false)).collect();
        let card = format!("<vCard xmlns='vcard-temp'><FN>{}</FN></vCard>", "x".repeat(12_000));
        deaf[0].talk(&format!("<iq type='set' id='s'>{card}</iq>"), "/>");
        let get = "<iq type='get' id='g'><vCard xmlns='vcard-temp'/></iq>".repeat(1000);
        for client in &mut deaf {
            client.say(get.as_bytes()).unwrap();
        }
        std::thread::sleep(short_or_long(Duration::from_secs(1), Duration::from_secs(20)));
    });
}

/// Clients that ask for more than there is time for: each request has one answer, and what there is no time for is told so.
#[test]
fn clients_that_ask_too_much() {
    const GETS: usize = 2000;
    beside_good_clients("too much asked", PLAINTEXT, |server| {
        let mut greedy: Vec<Client> =
            (0..16).map(|_| Client::log_in(server, "mallory", false)).collect();
        let get = |id| {
            format!(
                "<iq type='get' id='{id}' to='alice@localhost'><vCard xmlns='vcard-temp'/></iq>"
            )
        };
        let gets: String = (0..GETS).map(get).collect();
        let mut refused = 0;
        for _ in 0..short_or_long(5, 100) {
            greedy.iter_mut().for_each(|client| client.say(gets.as_bytes()).unwrap());
            for client in &mut greedy {
                let heard = client.answers(GETS);
                let id = |part: &str| part.split_once('\'').unwrap().0.parse::<usize>().unwrap();
                let mut ids: Vec<usize> = heard.split(" id='").skip(1).map(id).collect();
                ids.sort_unstable();
                assert!(ids.into_iter().eq(0..GETS), "each is answered once");
                let retries =
                    heard.matches("<retry xmlns='urn:spillway:retry' after-ms='100'/>").count();
                assert_eq!(heard.matches("<resource-constraint").count(), retries);
                refused += retries;
            }
        }
        assert!(refused > 0, "there is time for all of it");
    });
}

/// Wrong passwords, as fast as they are refused, from several addresses at once.
#[test]
fn guessed_passwords() {
    beside_good_clients("guessed passwords", PLAINTEXT, |server| {
        let until = Instant::now() + short_or_long(Duration::from_secs(3), Duration::from_secs(60));
        let guess = |last: u8| {
            let mut guesses = 0;
            while Instant::now() < until {
                guesses += guess_at_once(last, server);
            }
            guesses
        };
        let guesses: usize = std::thread::scope(|scope| {
            let all: Vec<_> = (2..6).map(|last| scope.spawn(move || guess(last))).collect();
            all.into_iter().map(|one| one.join().unwrap()).sum()
        });
        println!("{guesses} wrong passwords are refused");
        // Who knows the password is still met.
        Client::log_in(server, "mallory", false);
    });
}

/// As many streams as an address may have, each with as many passwords as it may try and more.
fn guess_at_once(last: u8, server: &Server) -> usize {
    let wrong = plain("alice", &format!("not {PASSWORD}"));
    let say = format!("{HEAD}{}", wrong.repeat(5));
    let connect = |_| connect_from(last, server).unwrap();
    let mut all: Vec<TcpStream> = (0..STRANGERS_OF_ADDRESS_MAX).map(connect).collect();
    for socket in &mut all {
        let _ = socket.set_read_timeout(Some(4 * ANSWER_MAX));
        let _ = socket.write_all(say.as_bytes()); // refused, if those before are not forgotten yet
    }
    let heard = all.into_iter().map(|socket| heard_to_the_end(socket, b""));
    let guesses = heard.map(|heard| {
        let failures = heard.matches("<not-authorized/>").count();
        assert!(failures == 3 || failures == 0, "{heard}");
        assert!(failures == 0 || heard.contains("<policy-violation"), "{heard}");
        failures
    });
    guesses.sum()
}

/// Many that are there and say nothing. The server may begin with few files: it takes what it can get.
#[test]
fn idle_clients() {
    let count = short_or_long(500, 5000);
    rlimit::increase_nofile_limit(u64::MAX).unwrap();
    beside_good_clients_limited("idle", "-S -n 64", PLAINTEXT, |server| {
        let mut idle: Vec<Client> =
            (0..count).map(|_| Client::log_in(server, "mallory", false)).collect();
        println!("{count} idle: {} MiB", server.kilobytes("VmRSS") / 1024);
        std::thread::sleep(short_or_long(Duration::from_secs(1), Duration::from_secs(30)));
        for client in idle.iter_mut().step_by(count / 50) {
            client.talk("<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>", "result");
        }
    });
}

/// Whom the server has no file for waits, and is met when another one has left.
#[test]
fn more_clients_than_files() {
    const FILES: usize = 80;
    beside_good_clients_limited("no files left", &format!("-n {FILES}"), PLAINTEXT, |server| {
        let mut there = Vec::new();
        let mut late = loop {
            let mut socket = connect_from(2, server).unwrap();
            socket.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
            if there.len() > FILES / 2 {
                socket.write_all(HEAD.as_bytes()).unwrap();
                if socket.read(&mut [0; 1]).is_err() {
                    break socket;
                }
            }
            drop(socket);
            there.push(Client::log_in(server, "mallory", false));
            assert!(there.len() < FILES, "it has more files than it may");
        };
        there.truncate(there.len() - 2);
        late.set_read_timeout(Some(ANSWER_MAX)).unwrap();
        assert_eq!(late.read(&mut [0; 1]).unwrap(), 1, "it is met");
    });
}
