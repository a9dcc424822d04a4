//! What all threads of a run share: the model, what was visited, counts, and whether to end.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use stateright::{Model, Property};

use crate::form::Form;
use crate::level::Pools;
use crate::recent::Recent;
use crate::spill::Spill;
use crate::visited::Visited;

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
    pub(crate) fn take_recent(&self) -> Recent {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner).pop();
        recent.unwrap_or_else(|| Recent::new(self.visited.is_exact()))
    }

    pub(crate) fn explored_by(&self, finder: usize) -> MutexGuard<'_, Vec<F::Block>> {
        self.explored[finder].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the run is to end at once.
    #[inline(always)]
    pub(crate) fn is_to_halt(&self) -> bool {
        self.halt.load(Ordering::Relaxed)
    }

    /// Ends the run for something that the system refused.
    pub(crate) fn refuse(&self, what: &str, error: &io::Error) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.get_or_insert_with(|| format!("{what}: {error}"));
        self.halt.store(true, Ordering::Relaxed);
    }
}
