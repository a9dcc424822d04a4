//! Delivered messages per second of the bare engine, beside turmoil and madsim on the same workload, one thread each.
//!
//! Half of the nodes are clients, each with a server of its own; a client keeps `WINDOW` messages of 64 bytes on their
//! way, and each message takes a millisecond. The simulators of others are in `benches/others`, a package outside of the
//! workspace, which this builds and runs as child processes; all take turns in each round, and medians are compared.

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use spillway_impl::sim::engine::Engine;
use spillway_impl::sim::links::{Flight, Links};

/// Messages that a client has on their way.
const WINDOW: u64 = 64;
const BYTES: usize = 64;
const LATENCY_US: u64 = 1_000;
/// The latency varies by so much, as that of madsim does.
const JITTER_US: u64 = 5;
/// Messages of one measurement.
const MESSAGES: u64 = 2_000_000;
const ROUNDS: usize = 5;
const OTHERS: [&str; 2] = ["turmoil", "madsim"];

struct Arrival {
    flight: Flight,
    bytes: [u8; BYTES],
}

enum Node {
    Client { to_send: u64, received: u64 },
    Server,
}

impl Node {
    /// What it answers to a message, if it does.
    fn handle(&mut self, bytes: [u8; BYTES]) -> Option<[u8; BYTES]> {
        match self {
            Node::Server => Some(bytes),
            Node::Client { to_send, received } => {
                *received += 1;
                *to_send = to_send.checked_sub(1)?;
                Some(bytes)
            }
        }
    }
}

/// Clients have even numbers, the server of each the number after; a link has the number of its receiver.
struct Echo {
    engine: Engine<Arrival>,
    links: Links,
    nodes: Vec<Node>,
    random: ChaCha8Rng,
}

impl Echo {
    fn new(nodes: u32, messages: u64) -> Echo {
        let rounds = messages / u64::from(nodes);
        let client = || Node::Client { to_send: rounds - WINDOW, received: 0 };
        let node = |number: u32| if number.is_multiple_of(2) { client() } else { Node::Server };
        Echo {
            engine: Engine::new(),
            links: Links::new(nodes),
            nodes: (0..nodes).map(node).collect(),
            random: ChaCha8Rng::seed_from_u64(1),
        }
    }

    fn send(&mut self, to: u32, bytes: [u8; BYTES]) {
        let latency_us = LATENCY_US + u64::from(self.random.next_u32()) % JITTER_US;
        let (at_us, flight) = self.links.send(to, self.engine.now_us(), latency_us);
        self.engine.at(at_us, Arrival { flight, bytes });
    }

    /// Runs to the end; how many messages were delivered.
    fn run(&mut self) -> u64 {
        for server in (1..self.nodes.len() as u32).step_by(2) {
            (0..WINDOW).for_each(|_| self.send(server, [1; BYTES]));
        }
        let mut delivered = 0;
        while let Some(Arrival { flight, bytes }) = self.engine.take_next() {
            assert!(self.links.arrives(flight), "no link is reset here");
            delivered += 1;
            if let Some(answer) = self.nodes[flight.link as usize].handle(bytes) {
                self.send(flight.link ^ 1, answer);
            }
        }
        delivered
    }
}

/// Nanoseconds a message of ours.
fn ours(nodes: u32) -> f64 {
    let mut echo = Echo::new(nodes, MESSAGES);
    let begun = Instant::now();
    let delivered = echo.run();
    let seconds = begun.elapsed().as_secs_f64();
    assert_eq!(delivered, MESSAGES, "every message and every answer");
    seconds * 1e9 / delivered as f64
}

/// Where the simulators of others are built.
fn build_others() -> Result<PathBuf, Box<dyn Error>> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/others");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // The folder that the bench itself is built in: target/release/deps/echo-….
    let own = std::env::current_exe()?;
    let target = own.ancestors().nth(3).ok_or("the bench is not in a target folder")?;
    let target = target.join("others");
    let built = Command::new(cargo)
        .args(["build", "--release", "--quiet", "--locked"])
        .current_dir(package)
        .env("RUSTFLAGS", "--cfg madsim")
        .env("CARGO_TARGET_DIR", &target)
        .status()?;
    if !built.success() {
        return Err("the simulators of others do not build".into());
    }
    Ok(target.join("release"))
}

/// Nanoseconds a message of another's.
fn other(folder: &Path, name: &str, nodes: u32) -> Result<f64, Box<dyn Error>> {
    let output = Command::new(folder.join(format!("echo-{name}")))
        .args([nodes.to_string(), MESSAGES.to_string()])
        .output()?;
    if !output.status.success() {
        return Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let nanos: f64 = String::from_utf8(output.stdout)?.trim().parse()?;
    Ok(nanos / MESSAGES as f64)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Seconds that an idle year takes, in which one timer runs out each day.
fn idle_year_seconds() -> f64 {
    const DAY_US: u64 = 24 * 3600 * 1_000_000;
    let begun = Instant::now();
    let mut engine = Engine::new();
    engine.at(DAY_US, ());
    while engine.take_next().is_some() && engine.now_us() < 365 * DAY_US {
        engine.after(DAY_US, ());
    }
    assert_eq!(engine.scheduled(), 365);
    begun.elapsed().as_secs_f64()
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = build_others()?;
    // Ours, then the others: with 10 nodes, then with 100.
    let mut times = vec![[const { Vec::new() }; 2]; 1 + OTHERS.len()];
    for round in 0..ROUNDS {
        eprintln!("round {} of {ROUNDS}", round + 1);
        for (size, nodes) in [10, 100].into_iter().enumerate() {
            times[0][size].push(ours(nodes));
            for (at, name) in OTHERS.into_iter().enumerate() {
                times[1 + at][size].push(other(&folder, name, nodes)?);
            }
        }
    }
    let medians: Vec<[f64; 2]> =
        times.iter_mut().map(|sizes| [median(&mut sizes[0]), median(&mut sizes[1])]).collect();
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "echo, {BYTES} bytes, window {WINDOW}, one thread, medians of {ROUNDS} rounds\n"
    )?;
    writeln!(
        out,
        "| simulator | 10 nodes, M messages/s | ours is faster by | 100 to 10 nodes, a message |"
    )?;
    writeln!(out, "|---|---|---|---|")?;
    for (name, [small, large]) in ["spillway"].into_iter().chain(OTHERS).zip(&medians) {
        let faster = small / medians[0][0];
        writeln!(out, "| {name} | {:.2} | {faster:.2}x | {:.2}x |", 1e3 / small, large / small)?;
    }
    writeln!(out, "\nan idle year, one timer a day: {:.0} us", idle_year_seconds() * 1e6)?;
    Ok(())
}
