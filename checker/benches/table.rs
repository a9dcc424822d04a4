//! How fast fingerprints are inserted: into the bare table, and by the engine into its own of that size.
//!
//! `cargo bench -p spillway-checker --bench table [-- [--slots-log2 N] [--threads N] [--quick]]` prints a table in Markdown. Both insert
//! only what is new, until three quarters of the slots are taken, and are measured over the time in which the last fifth of
//! that is inserted: all memory of the table was touched before, and the engine's table has its last size. What the engine
//! does beside inserting - packing, keeping, and writing down the parent of every state - is all counted: its model does next
//! to nothing.

use std::io::{self, Write};
use std::ops::Range;
use std::time::{Duration, Instant};

use spillway_checker::{Checker, FingerprintSet, Go, Inserted, Pack};
use stateright::Model;

const SLOTS_LOG2: u32 = 29;
const SLOTS_LOG2_QUICK: u32 = 24;
const THREADS: [usize; 2] = [1, 2];
/// Fingerprints between the one whose line is asked for and the one that is inserted. A power of two.
const AHEAD: u64 = 32;
/// The last of so many parts is measured.
const PARTS: u64 = 5;
/// What is to be reached.
const RATIO_MIN: f64 = 0.5;

fn main() -> io::Result<()> {
    let (mut slots_log2, mut only) = (SLOTS_LOG2, None::<usize>);
    let mut arguments = std::env::args().skip(1).filter(|one| one != "--bench");
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => slots_log2 = SLOTS_LOG2_QUICK,
            "--slots-log2" => {
                let number = arguments.next().and_then(|number| number.parse().ok());
                slots_log2 = number.expect("slots are a number");
            }
            "--threads" => only = arguments.next().and_then(|number| number.parse().ok()),
            other => panic!("`{other}`: there are --slots-log2 N, --threads N and --quick"),
        }
    }
    let states = (1u64 << slots_log2) / 4 * 3;
    let mut out = io::stdout().lock();
    writeln!(out, "{states} fingerprints into 2^{slots_log2} slots.\n")?;
    writeln!(out, "| | threads | M inserts/s | over the bare table | to reach | reached |")?;
    writeln!(out, "|---|--:|--:|--:|--:|---|")?;
    for threads in THREADS.into_iter().filter(|threads| only.is_none_or(|only| *threads == only)) {
        let bare = fill(slots_log2, states, threads)?;
        writeln!(out, "| the bare table | {threads} | {bare:.1} | | | |")?;
        let Engine { all, at_size } = explore(slots_log2, states, threads);
        let ratio = at_size / bare;
        let reached = if ratio >= RATIO_MIN { "yes" } else { "**no**" };
        writeln!(
            out,
            "| the engine, while its table has that size | {threads} | {at_size:.1} | {ratio:.2} | ≥ {RATIO_MIN} | {reached} |"
        )?;
        let ratio = all / bare;
        writeln!(out, "| the engine, with all growth | {threads} | {all:.1} | {ratio:.2} | | |")?;
    }
    Ok(())
}

/// Million inserts a second into the bare table.
fn fill(slots_log2: u32, fingerprints: u64, threads: usize) -> io::Result<f64> {
    let set = &FingerprintSet::with_slots(1 << slots_log2)?;
    assert_eq!(set.slots(), 1 << slots_log2);
    let measured = fingerprints / PARTS * (PARTS - 1);
    let before = insert_all(set, 0..measured, threads);
    let begun = Instant::now();
    let new = before + insert_all(set, measured..fingerprints, threads);
    let seconds = begun.elapsed().as_secs_f64();
    // As many, but for a few that are the same by chance.
    assert!(fingerprints - new <= fingerprints / 1_000_000 + 1, "{new} are new");
    Ok((fingerprints - measured) as f64 / seconds / 1e6)
}

/// Inserts the fingerprints that have these numbers, by so many threads; gives how many are new.
fn insert_all(set: &FingerprintSet, numbers: Range<u64>, threads: usize) -> u64 {
    let share = (numbers.end - numbers.start).div_ceil(threads as u64);
    std::thread::scope(|scope| {
        let shares = numbers.clone().step_by(share as usize);
        let some: Vec<_> = shares
            .map(|from| {
                let to = (from + share).min(numbers.end);
                scope.spawn(move || insert(set, from, to))
            })
            .collect();
        some.into_iter().map(|one| one.join().expect("inserting does not panic")).sum()
    })
}

/// Inserts the fingerprints that have these numbers; gives how many are new.
fn insert(set: &FingerprintSet, from: u64, to: u64) -> u64 {
    let (mut coming, mut new) = ([0; AHEAD as usize], 0);
    for number in from..to + AHEAD {
        let place = &mut coming[(number % AHEAD) as usize];
        if number >= from + AHEAD {
            new += u64::from(set.insert(*place) == Inserted::New);
        }
        if number < to {
            *place = split_mix(number);
            set.prefetch(*place);
        }
    }
    new
}

/// The generator of Steele, Lea and Flood, *Fast Splittable Pseudorandom Number Generators* (OOPSLA 2014), at one of its
/// numbers.
#[inline(always)]
fn split_mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Chains side by side, of so many states in all: nothing is found twice, and as many states wait as there are chains.
struct Chains {
    states: u64,
}

const CHAINS: u64 = 1 << 18;

impl Model for Chains {
    type State = u64;
    type Action = ();

    fn init_states(&self) -> Vec<u64> {
        (0..CHAINS).collect()
    }

    #[inline]
    fn actions(&self, _: &u64, actions: &mut Vec<()>) {
        actions.push(());
    }

    #[inline]
    fn next_state(&self, state: &u64, _: ()) -> Option<u64> {
        let next = state + CHAINS;
        (next < self.states).then_some(next)
    }
}

impl Pack for Chains {
    type Code = u64;

    #[inline]
    fn pack(&self, state: &u64) -> u64 {
        *state
    }

    #[inline]
    fn unpack(&self, code: u64) -> u64 {
        code
    }
}

/// Million inserts a second of the engine.
struct Engine {
    all: f64,
    /// Of the last part.
    at_size: f64,
}

fn explore(slots_log2: u32, states: u64, threads: usize) -> Engine {
    let measured = states / PARTS * (PARTS - 1);
    // The last level is explored when all is inserted, which is not counted.
    let (mut first, mut last) = (None, (Duration::ZERO, 0));
    let report = Checker::new(Chains { states })
        .packed()
        .threads(threads)
        .observer(|progress| {
            let unique = progress.unique_states;
            if unique >= measured && unique > last.1 {
                last = (progress.elapsed, unique);
                first.get_or_insert(last);
            }
            Go::On
        })
        .run()
        .expect("there is a folder to write to");
    assert_eq!((report.unique_states, report.generated_states), (states, states));
    assert_eq!(report.table_bytes, 8 << slots_log2, "the table has that size at the end");
    let first = first.unwrap_or_default();
    Engine {
        all: states as f64 / report.elapsed.as_secs_f64() / 1e6,
        at_size: (last.1 - first.1) as f64 / (last.0 - first.0).as_secs_f64() / 1e6,
    }
}
