//! What all threads share for one level: its units, handed out one by one, and what became of them.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use stateright::Model;

use crate::form::Form;
use crate::level::{Block, Level};
use crate::lost::Lost;
use crate::shared::Shared;
use crate::table::{OLD, Tag};

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
    pub(crate) fn hand_out(&self, worker: usize) -> Option<(usize, usize)> {
        let queues = self.queues.len();
        let mut queues = (0..queues).map(|ahead| (worker + ahead) % queues);
        queues.find_map(|at| Some((at, self.queues[at].pop()?)))
    }

    /// The tag under which a unit inserts.
    pub(crate) fn tag(&self, unit: usize) -> Tag {
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
