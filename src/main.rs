//! The program `spillway`: it parses what is asked, runs one command, and turns its outcome into an exit code.
//!
//! Nothing here knows the protocol. Each file of `command` is a subcommand; the rest is what they share.

mod cli;
mod command;
mod engine;
mod exit;
mod failure;
mod format;
mod interrupt;
mod live_folder;
mod memory;
mod names;
mod output;
mod progress;
mod run;
mod source;
mod style;
mod trace_file;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let done = cli::Cli::parse().command.run();
    done.unwrap_or_else(|failure| failure.tell()).into()
}
