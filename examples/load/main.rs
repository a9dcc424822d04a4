//! Load for an XMPP server: gets of vCards, or sets, or searches, each answer checked. In a closed loop a connection asks again when it is
//! answered; in an open one (`--rate`) requests are due at their times, whether or not earlier ones are answered, and a wait
//! counts from then.
//!
//! `cargo run --release --example load -- --server 127.0.0.1:5222 --password secret`; `--help` tells the rest.
//!
//! The accounts u0, u1, ... exist, all with that password, and share with everyone. Each publishes a card of 500 bytes first.
//! PLAIN, on loopback. One thread that never sleeps: it takes a core of its own, and the server another one.
//!
//! - `args`: what is asked for. `login`: a stream until its resource is bound. `wire`: bytes, through TLS or not. `requests`:
//!   the text of what is asked, written beforehand. `pace`: when the next one is due. `connection`: what is under way.
//!   `answer`: one answer in what has come. `told`: what is reported. `process`: what the server's process takes.
#![allow(clippy::print_stdout)]

mod answer;
mod args;
mod connection;
mod login;
mod pace;
mod process;
mod requests;
mod told;
mod wire;

use std::io;
use std::time::{Duration, Instant};

use clap::Parser;

use args::Args;
use connection::Connection;
use pace::Pace;
use told::Told;

/// How long answers are waited for when nothing more is asked.
const PATIENCE_US: u64 = 1_000_000;

/// How long it sleeps where it may.
const NAP: Duration = Duration::from_micros(50);

/// Connections that ask at the same pace, reported apart.
struct Kind {
    name: &'static str,
    connections: Vec<Connection>,
    told: Told,
}

fn kinds(args: &Args) -> io::Result<Vec<Kind>> {
    let mut opened = 0;
    let mut kind = |name, count: usize, pace: &dyn Fn(usize) -> Pace| {
        let numbers = opened..opened + count;
        opened += count;
        let open = |(place, number)| Connection::open(args, number, pace(place));
        let connections = numbers.enumerate().map(open).collect::<io::Result<Vec<_>>>()?;
        Ok::<_, io::Error>(Kind { name, connections, told: Told::default() })
    };
    let many = args.connections;
    let all = match args.rate {
        None => kind("closed", many, &|_| Pace::closed(args.pipelined))?,
        Some(rate) => kind("open", many, &|place| Pace::open(rate, place, many, usize::MAX))?,
    };
    if args.interactive == 0 {
        return Ok(vec![all]);
    }
    let (few, rate) = (args.interactive, args.interactive_rate);
    // What a person waits for: Spillway takes a client with more under way for one that fetches many.
    let interactive = kind("interactive", few, &|place| Pace::open(rate, place, few, 16))?;
    Ok(vec![all, interactive])
}

/// Asks until then, and takes answers until all are there or nobody waits any more. Seconds that it asked for.
fn run(kinds: &mut [Kind], span_us: u64, sleeps: bool) -> io::Result<f64> {
    let begun = Instant::now();
    let now_us = || begun.elapsed().as_micros() as u64;
    loop {
        let now = now_us();
        let is_asking = now < span_us;
        let (mut is_done, mut is_idle) = (!is_asking, sleeps);
        for kind in kinds.iter_mut() {
            for connection in &mut kind.connections {
                if is_asking {
                    connection.ask(now_us(), &mut kind.told);
                }
                connection.send()?;
                is_idle &= !connection.take(&now_us, span_us, &mut kind.told)?;
                is_done &= connection.under_way() == 0;
            }
        }
        if is_done || now > span_us + PATIENCE_US {
            return Ok(span_us as f64 / 1e6);
        }
        if is_idle {
            std::thread::sleep(NAP);
        }
    }
}

fn main() -> io::Result<()> {
    let args = Args::parse();
    let mut kinds = kinds(&args)?;
    let before = args.pid.and_then(process::ticks);
    let seconds = run(&mut kinds, args.seconds * 1_000_000, args.sleep)?;
    let after = args.pid.and_then(process::ticks);
    let mut answered = 0;
    for kind in &mut kinds {
        let left = kind.connections.iter().map(Connection::under_way).sum();
        answered += kind.told.answered();
        println!("{}", kind.told.line(kind.name, seconds));
        if args.rate.is_some() {
            println!("{}", kind.told.open_line(seconds, left));
        }
    }
    if let (Some(before), Some(after)) = (before, after) {
        let us = (after - before) as f64 * process::TICK_US / answered.max(1) as f64;
        println!("{us:.1} us of processor time an answer");
    }
    if let Some(memory) = args.pid.and_then(process::memory) {
        println!("memory: {memory}");
    }
    Ok(())
}
