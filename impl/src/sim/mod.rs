//! The simulator: the nodes under virtual time, with every fault that production knows.
//!
//! - [`engine`]: one virtual clock and one queue of events. [`timers`]: what may be armed anew or disarmed. [`links`]: when
//!   a message arrives. These three know nothing of Spillway.
//! - [`swarm`]: a run's whole configuration, from a seed. [`draw`]: the random numbers of a run.
//! - [`disk`]: what the disk under the global server does. [`clocks`]: those of the nodes. [`marks`]: what a run has met.
//! - `choices`: who chooses what the protocol leaves open.
//! - [`run`]: a run, from its configuration to its outcome. [`watch`]: whoever records, judges or compares it.

mod choices;
pub mod clocks;
pub mod disk;
pub mod draw;
pub mod engine;
mod environment;
pub mod links;
pub mod marks;
mod mishaps;
pub mod run;
mod settle;
pub mod swarm;
pub mod timers;
pub mod watch;

pub use environment::Counts;
