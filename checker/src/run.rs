//! A run: level by level, until there is nothing new or a limit is met.

mod telling;

use std::io;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use stateright::{Expectation, Model};

use crate::checker::{Error, Options, Until};
use crate::form::Form;
use crate::level::{Block, Level, Pools};
use crate::parents::Parents;
use crate::progress::{Go, Progress, estimate};
use crate::report::{DEADLOCK, Report, Stop};
use crate::shared::Shared;
use crate::spill::Spill;
use crate::table::{Inserted, OLD, Tag};
use crate::task::{Findings, Panic, Task, lose, queues};
use crate::visited::Visited;
use crate::worker::Worker;

/// How often whoever watches is asked, and time and memory are looked at.
const POLL: Duration = Duration::from_millis(20);
/// A level that should be done within this is ended before a run stops.
const QUICK: Duration = Duration::from_millis(200);
/// Units that are worth a thread.
const UNITS_MIN: usize = 4;

/// What a run knows at the end of a level.
struct Run<'a, M: Model, F: Form<M>> {
    shared: Shared<'a, M, F>,
    options: &'a Options<M>,
    threads: usize,
    begun: Instant,
    parents: Parents,
    /// Of each initial state that is within the boundary: its place in the model's list.
    initial: Vec<usize>,
    /// States numbered so far.
    numbered: u64,
    depth: u64,
    /// States of the level before, and of this one.
    sizes: [u64; 2],
    /// Of each property, and last of deadlock: the first state that decides it.
    decided: Vec<Option<u64>>,
    panicked: Option<Panic>,
    stopped: Option<Stop>,
    /// States found and not explored.
    unexplored: u64,
    /// The last tag that was given to a unit.
    last_tag: Tag,
}

/// Explores a model.
pub(crate) fn run<M, F>(
    model: &M,
    form: &F,
    options: &Options<M>,
    watch: &mut dyn FnMut(&Progress) -> Go,
) -> Result<Report<M>, Error>
where
    M: Model<State: Clone + PartialEq + Send + Sync, Action: Clone + PartialEq> + Sync,
    F: Form<M>,
{
    let folder = options.folder.clone().unwrap_or_else(std::env::temp_dir);
    let threads = if options.exact { 1 } else { options.threads.get() };
    let shared = shared(model, form, options, &folder, threads)?;
    let (first, initial) = begin(&shared).map_err(Error::Memory)?;
    let states = initial.len() as u64;
    let parents = Parents::create(&folder, states).map_err(|error| Error::Folder(folder, error))?;
    let mut run = Run {
        decided: vec![None; shared.properties.len() + 1],
        shared,
        options,
        threads,
        begun: Instant::now(),
        parents,
        initial,
        numbered: states,
        depth: 0,
        sizes: [0, states],
        panicked: None,
        stopped: None,
        unexplored: 0,
        last_tag: OLD,
    };
    let first = Level::of(first, 0, threads, run.units_max());
    run.levels(first, watch);
    run.report()
}

fn shared<'a, M: Model, F: Form<M>>(
    model: &'a M,
    form: &'a F,
    options: &'a Options<M>,
    folder: &Path,
    threads: usize,
) -> Result<Shared<'a, M, F>, Error> {
    Ok(Shared {
        model,
        form,
        properties: model.properties(),
        is_final: options.is_final.as_deref(),
        visited: Visited::new(options.exact, threads).map_err(Error::Memory)?,
        spill: Spill::new(folder.to_owned()),
        memory_max: options.memory_bytes_max.unwrap_or(u64::MAX),
        unique: AtomicU64::new(0),
        generated: AtomicU64::new(0),
        frontier_bytes: AtomicU64::new(0),
        frontier_bytes_max: AtomicU64::new(0),
        spilled_bytes: AtomicU64::new(0),
        halt: AtomicBool::new(false),
        recent: Mutex::default(),
        pools: Pools::default(),
        explored: (0..threads).map(|_| Mutex::default()).collect(),
        refused: Mutex::new(None),
    })
}

/// Blocks of the first level, and the places of their states in the model's list.
type Begun<M, F> = (Vec<Block<M, F>>, Vec<usize>);

/// The first level, and the places of its states in the model's list. One that the model lists twice stands there twice, as
/// stateright has it, though it counts once.
///
/// # Errors
/// If the system has no memory for a table that holds them.
fn begin<M: Model, F: Form<M>>(shared: &Shared<'_, M, F>) -> io::Result<Begun<M, F>> {
    let (mut blocks, mut places, mut unique) = (Vec::new(), Vec::new(), 0);
    for (place, state) in shared.model.init_states().into_iter().enumerate() {
        if !shared.model.within_boundary(&state) {
            continue;
        }
        let mut block = Block::<M, F> { live: 1, ..Block::default() };
        let mut batch = F::Batch::default();
        let mut fingerprint = 0;
        shared.form.add(shared.model, &mut Some(state), &mut batch, |of| {
            fingerprint = of;
            true
        });
        let mut inserted = Inserted::Full;
        shared.form.settle(&mut batch, &mut block.states, |stored| {
            inserted = shared.visited.open().insert(fingerprint, stored, OLD);
            true
        });
        debug_assert_ne!(inserted, Inserted::Full, "there is room for one more");
        if inserted == Inserted::New {
            unique += 1;
            shared.visited.count(1)?;
        }
        shared.frontier_bytes.fetch_add(block.bytes(), Ordering::Relaxed);
        blocks.push(block);
        places.push(place);
    }
    shared.unique.store(unique, Ordering::Relaxed);
    shared.generated.store(places.len() as u64, Ordering::Relaxed);
    Ok((blocks, places))
}

/// What the threads made of a level.
struct Explored<M: Model, F: Form<M>> {
    /// Of each thread; but for what is new.
    findings: Vec<Findings<M, F>>,
    /// Of each unit: the number of its first state, and what is new.
    units: Vec<(u64, Vec<Block<M, F>>)>,
    states: u64,
    stop: Option<Stop>,
}

impl<M, F> Run<'_, M, F>
where
    M: Model<State: Clone + PartialEq + Send + Sync, Action: Clone + PartialEq> + Sync,
    F: Form<M>,
{
    /// Explores level after level.
    fn levels(&mut self, mut level: Level<M, F>, watch: &mut dyn FnMut(&Progress) -> Go) {
        let mut polled = Instant::now(); // levels may be much shorter than what is between two polls
        while level.states > 0 && self.stopped.is_none() {
            self.depth += 1;
            self.unexplored = level.states;
            if self.options.depth_max.is_some_and(|max| self.depth >= max.get()) {
                self.stopped = Some(Stop::Depth(self.depth));
                return;
            }
            let first_tag = self.tags(level.units.len());
            let explored = self.explore(level, first_tag, watch, &mut polled);
            level = self.finish(explored);
        }
        let waiting = self.shared.frontier_bytes.load(Ordering::Relaxed);
        debug_assert!(waiting == 0 || self.unexplored > 0, "{waiting} bytes of no state");
    }

    /// Units that can be told apart in a level.
    fn units_max(&self) -> usize {
        if self.threads > 1 { (self.shared.visited.tag_max() - OLD) as usize } else { usize::MAX }
    }

    /// The first of so many tags for the units of a level; none if there is but one thread, and so nothing to tell.
    fn tags(&mut self, units: usize) -> Option<Tag> {
        if self.threads == 1 {
            return None;
        }
        if self.last_tag + units as Tag > self.shared.visited.tag_max() {
            self.shared.visited.forget_tags();
            self.last_tag = OLD;
        }
        let first = self.last_tag + 1;
        self.last_tag += units as Tag;
        assert!(self.last_tag <= self.shared.visited.tag_max(), "a level has no more units");
        Some(first)
    }

    /// Explores one level.
    fn explore(
        &self,
        level: Level<M, F>,
        first_tag: Option<Tag>,
        watch: &mut dyn FnMut(&Progress) -> Go,
        polled: &mut Instant,
    ) -> Explored<M, F> {
        let threads = self.threads.min(level.units.len().div_ceil(UNITS_MIN)).max(1);
        let open = (0..self.shared.properties.len()).filter(|at| self.decided[*at].is_none());
        let task = &Task {
            shared: &self.shared,
            depth: self.depth,
            threads,
            first_tag,
            queues: queues(&level, threads),
            explored: AtomicU64::new(0),
            open: open.collect(),
            level,
        };
        let (begun, mut stop) = (Instant::now(), None);
        let mut poll = || {
            if polled.elapsed() >= POLL {
                *polled = Instant::now();
                self.poll(task, begun, watch, &mut stop);
            }
        };
        let mut findings = std::thread::scope(|scope| {
            let start = |number| scope.spawn(move || Worker::new(task, number, &mut || {}).work());
            let others: Vec<_> = (1..threads).map(start).collect();
            let mut findings = vec![Worker::new(task, 0, &mut poll).work()];
            for other in others {
                findings.push(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
            }
            findings
        });
        let mut found: Vec<_> = task.level.units.iter().map(|_| Vec::new()).collect();
        for (unit, blocks) in findings.iter_mut().flat_map(|one| one.blocks.drain(..)) {
            found[unit] = blocks;
        }
        if threads > 1 {
            let taken = findings.iter_mut().flat_map(|one| std::mem::take(&mut one.taken));
            lose(task, &mut found, taken);
        }
        Explored {
            findings,
            units: task.level.units.iter().map(|unit| unit.first).zip(found).collect(),
            states: task.explored.load(Ordering::Relaxed),
            stop,
        }
    }

    /// Asks whoever watches, and looks at the limits that do not wait for the end of a level.
    fn poll(
        &self,
        task: &Task<'_, M, F>,
        begun: Instant,
        watch: &mut dyn FnMut(&Progress) -> Go,
        stop: &mut Option<Stop>,
    ) {
        let explored = task.explored.load(Ordering::Relaxed);
        let progress = self.progress(task.level.states, explored);
        let asked = watch(&progress) == Go::Stop
            || self.options.interrupt.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed));
        let late = self.options.time_max.filter(|max| progress.elapsed >= *max);
        let memory = self.options.memory_bytes_max.filter(|max| self.takes_more_than(*max));
        let new = asked
            .then_some(Stop::Interrupted)
            .or(late.map(Stop::Time))
            .or(memory.map(Stop::Memory));
        *stop = stop.take().or(new);
        // What is left of the level, as long as it takes so far.
        let share = (task.level.states - explored) as f64 / explored.max(1) as f64;
        let is_quick = memory.is_none() && begun.elapsed().mul_f64(share.min(1e6)) <= QUICK;
        if stop.is_some() && !is_quick {
            self.shared.halt.store(true, Ordering::Relaxed);
        }
    }

    /// Whether the memory budget does not suffice: nothing that is kept can be put aside.
    fn takes_more_than(&self, max: u64) -> bool {
        if F::CAN_SPILL {
            return self.shared.visited.bytes() > max;
        }
        self.shared.bytes() > max || resident_bytes().is_some_and(|bytes| bytes > max)
    }

    fn progress(&self, frontier_states: u64, explored_states: u64) -> Progress {
        let unique_states = self.shared.unique.load(Ordering::Relaxed);
        let [before, level] = self.sizes;
        Progress {
            unique_states,
            generated_states: self.shared.generated.load(Ordering::Relaxed),
            depth: self.depth,
            frontier_states,
            explored_states,
            elapsed: self.begun.elapsed(),
            memory_bytes: self.shared.bytes(),
            estimate: estimate(unique_states, self.options.states_max, before, level),
        }
    }

    /// Puts together what the threads found, and gives the next level.
    fn finish(&mut self, explored: Explored<M, F>) -> Level<M, F> {
        let Explored { findings, mut units, states, stop } = explored;
        self.unexplored -= states;
        for one in findings {
            for (known, new) in self.decided.iter_mut().zip(one.decided) {
                *known = [*known, new].into_iter().flatten().min();
            }
            let panics = [self.panicked.take(), one.panicked].into_iter().flatten();
            self.panicked = panics.min_by_key(|panic| panic.state);
        }
        let first = self.numbered;
        if let Err(error) = self.number(&mut units) {
            self.shared.refuse("the parents of states cannot be written", &error);
        }
        let blocks: Vec<_> = units.into_iter().flat_map(|(_, blocks)| blocks).collect();
        let lost = blocks.iter().filter(|block| block.live == 0).map(Block::bytes).sum();
        self.shared.frontier_bytes.fetch_sub(lost, Ordering::Relaxed);
        let level = Level::of(blocks, first, self.threads, self.units_max());
        self.unexplored += level.states;
        self.sizes = [self.sizes[1], level.states];
        // What is asked for when all is done asks for nothing.
        let stop = stop.filter(|_| self.unexplored > 0);
        self.stopped = stop.or_else(|| self.stop_after_level(level.states));
        level
    }

    /// Numbers the states that are new, and writes down where they came from.
    fn number(&mut self, units: &mut [(u64, Vec<Block<M, F>>)]) -> io::Result<()> {
        for (first, blocks) in units {
            for block in blocks {
                let births = std::mem::take(&mut block.births);
                debug_assert_eq!(births.len(), block.live, "what counts is numbered");
                self.parents.push(&births, *first)?;
                self.shared.pools.give_births(births);
                self.numbered += block.live as u64;
            }
        }
        self.parents.flush()?;
        self.shared.spill.forget(self.depth)
    }

    /// Why the run is over now that a level is, if it is.
    fn stop_after_level(&self, states: u64) -> Option<Stop> {
        let refused = self.shared.refused.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let unique = self.shared.unique.load(Ordering::Relaxed);
        let full = self.options.states_max.filter(|max| states > 0 && unique >= *max);
        refused
            .map(Stop::System)
            .or(self.panicked.as_ref().map(|_| Stop::Panicked))
            .or((states > 0 && self.has_found()).then_some(Stop::Found))
            .or(full.map(Stop::States))
    }

    /// Whether that was found which ends the run.
    fn has_found(&self) -> bool {
        let properties = &self.shared.properties;
        let is_decided = |at: usize| self.decided[at].is_some();
        // Several may have one name: each counts.
        let mut all = properties.iter().enumerate();
        match &self.options.until {
            Until::TheEnd => false,
            Until::FirstViolation => {
                is_decided(properties.len())
                    || all.any(|(at, p)| p.expectation == Expectation::Always && is_decided(at))
            }
            Until::AnyOf(names) => {
                let has = |name: &str| names.contains(&name);
                is_decided(properties.len()) && has(DEADLOCK)
                    || all.any(|(at, p)| has(p.name) && is_decided(at))
            }
        }
    }
}

/// The memory of this process in bytes, where the system tells (Linux: proc(5), `statm`).
fn resident_bytes() -> Option<u64> {
    /// What `statm` counts in on the systems that we know, in bytes.
    const PAGE_BYTES: u64 = 4096;
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * PAGE_BYTES)
}
