//! `spillway serve`: the live system in one process.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;

use spillway_impl::bug::Bug;
use spillway_impl::live::{Opening, open};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::{interrupt, names, output};

/// Query servers, as the issue of the live system has it.
const QUERY_SERVERS: u16 = 3;
/// Tasks that a query server holds before it hands over.
const THRESHOLD: u32 = 256;

/// Run the live system: chat clients connect, and share information about themselves.
///
/// One process has a communication server, a global server, three query servers and a control server. Everything is kept in
/// the data folder, the certificate too, which is made at the first start. Interrupted, it answers what was asked, ends all
/// streams and exits with 0.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where everything is kept.
    #[arg(long, value_name = "DIR", default_value = "spillway-data")]
    data: PathBuf,
    /// Where chat clients connect.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:5222")]
    listen: SocketAddr,
    /// Where chat clients connect whose connections begin with TLS, without STARTTLS before; usually port 5223. Nowhere
    /// unless it is given.
    #[arg(long, value_name = "ADDR", conflicts_with = "insecure_plaintext")]
    listen_tls: Option<SocketAddr>,
    /// The domain of the users, the part of their addresses behind the `@`.
    #[arg(long, value_name = "NAME", default_value = "localhost")]
    domain: String,
    /// No TLS, for tests and comparisons; on loopback addresses only.
    #[arg(long)]
    insecure_plaintext: bool,
    /// Where operators find metrics, health and a status page, over HTTP; on loopback addresses only. Not there if left out.
    #[arg(long, value_name = "ADDR")]
    admin: Option<SocketAddr>,
    /// Tasks that a query server may hold before it hands the redundant ones over.
    #[arg(long, value_name = "N", default_value_t = THRESHOLD, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    threshold: u32,
    /// Write down in this folder what the nodes do, a file for each: `spillway validate DIR` holds it to the model.
    #[arg(long, value_name = "DIR")]
    trace_dir: Option<PathBuf>,
    /// Run with a seeded bug of the nodes, to see that `validate` finds it.
    #[arg(long, value_name = "NAME", value_parser = names::bugs(), hide_possible_values = true)]
    bug: Option<Bug>,
    /// Log as JSON.
    #[arg(long)]
    log_json: bool,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    interrupt::watch()?;
    log(args.log_json);
    raise_file_limit();
    let opening = Opening {
        data: args.data.clone(),
        listen: args.listen,
        admin: args.admin,
        listen_tls: args.listen_tls,
        domain: args.domain.clone(),
        is_plaintext: args.insecure_plaintext,
        query_servers: QUERY_SERVERS,
        threshold: args.threshold,
        trace: args.trace_dir.clone(),
        bug: args.bug,
    };
    if let Some(bug) = args.bug {
        output::warning(&format!("the seeded bug `{}` is on: {}", bug.name(), bug.about()));
    }
    let server = open(&opening).map_err(Failure::Input)?;
    let address = server.address().map_err(Failure::input)?;
    let beside = Beside {
        direct: server.direct_address().map_err(Failure::input)?,
        admin: server.admin_address().map_err(Failure::input)?,
    };
    output::result(&welcome(args, address, &beside))?;
    server.run(interrupt::asked).map_err(Failure::input)?;
    Ok(Exit::Holds)
}

/// Each client takes a file, of which a process often may have 1024 until it asks for more.
fn raise_file_limit() {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(files) => tracing::info!(files, "files that may be open"),
        Err(error) => tracing::warn!(%error, "the limit of open files stays as it is"),
    }
}

/// Addresses beside the one for chat.
struct Beside {
    direct: Option<SocketAddr>,
    admin: Option<SocketAddr>,
}

fn welcome(args: &Args, address: SocketAddr, beside: &Beside) -> String {
    let (data, domain) = (args.data.display(), &args.domain);
    let secured =
        if args.insecure_plaintext { "without TLS" } else { "STARTTLS, self-made certificate" };
    let direct = beside.direct.map_or_else(String::new, |address| {
        format!("chat-tls  {address} (TLS from the beginning, the same certificate)\n")
    });
    let admin =
        beside.admin.map_or_else(String::new, |address| format!("admin     http://{address}/\n"));
    format!(
        "chat      {address} ({secured}), users are NAME@{domain}\n{direct}\
         data      {data}\n\
         accounts  spillway user add NAME --data {data}\n\
         connect   any XMPP client: address NAME@{domain}, server {} port {}\n\
         {admin}",
        address.ip(),
        address.port(),
    )
}

fn log(is_json: bool) {
    let filter = tracing_subscriber::EnvFilter::try_from_env("SPILLWAY_LOG");
    let filter = filter.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // A second one changes nothing, and there is none.
    let _ = if is_json { log.json().try_init() } else { log.try_init() };
}
