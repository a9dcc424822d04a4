//! The seeded bugs of the implementation: which of them the simulator finds, by what, and how fast.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use serde::Serialize;
use spillway_impl::bug::Bug;
use spillway_impl::sim::swarm::{FaultSet, Swarm};
use spillway_model::Scope;
use spillway_properties::refinement::{NodesModel, Setting};
use spillway_properties::simulated::{Judging, Simulated, Wrong, simulate, simulate_alone};
use spillway_properties::{Overall, SOMETIMES_NAMES};

use super::{Outcome, sentence};
use crate::failure::Failure;
use crate::format::number::{counted, seconds};
use crate::format::table::{Cell, table_of_lines};
use crate::format::{self, Case, Suite};
use crate::{interrupt, style};

/// Seeds that a bug has to be found on.
const SEEDS: u64 = 100;
/// Scopes in which nodes and model are explored together for what no seed has found: small ones, in which a rare choice is
/// made on some path.
const SCOPES: [&str; 5] = ["two-sources", "moving-routes", "reroute", "refused", "give-back"];

/// Seeds, from the one on which a bug was found, on which the guarantees alone are to tell what it breaks.
const ALONE_SEEDS: u64 = 4;
/// Steps of an exploration of the nodes alone, at most.
const ALONE_STEPS_MAX: usize = 20_000;

/// A seeded bug that was looked for.
#[derive(Clone, Debug, Serialize)]
struct Row {
    name: &'static str,
    about: &'static str,
    /// What found it: a property, `refinement` if the model does not do what the nodes do, `settling` if they do not
    /// settle, `panic` if one panics; `lockstep` in a scope if that was explored.
    found_by: Option<String>,
    /// The guarantee that the nodes break with it, or `settling`, judged without the model; none if none was seen to.
    breaks: Option<String>,
    seed: Option<u64>,
    runs: u64,
    steps: u64,
    seconds: f64,
}

#[derive(Serialize)]
struct Found {
    verdict: Overall,
    bugs: Vec<Row>,
}

/// Looks for all of these bugs, one thread for each core.
pub(super) fn check_all(bugs: &[Bug]) -> Result<impl Outcome + use<>, Failure> {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some((at, bug)) = take(&next, bugs) {
            done.push(look(bug).map(|row| (at, row)));
        }
        done
    };
    let done = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores.min(bugs.len())).map(|_| scope.spawn(work)).collect();
        let join = |worker: std::thread::ScopedJoinHandle<'_, Vec<_>>| {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        workers.into_iter().flat_map(join).collect::<Result<Vec<(usize, Row)>, Failure>>()
    });
    let mut rows = done?;
    rows.sort_by_key(|(at, _)| *at);
    let bugs: Vec<Row> = rows.into_iter().map(|(_, row)| row).collect();
    let all = bugs.iter().all(|row| row.found_by.is_some());
    let verdict = match (all, interrupt::asked()) {
        (true, _) => Overall::Pass,
        (false, true) => Overall::Inconclusive,
        (false, false) => Overall::Fail,
    };
    Ok(Found { verdict, bugs })
}

fn take(next: &AtomicUsize, bugs: &[Bug]) -> Option<(usize, Bug)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    bugs.get(at).map(|bug| (at, *bug))
}

fn look(bug: Bug) -> Result<Row, Failure> {
    let begun = Instant::now();
    let name = bug.name();
    let mut row = Row {
        name,
        about: bug.about(),
        found_by: None,
        breaks: None,
        seed: None,
        runs: 0,
        steps: 0,
        seconds: 0.0,
    };
    for seed in 0..SEEDS {
        if interrupt::asked() || row.found_by.is_some() {
            break;
        }
        let run = run(seed, Some(bug))?;
        row.runs += 1;
        row.steps += run.steps;
        // A bug is found where the nodes without it are right.
        if let Some(wrong) = run.wrong
            && self::run(seed, None)?.wrong.is_none()
        {
            row.seed = Some(seed);
            row.found_by = Some(match wrong {
                Wrong::Breaks(property) => property.to_owned(),
                Wrong::Differs(_) => "refinement".to_owned(),
                Wrong::Unsettled(_) => "settling".to_owned(),
                Wrong::Panicked(_) => "panic".to_owned(),
            });
        }
    }
    for scope in SCOPES {
        if interrupt::asked() || row.found_by.is_some() {
            break;
        }
        let scope = Scope::builtin(scope, SOMETIMES_NAMES).map_err(Failure::input)?;
        let explored = NodesModel::of(scope.clone(), &Setting::of(&scope).with(bug)).explore(None);
        row.steps += explored.steps;
        if explored.parts {
            row.found_by = Some(format!("lockstep in {}", scope.name));
            row.breaks = explored_alone(scope, bug, &mut row.steps);
        }
    }
    if let Some(seed) = row.seed {
        row.breaks = broken_alone(bug, seed, &mut row)?;
    }
    row.seconds = begun.elapsed().as_secs_f64();
    Ok(row)
}

/// Which guarantee breaks on the seed on which a bug was found, or on one of the next.
fn broken_alone(bug: Bug, found: u64, row: &mut Row) -> Result<Option<String>, Failure> {
    for seed in (found..found + ALONE_SEEDS).take_while(|_| !interrupt::asked()) {
        let alone = simulate_alone(&swarm(seed, Some(bug))).map_err(Failure::input)?;
        row.steps += alone.steps;
        if let Some(broken) = alone.breaks {
            return Ok(Some(broken.to_owned()));
        }
    }
    Ok(None)
}

/// Which guarantee breaks where nodes and model part only in an exploration.
fn explored_alone(scope: Scope, bug: Bug, steps: &mut u64) -> Option<String> {
    let nodes = NodesModel::of(scope.clone(), &Setting::of(&scope).with(bug)).alone();
    let explored = nodes.explore(Some(ALONE_STEPS_MAX));
    *steps += explored.steps;
    explored.breaks.first().map(|broken| (*broken).to_owned())
}

fn swarm(seed: u64, bug: Option<Bug>) -> Swarm {
    let mut swarm = Swarm::derive(seed, FaultSet::All);
    swarm.config.bug = bug;
    swarm
}

fn run(seed: u64, bug: Option<Bug>) -> Result<Simulated, Failure> {
    simulate(&swarm(seed, bug), Judging { compare_every: 1, record: false }).map_err(Failure::input)
}

impl Found {
    fn sentence(&self) -> String {
        let survive: Vec<&str> =
            self.bugs.iter().filter(|row| row.found_by.is_none()).map(|row| row.name).collect();
        let bugs = counted(self.bugs.len(), "seeded bug");
        sentence(
            self.verdict,
            match survive.as_slice() {
                [] => format!("{bugs} of the implementation found"),
                survive => {
                    format!("of {bugs} of the implementation, not found: {}", survive.join(", "))
                }
            },
        )
    }
}

impl Outcome for Found {
    fn overall(&self) -> Overall {
        self.verdict
    }

    fn human(&self) -> String {
        let line = |row: &Row| {
            let (mark, by) = match &row.found_by {
                Some(by) => (Cell::new("✓", style::GOOD), Cell::plain(by)),
                None => (Cell::new("✗", style::BAD), Cell::plain("–")),
            };
            vec![
                mark,
                Cell::new(row.name, style::STRONG),
                by,
                Cell::plain(
                    row.breaks.as_ref().map_or("–".to_owned(), |by| format!("breaks {by}")),
                ),
                Cell::plain(row.seed.map_or("–".to_owned(), |seed| format!("seed {seed}"))),
                Cell::plain(counted(row.steps as usize, "step")),
                Cell::plain(seconds(row.seconds)),
                Cell::plain(row.about),
            ]
        };
        let lines = table_of_lines(&self.bugs.iter().map(line).collect::<Vec<_>>());
        format!("{lines}\n{}", format::verdict_line(self.verdict, &self.sentence()))
    }

    fn json(&self) -> String {
        format::json(self)
    }

    fn suite(&self) -> Suite {
        let case = |row: &Row| Case {
            name: row.name.to_owned(),
            outcome: match &row.found_by {
                Some(_) => format::Outcome::Passed,
                None => format::Outcome::Failed(
                    format!("{} is not found", row.name),
                    row.about.to_owned(),
                ),
            },
        };
        Suite {
            name: "spillway mutants --on impl".to_owned(),
            seconds: self.bugs.iter().map(|row| row.seconds).sum(),
            summary: self.sentence(),
            cases: self.bugs.iter().map(case).collect(),
        }
    }
}
