//! The live system as one process for each server, with mutual TLS between them, under more load than it takes, while its
//! servers are killed and begin again. Clients keep the history of what they saw; the model judges what the nodes wrote.
//!
//! Among the ignored ones each server is killed 20 times at random moments.
#![cfg(feature = "live")]
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, unreachable_pub)]

mod client;
#[path = "../live/mod.rs"]
mod live;
mod seats;
mod system;

use std::time::Duration;

use client::{Crowd, Told};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use system::{SERVERS, System};

/// Time between one thing that happens to a server and the next.
const PAUSE: Duration = Duration::from_millis(700);
/// Servers that are killed in a run: a query server, a communication server, the control server, the other communication server,
/// and the global server.
const KILLED: [usize; 5] = [2, 5, 1, 6, 0];
/// Kills of each server in the long version.
const KILLS: usize = 20;

/// Kills these servers one after the other, each begins again after a while.
fn kill_all(system: &mut System, servers: &[usize]) {
    for server in servers {
        std::thread::sleep(PAUSE);
        system.kill(*server);
        std::thread::sleep(PAUSE / 2);
        system.start(*server);
    }
    std::thread::sleep(PAUSE);
}

/// A run with servers that are killed, and what came of it.
fn run(options: &[&str], servers: &[usize], patience: Duration) -> (System, Told) {
    let mut system = System::new(options);
    let crowd = Crowd::come(&system, patience);
    kill_all(&mut system, servers);
    let told = crowd.leave();
    (system, told)
}

#[test]
fn whichever_server_is_killed_histories_hold_and_the_model_accepts_what_was_done() {
    let (mut system, told) = run(&[], &KILLED, Duration::from_secs(30));
    assert!(told.wrong.is_empty(), "{:#?}", told.wrong);
    assert!(told.answered > 500 && told.refused > 50, "too little happened: {told:?}");
    assert!(told.published > 20 && told.streams > 6, "too little happened: {told:?}");
    let lost = system.lost_publishes(&told);
    assert!(lost.is_empty(), "acknowledged, and lost: {lost:?}");
    system.stop();
    let (code, said) = system.validate();
    assert_eq!(code, Some(0), "{said}");
}

/// What goes through one process goes through seven, too, and the clients, at a communication server each, see no difference.
#[test]
fn slixmpp_is_served_by_seven_processes() {
    for options in [&["--overloaded"][..], &["--overloaded", "--direct-tls"]] {
        let mut system = System::new(&[]);
        let is_direct = options.contains(&"--direct-tls");
        let doors = if is_direct { system.chat } else { system.starttls };
        let told = live::slixmpp(&doors, options);
        assert!(told.contains("ok TLS") && told.contains("ok asked again later"), "{told}");
        system.stop();
        let (code, said) = system.validate();
        assert_eq!(code, Some(0), "{said}");
    }
}

#[test]
fn seeded_bugs_are_refused_at_the_line() {
    for bug in ["load-unchecked", "pending-not-resent", "acknowledged-before-flushed"] {
        let (mut system, _) = run(&["--bug", bug], &KILLED, Duration::from_secs(3));
        system.stop();
        let (code, said) = system.validate();
        assert_eq!(code, Some(1), "{bug}: {said}");
        let place = said.lines().find(|line| line.trim_start().starts_with("written"));
        let place = place.unwrap_or_else(|| panic!("{bug}: it says where: {said}"));
        assert!(place.contains(".trace.ndjson:"), "{bug}: {place}");
    }
}

#[test]
#[ignore = "takes minutes"]
fn each_server_is_killed_many_times_at_random_moments() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for (server, name) in SERVERS.iter().enumerate() {
        // What was written is not validated here: it would be gigabytes.
        let mut system = System::untraced();
        let crowd = Crowd::come(&system, Duration::from_secs(30));
        for _ in 0..KILLS {
            std::thread::sleep(Duration::from_millis(200 + random.next_u64() % 800));
            system.kill(server);
            std::thread::sleep(Duration::from_millis(random.next_u64() % 300));
            system.start(server);
        }
        std::thread::sleep(PAUSE);
        let told = crowd.leave();
        assert!(told.wrong.is_empty(), "{name:?}: {:#?}", told.wrong);
        let lost = system.lost_publishes(&told);
        assert!(lost.is_empty(), "{name:?}: acknowledged, and lost: {lost:?}");
        println!("{name:?} killed {KILLS} times: {told:?}");
        system.stop();
    }
}
