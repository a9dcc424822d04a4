//! The executable system: its nodes as state machines without I/O.
//!
//! The nodes are written from `model/PROTOCOL.md`, and share nothing with the model but the vocabulary of
//! `spillway-traces`: a model that nothing independent answers to proves little. Whatever drives them, a simulator, a
//! replay in lockstep with the model or real sockets, moves bytes, time and storage, and nothing else.
//!
//! - [`config`]: what the operator sets. [`profile`]: what users share. [`search`]: what is found of it. [`wire`]: what
//!   travels on the links.
//! - [`node`]: the contract between a node and its driver: inputs, outputs, and the [`Chooser`](node::Chooser) that makes
//!   the choices which the protocol leaves open.
//! - [`nodes`]: the five kinds of node. [`strategy`]: the choosers of the product and of tests.
//! - [`sim`]: virtual time, faults, and the runs made of them. [`compare`]: ways of placing work, side by side.

pub mod bug;
pub mod compare;
pub mod config;
#[cfg(feature = "live")]
pub mod live;
pub mod node;
pub mod nodes;
pub mod profile;
pub mod search;
pub mod sim;
pub mod strategy;
pub mod wire;
pub mod world;
