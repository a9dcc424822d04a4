//! The simulator: the nodes under virtual time, with every fault that production knows.
//!
//! - [`engine`]: one virtual clock and one queue of events. [`timers`]: what may be armed anew or disarmed. [`links`]: when
//!   a message arrives. These three know nothing of Spillway.

pub mod engine;
pub mod links;
pub mod timers;
