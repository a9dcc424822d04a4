//! Models to test and measure with, none of which is Spillway's.
//!
//! Two-phase commit is the specification `TwoPhase` of Gray and Lamport, *Consensus on Transaction Commit* (ACM TODS, 2006);
//! paxos is as Lamport has it.
#![allow(dead_code, missing_docs, unreachable_pub)] // whoever includes this takes what is wanted

pub mod paxos;
pub mod two_phase_heap;
pub mod two_phase_word;
