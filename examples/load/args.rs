//! What is asked for.

use clap::Parser;

/// Load for an XMPP server, each answer checked.
#[derive(Debug, Parser)]
pub(crate) struct Args {
    /// Where the server listens.
    #[arg(long, default_value = "127.0.0.1:5222")]
    pub(crate) server: String,
    /// The password of all accounts.
    #[arg(long)]
    pub(crate) password: String,
    /// Connections.
    #[arg(long, default_value_t = 50)]
    pub(crate) connections: usize,
    /// In a closed loop: requests of a connection that are under way.
    #[arg(long, default_value_t = 16)]
    pub(crate) pipelined: usize,
    /// Open loop: requests a second, of all connections together, each sent at its time.
    #[arg(long)]
    pub(crate) rate: Option<f64>,
    /// Further connections that ask in an open loop as well, with 16 under way at most.
    #[arg(long, default_value_t = 0, requires = "rate")]
    pub(crate) interactive: usize,
    /// Requests a second of all those together.
    #[arg(long, default_value_t = 1000.0)]
    pub(crate) interactive_rate: f64,
    /// How long to ask.
    #[arg(long, default_value_t = 10)]
    pub(crate) seconds: u64,
    /// Accounts: connection i is of account i modulo that.
    #[arg(long, default_value_t = 50)]
    pub(crate) users: usize,
    /// The share of the gets that are about every third account, from u0 on, or of the connections that are of these, if they
    /// search: with three query servers all that has one home.
    #[arg(long)]
    pub(crate) hot: Option<f64>,
    /// The server's domain.
    #[arg(long, default_value = "localhost")]
    pub(crate) domain: String,
    /// STARTTLS; any certificate will do.
    #[arg(long)]
    pub(crate) tls: bool,
    /// The server's process, whose processor time and memory are told.
    #[arg(long)]
    pub(crate) pid: Option<u32>,
    /// Gets that say their language, so that a server has to read them as any other XML.
    #[arg(long)]
    pub(crate) wordy: bool,
    /// Set cards instead of getting them.
    #[arg(long, conflicts_with = "hot")]
    pub(crate) sets: bool,
    /// Search for somebody who is not there instead of getting cards: work of a query server.
    #[arg(long, conflicts_with = "sets")]
    pub(crate) searches: bool,
    /// Sleep for a moment when nothing has come, so that servers have this core too.
    #[arg(long)]
    pub(crate) sleep: bool,
}
