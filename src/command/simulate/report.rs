//! What runs of a range of seeds came to: what `--format json` writes, and `--merge` reads.

use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};
use spillway_impl::bug::Bug;
use spillway_impl::sim::marks::{Mark, Marks, NeverMet};
use spillway_impl::sim::swarm::{Choices, FaultSet};
use spillway_properties::Overall;
use spillway_properties::simulated::Wrong;

use super::runs::{Runs, Tally};
use crate::format::number::counted;
use crate::format::{Case, Outcome, Suite};

/// The program's version, which a seed's meaning belongs to.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Report {
    pub(super) version: String,
    pub(super) verdict: Overall,
    /// The seeds that were asked for: from the first up to but without the second.
    pub(super) seeds: [u64; 2],
    pub(super) scope: Option<String>,
    pub(super) scope_hash: Option<String>,
    pub(super) faults: FaultSet,
    pub(super) choices: Choices,
    pub(super) bug: Option<Bug>,
    pub(super) compare_every: u64,
    /// Runs that were made: in the order of seeds, up to the first that failed.
    pub(super) runs: u64,
    pub(super) events: u64,
    pub(super) steps: u64,
    pub(super) seconds: f64,
    pub(super) marks: Marks,
    /// Whether it is a failure that a mark was never met.
    pub(super) marks_required: bool,
    pub(super) failed_seed: Option<u64>,
    pub(super) wrong: Option<What>,
    /// The configuration of the seed that failed.
    pub(super) configuration: Option<String>,
    pub(super) trace: Option<String>,
}

/// What is wrong, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct What {
    /// In a few.
    pub(super) headline: String,
    /// In all that there are.
    pub(super) details: String,
}

impl What {
    fn of(wrong: &Wrong) -> What {
        let (headline, details) = match wrong {
            Wrong::Differs(difference) => {
                ("the nodes do what the model does not".to_owned(), difference.to_string())
            }
            Wrong::Breaks(property) => {
                let headline = format!("{property} is violated");
                (headline.clone(), headline)
            }
            Wrong::Panicked(what) => {
                ("a node panicked".to_owned(), format!("a node panicked: {what}"))
            }
            Wrong::Unsettled(what) => {
                let headline = "it does not settle".to_owned();
                (headline.clone(), format!("{headline}: {}", what.join("; ")))
            }
        };
        What { headline, details }
    }
}

impl Report {
    pub(super) fn of(
        runs: &Runs,
        seeds: Range<u64>,
        tally: Tally,
        seconds: f64,
        trace: Option<&Path>,
    ) -> Report {
        let failed_seed = tally.failed.as_ref().map(|(seed, _)| *seed);
        let report = Report {
            version: VERSION.to_owned(),
            verdict: Overall::Pass,
            seeds: [seeds.start, seeds.end],
            scope: runs.scope_name().map(str::to_owned),
            scope_hash: runs.scope.as_ref().map(|scope| scope.hash.clone()),
            faults: runs.faults,
            choices: runs.choices,
            bug: runs.bug,
            compare_every: runs.compare_every,
            runs: tally.runs,
            events: tally.events,
            steps: tally.steps,
            seconds,
            marks: tally.marks,
            marks_required: false,
            failed_seed,
            wrong: tally.failed.as_ref().map(|(_, wrong)| What::of(wrong)),
            configuration: failed_seed.map(|seed| runs.swarm(seed).to_string()),
            trace: trace.map(|path| path.display().to_string()),
        };
        Report { verdict: report.verdict(), ..report }
    }

    /// How many seeds were asked for.
    pub(super) fn asked(&self) -> u64 {
        self.seeds[1] - self.seeds[0]
    }

    /// What follows from the rest.
    pub(super) fn verdict(&self) -> Overall {
        if self.failed_seed.is_some() {
            Overall::Fail
        } else if self.runs < self.asked() {
            Overall::Inconclusive
        } else if self.missed().is_some() {
            Overall::Fail
        } else {
            Overall::Pass
        }
    }

    /// The marks that were never met, if they had to be.
    pub(super) fn missed(&self) -> Option<NeverMet> {
        if self.marks_required { self.marks.all_met().err() } else { None }
    }

    /// What is run, in words.
    fn subject(&self) -> String {
        let scope = self.scope.as_ref().map_or(String::new(), |scope| format!(" of {scope}"));
        let choices = match self.choices {
            Choices::Configured => "",
            Choices::Random => " and random choices",
        };
        format!("{scope} under the faults `{}`{choices}", self.faults.name())
    }

    /// The verdict in a sentence.
    pub(super) fn summary(&self) -> String {
        if let (Some(seed), Some(wrong)) = (self.failed_seed, &self.wrong) {
            return format!("seed {seed} fails: {}", wrong.headline);
        }
        let runs = counted(self.runs as usize, "run");
        if self.runs < self.asked() {
            return format!("interrupted after {runs}");
        }
        let runs = format!("{runs}{}", self.subject());
        match self.missed() {
            Some(missed) => {
                let marks = format!("{} of {} marks", missed.0.len(), Mark::ALL.len());
                format!("{runs}: {marks} never met")
            }
            None => format!("{runs}: the model accepts every step, and all settles"),
        }
    }

    /// As reports for continuous integration list it.
    pub(super) fn suite(&self) -> Suite {
        let outcome = match (self.verdict(), &self.wrong, self.missed()) {
            (Overall::Fail, Some(wrong), _) => {
                Outcome::Failed(self.summary(), wrong.details.clone())
            }
            (Overall::Fail, None, Some(missed)) => {
                Outcome::Failed(self.summary(), missed.to_string())
            }
            (Overall::Pass, ..) => Outcome::Passed,
            _ => Outcome::Undecided(self.summary()),
        };
        let [start, end] = self.seeds;
        Suite {
            name: "spillway simulate".to_owned(),
            seconds: self.seconds,
            summary: self.summary(),
            cases: vec![Case { name: format!("seeds {start}..{end}{}", self.subject()), outcome }],
        }
    }
}
