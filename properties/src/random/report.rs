//! What random walks found: a report like that of an exploration, what only walks have, and their runs made small.

use std::ops::Range;

use spillway_model::{Mutant, Protocol, Scope, Size};
use spillway_traces::{Action, shrink};

use super::tally::{Distinct, Met, Tally};
use super::walk::{Plan, Walker, mark};
use super::{Options, is_asked};
use crate::CheckedMachine;
use crate::catalog::{ALWAYS, Kind, Known, SOMETIMES};
use crate::checked::Checked;
use crate::eventually::EVENTUALLY;
use crate::report::{Finding, Report, Stopped, Verdict};

/// What random walks found.
#[derive(Clone, Debug)]
pub struct Walked {
    /// As of an exploration. Its unique states are those that were met, its generated states the steps and one for the
    /// beginning of each walk, its depth that of the longest walk, and its paths are not the shortest: that of a violation
    /// was shrunk, the others are as they were walked. No guarantee holds by it.
    pub report: Report,
    /// What only walks have.
    pub walks: Walks,
}

/// The walks of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walks {
    /// The seeds that were asked for.
    pub seeds: Range<u64>,
    /// How many were walked, the first of them: all of them, unless a find, a bound, time or a watcher ended it.
    pub walked: u64,
    /// Steps of each, at most.
    pub steps_max: u32,
    /// In how many cases of a hundred a fault was taken where one was possible.
    pub fault_percent: u32,
    /// Steps of all together.
    pub steps: u64,
    /// Walks that ended before that many steps since nothing was left to do.
    pub ended_early: u64,
    /// The longest walk, of several that with the lowest seed; none if there was no walk.
    pub longest: Option<Longest>,
    /// States that differ.
    pub states: Distinct,
    /// Transitions that differ: a state and an action.
    pub transitions: Distinct,
    /// What was broken or reached, in listing order.
    pub sightings: Vec<Sighting>,
    /// The seed of the walk on which a bound did not suffice.
    pub bound_seed: Option<u64>,
}

/// The longest walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Longest {
    /// Its seed.
    pub seed: u64,
    /// Its steps.
    pub steps: u32,
}

/// Where a property was broken, or a situation reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The property.
    pub name: &'static str,
    /// On how many walks.
    pub walks: u64,
    /// The lowest seed of them.
    pub seed: u64,
    /// After how many steps of that one.
    pub step: u32,
}

impl Walks {
    /// Where a property was broken or reached, if it was.
    pub fn sighting(&self, name: &str) -> Option<&Sighting> {
        self.sightings.iter().find(|sighting| sighting.name == name)
    }
}

/// Walks that came to their end.
pub(super) struct Ended<'a, S: Size> {
    pub(super) scope: &'a Scope,
    pub(super) options: &'a Options,
    pub(super) checked: &'a Checked<Protocol<S>>,
    pub(super) plan: Plan,
    pub(super) tally: Tally,
    /// What ended them from outside.
    pub(super) stopped: Option<Stopped>,
    pub(super) seconds: f64,
}

/// The report of walks.
pub(super) fn of<S: Size>(ended: &Ended<'_, S>) -> Walked {
    let Ended { scope, options, tally, .. } = ended;
    let walks = walks(options, tally);
    let stopped = match tally.ended {
        Some((_, Some(full))) => Some(Stopped::Bound(full)),
        Some((_, None)) => Some(Stopped::Violation),
        None => ended.stopped,
    };
    let report = Report {
        scope: scope.name.clone(),
        mutant: options.mutant.map(Mutant::name),
        threads: options.threads.get(),
        unique_states: tally.states.distinct().count,
        generated_states: usize::try_from(tally.steps + tally.walks).unwrap_or(usize::MAX),
        depth: tally.longest.map_or(0, |(_, steps)| steps as usize + 1),
        seconds: ended.seconds,
        stopped,
        findings: ended.findings(),
        trouble: None,
        bound_path: walks.bound_seed.map(|seed| ended.path(seed, u32::MAX)),
    };
    Walked { report, walks }
}

fn walks(options: &Options, tally: &Tally) -> Walks {
    let sighting = |known: &Known| {
        let Met { walks, seed, step } = *tally.met.get(&mark(known.name)?)?;
        Some(Sighting { name: known.name, walks, seed, step })
    };
    Walks {
        seeds: options.seeds.clone(),
        walked: tally.walks,
        steps_max: options.steps_max,
        fault_percent: options.fault_percent,
        steps: tally.steps,
        ended_early: tally.ended_early,
        longest: tally.longest.map(|(seed, steps)| Longest { seed, steps }),
        states: tally.states.distinct(),
        transitions: tally.transitions.distinct(),
        sightings: ALWAYS.iter().chain(SOMETIMES).filter_map(sighting).collect(),
        bound_seed: tally.ended.and_then(|(seed, full)| full.map(|_| seed)),
    }
}

impl<S: Size> Ended<'_, S> {
    /// The verdict on every property that was asked for, as an exploration lists them. What was not met is inconclusive,
    /// and only if nothing else was asked for does the overall verdict depend on that.
    fn findings(&self) -> Vec<Finding> {
        let named = self.options.property;
        let all = |known: &&Known| named.is_none_or(|named| named.name == known.name);
        let inconclusive = |name, kind, counts| {
            let verdict = Verdict::Inconclusive;
            Finding { name, kind, verdict, counts, path: None }
        };
        let found = |known: &Known, verdict: Verdict| {
            let met = *self.tally.met.get(&mark(known.name)?)?;
            let path = Some(self.shown(known, met));
            Some(Finding { name: known.name, kind: known.kind, verdict, counts: true, path })
        };
        let always = ALWAYS.iter().filter(all).map(|known| {
            let violated = found(known, Verdict::Violated);
            violated.unwrap_or_else(|| inconclusive(known.name, known.kind, false))
        });
        let eventually = EVENTUALLY.iter();
        let eventually =
            eventually.filter(|known| named.is_none_or(|named| named.name == known.name));
        let eventually =
            eventually.map(|e| inconclusive(e.name, Kind::Eventually, named.is_some()));
        let asked = |known: &&Known| is_asked(self.scope, self.options, known);
        let sometimes = SOMETIMES.iter().filter(asked).map(|known| {
            let reached = found(known, Verdict::Reached);
            reached.unwrap_or_else(|| inconclusive(known.name, known.kind, named.is_some()))
        });
        always.chain(eventually).chain(sometimes).collect()
    }

    /// The run that shows what was met: of a broken guarantee as little of the walk as still breaks it.
    fn shown(&self, known: &Known, met: Met) -> Vec<Action> {
        let path = self.path(met.seed, met.step);
        if known.kind != Kind::Always {
            return path;
        }
        let fresh = || CheckedMachine::new(self.scope.clone(), self.options.mutant);
        let shrunk = shrink(&path, fresh, |broken| broken.contains(&known.name));
        shrunk.map_or(path, |shrunk| shrunk.actions)
    }

    /// The first steps of a walk, which is walked again: none is kept while there is nothing to show.
    fn path(&self, seed: u64, steps: u32) -> Vec<Action> {
        let (mut path, _) = Walker::new(self.checked, self.plan).path(seed);
        path.truncate(usize::try_from(steps).unwrap_or(usize::MAX));
        path
    }
}
