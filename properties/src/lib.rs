//! The guarantees of Spillway as properties of its model, and the seeded bugs that show they bite.
//!
//! A `stateright::Property` sees one state; about half of the guarantees speak of a step or of history. So
//! [`Checked`] wraps the model, itself a `stateright::Model`: it judges each step, keeps the least history that
//! properties need ([`ghost`]), and latches the first state that breaks each.
//!
//! - [`always`]: the safety guarantees, one file each, with what each means to a user and what it does not promise.
//! - [`sometimes`]: the situations that a scope must reach, or its check would be vacuous.
//! - [`eventually`]: the liveness guarantees: stated, and undecided until there is a search for fair cycles.
//! - [`promises`]: for each seeded bug the guarantee that kills it, the scope, and how deep.
//! - [`check()`]: explores a scope with stateright and reports; [`random::check()`] walks it at random instead.
//! - [`shrinking`]: makes a failure small, of the model, of nodes and model, or of a run of the simulator.
//! - [`CheckedMachine`]: replays a trace with everything judged.
//! - feature `proptest`: `strategies` generates scopes and runs, `state_machine` holds a system of one's own to the model
//!   in a test to copy, `properties/tests/state_machine.rs`.
//!
//! ```
//! use spillway_model::{Mutant, Scope};
//! use spillway_properties::{Go, Options, Overall, SOMETIMES_NAMES, check};
//!
//! let scope = Scope::builtin("catch-up", SOMETIMES_NAMES)?;
//! let report = check(&scope, &Options::default(), &mut |_progress| Go::On)?;
//! assert_eq!(report.overall(), Overall::Pass);
//!
//! // The global server acknowledges what it has not stored: five steps show what that breaks.
//! let mutant = Some(Mutant::AcknowledgedBeforeStored);
//! let report = check(&scope, &Options { mutant, ..Options::default() }, &mut |_| Go::On)?;
//! let finding = report.finding("durable-publish").expect("it is judged");
//! assert_eq!(finding.path.as_ref().map(Vec::len), Some(5));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod accept;
pub mod always;
pub mod catalog;
pub mod check;
pub mod checked;
pub mod cover;
pub mod eventually;
mod forget;
pub mod ghost;
pub mod judged;
pub mod live;
pub mod machine;
pub mod promises;
pub mod random;
pub mod refinement;
pub mod report;
pub mod shrinking;
pub mod simulated;
pub mod sizes;
pub mod sometimes;
#[cfg(feature = "proptest")]
pub mod state_machine;
#[cfg(feature = "proptest")]
pub mod strategies;

pub use accept::{CheckedAcceptor, HIDEABLE};
pub use catalog::{ALWAYS, Kind, Known, SOMETIMES, SOMETIMES_NAMES};
pub use check::{Engine, Go, More, Options, Progress, TooLarge, Until, check, check_with};
pub use checked::{Broken, Checked, CheckedState, Judged, SCOPE_BOUNDS};
pub use eventually::{EVENTUALLY, UNDECIDED};
pub use machine::CheckedMachine;
pub use promises::{PROMISES, Promise, promise};
pub use report::{Finding, Overall, Report, Stopped, Verdict};
