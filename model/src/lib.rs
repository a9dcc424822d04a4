//! The Spillway protocol as a stateright model.

pub mod actions;
pub mod explore;
pub mod guards;
pub mod machine;
pub mod mutant;
pub mod protocol;
pub mod rows;
mod rules;
pub mod scope;
pub mod size;
pub mod state;
pub mod step;
pub mod view;
pub mod wire;

pub use guards::Guard;
pub use machine::ModelMachine;
pub use mutant::Mutant;
pub use protocol::{Planned, Protocol};
pub use scope::{Class, Scope};
pub use size::{Fixed, Growable, Size};
pub use state::{Budget, Full, State};
