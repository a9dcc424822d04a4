//! The exit codes, which are the same for every command.

use std::process::ExitCode;

use spillway_properties::Overall;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// What was asked holds, or was done.
    Holds = 0,
    /// Something is violated, differs or is not reached.
    Violated = 1,
    /// What was asked cannot be understood, or a trace does not apply: a guard refuses an event.
    BadInput = 2,
    /// A bound was hit, or somebody interrupted.
    Inconclusive = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

impl From<Overall> for Exit {
    fn from(overall: Overall) -> Exit {
        match overall {
            Overall::Pass => Exit::Holds,
            Overall::Fail => Exit::Violated,
            Overall::Inconclusive => Exit::Inconclusive,
        }
    }
}
