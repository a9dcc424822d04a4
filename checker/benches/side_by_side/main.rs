//! Stateright and this engine side by side, on the same models in the same run: how fast, and in how much memory.
//!
//! `cargo bench -p spillway-checker --bench side_by_side [-- [--rounds N] [--quick] [MODEL...]]` prints two tables in
//! Markdown: what was measured, and what of that is to be reached. Every check is a process of its own, for its peak memory
//! is that of the process; they take turns, and medians count. A check that fails, or does not count what is known to be
//! there, has a row that says so. What the rows mean is in `BENCHMARKS.md`.

mod goals;
#[path = "../../models/mod.rs"]
mod models;

use std::hash::Hash;
use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::time::Instant;

use goals::{OfCase, write_goals};
use models::{paxos, two_phase_heap, two_phase_word};
use spillway_checker::{ActorsPacking, Checker};
use stateright::actor::Network;
use stateright::{Checker as _, Model};

/// Rounds, unless it is said how many: each checks everything once.
const ROUNDS: usize = 5;
const THREADS: [usize; 2] = [1, 2];
/// The first argument of a process that checks, and says what it found.
const CHECK: &str = "check";

/// How a model is written: (a), (b) with (c), and paxos.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Heap,
    Word,
    Paxos,
}

/// A model, and what is known of it.
#[derive(Clone, Copy, Debug)]
struct Case {
    name: &'static str,
    way: Way,
    /// Managers, or clients.
    size: usize,
    is_quick: bool,
    /// Unique states, generated states, and depth.
    known: [u64; 3],
}

const TWO_PHASE_7: [u64; 3] = [296_448, 2_744_706, 23];
const TWO_PHASE_8: [u64; 3] = [1_745_408, 18_507_778, 26];
const TWO_PHASE_9: [u64; 3] = [10_340_352, 123_558_402, 29];

const CASES: [Case; 8] = [
    Case { name: "heap7", way: Way::Heap, size: 7, is_quick: true, known: TWO_PHASE_7 },
    Case { name: "heap8", way: Way::Heap, size: 8, is_quick: false, known: TWO_PHASE_8 },
    Case { name: "heap9", way: Way::Heap, size: 9, is_quick: false, known: TWO_PHASE_9 },
    Case { name: "word7", way: Way::Word, size: 7, is_quick: true, known: TWO_PHASE_7 },
    Case { name: "word8", way: Way::Word, size: 8, is_quick: false, known: TWO_PHASE_8 },
    Case { name: "word9", way: Way::Word, size: 9, is_quick: false, known: TWO_PHASE_9 },
    Case { name: "paxos2", way: Way::Paxos, size: 2, is_quick: true, known: paxos::OF_2_CLIENTS },
    Case { name: "paxos3", way: Way::Paxos, size: 3, is_quick: false, known: paxos::OF_3_CLIENTS },
];

impl Case {
    fn title(&self) -> String {
        match self.way {
            Way::Heap => format!("(a) two-phase commit {}, on the heap", self.size),
            Way::Word => format!("(b) two-phase commit {}, in words", self.size),
            Way::Paxos => format!("paxos, {} clients", self.size),
        }
    }
}

/// Who checks.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Engine {
    Breadth,
    Depth,
    Ours,
    Packed,
    Interned,
}

impl Engine {
    const ALL: [Engine; 5] =
        [Engine::Breadth, Engine::Depth, Engine::Ours, Engine::Packed, Engine::Interned];

    fn name(self) -> &'static str {
        match self {
            Engine::Breadth => "stateright BFS",
            Engine::Depth => "stateright DFS",
            Engine::Ours => "spillway-checker",
            Engine::Packed => "(c) spillway-checker, packed",
            Engine::Interned => "spillway-checker, actors interned",
        }
    }

    fn can(self, case: &Case) -> bool {
        match self {
            Engine::Breadth | Engine::Depth | Engine::Ours => true,
            Engine::Packed => case.way == Way::Word,
            Engine::Interned => case.way == Way::Paxos,
        }
    }
}

/// What a check found, and what it took.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    unique: u64,
    generated: u64,
    depth: u64,
    seconds: f64,
    /// Seconds that processors were at work for the process.
    busy: f64,
    /// Of the process, in bytes, at its highest.
    memory: u64,
    /// Of the table alone, in bytes; of this engine only.
    table: u64,
}

impl Found {
    fn millions_a_second(&self) -> f64 {
        self.generated as f64 / self.seconds / 1e6
    }

    fn bytes_a_state(&self) -> f64 {
        self.memory as f64 / self.unique as f64
    }
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|one| one != "--bench").collect();
    if let [check, model, engine, threads] = &arguments[..]
        && check == CHECK
    {
        let threads = threads.parse().expect("threads are a number");
        return say(&check_here(model, engine, threads));
    }
    let wanted = Wanted::of(&arguments);
    let mut rows = Vec::new();
    for case in CASES.iter().filter(|case| wanted.has(case)) {
        for engine in Engine::ALL.into_iter().filter(|engine| engine.can(case)) {
            rows.extend(THREADS.map(|threads| Row::new(case, engine, threads)));
        }
    }
    for round in 1..=wanted.rounds {
        for row in &mut rows {
            let (name, engine) = (row.case.name, row.engine.name());
            writeln!(io::stderr(), "round {round}: {name}, {engine}, {} threads", row.threads)?;
            row.measure();
        }
    }
    let mut out = io::stdout().lock();
    write_measured(&mut out, &rows, wanted.rounds)?;
    write_goals(&mut out, &rows)
}

/// What is asked for.
struct Wanted {
    rounds: usize,
    quick: bool,
    names: Vec<String>,
}

impl Wanted {
    fn of(arguments: &[String]) -> Wanted {
        let mut wanted = Wanted { rounds: 0, quick: false, names: Vec::new() };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--quick" => wanted.quick = true,
                "--rounds" => {
                    let rounds = arguments.next().and_then(|rounds| rounds.parse().ok());
                    wanted.rounds = rounds.expect("rounds are a number");
                }
                name => {
                    let names = CASES.map(|case| case.name);
                    assert!(
                        names.contains(&name),
                        "`{name}`: there are --rounds N, --quick, {names:?}"
                    );
                    wanted.names.push(name.to_owned());
                }
            }
        }
        if wanted.rounds == 0 {
            wanted.rounds = if wanted.quick { 1 } else { ROUNDS };
        }
        wanted
    }

    fn has(&self, case: &Case) -> bool {
        match self.names.is_empty() {
            true => self.quick == case.is_quick,
            false => self.names.iter().any(|name| name == case.name),
        }
    }
}

/// A row, as it is measured.
struct Row {
    case: &'static Case,
    engine: Engine,
    threads: usize,
    found: Vec<Found>,
    failed: Option<String>,
}

impl Row {
    fn new(case: &'static Case, engine: Engine, threads: usize) -> Row {
        Row { case, engine, threads, found: Vec::new(), failed: None }
    }

    /// Checks once more, unless that has failed before.
    fn measure(&mut self) {
        if self.failed.is_none() {
            match check_apart(self.case, self.engine, self.threads) {
                Ok(found) => self.found.push(found),
                Err(why) => self.failed = Some(why),
            }
        }
    }

    /// The medians, of time and of memory; none if a check failed.
    fn median(&self) -> Option<Found> {
        let first = *self.found.first().filter(|_| self.failed.is_none())?;
        let median = |what: fn(&Found) -> f64| {
            let mut all: Vec<f64> = self.found.iter().map(what).collect();
            all.sort_by(f64::total_cmp);
            all[all.len() / 2]
        };
        let seconds = median(|found| found.seconds);
        let busy = median(|found| found.busy / found.seconds) * seconds;
        let memory = median(|found| found.memory as f64) as u64;
        Some(Found { seconds, busy, memory, ..first })
    }
}

/// Checks in a process of its own.
fn check_apart(case: &Case, engine: Engine, threads: usize) -> Result<Found, String> {
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    let child = Command::new(this)
        .args([CHECK, case.name, engine.name(), &threads.to_string()])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| error.to_string())?;
    if !child.status.success() {
        return Err(child.status.to_string());
    }
    let said = String::from_utf8_lossy(&child.stdout);
    let mut found = read(&said).ok_or_else(|| format!("it says `{said}`"))?;
    if engine == Engine::Depth {
        found.depth = case.known[2]; // depth-first search says how deep it went
    }
    let counts = [found.unique, found.generated, found.depth];
    match counts == case.known {
        true => Ok(found),
        false => Err(format!("it counts {counts:?} and not {:?}", case.known)),
    }
}

/// Tells the process that asked.
fn say(found: &Found) -> io::Result<()> {
    let Found { unique, generated, depth, seconds, table, .. } = found;
    let (busy, memory) = (busy_seconds()?, peak_memory()?);
    writeln!(io::stdout(), "{unique} {generated} {depth} {seconds} {busy} {memory} {table}")
}

/// What the other process said.
fn read(said: &str) -> Option<Found> {
    let mut words = said.split_whitespace();
    Some(Found {
        unique: words.next()?.parse().ok()?,
        generated: words.next()?.parse().ok()?,
        depth: words.next()?.parse().ok()?,
        seconds: words.next()?.parse().ok()?,
        busy: words.next()?.parse().ok()?,
        memory: words.next()?.parse().ok()?,
        table: words.next()?.parse().ok()?,
    })
}

/// Seconds that processors were at work for this process (Linux: proc(5), `stat`, in hundredths).
fn busy_seconds() -> io::Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // What stands behind the name: the state, and as the 12th and 13th the times for the user and in the kernel.
    let words = stat.rsplit_once(')').map(|(_, rest)| rest.split_whitespace().skip(11).take(2));
    let times = words.map(|words| words.filter_map(|word| word.parse::<f64>().ok()).sum::<f64>());
    times.map(|hundredths| hundredths / 100.0).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// The most memory that this process had, in bytes (Linux: proc(5), `VmHWM`).
fn peak_memory() -> io::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.map(|kib| kib << 10).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn check_here(model: &str, engine: &str, threads: usize) -> Found {
    let case = CASES.iter().find(|case| case.name == model).expect("there is such a model");
    let engine = Engine::ALL.into_iter().find(|known| known.name() == engine);
    let engine = engine.expect("there is such an engine");
    match case.way {
        Way::Heap => check(two_phase_heap::TwoPhase(case.size), engine, threads),
        Way::Word => {
            let model = two_phase_word::TwoPhase(case.size as u32);
            match engine {
                Engine::Packed => run(Checker::new(model).packed(), threads),
                _ => check(model, engine, threads),
            }
        }
        Way::Paxos => {
            let network = Network::new_unordered_nonduplicating([]);
            let model = paxos::paxos(case.size, network);
            match engine {
                Engine::Interned => {
                    let model = paxos::interned(model).expect("that network is interned");
                    run(Checker::new(model).packed_by(ActorsPacking), threads)
                }
                _ => check(model, engine, threads),
            }
        }
    }
}

fn check<M>(model: M, engine: Engine, threads: usize) -> Found
where
    M: Model<State: Clone + Hash + PartialEq + Send + Sync, Action: Clone + PartialEq>
        + Send
        + Sync
        + 'static,
    M::State: 'static,
{
    let begun = Instant::now();
    let [unique, generated, depth] = match engine {
        Engine::Breadth => {
            let done = model.checker().threads(threads).spawn_bfs().join();
            [done.unique_state_count(), done.state_count(), done.max_depth()]
        }
        Engine::Depth => {
            let done = model.checker().threads(threads).spawn_dfs().join();
            [done.unique_state_count(), done.state_count(), done.max_depth()]
        }
        Engine::Ours => return run(Checker::new(model), threads),
        Engine::Packed | Engine::Interned => unreachable!("it is asked only of some models"),
    }
    .map(|count| count as u64);
    let seconds = begun.elapsed().as_secs_f64();
    Found { unique, generated, depth, seconds, ..Found::default() }
}

fn run<M>(checker: Checker<'_, M>, threads: usize) -> Found
where
    M: Model<State: Clone + Hash + PartialEq + Send + Sync, Action: Clone + PartialEq>
        + Send
        + Sync,
{
    let begun = Instant::now();
    let report = checker.threads(threads).run().expect("it can begin, and show what it found");
    let seconds = begun.elapsed().as_secs_f64();
    assert!(report.is_complete(), "{report}");
    Found {
        unique: report.unique_states,
        generated: report.generated_states,
        depth: report.max_depth,
        seconds,
        busy: 0.0,
        memory: 0,
        table: report.table_bytes,
    }
}

fn write_measured(out: &mut impl Write, rows: &[Row], rounds: usize) -> io::Result<()> {
    writeln!(
        out,
        "| model (medians of {rounds}) | engine | threads | M states/s | over BFS | over DFS | 2 threads/1 | cores busy \
         | peak MiB | B a state |"
    )?;
    writeln!(out, "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|")?;
    for row in rows {
        let Row { case, engine, threads, .. } = *row;
        write!(out, "| {} | {} | {threads} ", case.title(), engine.name())?;
        let Some(found) = row.median() else {
            writeln!(out, "| failed: {} | | | | | | |", row.failed.as_deref().unwrap_or_default())?;
            continue;
        };
        let of_case = OfCase { rows, case };
        let ratio = |other, on: usize| {
            let other = of_case.found(other, on).map(|other| other.millions_a_second());
            let ratio = other.map(|other| found.millions_a_second() / other);
            ratio.map_or("?".to_owned(), |ratio| format!("{ratio:.2}"))
        };
        let scaled = if threads > 1 { ratio(engine, 1) } else { String::new() };
        writeln!(
            out,
            "| {:.2} | {} | {} | {scaled} | {:.2} | {:.0} | {:.1} |",
            found.millions_a_second(),
            ratio(Engine::Breadth, threads),
            ratio(Engine::Depth, threads),
            found.busy / found.seconds,
            found.memory as f64 / f64::from(1 << 20),
            found.bytes_a_state()
        )?;
    }
    Ok(())
}
