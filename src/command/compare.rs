//! `spillway compare`: allocators and strategies side by side under load, in virtual time, against the ideal single queue.

mod charts;
mod tables;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use serde::Serialize;
use spillway_impl::compare::allocator::{Allocator, all};
use spillway_impl::compare::report::{Figure, Row, figures, row};
use spillway_impl::compare::scenario::{Effort, default_setup};
use spillway_impl::compare::setup::Setup;
use spillway_impl::config::Binding;
use spillway_properties::Overall;
use spillway_properties::refinement::Setting;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::format::number::seconds;
use crate::format::{self, Plain};
use crate::progress::Line;
use crate::{interrupt, output, source};

/// Allocators and strategies side by side under load, in virtual time, against the ideal single queue.
///
/// All get the same requests at the same times: one hot server at 80 % load; as much as is answered in time, with skewed
/// homes; from little load to four times capacity; a step up and back. Without a scope the default is measured, and it
/// ends with 1 if that misses one of the figures that it is to reach.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Whose query servers and knobs to measure: the name of a builtin scope, or a file.
    scope: Option<String>,
    /// What all draws follow from.
    #[arg(long, value_name = "N", default_value = "1")]
    seed: u64,
    /// Requests of one measurement, about.
    #[arg(long, value_name = "N", default_value = "30000", value_parser = clap::value_parser!(u64).range(1_000..=10_000_000))]
    requests: u64,
    /// How often the step up and back is repeated.
    #[arg(long, value_name = "N", default_value = "20", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    steps: u64,
    /// The mean time that a query takes, in microseconds.
    #[arg(long, value_name = "US", value_parser = clap::value_parser!(u64).range(100..=10_000_000))]
    work_us: Option<u64>,
    /// What a message takes on each link, in microseconds.
    #[arg(long, value_name = "US", value_parser = clap::value_parser!(u64).range(0..=1_000_000))]
    hop_us: Option<u64>,
    /// A new folder for charts of wait by class, of goodput over load and of the step, as SVG.
    #[arg(long, value_name = "DIR")]
    svg: Option<PathBuf>,
    /// How the result is written.
    #[arg(long, value_enum, default_value = "human")]
    format: Plain,
}

/// What was measured, of what.
#[derive(Serialize)]
struct Object<'a> {
    verdict: Option<Overall>,
    scope: Option<&'a str>,
    query_servers: u16,
    work_us: u64,
    hop_us: u64,
    patience_us: u64,
    classes: [u32; 3],
    knobs: &'a spillway_impl::config::Knobs,
    effort: Effort,
    seconds: f64,
    figures: &'a [Figure],
    allocators: &'a [Row],
    charts: Vec<String>,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let setup = setup(args)?;
    if let Some(folder) = args.svg.as_deref().filter(|folder| folder.exists()) {
        let folder = folder.display();
        return Err(Failure::Input(format!("{folder} is there already; expected a new folder")));
    }
    interrupt::watch()?;
    let begun = Instant::now();
    let effort = Effort { seed: args.seed, requests: args.requests, steps: args.steps };
    let allocators = all(&setup.config.knobs);
    let Some(rows) = measure(&setup, &allocators, effort) else {
        return Err(Failure::Inconclusive("interrupted before all was measured".to_owned()));
    };
    let took = begun.elapsed().as_secs_f64();
    let charts = match &args.svg {
        Some(folder) => charts::write(folder, &rows)?,
        None => Vec::new(),
    };
    let named = |name: &str| rows.iter().find(|row| row.name == name).expect("it is measured");
    let figures = figures(&setup, named("control"), named("ideal"), named("none"));
    // The figures are what the default is to reach; another setting is measured, and not judged.
    let is_default = args.scope.is_none() && args.work_us.is_none() && args.hop_us.is_none();
    let verdict = is_default.then_some(match figures.iter().all(|figure| figure.holds) {
        true => Overall::Pass,
        false => Overall::Fail,
    });
    output::result(&match args.format {
        Plain::Human => {
            let mut told = tables::all(&setup, &rows, &figures);
            told += &format!("\n  took     {}\n", seconds(took));
            charts.iter().for_each(|chart| told += &format!("  chart    {chart}\n"));
            told + &verdict.map_or_else(String::new, |verdict| tables::verdict(verdict, &figures))
        }
        Plain::Json => format::json(&Object {
            verdict,
            scope: args.scope.as_deref(),
            query_servers: setup.servers(),
            work_us: setup.work_us,
            hop_us: setup.hop_us,
            patience_us: setup.patience_us,
            classes: setup.classes,
            knobs: &setup.config.knobs,
            effort,
            seconds: took,
            figures: &figures,
            allocators: &rows,
            charts,
        }),
    })?;
    Ok(verdict.map_or(Exit::Holds, Exit::from))
}

/// The default, with what was asked for in its place.
fn setup(args: &Args) -> Result<Setup, Failure> {
    let mut setup = default_setup();
    setup.work_us = args.work_us.unwrap_or(setup.work_us);
    setup.hop_us = args.hop_us.unwrap_or(setup.hop_us);
    setup.patience_us = 50 * setup.work_us;
    if let Some(name) = &args.scope {
        let setting = Setting::of(&source::load(name)?.scope);
        let ours = &setup.config;
        let mut config = (*setting.config).clone();
        // Who asks, and how much of it may be under way, is the comparison's; so is a system in which nothing fails.
        (config.clients, config.communication_servers) = (ours.clients, ours.communication_servers);
        (config.control_servers, config.timers) = (1, ours.timers.clone());
        config.knobs.window_max = ours.knobs.window_max;
        config.knobs.pending_max = ours.knobs.pending_max;
        config.knobs.links = ours.knobs.links;
        config.knobs.sessions = true;
        config.knobs.binding = Binding::Late;
        setup.config = config;
    }
    Ok(setup)
}

/// Every allocator, one for each core at a time; none if somebody interrupts.
fn measure(setup: &Setup, allocators: &[Allocator], effort: Effort) -> Option<Vec<Row>> {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let (next, line) = (AtomicUsize::new(0), Line::new(None));
    let work = || {
        let mut done = Vec::new();
        while !interrupt::asked() {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(allocator) = allocators.get(at) else { break };
            line.show_allocator(at, allocators.len(), &allocator.name);
            done.push((at, row(setup, allocator, effort)));
        }
        done
    };
    let mut rows = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores.min(allocators.len())).map(|_| scope.spawn(work)).collect();
        let join = |worker: std::thread::ScopedJoinHandle<'_, Vec<(usize, Row)>>| {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        workers.into_iter().flat_map(join).collect::<Vec<_>>()
    });
    rows.sort_by_key(|(at, _)| *at);
    let all = rows.len() == allocators.len();
    all.then(|| rows.into_iter().map(|(_, row)| row).collect())
}
