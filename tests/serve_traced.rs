//! What the program writes down while it serves.
#![cfg(feature = "live")]
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod live;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use live::plain::{ALICE, BOB, Client};
use live::{Server, add, spillway};

/// Asks for the other one's card this often, all at once, and takes all answers.
const GETS: usize = 500;

fn ask_much(client: &mut Client) {
    let get = "<iq type='get' id='g' to='alice@localhost'><vCard xmlns='vcard-temp'/></iq>";
    client.answers(&get.repeat(GETS), GETS);
}

/// What a command says of a folder: its code, and all that it said.
fn told(arguments: &[&str], folder: &Path) -> (Option<i32>, String) {
    let output = spillway().args(arguments).arg(folder).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

/// The files of a folder, with what they hold.
fn files(folder: &Path) -> Vec<(String, String)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned())
        })
        .collect();
    files.sort();
    files
}

/// A disk that takes no more, as a limit of the size of files is one.
#[test]
fn a_full_disk_ends_the_tracing_says_so_and_nothing_else() {
    let data = tempfile::tempdir().unwrap();
    add("alice", data.path());
    add("bob", data.path());
    let traces = data.path().join("traces");
    let options = ["--insecure-plaintext", "--trace-dir", traces.to_str().unwrap()];
    // 8 MiB, in blocks of 512 bytes; whoever writes more is told so, and not killed.
    let server = Server::start_limited("-f 16384 && trap '' XFSZ", data.path(), &options);
    let (mut alice, mut bob) = (Client::log_in(&server, ALICE), Client::log_in(&server, BOB));
    alice.publish("Alice");
    let until = Instant::now() + Duration::from_secs(60);
    while !server.log().contains("tracing ends here") {
        assert!(Instant::now() < until, "there is no limit: {:?}", fs::read_dir(&traces));
        ask_much(&mut bob);
    }
    alice.publish("Alice the second");
    ask_much(&mut bob);
    assert!(alice.own_card().contains("Alice the second"));
    println!("{}", server.log());
    assert_eq!(server.log().matches("tracing ends here").count(), 1);
    assert_eq!(server.stop(), Some(0));
    let files = files(&traces);
    assert_eq!(files.len(), 6);
    for (name, text) in &files {
        println!("{name} {} ...{}", text.len(), &text[text.len() - 100..]);
        assert!(!text.contains("{\"end\":"), "{name} has an end");
    }
    println!("{:?}", told(&["validate"], &traces));
}
