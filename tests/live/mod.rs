//! The program as a process, and its accounts: what the tests of the live system share.
#![allow(dead_code, unreachable_pub)]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

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
    log: PathBuf,
}

impl Server {
    pub fn start(data: &Path, options: &[&str]) -> Server {
        Server::start_as(spillway(), data, options)
    }

    /// With limits of the shell's `ulimit`, such as `-n 100`.
    pub fn start_limited(limit: &str, data: &Path, options: &[&str]) -> Server {
        let mut shell = Command::new("sh");
        let program = env!("CARGO_BIN_EXE_spillway");
        shell.args(["-c", &format!("ulimit {limit} && exec \"$@\""), "sh", program]);
        Server::start_as(shell, data, options)
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
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.split_whitespace().nth(1).expect("it says where it listens");
        Server { address: address.parse().unwrap(), process, log }
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
        let killed = Command::new("kill").args([signal, &self.process.id().to_string()]).status();
        assert!(killed.unwrap().success());
        self.process.wait().unwrap().code()
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
