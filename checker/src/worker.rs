//! One thread at work on a level: takes units in order, judges and explores their states, keeps what is new.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use stateright::{Expectation, Model, Property};

use crate::births::Birth;
use crate::form::Form;
use crate::level::{Block, Level, Pools, Unit};
use crate::lost::Lost;
use crate::recent::Recent;
use crate::report::DEADLOCK;
use crate::spill::Spill;
use crate::table::{Inserted, OLD, Tag};
use crate::visited::{Open, Visited};

/// Successors that are decided on together: their lines of the table are on their way meanwhile.
const BATCH: usize = 32;
/// States between two looks at the clock.
const POLL_STATES: u32 = 64;

/// Whether a state without a successor is a final one.
pub(crate) type IsFinal<M> = dyn Fn(&M, &<M as Model>::State) -> bool + Send + Sync;

/// What all threads of a run share.
pub(crate) struct Shared<'a, M: Model, F: Form<M>> {
    pub(crate) model: &'a M,
    pub(crate) form: &'a F,
    pub(crate) properties: Vec<Property<M>>,
    pub(crate) is_final: Option<&'a IsFinal<M>>,
    pub(crate) visited: Visited<M, F>,
    pub(crate) spill: Spill,
    /// Bytes of table and frontier above which packed states are spilled.
    pub(crate) memory_max: u64,
    pub(crate) unique: AtomicU64,
    pub(crate) generated: AtomicU64,
    pub(crate) frontier_bytes: AtomicU64,
    pub(crate) frontier_bytes_max: AtomicU64,
    pub(crate) spilled_bytes: AtomicU64,
    /// Threads should come to an end, the level explored or not.
    pub(crate) halt: AtomicBool,
    /// Of threads of earlier levels.
    pub(crate) recent: Mutex<Vec<Recent>>,
    pub(crate) pools: Pools<F::Block>,
    /// By worker: explored states that it has allocated, and is to free. An allocator serves threads well that do not meddle
    /// with each other's memory.
    pub(crate) explored: Vec<Mutex<Vec<F::Block>>>,
    /// What the system refused first.
    pub(crate) refused: Mutex<Option<String>>,
}

impl<M: Model, F: Form<M>> Shared<'_, M, F> {
    /// Memory of the table and of the frontier, as far as it is known.
    pub(crate) fn bytes(&self) -> u64 {
        self.visited.bytes() + self.frontier_bytes.load(Ordering::Relaxed)
    }

    /// What some thread found in an earlier level is known, whoever goes on from there.
    fn take_recent(&self) -> Recent {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner).pop();
        recent.unwrap_or_else(|| Recent::new(self.visited.is_exact()))
    }

    fn explored_by(&self, finder: usize) -> MutexGuard<'_, Vec<F::Block>> {
        self.explored[finder].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the run is to end at once.
    #[inline(always)]
    fn is_to_halt(&self) -> bool {
        self.halt.load(Ordering::Relaxed)
    }

    /// Ends the run for something that the system refused.
    pub(crate) fn refuse(&self, what: &str, error: &io::Error) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.get_or_insert_with(|| format!("{what}: {error}"));
        self.halt.store(true, Ordering::Relaxed);
    }
}

/// What all threads share for one level.
pub(crate) struct Task<'a, M: Model, F: Form<M>> {
    pub(crate) shared: &'a Shared<'a, M, F>,
    pub(crate) level: Level<M, F>,
    /// The depth of the level.
    pub(crate) depth: u64,
    /// Threads at work on it.
    pub(crate) threads: usize,
    /// The tag of the first unit, and of the next ones those behind it; none in a run of one thread.
    pub(crate) first_tag: Option<Tag>,
    /// By worker: the units that are to be handed out to it first, for it has found them.
    pub(crate) queues: Vec<Queue>,
    /// States explored.
    pub(crate) explored: AtomicU64,
    /// The properties that are still to be judged.
    pub(crate) open: Vec<usize>,
}

/// Units in order, each handed out once.
#[derive(Default)]
pub(crate) struct Queue {
    units: Vec<usize>,
    next: AtomicUsize,
}

impl Queue {
    fn pop(&self) -> Option<usize> {
        self.units.get(self.next.fetch_add(1, Ordering::Relaxed)).copied()
    }
}

/// The units of a level by who has found them, for so many workers.
pub(crate) fn queues<M: Model, F: Form<M>>(level: &Level<M, F>, workers: usize) -> Vec<Queue> {
    let mut queues: Vec<_> = (0..workers).map(|_| Queue::default()).collect();
    for (at, unit) in level.units.iter().enumerate() {
        queues[unit.finder % workers].units.push(at);
    }
    queues
}

impl<M: Model, F: Form<M>> Task<'_, M, F> {
    /// Hands out a unit, by its place in the level, and says from whose queue: a worker's own, and when that is empty
    /// another one's. What it has found is near, and its memory is freed where it was allocated.
    fn hand_out(&self, worker: usize) -> Option<(usize, usize)> {
        let queues = self.queues.len();
        let mut queues = (0..queues).map(|ahead| (worker + ahead) % queues);
        queues.find_map(|at| Some((at, self.queues[at].pop()?)))
    }

    /// The tag under which a unit inserts.
    fn tag(&self, unit: usize) -> Tag {
        self.first_tag.map_or(OLD, |first| first + unit as Tag)
    }
}

/// What a thread has found.
pub(crate) struct Findings<M: Model, F: Form<M>> {
    /// By unit: what is new.
    pub(crate) blocks: Vec<(usize, Vec<Block<M, F>>)>,
    /// What was taken over, by the tag under which it stood.
    pub(crate) taken: Vec<(Tag, u64)>,
    /// Of each property, and last of deadlock: the first state that decides it.
    pub(crate) decided: Vec<Option<u64>>,
    /// The first panic.
    pub(crate) panicked: Option<Panic>,
}

/// A panic of the model.
#[derive(Clone, Debug)]
pub(crate) struct Panic {
    pub(crate) state: u64,
    pub(crate) doing: Doing,
    pub(crate) message: String,
}

/// What the model is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    Property(&'static str),
    Listing,
    Action(u32),
}

/// A successor to decide on.
#[derive(Clone, Copy)]
struct Candidate {
    fingerprint: u64,
    /// Its parent's place in the unit.
    parent: u32,
    action: u32,
}

/// Successors to decide on: where they come from, and they themselves.
struct Batch<M: Model, F: Form<M>> {
    candidates: Vec<Candidate>,
    states: F::Batch,
}

impl<M: Model, F: Form<M>> Default for Batch<M, F> {
    fn default() -> Self {
        Batch { candidates: Vec::with_capacity(BATCH), states: F::Batch::default() }
    }
}

/// A thread at work.
pub(crate) struct Worker<'a, M: Model, F: Form<M>> {
    task: &'a Task<'a, M, F>,
    /// Which worker this is.
    number: usize,
    /// Called every [`POLL_STATES`] states.
    poll: &'a mut dyn FnMut(),
    /// The tag of the unit in hand.
    tag: Tag,
    visited: Option<Open<'a, M, F>>,
    recent: Recent,
    actions: Vec<M::Action>,
    /// Successors to decide on. The older ones are decided on when there are enough younger ones: by then their lines of the
    /// table are there.
    young: Batch<M, F>,
    old: Batch<M, F>,
    block: Block<M, F>,
    blocks: Vec<Block<M, F>>,
    unique: u64,
    generated: u64,
    doing: Doing,
    findings: Findings<M, F>,
}

impl<'a, M: Model, F: Form<M>> Worker<'a, M, F> {
    pub(crate) fn new(task: &'a Task<'a, M, F>, number: usize, poll: &'a mut dyn FnMut()) -> Self {
        let decided = vec![None; task.shared.properties.len() + 1];
        Worker {
            task,
            number,
            poll,
            tag: OLD,
            visited: None,
            recent: task.shared.take_recent(),
            actions: Vec::new(),
            young: Batch::default(),
            old: Batch::default(),
            block: Block::in_buffers(&task.shared.pools),
            blocks: Vec::new(),
            unique: 0,
            generated: 0,
            doing: Doing::Listing,
            findings: Findings { blocks: Vec::new(), taken: Vec::new(), decided, panicked: None },
        }
    }

    /// Works until the level is done or the run is to end.
    pub(crate) fn work(mut self) -> Findings<M, F> {
        let mut from = self.number;
        while !self.task.shared.is_to_halt() {
            let Some((queue, unit)) = self.task.hand_out(self.number) else { break };
            if std::mem::replace(&mut from, queue) != queue {
                // Earlier units than those it has explored, which are to take over what it has found.
                self.recent.clear();
            }
            self.explore(unit);
            (self.poll)();
        }
        let shared = self.task.shared;
        shared.recent.lock().unwrap_or_else(PoisonError::into_inner).push(self.recent);
        self.findings
    }

    fn explore(&mut self, at: usize) {
        let task = self.task;
        let shared = task.shared;
        self.tag = task.tag(at);
        drop(std::mem::take(&mut *shared.explored_by(self.number)));
        self.visited = Some(shared.visited.open());
        let unit: &Unit<M, F> = &task.level.units[at];
        let (mut place, mut freed) = (0u32, 0);
        for mut block in unit.take() {
            if let Some(spilled) = block.spilled {
                match shared.spill.read(spilled) {
                    Ok(bytes) => block.states = F::of_bytes(bytes),
                    Err(error) => {
                        shared.refuse("states written aside cannot be read back", &error);
                    }
                }
            } else {
                freed += block.bytes();
            }
            let is_own = !F::OWNS_MEMORY || block.finder == self.number;
            shared.form.visit(shared.model, &mut block.states, &block.counts, is_own, |state| {
                if place.is_multiple_of(POLL_STATES) {
                    (self.poll)();
                }
                if !shared.is_to_halt() {
                    self.guarded(state, unit.first, place);
                    place += 1;
                }
            });
            if is_own {
                let bytes = F::size_of(&block.states);
                shared.pools.states.give(block.states, bytes);
            } else {
                shared.explored_by(block.finder).push(block.states);
            }
        }
        self.settle();
        self.settle();
        self.close();
        self.visited = None;
        task.explored.fetch_add(place.into(), Ordering::Relaxed);
        self.findings.blocks.push((at, std::mem::take(&mut self.blocks)));
        shared.frontier_bytes.fetch_sub(freed, Ordering::Relaxed);
        shared.generated.fetch_add(std::mem::take(&mut self.generated), Ordering::Relaxed);
        let more = std::mem::take(&mut self.unique);
        shared.unique.fetch_add(more, Ordering::Relaxed);
        if let Err(error) = shared.visited.count(more) {
            shared.refuse("there is no memory for a larger table", &error);
        }
    }

    /// Judges and explores a state; a panic of the model is kept.
    #[inline(always)]
    fn guarded(&mut self, state: &M::State, first: u64, place: u32) {
        let number = first + u64::from(place);
        let done = catch_unwind(AssertUnwindSafe(|| {
            self.judge(state, number);
            self.expand(state, number, place);
        }));
        if let Err(panic) = done {
            let message = words(panic.as_ref());
            let doing = self.doing;
            if self.findings.panicked.as_ref().is_none_or(|known| known.state > number) {
                self.findings.panicked = Some(Panic { state: number, doing, message });
            }
        }
    }

    /// Judges a state by all that is open in this level, even if this thread knows better by now: another one may not, and
    /// the judgement may panic.
    #[inline(always)]
    fn judge(&mut self, state: &M::State, number: u64) {
        let shared = self.task.shared;
        for &at in &self.task.open {
            let property = &shared.properties[at];
            self.doing = Doing::Property(property.name);
            if decides(shared.model, property, state) {
                first(&mut self.findings.decided[at], number);
            }
        }
    }

    #[inline(always)]
    fn expand(&mut self, state: &M::State, number: u64, place: u32) {
        let shared = self.task.shared;
        let model = shared.model;
        self.doing = Doing::Listing;
        let mut actions = std::mem::take(&mut self.actions);
        actions.clear();
        model.actions(state, &mut actions);
        let mut has_successor = false;
        for (at, action) in actions.drain(..).enumerate() {
            let at = u32::try_from(at).expect("a state has less than 2^32 actions");
            self.doing = Doing::Action(at);
            let Some(next) = model.next_state(state, action) else { continue };
            has_successor = true;
            if model.within_boundary(&next) {
                self.candidate(next, place, at);
            }
        }
        self.actions = actions;
        if let Some(is_final) = shared.is_final
            && !has_successor
        {
            self.doing = Doing::Property(DEADLOCK);
            if !is_final(model, state) {
                first(&mut self.findings.decided[shared.properties.len()], number);
            }
        }
    }

    #[inline(always)]
    fn candidate(&mut self, state: M::State, parent: u32, action: u32) {
        let shared = self.task.shared;
        self.generated += 1;
        let Worker { visited, recent, young, .. } = self;
        let visited = visited.as_ref().expect("it is open during a unit");
        shared.form.add(shared.model, state, &mut young.states, |fingerprint| {
            let is_wanted = recent.is_new(fingerprint);
            if is_wanted {
                visited.prefetch(fingerprint);
                young.candidates.push(Candidate { fingerprint, parent, action });
            }
            is_wanted
        });
        if self.young.candidates.len() == BATCH {
            self.settle();
        }
    }

    /// Decides on the older candidates, in order, and keeps what is new; the younger ones become the older ones.
    fn settle(&mut self) {
        let (shared, tag) = (self.task.shared, self.tag);
        if shared.visited.is_awaited() {
            self.visited = None; // first, or it could not grow
            self.visited = Some(shared.visited.open());
        }
        let is_contested = self.task.threads > 1;
        let mut at = 0;
        // Apart, so that they can be borrowed one by one.
        let Worker { visited, young, old, block, unique, findings, .. } = self;
        let Batch { candidates, states: batch } = old;
        let Block { states, births, fingerprints, .. } = block;
        shared.form.settle(batch, states, |stored| {
            let Candidate { fingerprint, parent, action } = candidates[at];
            at += 1;
            match insert(shared, visited, fingerprint, stored, tag) {
                Inserted::New => *unique += 1,
                Inserted::Taken(from) => findings.taken.push((from, fingerprint)),
                Inserted::Known | Inserted::Full => return false,
            }
            births.push(Birth { parent: parent.into(), action });
            if is_contested {
                fingerprints.push(fingerprint);
            }
            true
        });
        candidates.clear();
        std::mem::swap(young, old);
        if self.block.births.len() as u64 >= self.task.level.unit_states {
            self.close();
        }
    }

    /// Puts the block aside, on disk if memory is scarce.
    fn close(&mut self) {
        if self.block.births.len() == 0 {
            return;
        }
        let shared = self.task.shared;
        let next = Block::in_buffers(&shared.pools);
        let mut block = std::mem::replace(&mut self.block, next);
        block.live = block.births.len();
        block.finder = self.number;
        if shared.bytes() > shared.memory_max
            && let Some(bytes) = F::take_bytes(&mut block.states)
        {
            match shared.spill.write(self.task.depth + 1, &bytes) {
                Ok(spilled) => block.spilled = Some(spilled),
                Err(error) => shared.refuse("states cannot be written aside", &error),
            }
            shared.spilled_bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        } else {
            let size = block.bytes();
            let bytes = shared.frontier_bytes.fetch_add(size, Ordering::Relaxed) + size;
            shared.frontier_bytes_max.fetch_max(bytes, Ordering::Relaxed);
        }
        self.blocks.push(block);
    }
}

/// Keeps the lesser one.
fn first(known: &mut Option<u64>, number: u64) {
    *known = Some(known.map_or(number, |known| known.min(number)));
}

/// Whether a state decides a property.
#[inline(always)]
pub(crate) fn decides<M: Model>(model: &M, property: &Property<M>, state: &M::State) -> bool {
    match property.expectation {
        Expectation::Always => !(property.condition)(model, state),
        Expectation::Sometimes => (property.condition)(model, state),
        Expectation::Eventually => false,
    }
}

/// Inserts a state, in a larger table if it must be.
#[inline(always)]
fn insert<'a, M: Model, F: Form<M>>(
    shared: &'a Shared<'a, M, F>,
    visited: &mut Option<Open<'a, M, F>>,
    fingerprint: u64,
    stored: &F::Stored,
    tag: Tag,
) -> Inserted {
    loop {
        let open = visited.get_or_insert_with(|| shared.visited.open());
        match open.insert(fingerprint, stored, tag) {
            Inserted::Full => {
                let slots = open.slots();
                *visited = None; // or it could not grow
                if let Err(error) = shared.visited.grow(slots) {
                    shared.refuse("there is no memory for a larger table", &error);
                    *visited = Some(shared.visited.open());
                    return Inserted::Full;
                }
            }
            inserted => return inserted,
        }
    }
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

/// Of what the units found, element i being that of unit i, forgets what earlier ones have taken over. By several threads.
pub(crate) fn lose<M, F>(
    task: &Task<'_, M, F>,
    found: &mut [Vec<Block<M, F>>],
    taken: impl Iterator<Item = (Tag, u64)>,
) where
    M: Model<State: Send + Sync> + Sync,
    F: Form<M>,
{
    let mut lost = vec![Vec::new(); found.len()];
    for (tag, fingerprint) in taken {
        let unit = tag - task.tag(0);
        lost[unit as usize].push(fingerprint);
    }
    let share = found.len().div_ceil(task.threads).max(1);
    let pools = &task.shared.pools;
    std::thread::scope(|scope| {
        let mut parts = found.chunks_mut(share).zip(lost.chunks_mut(share));
        let lose = |units: &mut [Vec<Block<M, F>>], lost: &mut [Vec<u64>]| {
            for (blocks, lost) in units.iter_mut().zip(lost) {
                let lost = std::mem::take(lost);
                let lost = (!lost.is_empty()).then(|| Lost::new(lost));
                blocks.iter_mut().for_each(|block| block.lose(lost.as_ref(), pools));
            }
        };
        let own = parts.next();
        parts.for_each(|(units, lost)| {
            scope.spawn(move || lose(units, lost));
        });
        own.into_iter().for_each(|(units, lost)| lose(units, lost));
    });
}
