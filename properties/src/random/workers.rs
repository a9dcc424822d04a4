//! Who walks: threads that take one seed after the other, a stretch of seeds at a time.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use spillway_model::{Protocol, Size};

use super::fingerprint::fingerprint;
use super::tally::{Tally, Trail};
use super::walk::{End, Plan, Walker};
use crate::checked::Checked;

/// After how many steps of all threads the walks are added up: often enough to tell of the progress and to stop, and
/// so that what is kept in between stays small.
const BATCH_STEPS: u64 = 1 << 17;

/// Walks some of these seeds, from the first on without a gap, and gives what they met in the order of seeds. If one
/// ended what all of them are for, later ones may be missing.
pub(super) fn batch<S: Size>(
    checked: &Checked<Protocol<S>>,
    plan: Plan,
    tally: &Tally,
    seeds: Range<u64>,
    threads: NonZeroUsize,
) -> Vec<Trail> {
    let shared = Shared {
        next: AtomicU64::new(seeds.start),
        steps: AtomicU64::new(0),
        last: AtomicU64::new(seeds.end - 1),
        tally,
    };
    let work = || shared.work(Walker::new(checked, plan));
    if threads == NonZeroUsize::MIN {
        return work();
    }
    let mut trails = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.get()).map(|_| scope.spawn(work)).collect();
        let join = |worker: std::thread::ScopedJoinHandle<'_, Vec<Trail>>| {
            // A panic of the model is a bug, and comes through.
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        workers.into_iter().flat_map(join).collect::<Vec<_>>()
    });
    trails.sort_by_key(|trail| trail.walk.seed);
    trails
}

struct Shared<'a> {
    /// The next seed that nobody has.
    next: AtomicU64,
    /// Steps of the batch.
    steps: AtomicU64,
    /// The last seed that matters: no later one than the first that ended what all are for.
    last: AtomicU64,
    /// What is known already.
    tally: &'a Tally,
}

impl Shared<'_> {
    fn work<S: Size>(&self, mut walker: Walker<'_, S>) -> Vec<Trail> {
        let mut trails = Vec::new();
        // A seed that is taken is walked, whatever the others have done by then: so there is no gap.
        while self.steps.load(Ordering::Relaxed) < BATCH_STEPS {
            let Some(seed) = self.take() else { break };
            let trail = self.trail(&mut walker, seed);
            self.steps.fetch_add(1 + u64::from(trail.walk.steps), Ordering::Relaxed);
            if !matches!(trail.walk.end, End::Final | End::Steps) {
                self.last.fetch_min(seed, Ordering::Relaxed);
            }
            trails.push(trail);
        }
        trails
    }

    /// Takes the next seed, if it matters. The number after the last seed there is would be the first one.
    fn take(&self) -> Option<u64> {
        let one_more = |next: u64| (next <= self.last.load(Ordering::Relaxed)).then(|| next + 1);
        self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).ok()
    }

    fn trail<S: Size>(&self, walker: &mut Walker<'_, S>, seed: u64) -> Trail {
        let (mut states, mut transitions) = (Vec::new(), Vec::new());
        let mut last = 0;
        let walk = walker.walk(seed, |action, state| {
            if self.tally.is_full() {
                return;
            }
            if let Some(action) = action {
                let transition = fingerprint(&(last, action));
                if !self.tally.transitions.knows(transition) {
                    transitions.push(transition);
                }
            }
            last = fingerprint(state);
            if !self.tally.states.knows(last) {
                states.push(last);
            }
        });
        Trail { walk, states, transitions }
    }
}
