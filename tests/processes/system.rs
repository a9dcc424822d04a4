//! A system of several processes.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::client::{Client, Told, USERS, password_of};
use crate::live::PASSWORD;

/// The servers, in the order in which they are begun.
pub const SERVERS: [(&str, u16); 7] = [
    ("global", 0),
    ("control", 0),
    ("query", 0),
    ("query", 1),
    ("query", 2),
    ("communication", 0),
    ("communication", 1),
];
/// Communication servers.
pub const DOORS: usize = 2;

pub struct System {
    pub folder: tempfile::TempDir,
    /// Where clients come in with TLS from the beginning, at each communication server.
    pub chat: [SocketAddr; DOORS],
    /// Where they come in and begin TLS later.
    pub starttls: [SocketAddr; DOORS],
    options: Vec<String>,
    is_traced: bool,
    processes: Vec<Option<Child>>,
}

fn spillway() -> Command {
    Command::new(env!("CARGO_BIN_EXE_spillway"))
}

/// Addresses that nobody has at the moment.
fn free(count: usize) -> Vec<SocketAddr> {
    let taken: Vec<TcpListener> =
        (0..count).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    taken.iter().map(|listener| listener.local_addr().unwrap()).collect()
}

impl System {
    /// A system that runs, and writes down what its nodes do.
    pub fn new(options: &[&str]) -> System {
        System::begin(options, true)
    }

    pub fn untraced() -> System {
        System::begin(&[], false)
    }

    fn begin(options: &[&str], is_traced: bool) -> System {
        let folder = tempfile::tempdir().unwrap();
        let at = free(9);
        let config = format!(
            "query-threshold = 2\n\
             control = {{ listen = \"{}\" }}\nglobal = {{ listen = \"{}\" }}\n\
             [[communication]]\nchat = \"{}\"\n[[communication]]\nchat = \"{}\"\n\
             [[query]]\nlisten = \"{}\"\n[[query]]\nlisten = \"{}\"\n[[query]]\nlisten = \"{}\"\n\
             [knobs]\nqueue-max = 8\nledger-max = 8\n",
            at[0], at[1], at[2], at[3], at[4], at[5], at[6],
        );
        fs::write(folder.path().join("spillway.toml"), config).unwrap();
        let options = options.iter().map(|option| option.to_string()).collect();
        let processes = (0..SERVERS.len()).map(|_| None).collect();
        let (chat, starttls) = ([at[7], at[8]], [at[2], at[3]]);
        let mut system = System { folder, chat, starttls, options, is_traced, processes };
        let made = spillway().args(["keys", "--config"]).arg(system.config()).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        (0..USERS).for_each(|user| system.add(&format!("u{user}"), &password_of(user)));
        ["alice", "bob"].iter().for_each(|name| system.add(name, PASSWORD));
        (0..SERVERS.len()).for_each(|server| system.start(server));
        system
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("spillway.toml")
    }

    fn add(&self, name: &str, password: &str) {
        let data = self.folder.path().join("spillway-data/G");
        let mut adding = spillway()
            .args(["user", "add", name, "--password-stdin", "--data"])
            .arg(data)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        writeln!(adding.stdin.take().unwrap(), "{password}").unwrap();
        assert!(adding.wait().unwrap().success());
    }

    /// Begins a server, and waits until it says that it has begun.
    pub fn start(&mut self, server: usize) {
        let (role, index) = SERVERS[server];
        let mut command = spillway();
        command.args(["serve", "--role", role, "--index", &index.to_string(), "--config"]);
        command.arg(self.config()).args(&self.options);
        if self.is_traced {
            command.arg("--trace-dir").arg(self.folder.path().join("traces"));
        }
        if role == "communication" {
            command.args(["--listen-tls", &self.chat[usize::from(index)].to_string()]);
        }
        let log = self.folder.path().join(format!("{role}{index}.log"));
        let log = fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
        let mut process = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("server"), "{role} {index}: {line} {}", self.logs());
        self.processes[server] = Some(process);
    }

    pub fn kill(&mut self, server: usize) {
        let mut process = self.processes[server].take().unwrap();
        process.kill().unwrap(); // SIGKILL
        process.wait().unwrap();
    }

    /// Asks all to stop, clients' server first.
    pub fn stop(&mut self) {
        for server in (0..SERVERS.len()).rev() {
            let mut process = self.processes[server].take().unwrap();
            let pid = process.id().to_string();
            assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
            let code = process.wait().unwrap().code();
            assert_eq!(code, Some(0), "{:?}: {}", SERVERS[server], self.logs());
        }
    }

    /// What the model says of what the nodes wrote.
    pub fn validate(&self) -> (Option<i32>, String) {
        let traces = self.folder.path().join("traces");
        let output = spillway().arg("validate").arg(traces).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    }

    /// Publishes that were acknowledged, and that another user does not see in the end.
    pub fn lost_publishes(&self, told: &Told) -> Vec<String> {
        let mut lost = Vec::new();
        let until = Instant::now() + Duration::from_secs(30);
        let mut client = loop {
            match Client::log_in(self.chat[0], &self.certificate(0), 0, Duration::from_secs(10)) {
                Ok(client) => break client,
                Err(error) => assert!(Instant::now() < until, "nobody can log in: {error}"),
            }
        };
        for user in 1..USERS {
            let seen = client.get(user).unwrap();
            if seen < told.acknowledged[user] {
                lost.push(format!(
                    "u{user}: {} acknowledged, {seen} seen",
                    told.acknowledged[user]
                ));
            }
        }
        lost
    }

    /// The certificate that clients of a communication server are to trust.
    pub fn certificate(&self, door: usize) -> PathBuf {
        self.folder.path().join(format!("spillway-data/B{door}/certificate.pem"))
    }

    fn logs(&self) -> String {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let logs = entries.map(|entry| entry.unwrap().path());
        let logs = logs.filter(|path| path.extension().is_some_and(|ending| ending == "log"));
        logs.map(|path| format!("{}:\n{}", path.display(), fs::read_to_string(&path).unwrap()))
            .collect()
    }
}

impl Drop for System {
    fn drop(&mut self) {
        for process in self.processes.iter_mut().flatten() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
