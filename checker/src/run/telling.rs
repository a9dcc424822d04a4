//! What is told of a run when it is over: counts, verdicts, and the paths that show them.

use std::sync::atomic::Ordering;

use stateright::{Expectation, Model};

use super::Run;
use crate::checker::Error;
use crate::form::Form;
use crate::path::{PathOf, Replayed, action, again, replay};
use crate::report::{DEADLOCK, Judged, PANIC, Panicked, Report, Verdict};
use crate::shared::Shared;
use crate::task::{Doing, Panic};
use crate::worker::decides;

/// Why nothing is said of liveness.
const NO_LIVENESS: &str = "liveness is not decided: that takes a search for fair cycles";

impl<M, F> Run<'_, M, F>
where
    M: Model<State: Clone + PartialEq + Send + Sync, Action: Clone + PartialEq> + Sync,
    F: Form<M>,
{
    /// All that was found.
    pub(super) fn report(mut self) -> Result<Report<M>, Error> {
        let elapsed = self.begun.elapsed();
        let mut discoveries = Vec::new();
        for at in 0..self.decided.len() {
            if let Some(state) = self.decided[at] {
                let (path, last) = self.path_to(state)?;
                if again(|| Some(self.decides(at, &last))) != Some(true) {
                    return Err(Error::Unsteady { steps: path.into_actions().len() });
                }
                discoveries.push((self.name(at), path));
            }
        }
        let panicked = self.panicked.clone().map(|panic| self.panicked(&panic)).transpose()?;
        let panicked = panicked.map(|(panicked, path)| {
            discoveries.push((PANIC, path));
            panicked
        });
        let unique_states = self.shared.unique.load(Ordering::Relaxed);
        let states = unique_states as f64;
        Ok(Report {
            unique_states,
            generated_states: self.shared.generated.load(Ordering::Relaxed),
            max_depth: self.depth,
            unexplored_states: self.unexplored,
            verdicts: self.verdicts(panicked.is_some()),
            panicked,
            collision_probability: match self.options.exact || F::IS_EXACT {
                true => 0.0,
                false => (states * states / 2f64.powi(65)).min(1.0),
            },
            elapsed,
            table_bytes: self.shared.visited.bytes(),
            frontier_bytes_max: self.shared.frontier_bytes_max.load(Ordering::Relaxed),
            parents_bytes: self.parents.bytes(),
            spilled_bytes: self.shared.spilled_bytes.load(Ordering::Relaxed),
            stopped: self.stopped,
            discoveries,
        })
    }

    /// Whether a state that is found again decides what it decided before: a property, or deadlock.
    fn decides(&self, at: usize, state: &M::State) -> bool {
        let Shared { model, properties, is_final, .. } = &self.shared;
        match properties.get(at) {
            Some(property) => decides(*model, property, state),
            None => is_final.is_some_and(|is_final| !is_final(model, state)),
        }
    }

    fn name(&self, at: usize) -> &'static str {
        self.shared.properties.get(at).map_or(DEADLOCK, |property| property.name)
    }

    /// The path to a state, and the actions that its model lists in it.
    fn path_to(&mut self, state: u64) -> Result<Replayed<M>, Error> {
        let (initial, actions) = self.parents.path_to(state).map_err(Error::Parents)?;
        replay(self.shared.model, self.initial[initial as usize], &actions)
    }

    fn panicked(&mut self, panic: &Panic) -> Result<(Panicked<M::Action>, PathOf<M>), Error> {
        let (path, last) = self.path_to(panic.state)?;
        let (action, property) = match panic.doing {
            Doing::Listing => (None, None),
            Doing::Property(name) => (None, Some(name)),
            Doing::Action(at) => (again(|| action(self.shared.model, &last, at)), None),
        };
        Ok((Panicked { message: panic.message.clone(), action, property }, path))
    }

    fn verdicts(&self, panicked: bool) -> Vec<Judged> {
        let complete = self.stopped.is_none();
        let unfinished = || self.stopped.as_ref().map(ToString::to_string);
        let judged = |name, expectation, decided: bool| {
            let (verdict, reason) = match (&expectation, decided) {
                (Expectation::Eventually, _) => {
                    (Verdict::Inconclusive, Some(NO_LIVENESS.to_owned()))
                }
                (Expectation::Always, true) => (Verdict::Violated, None),
                (Expectation::Sometimes, true) => (Verdict::Reached, None),
                (Expectation::Always, false) if complete => (Verdict::Holds, None),
                (Expectation::Sometimes, false) if complete => (Verdict::NotReached, None),
                _ => (Verdict::Inconclusive, unfinished()),
            };
            Judged { name, expectation, verdict, reason }
        };
        let decided = |at: usize| self.decided[at].is_some();
        let properties = self.shared.properties.iter().enumerate();
        let mut all: Vec<Judged> =
            properties.map(|(at, p)| judged(p.name, p.expectation.clone(), decided(at))).collect();
        if self.options.is_final.is_some() {
            all.push(judged(DEADLOCK, Expectation::Always, decided(all.len())));
        }
        if panicked {
            all.push(judged(PANIC, Expectation::Always, true));
        }
        all
    }
}
