//! `spillway serve`: the live system in one process, or one server of it.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use spillway_impl::bug::Bug;
use spillway_impl::live::settings::{self, Settings};
use spillway_impl::live::{Ended, Opening, Place, open};
use spillway_traces::Node;

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
///
/// With `--role` and `--config` a process runs one of these servers, and speaks with the others over TLS for which both
/// ends have certificates: `spillway keys` makes them.
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
    /// Run one server of a system of several processes, which `--config` describes.
    #[arg(long, value_enum, requires = "config")]
    role: Option<Role>,
    /// Which of the servers of that role, from 0.
    #[arg(long, value_name = "I", default_value_t = 0, requires = "role")]
    index: u16,
    /// The file that describes the system to all of its processes; `spillway keys --example` writes one.
    #[arg(long, value_name = "FILE", requires = "role",
        conflicts_with_all = ["data", "listen", "domain", "insecure_plaintext", "threshold"])]
    config: Option<PathBuf>,
    /// Log as JSON.
    #[arg(long)]
    log_json: bool,
}

/// A server of a system of several processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Role {
    /// Chat clients connect here.
    Communication,
    /// Answers queries.
    Query,
    /// Stores user information, and the accounts.
    Global,
    /// Moves redundant tasks.
    Control,
}

/// Reads the file that all processes of a system share.
///
/// # Errors
/// With file and line, what is wrong and what was expected.
pub(crate) fn settings(path: &Path) -> Result<Settings, Failure> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::Input(format!("{shown}: {error}; expected a readable file")))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    settings::read(&text, &shown, folder).map_err(Failure::Input)
}

/// One server of a system.
fn one(args: &Args, role: Role, config: &Path) -> Result<Opening, Failure> {
    let settings = settings(config)?;
    let (node, count) = match role {
        Role::Communication => (Node::communication(args.index), settings.communication.len()),
        Role::Query => (Node::query(args.index), settings.query.len()),
        Role::Global => (Node { index: args.index, ..Node::GLOBAL }, 1),
        Role::Control => (Node::control(args.index), 1),
    };
    if usize::from(args.index) >= count {
        let what = format!(
            "--index {}: {} has {count} of that role; expected a number below",
            args.index,
            config.display()
        );
        return Err(Failure::Input(what));
    }
    Ok(Opening {
        data: settings.data.join(node.to_string()),
        admin: args.admin,
        listen_tls: args.listen_tls,
        domain: settings.domain.clone(),
        is_plaintext: settings.is_plaintext,
        place: Place::One { node, settings: Box::new(settings) },
        trace: args.trace_dir.clone(),
        bug: args.bug,
    })
}

/// All servers in one process.
fn whole(args: &Args) -> Opening {
    Opening {
        data: args.data.clone(),
        admin: args.admin,
        listen_tls: args.listen_tls,
        domain: args.domain.clone(),
        is_plaintext: args.insecure_plaintext,
        place: Place::Whole {
            listen: args.listen,
            query_servers: QUERY_SERVERS,
            threshold: args.threshold,
        },
        trace: args.trace_dir.clone(),
        bug: args.bug,
    }
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    interrupt::watch()?;
    let opening = match (args.role, &args.config) {
        (Some(role), Some(config)) => one(args, role, config)?,
        _ => whole(args),
    };
    log(args.log_json);
    raise_file_limit();
    if let Some(bug) = args.bug {
        output::warning(&format!("the seeded bug `{}` is on: {}", bug.name(), bug.about()));
    }
    let mut is_first = true;
    loop {
        let server = open(&opening).map_err(Failure::Input)?;
        if std::mem::take(&mut is_first) {
            let beside = Beside {
                chat: server.address().map_err(Failure::input)?,
                direct: server.direct_address().map_err(Failure::input)?,
                admin: server.admin_address().map_err(Failure::input)?,
            };
            output::result(&welcome(&opening, &beside))?;
        }
        match server.run(interrupt::asked).map_err(Failure::input)? {
            Ended::Told => return Ok(Exit::Holds),
            Ended::Outcast => {}
        }
    }
}

/// Each client takes a file, of which a process often may have 1024 until it asks for more.
fn raise_file_limit() {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(files) => tracing::info!(files, "files that may be open"),
        Err(error) => tracing::warn!(%error, "the limit of open files stays as it is"),
    }
}

/// Where a server listens.
struct Beside {
    chat: Option<SocketAddr>,
    direct: Option<SocketAddr>,
    admin: Option<SocketAddr>,
}

fn welcome(opening: &Opening, beside: &Beside) -> String {
    let (data, domain) = (opening.data.display(), &opening.domain);
    let mut told = String::new();
    if let Place::One { node, .. } = &opening.place {
        told += &format!("server    {node}, one of several processes\n");
    }
    if let Some(address) = beside.chat {
        let secured = match opening.is_plaintext {
            true => "without TLS",
            false => "STARTTLS, self-made certificate",
        };
        told += &format!("chat      {address} ({secured}), users are NAME@{domain}\n");
    }
    if let Some(address) = beside.direct {
        told += &format!("chat-tls  {address} (TLS from the beginning, the same certificate)\n");
    }
    told += &format!("data      {data}\n");
    if !matches!(&opening.place, Place::One { node, .. } if *node != Node::GLOBAL) {
        told += &format!("accounts  spillway user add NAME --data {data}\n");
    }
    if let Some(address) = beside.chat {
        let (server, port) = (address.ip(), address.port());
        told += &format!(
            "connect   any XMPP client: address NAME@{domain}, server {server} port {port}\n"
        );
    }
    if let Some(address) = beside.admin {
        told += &format!("admin     http://{address}/\n");
    }
    told
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
