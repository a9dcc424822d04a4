//! `spillway keys`: the certificates with which the servers of a system know each other.

use std::path::PathBuf;

use spillway_impl::live::keys::make;
use spillway_impl::live::settings::EXAMPLE;
use spillway_traces::Node;

use super::serve::settings;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;

/// Make the certificates with which the servers of a system know each other, or write a configuration to begin with.
///
/// What is there already stays as it is. `ca.key` is needed only to make more of them.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file that describes the system.
    #[arg(long, value_name = "FILE", required_unless_present = "example")]
    config: Option<PathBuf>,
    /// Write a configuration with everything in it to standard output.
    #[arg(long, conflicts_with = "config")]
    example: bool,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let Some(config) = &args.config else {
        output::result(EXAMPLE)?;
        return Ok(Exit::Holds);
    };
    let settings = settings(config)?;
    let of = |count: usize, node: fn(u16) -> Node| (0..count as u16).map(node);
    let nodes = of(settings.communication.len(), Node::communication)
        .chain(of(settings.query.len(), Node::query))
        .chain([Node::GLOBAL, Node::CONTROL]);
    let names: Vec<String> = nodes.map(|node| node.to_string()).collect();
    let made = make(&settings.keys, &names).map_err(Failure::Input)?;
    let told: String = made.iter().map(|path| format!("{}\n", path.display())).collect();
    output::result(&if made.is_empty() { "all are there\n".to_owned() } else { told })?;
    Ok(Exit::Holds)
}
