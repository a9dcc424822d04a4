//! One thread at work on a level: takes units in order, judges and explores their states, keeps what is new.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use stateright::{Expectation, Model, Property};

use crate::births::Birth;
use crate::form::Form;
use crate::level::{Block, Unit};
use crate::recent::Recent;
use crate::report::DEADLOCK;
use crate::shared::Shared;
use crate::table::{Inserted, OLD, Tag};
use crate::task::{Doing, Findings, Panic, Task};
use crate::visited::Open;

/// Successors that are decided on together: their lines of the table are on their way meanwhile.
const BATCH: usize = 32;
/// States between two looks at the clock.
const POLL_STATES: u32 = 64;

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
            let mut next = model.next_state(state, action);
            let Some(found) = &next else { continue };
            has_successor = true;
            if model.within_boundary(found) {
                self.candidate(&mut next, place, at);
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
    fn candidate(&mut self, state: &mut Option<M::State>, parent: u32, action: u32) {
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
