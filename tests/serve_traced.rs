//! What the program writes down while it serves.
#![cfg(feature = "live")]
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod live;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use live::plain::{ALICE, BOB, Client};
use live::{Server, add, spillway};
use spillway_traces::{Spillway, Trace};
use tempfile::TempDir;

/// Asks for the other one's card this often, all at once, and takes all answers.
const GETS: usize = 500;

const GET: &str = "<iq type='get' id='g' to='alice@localhost'><vCard xmlns='vcard-temp'/></iq>";

fn ask_much(client: &mut Client) {
    client.answers(&GET.repeat(GETS), GETS);
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

/// Serves while the disk of the traces becomes full, and what the files hold then.
fn fill_up(server: Server, traces: &Path) -> Vec<(String, String)> {
    let (mut alice, mut bob) = (Client::log_in(&server, ALICE), Client::log_in(&server, BOB));
    alice.publish("Alice");
    let until = Instant::now() + Duration::from_secs(60);
    while !server.log().contains("tracing ends here") {
        assert!(Instant::now() < until, "it does not become full: {}", server.log());
        ask_much(&mut bob);
    }
    alice.publish("Alice the second");
    ask_much(&mut bob);
    assert!(alice.own_card().contains("Alice the second"), "it goes on serving");
    assert_eq!(server.log().matches("tracing ends here").count(), 1, "it says so, once");
    // A disk of its own is gone with it.
    let before = files(&server.sees(traces));
    let is_shared = traces.join("B0.0.trace.ndjson").exists();
    assert_eq!(server.stop(), Some(0));
    assert!(!is_shared || files(traces) == before, "nothing is written any more");
    before
}

/// Files without an end never pass.
fn check_unfinished(files: &[(String, String)]) {
    assert_eq!(files.len(), 6);
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        assert!(!text.contains("{\"end\":"), "{name} has an end");
        fs::write(folder.path().join(name), text).unwrap();
    }
    let (code, said) = told(&["validate"], folder.path());
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("without an end") || said.contains("has no end"), "{said}");
}

fn with_accounts() -> TempDir {
    let data = tempfile::tempdir().unwrap();
    ["alice", "bob"].iter().for_each(|name| add(name, data.path()));
    data
}

#[test]
fn a_full_disk_ends_the_tracing_says_so_and_nothing_else() {
    let data = with_accounts();
    let traces = data.path().join("traces");
    fs::create_dir(&traces).unwrap();
    let mount = format!("mount -t tmpfs -o size=256k none '{}'", traces.display());
    let may = Command::new("unshare").args(["-rm", "sh", "-c", &mount]).output();
    if !may.is_ok_and(|may| may.status.success()) {
        return println!("no disk may be made here: not tested with one that is full");
    }
    let mut shell = Command::new("unshare");
    shell.args(["-rm", "sh"]);
    let options = ["--insecure-plaintext", "--trace-dir", traces.to_str().unwrap()];
    let server = Server::start_after(shell, &mount, data.path(), &options);
    check_unfinished(&fill_up(server, &traces));
}

/// To the program that is a full disk, too, and there it can always be tried.
#[test]
fn a_limit_of_the_size_of_files_ends_the_tracing_says_so_and_nothing_else() {
    let data = with_accounts();
    let traces = data.path().join("traces");
    let options = ["--insecure-plaintext", "--trace-dir", traces.to_str().unwrap()];
    // 8 MiB in blocks of 512 bytes, which the store does not need; whoever writes more is told so, and not killed.
    let server = Server::start_limited("-f 16384 && trap '' XFSZ", data.path(), &options);
    check_unfinished(&fill_up(server, &traces));
}

#[test]
fn what_was_written_down_is_shown_in_every_form() {
    let data = with_accounts();
    let traces = data.path().join("traces");
    let options = ["--insecure-plaintext", "--trace-dir", traces.to_str().unwrap()];
    let server = Server::start(data.path(), &options);
    let (mut alice, mut bob) = (Client::log_in(&server, ALICE), Client::log_in(&server, BOB));
    alice.publish("Alice");
    bob.answers(&GET.repeat(3), 3);
    assert_eq!(server.stop(), Some(0));
    let show = |form: &str| {
        let (code, said) = told(&["show", "--as", form], &traces);
        assert_eq!(code, Some(0), "{form}: {said}");
        said
    };
    let text = show("text");
    let events = text.strip_prefix("A spillway trace from the live system: ").unwrap();
    let events: usize = events.split(' ').next().unwrap().parse().unwrap();
    for step in
        ["A0 issues r0", "B0 → C0: Publish r0", "G → C1: Update", "A1 issues r1", "Answer r3"]
    {
        assert!(text.contains(step), "{step}: {text}");
    }
    for (form, begin) in [
        ("mermaid", "sequencediagram\n"),
        ("svg", "<svg "),
        ("html", "<!doctype html>"),
        ("shiviz", "(?<host>"),
    ] {
        let shown = show(form);
        assert!(shown.to_lowercase().starts_with(begin), "{form}: {}", &shown[..100]);
        assert!(shown.contains("Publish r0"), "{form}");
    }
    let json = |form| -> serde_json::Value { serde_json::from_str(&show(form)).expect(form) };
    assert_eq!(json("itf")["states"].as_array().unwrap().len(), events + 1);
    assert!(json("perfetto")["traceEvents"].as_array().unwrap().len() > events);
    let trace = Trace::<Spillway>::from_bytes(show("ndjson").as_bytes()).unwrap();
    assert!(trace.is_complete() && trace.events.len() == events);
    // One file it is then, like any other.
    let file = data.path().join("run.trace.ndjson");
    fs::write(&file, show("ndjson")).unwrap();
    let (code, said) = told(&["validate"], &file);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(&format!("{events} events accepted")), "{said}");
}
