//! The simulator: the nodes under virtual time, with every fault that production knows.
//!
//! - [`engine`]: one virtual clock and one queue of events. [`timers`]: what may be armed anew or disarmed. [`links`]: when
//!   a message arrives. These three know nothing of Spillway.
//! - [`swarm`]: a run's whole configuration, from a seed. [`draw`]: the random numbers of a run.
//! - [`disk`]: what the disk under the global server does. [`marks`]: what a run has met.

pub mod disk;
pub mod draw;
pub mod engine;
pub mod links;
pub mod marks;
pub mod swarm;
pub mod timers;
