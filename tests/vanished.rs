//! Clients that vanish without a word: their power is gone, or their network.
#![cfg(all(feature = "live", target_os = "linux"))]
#![allow(clippy::unwrap_used, missing_docs)]

mod live;

use std::fs;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use live::Server;

/// The system misses them: it asks after everybody (proc(5), `net/tcp`: of an idle connection a timer
/// of kind 2 runs then).
#[test]
fn the_system_asks_after_clients_that_say_nothing() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--insecure-plaintext"]);
    let client = TcpStream::connect(server.address).unwrap();
    let ends = [server.address.port(), client.local_addr().unwrap().port()];
    let ends = ends.map(|port| format!(":{port:04X}"));
    let timer = || {
        let table = fs::read_to_string("/proc/net/tcp").unwrap();
        let mut rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let row = rows.find(|row| row[1].ends_with(&ends[0]) && row[2].ends_with(&ends[1]));
        row.map(|row| row[5].to_owned())
    };
    let until = Instant::now() + Duration::from_secs(10);
    while !timer().is_some_and(|timer| timer.starts_with("02:")) {
        assert!(Instant::now() < until, "{:?}", timer());
        std::thread::sleep(Duration::from_millis(20));
    }
}
