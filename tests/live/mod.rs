//! The program as a process, and its accounts: what the tests of the live system share.
#![allow(dead_code, unreachable_pub)]

pub mod plain;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The password of every account.
pub const PASSWORD: &str = "correct horse";

/// How a client begins a stream.
pub const HEAD: &str = "<stream:stream to='localhost' version='1.0' xmlns='jabber:client' \
                        xmlns:stream='http://etherx.jabber.org/streams'>";

pub fn spillway() -> Command {
    Command::new(env!("CARGO_BIN_EXE_spillway"))
}

/// A server that runs; killed when it is dropped.
pub struct Server {
    process: Child,
    pub address: SocketAddr,
    /// Where connections begin with TLS, if it was told to listen for them.
    pub direct: Option<SocketAddr>,
    log: PathBuf,
}

impl Server {
    pub fn start(data: &Path, options: &[&str]) -> Server {
        Server::start_as(spillway(), data, options)
    }

    /// With limits of the shell's `ulimit`, such as `-n 100`.
    pub fn start_limited(limit: &str, data: &Path, options: &[&str]) -> Server {
        Server::start_after(Command::new("sh"), &format!("ulimit {limit}"), data, options)
    }

    /// After something that a shell does first, in the same process.
    pub fn start_after(mut shell: Command, first: &str, data: &Path, options: &[&str]) -> Server {
        let program = env!("CARGO_BIN_EXE_spillway");
        shell.args(["-c", &format!("{first} && exec \"$@\""), "sh", program]);
        Server::start_as(shell, data, options)
    }

    /// A path as it sees it, which may be on a disk that is there for nobody else (proc(5), `root`).
    pub fn sees(&self, path: &Path) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.process.id()));
        root.join(path.strip_prefix("/").expect("a path from the root on"))
    }

    fn start_as(mut command: Command, data: &Path, options: &[&str]) -> Server {
        let log = data.join("log");
        let mut process = command
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(options)
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut told = BufReader::new(process.stdout.as_mut().unwrap()).lines();
        let mut address = |name: &str| {
            let line = told.next().expect("it says where it listens").unwrap();
            let mut words = line.split_whitespace();
            assert_eq!(words.next(), Some(name), "{line}");
            words.next().expect("an address").parse().unwrap()
        };
        let chat = address("chat");
        let direct = options.contains(&"--listen-tls").then(|| address("chat-tls"));
        Server { address: chat, direct, process, log }
    }

    pub fn kill(&mut self) {
        self.process.kill().unwrap(); // SIGKILL
        self.process.wait().unwrap();
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(self) -> Option<i32> {
        self.stop_by("-TERM")
    }

    /// The same with another signal.
    pub fn stop_by(mut self, signal: &str) -> Option<i32> {
        self.signal(signal);
        self.process.wait().unwrap().code()
    }

    pub fn signal(&self, signal: &str) {
        let killed = Command::new("kill").args([signal, &self.process.id().to_string()]).status();
        assert!(killed.unwrap().success());
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// A number of kilobytes that the system says of it (proc(5), `status`), such as `VmRSS`.
    pub fn kilobytes(&self, what: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(what)).expect("a line of status");
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs `spillway user`: whether it went well, and what it said.
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

/// Whoever installs something has the tests for itself, as packages have but one installer.
static INSTALLER: Mutex<()> = Mutex::new(());

pub fn installer() -> MutexGuard<'static, ()> {
    INSTALLER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A Python with slixmpp, in a folder of the build's own.
pub fn python() -> PathBuf {
    let _only = installer();
    let environment = Path::new(env!("CARGO_TARGET_TMPDIR")).join("slixmpp");
    let python = environment.join("bin/python");
    if !environment.join("installed").exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment));
        run(Command::new(&python).args(["-m", "pip", "install", "-q", "slixmpp==1.17.0"]));
        fs::write(environment.join("installed"), "").unwrap();
    }
    python
}

/// Runs the script of two slixmpp clients, who are alice and bob, at an address of their own each or at the same; gives what it
/// told.
pub fn slixmpp(addresses: &[SocketAddr], options: &[&str]) -> String {
    let ports: Vec<String> = addresses.iter().map(|address| address.port().to_string()).collect();
    let mut chat = Command::new(python());
    run(chat.arg(script("chat.py")).args(["127.0.0.1", &ports.join(","), PASSWORD]).args(options))
}

/// Runs a command that must go well, and gives what it said.
pub fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{told}");
    told
}

/// A file beside this one.
pub fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live").join(name)
}
