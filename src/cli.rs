//! The command line: which commands there are. What each takes stands with the command.

use clap::{Parser, Subcommand};

use crate::command::{
    check, compare, completions, cover, engines, mutants, pairs, properties, replay, scopes, show,
    shrink, simulate, validate,
};
#[cfg(feature = "live")]
use crate::command::{keys, serve, user};
use crate::exit::Exit;
use crate::failure::Failure;

/// Checks an instant-messaging protocol with overflow control, from a scope to a counterexample that can be read,
/// replayed and shrunk.
///
/// Exit codes: 0 holds, 1 violated, 2 bad usage, bad input or a trace that does not apply, 3
/// inconclusive.
#[derive(Debug, Parser)]
#[command(name = "spillway", version, arg_required_else_help = true, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Check(check::Args),
    Replay(replay::Args),
    Simulate(simulate::Args),
    Validate(validate::Args),
    Shrink(shrink::Args),
    Show(show::Args),
    Cover(cover::Args),
    Mutants(mutants::Args),
    Compare(compare::Args),
    Pairs(pairs::Args),
    Engines(engines::Args),
    Scopes(scopes::Args),
    Properties(properties::Args),
    Completions(completions::Args),
    #[cfg(feature = "live")]
    Serve(serve::Args),
    #[cfg(feature = "live")]
    Keys(keys::Args),
    #[cfg(feature = "live")]
    User(user::Args),
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// If it cannot be run at all.
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        match self {
            Command::Check(args) => check::run(&args),
            Command::Replay(args) => replay::run(&args),
            Command::Simulate(args) => simulate::run(&args),
            Command::Validate(args) => validate::run(&args),
            Command::Shrink(args) => shrink::run(&args),
            Command::Show(args) => show::run(&args),
            Command::Cover(args) => cover::run(&args),
            Command::Mutants(args) => mutants::run(&args),
            Command::Compare(args) => compare::run(&args),
            Command::Pairs(args) => pairs::run(&args),
            Command::Engines(args) => engines::run(&args),
            Command::Scopes(args) => scopes::run(&args),
            Command::Properties(args) => properties::run(&args),
            Command::Completions(args) => completions::run(&args),
            #[cfg(feature = "live")]
            Command::Serve(args) => serve::run(&args),
            #[cfg(feature = "live")]
            Command::Keys(args) => keys::run(&args),
            #[cfg(feature = "live")]
            Command::User(args) => user::run(&args),
        }
    }
}
