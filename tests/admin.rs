//! The admin port as whoever operates the server meets it: metrics that move, health, a page in a real browser, and clients
//! that misbehave.
#![cfg(feature = "live")]
#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PASSWORD: &str = "correct horse";
const PATIENCE: Duration = Duration::from_secs(20);

fn spillway() -> Command {
    Command::new(env!("CARGO_BIN_EXE_spillway"))
}

/// A server with an admin port and two accounts; killed when it is dropped.
struct Server {
    process: Child,
    chat: SocketAddr,
    admin: SocketAddr,
    _data: tempfile::TempDir,
}

impl Server {
    fn start(options: &[&str]) -> Server {
        let data = tempfile::tempdir().unwrap();
        ["alice", "bob"].into_iter().for_each(|name| add(name, data.path()));
        let mut process = spillway()
            .args(["serve", "--insecure-plaintext", "--listen", "127.0.0.1:0"])
            .args(["--admin", "127.0.0.1:0", "--data"])
            .arg(data.path())
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.as_mut().unwrap()).lines();
        let said: BTreeMap<String, String> = lines
            .map(|line| {
                let line = line.unwrap();
                let mut words = line.split_whitespace().map(str::to_owned);
                (words.next().unwrap(), words.next().unwrap())
            })
            .take(5)
            .collect();
        let admin = said["admin"].strip_prefix("http://").unwrap().strip_suffix('/').unwrap();
        let (chat, admin) = (said["chat"].parse().unwrap(), admin.parse().unwrap());
        Server { process, chat, admin, _data: data }
    }

    fn connect(&self) -> TcpStream {
        let socket = TcpStream::connect(self.admin).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket
    }

    /// What is answered to these bytes, up to the end of the connection.
    fn told(&self, bytes: &[u8]) -> String {
        let mut socket = self.connect();
        socket.write_all(bytes).unwrap();
        let mut told = String::new();
        socket.read_to_string(&mut told).unwrap();
        told
    }

    /// The status and the body of what is at a path.
    fn get(&self, path: &str) -> (u16, String) {
        let told = self.told(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes());
        let (head, body) = told.split_once("\r\n\r\n").unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
        assert_eq!(length, body.len().to_string(), "{head}");
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    fn metrics(&self) -> Metrics {
        let (status, text) = self.get("/metrics");
        assert_eq!(status, 200);
        Metrics::parse(&text)
    }

    fn terminate(&self) {
        let status = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        assert!(status.unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn add(name: &str, data: &Path) {
    let mut process = spillway()
        .args(["user", "add", name, "--password-stdin", "--data"])
        .arg(data)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    writeln!(process.stdin.take().unwrap(), "{PASSWORD}").unwrap();
    assert!(process.wait().unwrap().success());
}

/// A chat client that speaks plain XMPP.
struct Client(TcpStream);

const HEAD: &str = "<stream:stream to='localhost' version='1.0' xmlns='jabber:client' \
                    xmlns:stream='http://etherx.jabber.org/streams'>";
/// `\0alice\0correct horse` and `\0bob\0correct horse` in base64.
const ALICE: &str = "AGFsaWNlAGNvcnJlY3QgaG9yc2U=";
const BOB: &str = "AGJvYgBjb3JyZWN0IGhvcnNl";

impl Client {
    fn log_in(server: &Server, plain: &str) -> Client {
        let socket = TcpStream::connect(server.chat).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut client = Client(socket);
        client.talk(HEAD, "</stream:features>");
        let auth = format!(
            "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{plain}</auth>"
        );
        assert!(client.talk(&auth, "xmpp-sasl").contains("<success"));
        client.talk(HEAD, "</stream:features>");
        let bind = "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";
        client.talk(bind, "</iq>");
        client
    }

    fn talk(&mut self, say: &str, until: &str) -> String {
        self.0.write_all(say.as_bytes()).unwrap();
        let (mut heard, mut room) = (String::new(), [0; 4096]);
        while !heard.contains(until) {
            let read = self.0.read(&mut room).unwrap();
            assert!(read > 0, "closed after {say}: {heard}");
            heard.push_str(std::str::from_utf8(&room[..read]).unwrap());
        }
        heard
    }

    fn publish(&mut self, text: &str) {
        let set =
            format!("<iq type='set' id='s'><vCard xmlns='vcard-temp'><FN>{text}</FN></vCard></iq>");
        assert!(self.talk(&set, "id=").contains("result"));
        let share =
            "<iq type='set' id='w'><sharing xmlns='urn:spillway:sharing' with='everyone'/></iq>";
        assert!(self.talk(share, "id=").contains("result"));
    }

    /// Asks for somebody's card many times at once, and takes all answers; how many were cards, and how many "busy".
    fn burst(&mut self, of: &str, count: usize) -> (u64, u64) {
        let gets: String = (0..count)
            .map(|id| {
                format!(
                    "<iq type='get' id='g{id}' to='{of}@localhost'><vCard xmlns='vcard-temp'/></iq>"
                )
            })
            .collect();
        let last = format!("{gets}<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>");
        self.0.write_all(last.as_bytes()).unwrap();
        let (mut heard, mut room) = (String::new(), [0; 65_536]);
        let (mut cards, mut busy) = (0, 0);
        while cards + busy < count || !heard.contains("id='p'") && !heard.contains("id=\"p\"") {
            let read = self.0.read(&mut room).unwrap();
            assert!(read > 0, "closed");
            heard.push_str(std::str::from_utf8(&room[..read]).unwrap());
            cards = heard.matches("</vCard></iq>").count();
            busy = heard.matches("<retry").count();
        }
        (cards as u64, busy as u64)
    }
}

/// What a scrape says, read as strictly as the format is: every sample belongs to the family that was announced last.
#[derive(Debug, Default)]
struct Metrics {
    /// By name and labels as they are written.
    samples: BTreeMap<String, f64>,
    types: BTreeMap<String, String>,
}

impl Metrics {
    fn parse(text: &str) -> Metrics {
        assert!(text.ends_with('\n'));
        let mut metrics = Metrics::default();
        let mut helped = String::new();
        let mut family = String::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').unwrap();
                assert!(!help.is_empty() && !help.contains('\\'), "{line}");
                helped = name.to_owned();
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap();
                assert!(name.starts_with("spillway_") && name == helped, "{line}");
                assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
                let before = metrics.types.insert(name.to_owned(), kind.to_owned());
                assert_eq!(before, None, "{line}");
                family = name.to_owned();
            } else {
                metrics.sample(line, &family);
            }
        }
        metrics.check_histograms();
        metrics
    }

    fn sample(&mut self, line: &str, family: &str) {
        let (series, value) = line.rsplit_once(' ').unwrap();
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let labels = labels.strip_suffix('}').unwrap();
        for label in labels.split(',').filter(|label| !label.is_empty()) {
            let (key, value) = label.split_once("=\"").unwrap();
            assert!(key.chars().all(|char| char.is_ascii_lowercase() || char == '_'), "{line}");
            assert!(value.strip_suffix('"').is_some_and(|value| !value.contains('"')), "{line}");
        }
        let end = name.strip_prefix(family).unwrap_or_else(|| panic!("{line} is not of {family}"));
        match self.types[family].as_str() {
            "histogram" => assert!(["_bucket", "_sum", "_count"].contains(&end), "{line}"),
            "counter" | "gauge" => assert_eq!(end, "", "{line}"),
            other => panic!("{other} is no type"),
        }
        let before = self.samples.insert(series.to_owned(), value.parse().unwrap());
        assert_eq!(before, None, "{line} is there twice");
    }

    /// Buckets add up, the last one is of all, and is the count.
    fn check_histograms(&self) {
        let histograms = self.types.iter().filter(|(_, kind)| *kind == "histogram");
        for (name, _) in histograms {
            for class in ["interactive", "normal", "bulk", "publish"] {
                let head = format!("{name}_bucket{{class=\"{class}\",le=\"");
                let buckets = self.samples.iter().filter_map(|(series, count)| {
                    let bound = series.strip_prefix(&head)?.strip_suffix("\"}")?;
                    Some((bound.parse::<f64>().unwrap(), *count))
                });
                let mut buckets: Vec<(f64, f64)> = buckets.collect();
                buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
                assert!(buckets.len() > 10 && buckets.windows(2).all(|two| two[0].1 <= two[1].1));
                let (bound, all) = *buckets.last().unwrap();
                assert_eq!(bound, f64::INFINITY);
                assert_eq!(all, self.value(&format!("{name}_count{{class=\"{class}\"}}")));
            }
        }
    }

    fn value(&self, series: &str) -> f64 {
        *self.samples.get(series).unwrap_or_else(|| panic!("{series} is missing"))
    }

    fn sum(&self, family: &str) -> f64 {
        let of_family = |series: &str| series.split('{').next() == Some(family);
        self.samples.iter().filter(|(series, _)| of_family(series)).map(|(_, value)| value).sum()
    }
}

#[test]
fn metrics_say_what_clients_were_told() {
    const GETS: usize = 60;
    let server = Server::start(&["--threshold", "1"]);
    let before = server.metrics();
    assert_eq!(before.sum("spillway_sessions"), 0.0);
    assert_eq!(before.sum("spillway_requests_answered_total"), 0.0);
    let mut alice = Client::log_in(&server, ALICE);
    alice.publish("Alice");
    let mut bob = Client::log_in(&server, BOB);
    let (cards, busy) = bob.burst("alice", GETS);
    assert!(cards > 0 && busy > 0, "{cards} {busy}");
    let metrics = server.metrics();
    assert_eq!(metrics.sum("spillway_sessions"), 2.0);
    assert_eq!(metrics.sum("spillway_connections"), 2.0);
    assert_eq!(metrics.sum("spillway_publishes_acknowledged_total"), 2.0);
    assert_eq!(metrics.sum("spillway_requests_answered_total"), cards as f64);
    assert_eq!(metrics.sum("spillway_requests_refused_total"), busy as f64);
    let answered =
        |class| metrics.value(&format!("spillway_requests_answered_total{{class=\"{class}\"}}"));
    assert!(answered("interactive") > 0.0, "the first ones of a client");
    assert_eq!(answered("normal"), 0.0);
    assert!(metrics.value("spillway_wait_seconds_sum{class=\"interactive\"}") > 0.0);
    // Whom alice's card is asked of hands over what is above its threshold of 1, and nobody else does.
    let handed = |name: &str| {
        metrics.value(&format!("spillway_tasks_handed_over_total{{server=\"{name}\"}}"))
    };
    let all = [handed("C0"), handed("C1"), handed("C2")];
    assert_eq!(all.iter().filter(|count| **count > 0.0).count(), 1, "{all:?}");
    assert!(metrics.sum("spillway_queue_length_peak") > 0.0);
    assert_eq!(metrics.sum("spillway_queue_threshold"), 3.0);
    assert_eq!(metrics.sum("spillway_replica_lag_revisions"), 0.0, "the replicas have all");
    assert_eq!(metrics.sum("spillway_queue_length"), 0.0, "nothing is under way");
    assert_eq!(metrics.sum("spillway_tasks_handed_over_open"), 0.0);
    assert_eq!(metrics.value("spillway_disk_errors_total"), 0.0);
    assert_eq!(metrics.value("spillway_requests_retried_total"), 0.0);
}

#[test]
fn paths_and_methods_have_their_answers() {
    let server = Server::start(&[]);
    assert_eq!(server.get("/healthz"), (200, "ok\n".to_owned()));
    assert_eq!(server.get("/healthz?verbose=1").0, 200);
    assert_eq!(server.get("/nothing").0, 404);
    assert_eq!(server.get("//metrics").0, 404);
    let (status, page) = server.get("/");
    assert!(status == 200 && page.starts_with("<!DOCTYPE html>"));
    let elsewhere = ["src=", "@import", "url(", "https://", "http://"];
    assert!(elsewhere.iter().all(|word| !page.contains(word)), "it needs nothing from elsewhere");
    let told = server.told(b"POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab");
    assert!(
        told.starts_with("HTTP/1.1 405 ") && told.contains("\r\nAllow: GET, HEAD\r\n"),
        "{told}"
    );
    let told = server.told(b"HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(told.starts_with("HTTP/1.1 200 ") && told.ends_with("\r\n\r\n"), "{told}");
    // In two parts, and by one who has said all.
    let mut socket = server.connect();
    socket.write_all(b"GET /healthz HT").unwrap();
    std::thread::sleep(Duration::from_millis(50));
    socket.write_all(b"TP/1.0\r\n\r\n").unwrap();
    socket.shutdown(Shutdown::Write).unwrap();
    let mut told = String::new();
    socket.read_to_string(&mut told).unwrap();
    assert!(told.ends_with("\r\n\r\nok\n"), "{told}");
}

#[test]
fn it_listens_on_loopback_only_and_not_at_all_unless_asked() {
    let data = tempfile::tempdir().unwrap();
    let refused = spillway()
        .args(["serve", "--listen", "127.0.0.1:0", "--admin", "0.0.0.0:0", "--data"])
        .arg(data.path())
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(2));
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(told.contains("0.0.0.0:0 is no loopback address"), "{told}");
    assert!(!data.path().join("spillway.redb").exists(), "nothing was made");
}

#[test]
fn who_asks_too_much_or_nonsense_is_refused() {
    let server = Server::start(&[]);
    let long = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(20_000));
    assert!(server.told(long.as_bytes()).starts_with("HTTP/1.1 431 "));
    // Who goes on talking for a little learns of it too.
    let mut socket = server.connect();
    for _ in 0..3 {
        socket.write_all(&[b'a'; 10_000]).unwrap();
        std::thread::sleep(Duration::from_millis(50));
    }
    let mut told = String::new();
    socket.shutdown(Shutdown::Write).unwrap();
    socket.read_to_string(&mut told).unwrap();
    assert!(told.starts_with("HTTP/1.1 431 "), "{told}");
    let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "A: b\r\n".repeat(500));
    assert!(server.told(many.as_bytes()).starts_with("HTTP/1.1 431 "));
    assert!(server.told(b"\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n").starts_with("HTTP/1.1 400 "));
    assert!(server.told(b"GET / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 400 "));
    // One who never stops talking is not heard to the end.
    let mut socket = server.connect();
    socket.set_write_timeout(Some(PATIENCE)).unwrap();
    let begun = Instant::now();
    while socket.write_all(&[b'a'; 65_536]).is_ok() {
        assert!(begun.elapsed() < PATIENCE, "it is still heard");
    }
    assert_eq!(server.get("/healthz").0, 200);
}

#[test]
fn who_says_nothing_disturbs_nobody_and_is_sent_away() {
    let server = Server::start(&[]);
    let begun = Instant::now();
    let mut silent: Vec<TcpStream> = (0..63).map(|_| server.connect()).collect();
    // One says a little, and one asks and takes nothing.
    silent[0].write_all(b"GET /metr").unwrap();
    silent[1].write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut bob = Client::log_in(&server, BOB);
    let pong = bob.talk("<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>", "id=");
    assert!(pong.contains("result"));
    assert_eq!(server.get("/healthz").0, 200, "there is a place left");
    assert!(begun.elapsed() < Duration::from_secs(5), "nobody waited for them");
    // There are 64 places: one of those who come now has one, and the others are sent away at once.
    let more: Vec<TcpStream> = (0..4).map(|_| server.connect()).collect();
    assert!(more.iter().filter(|socket| is_closed(socket)).count() >= 3);
    silent.extend(more);
    let begun = Instant::now();
    for mut socket in silent {
        let _ = socket.read_to_end(&mut Vec::new());
        assert!(begun.elapsed() < Duration::from_secs(15), "they are sent away");
    }
    assert_eq!(server.get("/healthz").0, 200);
    assert!(
        bob.talk("<iq type='get' id='q'><ping xmlns='urn:xmpp:ping'/></iq>", "id=")
            .contains("result")
    );
}

fn is_closed(mut socket: &TcpStream) -> bool {
    socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    let read = socket.read(&mut [0]);
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    match read {
        Ok(read) => read == 0,
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

#[test]
fn a_server_that_stops_says_so() {
    let mut server = Server::start(&[]);
    let mut alice = Client::log_in(&server, ALICE);
    alice.publish(&"x".repeat(60_000));
    // A client that takes nothing of many answers: the stop waits for it, for a while.
    let gets: String = (0..1000)
        .map(|id| format!("<iq type='get' id='{id}'><vCard xmlns='vcard-temp'/></iq>"))
        .collect();
    alice.0.write_all(gets.as_bytes()).unwrap();
    let begun = Instant::now();
    while server.get("/healthz").0 != 200 && begun.elapsed() < PATIENCE {}
    std::thread::sleep(Duration::from_millis(300));
    server.terminate();
    let begun = Instant::now();
    loop {
        let (status, body) = server.get("/healthz");
        if status == 503 {
            break assert_eq!(body, "the server stops\n");
        }
        assert!(begun.elapsed() < PATIENCE, "it says that all is well");
    }
    assert_eq!(server.process.wait().unwrap().code(), Some(0));
}

fn browser() -> Option<PathBuf> {
    const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];
    let folders = std::env::var_os("PATH")?;
    let paths = std::env::split_paths(&folders);
    paths.flat_map(|folder| NAMES.map(|name| folder.join(name))).find(|path| path.is_file())
}

const ARGUMENTS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    // Time passes as fast as nothing happens: several looks at the server.
    "--virtual-time-budget=3500",
    "--dump-dom",
];

/// Without a Chromium this says that it was skipped.
#[test]
fn the_page_shows_queues_and_hand_overs_in_a_browser() {
    let Some(browser) = browser() else {
        return eprintln!("skipped: no Chromium is installed");
    };
    let server = Server::start(&["--threshold", "1"]);
    Client::log_in(&server, ALICE).publish("Alice");
    let mut bob = Client::log_in(&server, BOB);
    let is_over = std::sync::atomic::AtomicBool::new(false);
    let document = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                bob.burst("alice", 8);
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let folder = tempfile::tempdir().unwrap();
        let output = Command::new(browser)
            .args(ARGUMENTS)
            .arg(format!("--user-data-dir={}", folder.path().display()))
            .arg(format!("http://{}/", server.admin))
            .output();
        is_over.store(true, std::sync::atomic::Ordering::Relaxed);
        String::from_utf8(output.unwrap().stdout).unwrap()
    });
    let part = |from: &str, to: &str| {
        let (_, rest) =
            document.split_once(from).unwrap_or_else(|| panic!("no {from}: {document}"));
        rest.split_once(to).unwrap().0.to_owned()
    };
    assert_eq!(part("id=\"health\" role=\"status\">", "<"), "It runs, and its disk works.");
    // Alice is user 0, so that who asks for her card asks C0, which hands over what is above its threshold of 1.
    let home = part("id=\"server-C0\"", "</p>");
    assert!(
        home.contains("role=\"meter\"") && home.contains("aria-label=\"Queue of C0\""),
        "{home}"
    );
    assert!(home.contains("width: 100%") && !home.contains("aria-valuenow=\"0\""), "{home}");
    assert!(home.contains(" of 1") && !home.contains(" 0 tasks handed over"), "{home}");
    assert!(document.contains("id=\"server-C1\"") && document.contains("id=\"server-C2\""));
    let rows = part("<tbody><tr>", "</tbody>");
    let rows: Vec<&str> = rows.split("</tr><tr>").collect();
    assert!(
        rows.iter().all(|row| row.starts_with("<td>r") && row.contains("<td>C0</td>")),
        "{rows:?}"
    );
    assert!(rows.iter().any(|row| row.contains("<td>C2</td><td>answered there</td>")), "{rows:?}");
    let rate = part("id=\"answered\">", "<");
    // The browser's time is not the server's, so that how much it is does not matter, only that two looks gave one.
    assert!(rate.replace(',', "").parse::<u32>().is_ok(), "{rate}");
}
