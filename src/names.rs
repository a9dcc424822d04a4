//! Names on the command line that must be known ones: completed by the shell, and corrected when misspelt. And bounds.

use std::ffi::OsStr;
use std::num::NonZeroUsize;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, Command, Error};
use spillway_impl::bug::Bug;
use spillway_impl::sim::swarm::{Choices, FaultSet};
use spillway_model::Mutant;
use spillway_model::scope::pairs::{FEATURES, Feature};
use spillway_properties::Known;
use spillway_properties::catalog::{self, nearest};

/// A bound: a whole number that is not 0.
pub(crate) fn bound(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "expected a whole number, 1 at least".to_owned())
}

/// Parses one of a list of names.
#[derive(Clone)]
pub(crate) struct Named<T> {
    kind: &'static str,
    known: Vec<(&'static str, T)>,
    /// The command that lists them.
    listing: &'static str,
}

/// The names of the seeded bugs.
pub(crate) fn mutants() -> Named<Mutant> {
    let known = Mutant::ALL.iter().map(|mutant| (mutant.name(), *mutant)).collect();
    Named { kind: "mutant", known, listing: "spillway mutants --list" }
}

/// The names of the seeded bugs of the implementation.
pub(crate) fn bugs() -> Named<Bug> {
    let known = Bug::ALL.iter().map(|bug| (bug.name(), *bug)).collect();
    Named { kind: "seeded bug of the implementation", known, listing: "spillway mutants --list" }
}

/// The names of the sets of faults that the simulator knows.
pub(crate) fn fault_sets() -> Named<FaultSet> {
    let known = FaultSet::ALL.iter().map(|set| (set.name(), *set)).collect();
    Named { kind: "set of faults", known, listing: "spillway simulate --help" }
}

/// The names of who may choose in a run of the simulator.
pub(crate) fn choices() -> Named<Choices> {
    let known = Choices::ALL.iter().map(|choices| (choices.name(), *choices)).collect();
    Named { kind: "way of choosing", known, listing: "spillway simulate --help" }
}

/// The names of the features that make pairs.
pub(crate) fn features() -> Named<&'static Feature> {
    let known = FEATURES.iter().map(|feature| (feature.name, feature)).collect();
    Named { kind: "feature", known, listing: "spillway pairs --list" }
}

/// The names of the properties.
pub(crate) fn properties() -> Named<Known> {
    let known = catalog::all().map(|known| (known.name, known)).collect();
    Named { kind: "property", known, listing: "spillway properties" }
}

impl<T: Clone + Send + Sync + 'static> TypedValueParser for Named<T> {
    type Value = T;

    fn parse_ref(&self, cmd: &Command, _: Option<&Arg>, value: &OsStr) -> Result<T, Error> {
        let value = value.to_string_lossy();
        if let Some((_, found)) = self.known.iter().find(|(name, _)| *name == value) {
            return Ok(found.clone());
        }
        let help = match nearest(&value, self.known.iter().map(|(name, _)| *name)) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => format!("`{}` lists them", self.listing),
        };
        let what = format!("no {} is called `{value}`; {help}", self.kind);
        Err(cmd.clone().error(ErrorKind::InvalidValue, what))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.known.iter().map(|(name, _)| PossibleValue::new(*name))))
    }
}
