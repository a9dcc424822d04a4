//! What tests have in common that try many seeds: for how long, from where, and what a failure says.

#![allow(unreachable_pub, clippy::print_stdout)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

/// Checks this many seeds, or as many as there is time for with `SPILLWAY_FUZZ_SECONDS`; from 0, or from
/// `SPILLWAY_FUZZ_SEED`. Prints how many of these were tried.
///
/// # Panics
/// A check does: with its seed, and what that stands for.
pub fn go_on(what: &str, count: u64, check: impl Fn(u64), shown: impl Fn(u64) -> String) {
    let first = number("SPILLWAY_FUZZ_SEED").unwrap_or(0);
    let span = number("SPILLWAY_FUZZ_SECONDS").map(Duration::from_secs);
    let begun = Instant::now();
    let mut seed = first;
    while span.map_or(seed < first + count, |span| begun.elapsed() < span) {
        let result = catch_unwind(AssertUnwindSafe(|| check(seed)));
        assert!(result.is_ok(), "SPILLWAY_FUZZ_SEED={seed}, {}", shown(seed));
        seed += 1;
    }
    println!("{} {what} in {:.1} s", seed - first, begun.elapsed().as_secs_f64());
}

/// Holds the most memory that this process has had against a bound, where the system says so (proc(5), `status`).
///
/// # Panics
/// It was more.
pub fn check_memory(kilobytes_max: u64) {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return };
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    let most: Option<u64> = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
    assert!(most.is_none_or(|most| most <= kilobytes_max), "{most:?} KiB");
}
