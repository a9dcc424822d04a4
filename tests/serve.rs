//! The live system as a process: what a client of flesh and blood meets, and what is left after it was killed.
#![cfg(feature = "live")]
#![allow(clippy::unwrap_used, missing_docs)]

mod live;

use std::io::{Read, Write};

use live::plain::{ALICE, BOB, Client};
use live::{PASSWORD, Server, add, spillway, user};

#[test]
fn accounts_are_managed_while_it_runs_and_while_it_does_not() {
    let data = tempfile::tempdir().unwrap();
    add("alice", data.path());
    let server = Server::start(data.path(), &["--insecure-plaintext"]);
    add("Bob", data.path());
    let (_, names) = user(&["list"], data.path(), "");
    assert_eq!(names, "alice\nbob\n");
    Client::log_in(&server, ALICE);
    Client::log_in(&server, BOB);
    let (again, told) = user(&["add", "bob", "--password-stdin"], data.path(), PASSWORD);
    assert!(!again && told.starts_with("error: "), "{told}");
    let (removed, told) = user(&["remove", "bob"], data.path(), "");
    assert!(removed, "{told}");
    let mut client = Client::connect(&server);
    let auth =
        format!("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{BOB}</auth>");
    let failure = client.talk(&auth, "</failure>");
    assert!(failure.contains("not-authorized"), "{failure}");
    assert_eq!(server.stop(), Some(0));
    let (_, names) = user(&["list"], data.path(), "");
    assert_eq!(names, "alice\n");
    // A folder that is made for it is for its owner alone.
    let made = data.path().join("made");
    add("alice", &made);
    let mode = std::os::unix::fs::PermissionsExt::mode(&made.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn what_was_acknowledged_is_there_after_a_kill() {
    const KILLS: usize = 20;
    let data = tempfile::tempdir().unwrap();
    add("alice", data.path());
    for kill in 0..KILLS {
        let mut server = Server::start(data.path(), &["--insecure-plaintext"]);
        let mut client = Client::log_in(&server, ALICE);
        if kill > 0 {
            let card = client.own_card();
            assert!(card.contains(&format!("<FN>before kill {kill}</FN>")), "{card}");
        }
        client.publish(&format!("before kill {}", kill + 1));
        server.kill();
    }
}

#[test]
fn a_folder_is_served_once_and_plaintext_stays_at_home() {
    let data = tempfile::tempdir().unwrap();
    let _server = Server::start(data.path(), &[]);
    let again =
        spillway().args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data.path()).output();
    let again = again.unwrap();
    assert_eq!(again.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&again.stderr).contains("spillway.redb"), "{again:?}");
    let open = spillway()
        .args(["serve", "--insecure-plaintext", "--listen", "0.0.0.0:0", "--data"])
        .arg(data.path())
        .output()
        .unwrap();
    assert_eq!(open.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&open.stderr).contains("loopback"), "{open:?}");
}

#[test]
fn a_client_that_takes_nothing_stops_nobody_and_gets_all_when_it_does() {
    const GETS: usize = 3000;
    let data = tempfile::tempdir().unwrap();
    add("alice", data.path());
    add("bob", data.path());
    let server = Server::start(data.path(), &["--insecure-plaintext"]);
    let mut alice = Client::log_in(&server, ALICE);
    alice.publish(&"x".repeat(12_000));
    let mut writer = alice.0.try_clone().unwrap();
    let asking = std::thread::spawn(move || {
        for _ in 0..GETS {
            writer.write_all(b"<iq type='get' id='g'><vCard xmlns='vcard-temp'/></iq>").unwrap();
        }
    });
    let mut bob = Client::log_in(&server, BOB);
    let pong = bob.talk("<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>", "id=");
    assert!(pong.contains("result"), "{pong}");
    let (mut answers, mut last, mut room) = (0, Vec::new(), vec![0; 1 << 16]);
    while answers < GETS {
        let read = alice.0.read(&mut room).unwrap();
        assert!(read > 0, "closed after {answers} answers");
        last.extend_from_slice(&room[..read]);
        answers += last.windows(5).filter(|part| *part == b"</iq>").count();
        last.drain(..last.len().saturating_sub(4)); // what an end may begin with
    }
    asking.join().unwrap();
}
