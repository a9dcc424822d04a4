//! What a run found: counts, verdicts, paths, and why it ended.

use std::fmt::{self, Debug, Display};
use std::time::Duration;

use stateright::{Expectation, Model, Path};

use crate::path::PathOf;

/// The name under which [`Checker::deadlock`](crate::Checker::deadlock) reports.
pub const DEADLOCK: &str = "no deadlock";
/// The name under which a panic of the model is reported.
pub const PANIC: &str = "no panic";

/// What is known of a property after a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// `always`: it holds in every state there is.
    Holds,
    /// `always`: a shortest path leads to a state in which it does not.
    Violated,
    /// `sometimes`: a shortest path leads to a state in which it does.
    Reached,
    /// `sometimes`: it holds in no state there is.
    NotReached,
    /// The run does not tell.
    Inconclusive,
}

impl Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::Holds => "holds",
            Verdict::Violated => "violated",
            Verdict::Reached => "reached",
            Verdict::NotReached => "not reached",
            Verdict::Inconclusive => "inconclusive",
        })
    }
}

/// One property after a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Its name.
    pub name: &'static str,
    /// What it claims.
    pub expectation: Expectation,
    /// What is known.
    pub verdict: Verdict,
    /// Why nothing is known, if so.
    pub reason: Option<String>,
}

/// Why a run ended before everything was explored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// What the run was to look for was found, at the end of that level.
    Found,
    /// The bound on the depth.
    Depth(u64),
    /// The bound on unique states, at the end of the level in which it was passed.
    States(u64),
    /// The bound on time.
    Time(Duration),
    /// The bound on memory, in bytes.
    Memory(u64),
    /// Somebody asked.
    Interrupted,
    /// Parents or states could not be written aside, or read back, or the system had no memory for the table.
    System(String),
    /// The model panicked, at the end of that level.
    Panicked,
}

impl Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Found => f.write_str("what was looked for is found"),
            Stop::Depth(depth) => write!(f, "the bound of {depth} states on a path is reached"),
            Stop::States(states) => write!(f, "the bound of {states} unique states is reached"),
            Stop::Time(time) => write!(f, "the bound of {} s is reached", time.as_secs_f64()),
            Stop::Memory(bytes) => {
                write!(f, "the memory budget of {} MiB does not suffice", bytes.div_ceil(1 << 20))
            }
            Stop::Interrupted => f.write_str("it was interrupted"),
            Stop::System(error) => f.write_str(error),
            Stop::Panicked => f.write_str("the model panicked"),
        }
    }
}

/// A panic of the model.
#[derive(Clone, Debug)]
pub struct Panicked<A> {
    /// What it said.
    pub message: String,
    /// What was done in the last state of the path: an action, or none where the actions were listed or a property judged.
    pub action: Option<A>,
    /// The property that was judged, if one was.
    pub property: Option<&'static str>,
}

/// What a run found.
pub struct Report<M: Model> {
    /// States that differ.
    pub unique_states: u64,
    /// States that were generated, initial ones included, those outside of the boundary not.
    pub generated_states: u64,
    /// States on the longest of the shortest paths, the initial one included.
    pub max_depth: u64,
    /// States that were found and not explored: none if the run is complete.
    pub unexplored_states: u64,
    /// One for each property, in the model's order; then those of the checker: [`DEADLOCK`], if asked for, and [`PANIC`], if
    /// the model panicked.
    pub verdicts: Vec<Judged>,
    /// Why it ended early, if it did.
    pub stopped: Option<Stop>,
    /// The panic, if the model panicked: the first, in the order of exploration, of the first level that has one.
    pub panicked: Option<Panicked<M::Action>>,
    /// The probability, at most, that two states had one fingerprint, so that one was not explored: n² / 2⁶⁵ for n states (the
    /// birthday bound); 0 in exact mode.
    pub collision_probability: f64,
    /// How long it took.
    pub elapsed: Duration,
    /// Memory of the table of fingerprints at the end, in bytes.
    pub table_bytes: u64,
    /// Memory of the states that waited to be explored, at its highest, in bytes; what states hold on the heap is not in it.
    pub frontier_bytes_max: u64,
    /// Bytes in the side file of parents.
    pub parents_bytes: u64,
    /// Bytes of states that were spilled to disk.
    pub spilled_bytes: u64,
    pub(crate) discoveries: Vec<(&'static str, PathOf<M>)>,
}

impl<M: Model> Report<M> {
    /// Whether everything there is was explored.
    pub fn is_complete(&self) -> bool {
        self.stopped.is_none()
    }

    /// The path that breaks an `always`, or reaches a `sometimes`: a shortest one, and of those the least by the places of
    /// the initial state and the actions in the model's lists. None if there is none.
    pub fn discovery(&self, name: &str) -> Option<Path<M::State, M::Action>>
    where
        M::State: Clone,
        M::Action: Clone,
    {
        self.discoveries.iter().find(|(known, _)| *known == name).map(|(_, path)| path.clone())
    }

    /// What is known of a property; none if the model has none of that name.
    pub fn verdict(&self, name: &str) -> Option<Verdict> {
        self.verdicts.iter().find(|judged| judged.name == name).map(|judged| judged.verdict)
    }

    /// Whether nothing is violated.
    pub fn is_free_of_violations(&self) -> bool {
        self.verdicts.iter().all(|judged| judged.verdict != Verdict::Violated)
    }
}

impl<M: Model> Debug for Report<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Report")
            .field("unique_states", &self.unique_states)
            .field("generated_states", &self.generated_states)
            .field("max_depth", &self.max_depth)
            .field("verdicts", &self.verdicts)
            .field("stopped", &self.stopped)
            .finish_non_exhaustive()
    }
}

impl<M: Model> Display for Report<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = self.generated_states as f64 / self.elapsed.as_secs_f64().max(1e-9) / 1e6;
        writeln!(
            f,
            "{} unique of {} generated states, depth {}, {:.2} s, {rate:.2} M/s",
            self.unique_states,
            self.generated_states,
            self.max_depth,
            self.elapsed.as_secs_f64()
        )?;
        writeln!(
            f,
            "a state was missed with probability {:.1e} at most",
            self.collision_probability
        )?;
        if let Some(stop) = &self.stopped {
            writeln!(
                f,
                "stopped: {stop}; {} states found are not explored",
                self.unexplored_states
            )?;
        }
        for judged in &self.verdicts {
            write!(f, "{}: {}", judged.name, judged.verdict)?;
            match &judged.reason {
                Some(reason) => writeln!(f, " ({reason})")?,
                None => writeln!(f)?,
            }
        }
        Ok(())
    }
}
