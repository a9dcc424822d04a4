//! A stop under load: what was asked for is answered, or its stream ends in so many words; what was acknowledged is there when
//! the server runs again.
#![cfg(feature = "live")]
#![allow(clippy::unwrap_used, missing_docs)]

mod live;

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use live::plain::{ALICE, BOB, Client};
use live::{Server, add};

/// Time under load until the server is asked to stop.
const LOAD: Duration = Duration::from_millis(500);
/// Gets that are said at once, with a set.
const GETS: u64 = 20;
/// Rounds that are not answered yet, at most: what follows a set waits for it, and there is room for so much of that.
const ROUNDS_UNDER_WAY: u64 = 8;
/// How the last stream of a server ends that stops.
const END: &str = "<stream:error><system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>\
                   </stream:stream>";
/// When an interruption counts as a second one: some tools send every signal twice.
const IMPATIENCE: Duration = Duration::from_millis(1_200);

/// What a client has said and heard.
struct Told {
    asked: u64,
    heard: String,
}

/// A client that asks and publishes until its stream ends, and hears all there is to hear.
fn busy(server: &Server, name: &'static str, plain: &str) -> JoinHandle<Told> {
    let mut hearing = Client::log_in(server, plain).0;
    let mut saying = hearing.try_clone().unwrap();
    std::thread::spawn(move || {
        let (answered, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
        std::thread::scope(|scope| {
            let asking = scope.spawn(|| ask_on(&mut saying, name, &answered, &is_over));
            let (heard, end) = hear_all(&mut hearing, &answered);
            is_over.store(true, Ordering::Relaxed);
            let asked = asking.join().unwrap();
            assert!(end.is_ok(), "{name}: {end:?} after {}", &heard[heard.len() - 500..]);
            Told { asked, heard }
        })
    })
}

/// All that comes, and how it ends; sets that are answered are counted.
fn hear_all(socket: &mut TcpStream, answered: &AtomicU64) -> (String, io::Result<()>) {
    let (mut heard, mut room, mut counted) = (Vec::new(), vec![0; 1 << 16], 0);
    let end = loop {
        match socket.read(&mut room) {
            Ok(0) => break Ok(()),
            Ok(read) => heard.extend_from_slice(&room[..read]),
            Err(error) => break Err(error),
        }
        let sets = heard[counted..].windows(5).filter(|part| *part == b"id='s").count();
        answered.fetch_add(sets as u64, Ordering::Relaxed);
        counted = heard.len().saturating_sub(4);
    };
    (String::from_utf8(heard).unwrap(), end)
}

/// How many rounds it has begun to say.
fn ask_on(socket: &mut TcpStream, name: &str, answered: &AtomicU64, is_over: &AtomicBool) -> u64 {
    for round in 1.. {
        while round > answered.load(Ordering::Relaxed) + ROUNDS_UNDER_WAY {
            if is_over.load(Ordering::Relaxed) {
                return round;
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        let mut said = format!(
            "<iq type='set' id='s{round}'><vCard xmlns='vcard-temp'><FN>{name} {round}</FN></vCard></iq>"
        );
        for get in 0..GETS {
            said += &format!(
                "<iq type='get' id='g{round}.{get}' to='alice@localhost'><vCard xmlns='vcard-temp'/></iq>"
            );
        }
        if socket.write_all(said.as_bytes()).is_err() {
            return round;
        }
    }
    unreachable!("there is always a next round")
}

/// The answers, by their ids, and what comes after the last of them.
fn answers(heard: &str) -> (BTreeMap<&str, u32>, &str) {
    let (mut answers, mut rest) = (BTreeMap::new(), heard);
    while let Some(iq) = rest.strip_prefix("<iq ") {
        let tag = &iq[..iq.find('>').unwrap()];
        let id = tag.split("id='").nth(1).unwrap().split('\'').next().unwrap();
        *answers.entry(id).or_default() += 1;
        let end = if tag.ends_with('/') { tag.len() + 1 } else { iq.find("</iq>").unwrap() + 5 };
        rest = &iq[end..];
    }
    (answers, rest)
}

fn check(told: &Told) -> u64 {
    let (answers, end) = answers(&told.heard);
    assert_eq!(end, END, "every stream ends in so many words");
    assert!(answers.values().all(|times| *times == 1), "one answer each: {answers:?}");
    let sets = answers.keys().filter_map(|id| id.strip_prefix('s')?.parse::<u64>().ok());
    let last = sets.max().unwrap();
    assert!(answers.len() as u64 > last * GETS / 2 && last <= told.asked, "{last} {}", told.asked);
    last
}

fn card(server: &Server, plain: &str) -> u64 {
    let card = Client::log_in(server, plain).own_card();
    let name = card.split("<FN>").nth(1).unwrap().split('<').next().unwrap();
    name.split(' ').nth(1).unwrap().parse().unwrap()
}

fn server(data: &Path) -> Server {
    Server::start(data, &["--insecure-plaintext"])
}

#[test]
fn a_stop_under_load_answers_or_says_so_and_loses_nothing_that_was_acknowledged() {
    for signal in ["-TERM", "-INT"] {
        let data = tempfile::tempdir().unwrap();
        ["alice", "bob"].iter().for_each(|name| add(name, data.path()));
        let running = server(data.path());
        let clients = [busy(&running, "alice", ALICE), busy(&running, "bob", BOB)];
        std::thread::sleep(LOAD);
        assert_eq!(running.stop_by(signal), Some(0));
        let told = clients.map(|client| client.join().unwrap());
        let running = server(data.path());
        for (told, plain) in told.iter().zip([ALICE, BOB]) {
            let (acknowledged, stored) = (check(told), card(&running, plain));
            assert!(stored >= acknowledged, "{acknowledged} was acknowledged, {stored} is there");
        }
        assert_eq!(running.stop(), Some(0));
    }
}

/// Some tools send every signal twice: the second one that soon changes nothing.
#[test]
fn a_signal_that_is_sent_twice_is_one() {
    let data = tempfile::tempdir().unwrap();
    add("alice", data.path());
    let running = server(data.path());
    let client = busy(&running, "alice", ALICE);
    std::thread::sleep(LOAD);
    (0..20).for_each(|_| running.signal("-INT"));
    assert_eq!(running.stop(), Some(0));
    check(&client.join().unwrap());
}

#[test]
fn a_second_interruption_ends_it_at_once() {
    let data = tempfile::tempdir().unwrap();
    add("alice", data.path());
    let running = server(data.path());
    let mut client = Client::log_in(&running, ALICE);
    client.publish(&"x".repeat(12_000));
    // It does not take what it asks for, so that there is something to wait for.
    let get = "<iq type='get' id='g'><vCard xmlns='vcard-temp'/></iq>";
    client.0.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    while client.0.write_all(get.repeat(100).as_bytes()).is_ok() {}
    running.signal("-INT");
    std::thread::sleep(IMPATIENCE);
    let began = Instant::now();
    assert_eq!(running.stop_by("-INT"), Some(3), "it is not said that all went well");
    assert!(began.elapsed() < Duration::from_secs(1), "it took {:?}", began.elapsed());
}
