//! The refinement: what the nodes of `spillway-impl` do is what the model does.
//!
//! One map takes the joint state of nodes, links and environment to the model's state (`map`). Nodes and model
//! are driven side by side by the same actions ([`Lockstep`]), and after each the mapped state must be the model's, and
//! what was observed of the step the same. This module is the only one that sees both sides.
//!
//! - [`setting`]: from a scope to a configuration and a plan of requests.
//! - [`map`](mod@map): the refinement map. What users share has no place in the model's state, which knows versions: that it is what
//!   the plan says of each version is judged here too.
//! - [`scope_of`](mod@scope_of): the other way round, for a run that is recorded. [`cast_of`](mod@cast_of): for a run of
//!   the simulator.
//! - [`lockstep`]: both, side by side, for a run. [`nodes_model`]: for exploration. [`nodes_machine`]: the nodes alone.
//!   `configured`: what the product's choosers choose. `judge`: what the nodes do, judged by the guarantees without the model's step.
//! - [`stream`]: every transition of a scope, or random walks of it, in lockstep and without files.
//! - [`difference`]: where they part, for people. [`universe`](fn@universe): every action that can be named.

pub mod cast_of;
mod configured;
pub mod difference;
pub(crate) mod judge;
pub mod lockstep;
pub mod map;
pub mod nodes_machine;
pub mod nodes_model;
pub mod parting;
mod records;
pub mod scope_of;
pub mod setting;
pub mod stream;

pub use cast_of::cast_of;
pub use difference::Difference;
pub use judge::JudgedNodes;
pub use lockstep::Lockstep;
pub use nodes_machine::NodesMachine;
pub use nodes_model::{Explored, NodesModel};
pub use parting::{Parted, Parting};
pub use scope_of::scope_of;
pub use setting::Setting;
pub use spillway_model::universe;
pub use stream::{StreamEnd, Streamed};
