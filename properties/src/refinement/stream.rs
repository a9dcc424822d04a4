//! Every transition of a scope, or random walks of it, taken by nodes and model in lockstep as they are found: nothing is
//! kept but what tells states apart, and how each was reached first.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::ops::Range;

use spillway_model::{Full, Scope};
use spillway_traces::Action;
use stateright::Model;

use super::lockstep::Lockstep;
use super::nodes_model::{Joint, NodesModel};
use super::setting::Setting;
use crate::check::{Go, TooLarge, Until};
use crate::random;

/// After so many steps whoever watches is asked.
const POLL_STEPS: u64 = 1_000;

/// How far it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Streamed {
    /// Unique states of both together; 0 for walks, which do not tell states apart.
    pub states: u64,
    /// Steps that both have taken.
    pub steps: u64,
    /// Why it ended.
    pub end: StreamEnd,
}

/// Why it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamEnd {
    /// All of it was taken.
    All,
    /// They part.
    Parted {
        /// The steps up to there.
        path: Vec<Action>,
        /// What differs, in lines.
        lines: Vec<String>,
        /// The seed of the walk, if it is one.
        seed: Option<u64>,
    },
    /// There is more than was allowed.
    Steps,
    /// A bound of the scope is full.
    Full(Full),
    /// Whoever watches wanted it.
    Stopped,
}

/// How far it is: unique states, and steps.
pub type Watch<'a> = dyn FnMut(u64, u64) -> Go + 'a;

/// Takes every transition, breadth first; in each state what may be done next is compared, too.
pub fn transitions(
    scope: Scope,
    setting: &Setting,
    steps_max: u64,
    watch: &mut Watch<'_>,
) -> Streamed {
    let both = NodesModel::of(scope, setting);
    let mut seen = Seen::default();
    let mut frontier: VecDeque<(usize, Joint)> = VecDeque::new();
    let mut steps = 0;
    let ended = |seen: &Seen, steps, end| Streamed { states: seen.from.len() as u64, steps, end };
    for joint in both.init_states() {
        if !joint.differs.is_empty() {
            return ended(&seen, steps, parted(Vec::new(), joint.differs));
        }
        let at = seen.add(&joint, None).expect("it is the first");
        frontier.push_back((at, joint));
    }
    let mut actions = Vec::new();
    while let Some((at, joint)) = frontier.pop_front() {
        both.actions(&joint, &mut actions);
        for action in actions.drain(..) {
            if steps == steps_max {
                return ended(&seen, steps, StreamEnd::Steps);
            }
            steps += 1;
            let next = both.next_state(&joint, action).expect("what is listed has a next state");
            if !next.differs.is_empty() {
                let path = seen.path(at, action);
                return ended(&seen, steps, parted(path, next.differs));
            }
            if let Some(full) = next.judged.inner.full() {
                return ended(&seen, steps, StreamEnd::Full(full));
            }
            if let Some(at) = seen.add(&next, Some((at, action))) {
                frontier.push_back((at, next));
            }
            if steps.is_multiple_of(POLL_STEPS) && watch(seen.from.len() as u64, steps) == Go::Stop
            {
                return ended(&seen, steps, StreamEnd::Stopped);
            }
        }
    }
    ended(&seen, steps, StreamEnd::All)
}

fn parted(path: Vec<Action>, lines: Vec<String>) -> StreamEnd {
    StreamEnd::Parted { path, lines, seed: None }
}

/// The states that were met, by fingerprint, and the step that led to each first.
struct Seen {
    hasher: ahash::RandomState,
    numbers: HashMap<u64, usize>,
    from: Vec<Option<(usize, Action)>>,
}

impl Default for Seen {
    fn default() -> Seen {
        let hasher = ahash::RandomState::with_seeds(1, 2, 3, 4);
        Seen { hasher, numbers: HashMap::new(), from: Vec::new() }
    }
}

impl Seen {
    /// The number of a state that is new.
    fn add(&mut self, joint: &impl Hash, from: Option<(usize, Action)>) -> Option<usize> {
        let new = self.from.len();
        let number = *self.numbers.entry(self.hasher.hash_one(joint)).or_insert(new);
        (number == new).then(|| {
            self.from.push(from);
            new
        })
    }

    /// The steps to a state, and this one.
    fn path(&self, mut at: usize, last: Action) -> Vec<Action> {
        let mut path = vec![last];
        while let Some((before, action)) = self.from[at] {
            path.push(action);
            at = before;
        }
        path.reverse();
        path
    }
}

/// Takes the random walks of these seeds, as `spillway check --random` makes them, each of so many steps at most.
///
/// # Errors
/// No size of the state holds the scope.
pub fn walks(
    scope: &Scope,
    setting: &Setting,
    seeds: Range<u64>,
    steps_max: u32,
    watch: &mut Watch<'_>,
) -> Result<Streamed, TooLarge> {
    let options = random::Options { until: Until::TheEnd, steps_max, ..random::Options::default() };
    let (mut steps, mut done) = (0, 0);
    let ended = |steps, end| Ok(Streamed { states: 0, steps, end });
    for seed in seeds {
        let mut path = Vec::new();
        let mut both = match Lockstep::of(scope.clone(), setting) {
            Ok(both) => both,
            Err(difference) => return ended(steps, parted(path, difference.lines)),
        };
        for action in random::steps(scope, &options, seed)? {
            path.push(action);
            steps += 1;
            if let Err(difference) = both.perform(&action) {
                let lines = difference.lines;
                return ended(steps, StreamEnd::Parted { path, lines, seed: Some(seed) });
            }
            if let Some(full) = both.model().full() {
                return ended(steps, StreamEnd::Full(full));
            }
        }
        done += 1;
        if watch(done, steps) == Go::Stop {
            return ended(steps, StreamEnd::Stopped);
        }
    }
    ended(steps, StreamEnd::All)
}
