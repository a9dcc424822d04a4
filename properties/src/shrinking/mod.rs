//! Makes a failure small: fewer steps, requests, nodes, faults and features, and it fails for the same reason.
//!
//! [`smaller`] takes a run, step by step, together with its scope: what a step names is renamed as the scope loses it.
//! Each candidate is replayed leniently, which leaves out what is not possible any more, and kept if it fails as before,
//! which [`Failing`] judges: on the model alone, or nodes and model side by side. Big things go first, since a candidate
//! costs as much as it has steps. [`smaller_run`] takes a run of the simulator by its configuration, and runs it again.
//!
//! - [`failing`]: what failing for the same reason is. `renaming`: a scope and steps without some of it.
//! - `owners`: which request each step belongs to. `knobs`: simpler scopes. [`events`]: the search.
//! - [`run`]: the configurations of the simulator.

pub mod events;
pub mod failing;
mod knobs;
pub mod nodes;
mod owners;
mod renaming;
pub mod run;

pub use events::{REPLAYS_MAX, Smaller, smaller};
pub use failing::{Failing, OnModel, OnNodes, Step};
pub use nodes::{Failed, SmallerFailure, smaller_failure};
pub use run::{RUNS_MAX, SmallerRun, smaller_run};
