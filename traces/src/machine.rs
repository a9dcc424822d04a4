//! The trait by which anything replays a trace: the model, the implementation, or a stranger's protocol.

use std::collections::BTreeMap;
use std::fmt;

use crate::event::Observed;
use crate::nearest::Nearest;
use crate::vocabulary::Vocabulary;

/// The state of a system as people read it: for each node its fields and their values, all in a fixed order.
///
/// Fields that hold nothing are left out, so that a difference of two views is what a step changed.
pub type View<V> = BTreeMap<<V as Vocabulary>::Node, BTreeMap<&'static str, String>>;

/// The field of a sender's view that lists its messages on their way. A text leaves it out of what a step changed, since
/// it tells what the step sends, takes and loses.
pub const IN_FLIGHT: &str = "in flight";

/// What stands between the items of a value that is a list.
pub const ITEMS_BETWEEN: &str = "; ";

/// Why a step was not allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The name of the guard that refused it, stable and in kebab case.
    pub guard: &'static str,
    /// The guard in words, with the values that it saw.
    pub reason: String,
    /// The nearest step that was allowed, if one is known.
    pub nearest: Option<Nearest>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused by guard `{}`: {}", self.guard, self.reason)?;
        match &self.nearest {
            Some(nearest) => write!(f, "; the nearest step allowed was: {nearest}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refusal {}

/// A system that performs actions one at a time.
pub trait Machine<V: Vocabulary> {
    /// Performs one action, or refuses it and stays as it was.
    fn step(&mut self, action: &V::Action) -> Result<Observed<V>, Refusal>;

    /// The state as people read it.
    fn view(&self) -> View<V>;

    /// The properties that do not hold now, by name, in a fixed order. A system without properties has none.
    fn broken(&self) -> Vec<&'static str> {
        Vec::new()
    }
}
