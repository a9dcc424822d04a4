//! The five kinds of node, one file each, written from `model/PROTOCOL.md`.

pub mod aside;
mod askers;
pub mod client;
pub mod communication;
pub mod control;
pub mod global;
pub mod query;
