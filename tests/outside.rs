//! Programs of others, unmodified, against the server: whether our reading of the RFCs is that of others.
//!
//! Python packages are fetched into a folder of the build's own. Programs of Debian's are installed if they are not there and this
//! may be done; where it may not, a line says what was not tested.
#![cfg(feature = "live")]
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod live;

use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use live::{PASSWORD, Server, add, installer, python, run, script, slixmpp};

/// Whether there is a program, installed from this package of Debian's if need be.
fn has(program: &str, package: &str) -> bool {
    let _only = installer();
    let is_there = || {
        let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).output();
        found.is_ok_and(|found| found.status.success())
    };
    if !is_there() {
        let install = format!(
            "export DEBIAN_FRONTEND=noninteractive; timeout 120 apt-get -qq update; \
             timeout 300 apt-get -qq install -y --no-install-recommends {package}"
        );
        let _ = Command::new("sh").args(["-c", &install]).stdin(Stdio::null()).output();
    }
    let there = is_there();
    if !there {
        println!("there is no {program}, and it could not be installed: not tested with it");
    }
    there
}

/// A server with alice and bob.
fn server(data: &Path, options: &[&str]) -> Server {
    add("alice", data);
    add("bob", data);
    Server::start(data, options)
}

#[test]
fn slixmpp_logs_in_publishes_asks_and_chats() {
    let data = tempfile::tempdir().unwrap();
    let server = server(data.path(), &["--threshold", "1"]);
    let told = slixmpp(&[server.address], &[]);
    assert!(told.contains("ok asked again later"), "{told}");
    assert_eq!(server.stop(), Some(0));
}

/// slixmpp as bob hears what a command says, which is given the port.
fn heard_from(command: impl Fn(&str) -> Vec<String>) -> String {
    let data = tempfile::tempdir().unwrap();
    let server = server(data.path(), &[]);
    let port = server.address.port().to_string();
    let mut hear = Command::new(python());
    hear.arg(script("hear.py")).args(["127.0.0.1", &port, PASSWORD]).args(command(&port));
    let told = run(&mut hear);
    assert!(told.contains("alice@localhost says: hello from outside"), "{told}");
    assert_eq!(server.stop(), Some(0));
    told
}

#[test]
fn profanity_logs_in_with_scram_and_is_heard() {
    if !has("profanity", "profanity-light") {
        return;
    }
    let told = heard_from(|port| {
        let script = script("profanity.py").display().to_string();
        ["python3", &script, port, PASSWORD, "bob@localhost"].map(str::to_owned).to_vec()
    });
    assert!(told.contains("SCRAM-SHA-256 auth successful"), "{told}");
}

/// Debian's is too old for SCRAM: it sends its password, under TLS.
#[test]
fn go_sendxmpp_logs_in_and_is_heard() {
    if !has("go-sendxmpp", "go-sendxmpp") {
        return;
    }
    heard_from(|port| {
        let server = format!("127.0.0.1:{port}");
        let arguments =
            ["-u", "alice@localhost", "-p", PASSWORD, "-j", &server, "-n", "bob@localhost"];
        ["go-sendxmpp"].iter().chain(&arguments).map(|&part| part.to_owned()).collect()
    });
}

/// Prosody with the same two accounts; killed when it is dropped.
struct Prosody {
    process: Child,
    port: u16,
}

impl Prosody {
    fn start(folder: &Path) -> Prosody {
        // A port that is free: Prosody does not say which one it has got.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let accounts = folder.join("localhost/accounts");
        std::fs::create_dir_all(&accounts).unwrap();
        for name in ["alice", "bob"] {
            let account = format!("return {{ [\"password\"] = \"{PASSWORD}\"; }};");
            std::fs::write(accounts.join(format!("{name}.dat")), account).unwrap();
        }
        let folder_name = folder.display();
        let configuration = format!(
            "run_as_root = true\n\
             pidfile = \"{folder_name}/pid\"\n\
             data_path = \"{folder_name}\"\n\
             modules_enabled = {{ \"roster\", \"saslauth\", \"disco\", \"vcard\", \"ping\" }}\n\
             modules_disabled = {{ \"s2s\", \"offline\" }}\n\
             c2s_require_encryption = false\n\
             authentication = \"internal_plain\"\n\
             interfaces = {{ \"127.0.0.1\" }}\n\
             c2s_ports = {{ {port} }}\n\
             VirtualHost \"localhost\"\n"
        );
        let file = folder.join("prosody.cfg.lua");
        std::fs::write(&file, configuration).unwrap();
        let mut prosody = Command::new("prosody");
        prosody.arg("-F").arg("--config").arg(&file);
        let process = prosody.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let until = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < until, "Prosody does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        Prosody { process, port }
    }
}

impl Drop for Prosody {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The lines that are not in both, each with the step that it is of.
fn difference(ours: &str, theirs: &str) -> String {
    let steps = |text: &str| -> Vec<String> {
        let marked = text.replace("\n  ", "\u{0}");
        marked.lines().map(|step| step.replace('\u{0}', "\n  ")).collect()
    };
    let (ours, theirs) = (steps(ours), steps(theirs));
    let pairs = ours.iter().zip(&theirs).filter(|(ours, theirs)| ours != theirs);
    let mut told: String =
        pairs.map(|(ours, theirs)| format!("Spillway: {ours}\nProsody: {theirs}\n\n")).collect();
    if ours.len() != theirs.len() {
        told += &format!("{} steps and {}", ours.len(), theirs.len());
    }
    told
}

#[test]
fn the_same_stanzas_come_from_prosody() {
    if !has("prosody", "prosody") {
        return;
    }
    let (data, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = server(data.path(), &["--insecure-plaintext"]);
    let prosody = Prosody::start(folder.path());
    let python = python();
    let hear = |port: u16| {
        let mut same = Command::new(&python);
        same.arg(script("same.py")).args(["127.0.0.1", &port.to_string(), PASSWORD]);
        same.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    // Mostly they wait: both at once.
    let [ours, theirs] = [hear(server.address.port()), hear(prosody.port)].map(|process| {
        let output = process.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{told}");
        told
    });
    println!("{} stanzas came from Spillway", ours.matches(" hears ").count());
    let difference = difference(&ours, &theirs);
    assert!(difference.is_empty(), "{difference}");
    assert_eq!(server.stop(), Some(0));
}
