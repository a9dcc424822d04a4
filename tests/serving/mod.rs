//! What tests of the live system as a process share: a server, its accounts, and clients that are not ours.
#![allow(dead_code, unreachable_pub)] // each test uses a part

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

pub const PASSWORD: &str = "correct horse";

pub fn spillway() -> Command {
    Command::new(env!("CARGO_BIN_EXE_spillway"))
}

/// A server that runs; killed when it is dropped.
pub struct Server {
    pub process: Child,
    pub address: SocketAddr,
    /// Where connections begin with TLS, if it was told to listen for them.
    pub direct: Option<SocketAddr>,
}

impl Server {
    pub fn start(data: &Path, options: &[&str]) -> Server {
        let mut process = spillway()
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut told = BufReader::new(process.stdout.as_mut().unwrap()).lines();
        let mut address = |name: &str| {
            let line = told.next().unwrap().unwrap();
            let mut words = line.split_whitespace();
            assert_eq!(words.next(), Some(name), "{line}");
            words.next().expect("it says where it listens").parse().unwrap()
        };
        let chat = address("chat");
        let direct = options.contains(&"--listen-tls").then(|| address("chat-tls"));
        Server { process, address: chat, direct }
    }

    pub fn kill(&mut self) {
        self.process.kill().unwrap(); // SIGKILL
        self.process.wait().unwrap();
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(mut self) -> Option<i32> {
        let killed = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        assert!(killed.unwrap().success());
        self.process.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub fn user(arguments: &[&str], data: &Path, password: &str) -> (bool, String) {
    let mut process = spillway()
        .arg("user")
        .args(arguments)
        .arg("--data")
        .arg(data)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that asks for none has closed its end.
    let _ = writeln!(process.stdin.take().unwrap(), "{password}");
    let output = process.wait_with_output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(told).unwrap())
}

pub fn add(name: &str, data: &Path) {
    let (added, told) = user(&["add", name, "--password-stdin"], data, PASSWORD);
    assert!(added, "{told}");
}

/// Runs the script of two slixmpp clients, who are alice and bob, and gives what it told. Python and its packages are fetched
/// into a folder of the build's own.
pub fn slixmpp(address: SocketAddr, options: &[&str]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let environment = Path::new(env!("CARGO_TARGET_TMPDIR")).join("slixmpp");
    let python = environment.join("bin/python");
    let run = |command: &mut Command| {
        let output = command.output().expect("python 3 is installed");
        let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{told}");
        told
    };
    if !environment.join("installed").exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment));
        run(Command::new(&python).args(["-m", "pip", "install", "-q", "slixmpp==1.17.0"]));
        std::fs::write(environment.join("installed"), "").unwrap();
    }
    let (host, port) = (address.ip().to_string(), address.port().to_string());
    let script = root.join("tests/live/chat.py");
    run(Command::new(&python).arg(script).args([&host, &port, PASSWORD]).args(options))
}
