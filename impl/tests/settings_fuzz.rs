//! The file that describes a system, broken in every way in which people and editors break files.
//!
//! What is held: it does not panic; what is wrong is told in one line that names the file, a line that is in it, and what was
//! expected; where one value was changed and nothing else, that line is named; with other line ends the same is read, or told;
//! what is read and written with all that was left out is read as the same; and its nodes begin.
//!
//! `SPILLWAY_FUZZ_SECONDS=600 cargo test --release -p spillway-impl --features live --test settings_fuzz -- --nocapture` goes
//! on for that long; without it a fixed number of files is tried, the same ones each time. `SPILLWAY_FUZZ_SEED` begins
//! elsewhere, such as at the seed that a failure names.

mod fuzz;
mod settings;

use std::collections::BTreeMap;
use std::path::Path;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use settings::{below, change, change_value, right, written};
use spillway_impl::live::host::{Crew, Host};
use spillway_impl::live::settings::{EXAMPLE, Settings, read};
use spillway_impl::live::shared_configuration;

/// Files that are tried where no time is given.
const FILES: u64 = 10_000;
/// Memory of this process at any time, in KiB.
const KILOBYTES_MAX: u64 = 128 * 1024;
/// Longest error. It repeats little of what is written, and the longest list is that of all keys.
const ERROR_BYTES_MAX: usize = 500;

fn parse(text: &str) -> Result<Settings, String> {
    read(text, "a.toml", Path::new("/etc/spillway"))
}

/// A file, and the line of the one value that was changed in it, if that is all that is wrong.
fn file(seed: u64) -> (String, Option<usize>) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut text = match below(&mut random, 2) {
        0 => EXAMPLE.to_owned(),
        _ => right(&mut random),
    };
    if below(&mut random, 3) == 0 {
        let line = change_value(&mut random, &mut text);
        return (text, line);
    }
    for _ in 0..1 + below(&mut random, 4) {
        change(&mut random, &mut text);
    }
    (text, None)
}

fn check(seed: u64) {
    let (text, changed) = file(seed);
    let result = parse(&text);
    match &result {
        Ok(settings) => check_settings(settings),
        Err(error) => {
            check_told(&text, error);
            changed.into_iter().for_each(|line| check_place(line, error));
        }
    }
    let is_short = text.len() < 60_000; // line ends count, too
    if is_short && !["\r", "'''", "\"\"\""].iter().any(|part| text.contains(part)) {
        assert_eq!(parse(&text.replace('\n', "\r\n")), result, "with other line ends");
    }
}

/// It is one line that names a line of the file, and what was expected.
fn check_told(text: &str, error: &str) {
    let place = error.strip_prefix("a.toml:").and_then(|rest| rest.split_once(": "));
    let (line, told) = place.unwrap_or_else(|| panic!("no place: {error}"));
    let lines = 1..=text.lines().count().max(1);
    assert!(line.parse().is_ok_and(|line: usize| lines.contains(&line)), "no such line: {error}");
    let (what, expected) = told.split_once("; expected ").unwrap_or_default();
    assert!(!what.is_empty() && !expected.is_empty(), "{error}");
    assert!(!error.contains(char::is_control) && error.len() <= ERROR_BYTES_MAX, "{error:?}");
}

/// What was changed is named, or what does not fit it any more.
fn check_place(changed: usize, error: &str) {
    let line = changed.to_string();
    let is_there = error.starts_with(&format!("a.toml:{line}: "))
        || error.contains(&format!(" in line {line};"));
    let does_not_fit = ["`weights`", "weights", "below `query-threshold`", "`insecure-plaintext`"];
    assert!(is_there || does_not_fit.iter().any(|word| error.contains(word)), "{line}: {error}");
}

fn check_settings(settings: &Settings) {
    assert_eq!(parse(&written(settings)).as_ref(), Ok(settings), "written and read again");
    let config = shared_configuration(settings);
    assert_eq!(usize::from(config.query_servers), settings.query.len());
    let knobs = &config.knobs;
    assert!(knobs.threshold.iter().all(|threshold| *threshold <= knobs.queue_max), "{knobs:?}");
    let crews = [
        Crew { communication: Some(0), ..Crew::default() },
        Crew { query: vec![config.query_servers - 1], ..Crew::default() },
        Crew { global: Some(Vec::new()), ..Crew::default() },
        Crew { control: true, ..Crew::default() },
    ];
    for crew in crews {
        let mut host = Host::new(config.clone(), &crew, 1, false).expect("there is no file");
        while host.run(0) {}
    }
}

#[test]
fn broken_files() {
    fuzz::go_on("files", FILES, check, |seed| {
        let (text, changed) = file(seed);
        format!("line {changed:?} of\n{}", text.chars().take(4_000).collect::<String>())
    });
    fuzz::check_memory(KILOBYTES_MAX);
}

/// Files of which none is read, or that are all refused for the same reason, find nothing.
#[test]
fn the_files_are_wrong_in_many_ways_and_sometimes_right() {
    let mut reached = BTreeMap::<String, u32>::new();
    for seed in 0..FILES {
        let told = parse(&file(seed).0).map_or_else(|error| error, |_| "it is read".to_owned());
        *reached.entry(told).or_default() += 1;
    }
    for part in [
        "it is read",
        "is no key that is known",
        "no key that is known; expected `query-threshold`",
        "at the top, above every",
        "`queue-max` in [knobs]",
        "there is no `",
        "is of type",
        "this key is there twice",
        "to which nobody can connect",
        "as is `listen` of",
        "has port 0",
        "an integer from 1 to 1000000",
        "without its strategy",
        "there are no weights",
        "below `query-threshold`",
        "with `insecure-plaintext`",
        "entries [[query]]",
        "the file has",
        "a domain such as",
    ] {
        let times: u32 =
            reached.iter().filter(|(told, _)| told.contains(part)).map(|(_, times)| times).sum();
        assert!(times >= 3, "{part}: {times} times");
    }
}
