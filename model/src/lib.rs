//! The Spillway protocol as a stateright model.

pub mod scope;
