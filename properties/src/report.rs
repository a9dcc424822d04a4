//! What a check found: verdicts, counts, and the paths that show them.

use serde::{Deserialize, Serialize};
use spillway_model::Full;
use spillway_traces::Action;

use crate::catalog::Kind;

/// What is known of one property after a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It holds in everything there is to explore.
    Holds,
    /// It is broken, and a path shows where.
    Violated,
    /// The situation was met, and a path shows where.
    Reached,
    /// The situation was not met in everything there is to explore.
    NotReached,
    /// The exploration did not get far enough to say.
    Inconclusive,
}

/// One property after a check.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The property.
    pub name: &'static str,
    /// What kind of claim it is.
    pub kind: Kind,
    /// What is known.
    pub verdict: Verdict,
    /// Whether the overall verdict depends on it.
    pub counts: bool,
    /// The shortest path that breaks or reaches it.
    pub path: Option<Vec<Action>>,
}

/// The overall verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overall {
    /// All that was asked holds and is reached.
    Pass,
    /// Something is violated, or not reached by a complete exploration.
    Fail,
    /// A bound was hit, or the check was interrupted.
    Inconclusive,
}

/// Why an exploration ended before everything was explored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The violation that was looked for was found, or the situation was reached, and nothing more was asked.
    Violation,
    /// The depth bound, in steps of a run.
    Depth(usize),
    /// The bound on generated states.
    States(usize),
    /// The time bound, in seconds.
    Seconds(u64),
    /// The memory bound, in MiB.
    Memory(u64),
    /// Interrupted from outside.
    Interrupt,
    /// A bound of the scope did not suffice.
    Bound(Full),
    /// The system refused something: [`Report::trouble`] says what.
    Trouble,
}

/// What a check found.
#[derive(Clone, Debug)]
pub struct Report {
    /// The scope's name.
    pub scope: String,
    /// The seeded bug that was on.
    pub mutant: Option<&'static str>,
    /// Threads that explored.
    pub threads: usize,
    /// States that differ.
    pub unique_states: usize,
    /// States that were generated, the initial ones included.
    pub generated_states: usize,
    /// States on the longest path that was explored, the initial one included.
    pub depth: usize,
    /// How long it took.
    pub seconds: f64,
    /// Why it ended early, if it did.
    pub stopped: Option<Stopped>,
    /// The properties, in listing order.
    pub findings: Vec<Finding>,
    /// The shortest path to a state in which a bound of the scope did not suffice.
    pub bound_path: Option<Vec<Action>>,
    /// What the system refused, if that ended it: memory, or room on a disk.
    pub trouble: Option<String>,
}

impl Report {
    /// Whether everything there is was explored.
    pub fn is_complete(&self) -> bool {
        self.stopped.is_none()
    }

    /// The finding of a property, if it was judged.
    pub fn finding(&self, name: &str) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.name == name)
    }

    /// The overall verdict.
    pub fn overall(&self) -> Overall {
        let counted = || self.findings.iter().filter(|finding| finding.counts);
        let failed = |v: Verdict| matches!(v, Verdict::Violated | Verdict::NotReached);
        if counted().any(|finding| failed(finding.verdict)) {
            Overall::Fail
        } else if self.stopped.is_some_and(|stopped| stopped != Stopped::Violation)
            || counted().any(|finding| finding.verdict == Verdict::Inconclusive)
        {
            Overall::Inconclusive
        } else {
            Overall::Pass
        }
    }

    /// The probability that two different states had the same 64-bit fingerprint, so that one was not explored:
    /// at most n² / 2⁶⁵ for n states, the birthday bound.
    pub fn collision_probability(&self) -> f64 {
        let states = self.unique_states as f64;
        (states * states / 2f64.powi(65)).min(1.0)
    }
}
