//! A server of a data folder: the store, the accounts, the certificate, and the nodes with what they had.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ring::rand::{SecureRandom, SystemRandom};
use rustls::ServerConfig;
use spillway_traces::{Node, Role};

use super::control;
use super::desk::{Desk, Directory};
use super::disk::{ROSTER, SEAT};
use super::door::Door;
use super::front::prep;
use super::front::stream::{Policy, Tls};
use super::host::{Crew, Host};
use super::keys;
use super::seats::{Claim, Claims};
use super::server::{Parts, Server, WireParts};
use super::settings::Settings;
use super::store::{Accounts, Disk, DiskOptions, FileLog, RedbStore, StoreLimits, simple_name};
use super::tls;
use super::trace_files::TraceFiles;
use super::wires;
use crate::bug::Bug;
use crate::config::{self, Binding, Config, Knobs, Links, Returned, Routing, Strategy, Unit};
use crate::profile::Rule;
use crate::world::links::peers;

/// The database in the data folder.
const DATABASE: &str = "spillway.redb";
/// How often the nodes of the data folder have begun.
const INCARNATION: &str = "incarnation";
/// What salts of accounts that do not exist are made of.
const SECRET: &str = "secret";
/// Memory in which pages of the database are kept: all that is read often is in the nodes.
const CACHE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Revisions of the log that are kept before what they add up to takes their place.
const LOG_REVISIONS_MAX: u32 = 8192;
/// Clients of a configuration: a user has one of 2^16 numbers.
const CLIENTS: u16 = u16::MAX;

/// How a server is to be opened.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Where everything is kept.
    pub data: PathBuf,
    /// Where admin clients connect, if anywhere; on loopback only.
    pub admin: Option<SocketAddr>,
    /// Where chat clients connect whose connections begin with TLS, if anywhere.
    pub listen_tls: Option<SocketAddr>,
    /// The domain of its users.
    pub domain: String,
    /// No TLS; for loopback only.
    pub is_plaintext: bool,
    /// Which nodes it runs.
    pub place: Place,
    /// Where to write down what the nodes do, if anywhere.
    pub trace: Option<PathBuf>,
    /// A seeded bug of the nodes. Whoever opens with one says so loudly.
    pub bug: Option<Bug>,
}

/// Which nodes a process runs.
#[derive(Clone, Debug)]
pub enum Place {
    /// All of them.
    Whole {
        /// Where chat clients connect.
        listen: SocketAddr,
        /// Query servers, at least two.
        query_servers: u16,
        /// Tasks that a query server holds before it hands over.
        threshold: u32,
    },
    /// One of a system of several processes.
    One {
        /// Which.
        node: Node,
        /// What all of them are told.
        settings: Box<Settings>,
    },
}

impl Place {
    fn config(&self) -> Config {
        match self {
            Place::Whole { query_servers, threshold, .. } => {
                configuration(*query_servers, *threshold)
            }
            Place::One { settings, .. } => shared_configuration(settings),
        }
    }

    fn crew(&self, config: &Config, file: Option<Vec<u8>>, incarnation: u32) -> Crew {
        let node = match self {
            Place::Whole { .. } => {
                return Crew::whole(config, file.unwrap_or_default(), incarnation);
            }
            Place::One { node, .. } => *node,
        };
        let is = |role| node.role == role;
        Crew {
            communication: is(Role::Communication).then_some(node.index),
            query: if is(Role::Query) { vec![node.index] } else { Vec::new() },
            global: file,
            control: is(Role::Control),
            incarnation,
        }
    }

    /// Whether the store is here.
    fn has_store(&self) -> bool {
        !matches!(self, Place::One { node, .. } if node.role != Role::Global)
    }

    /// The node that it runs; of all of them the first.
    fn node(&self) -> Node {
        match self {
            Place::Whole { .. } => Node::communication(0),
            Place::One { node, .. } => *node,
        }
    }

    /// Where chat clients connect, if they do.
    fn chat(&self) -> Option<SocketAddr> {
        match self {
            Place::Whole { listen, .. } => Some(*listen),
            Place::One { node, settings } if node.role == Role::Communication => {
                settings.communication.get(usize::from(node.index)).copied()
            }
            Place::One { .. } => None,
        }
    }
}

/// Opens a server.
///
/// # Errors
/// In words that name the file, or the address, and what is wrong with it.
pub fn open(opening: &Opening) -> Result<Server, String> {
    let Opening { data, place, .. } = opening;
    refuse_open_doors(opening)?;
    let domain = prep::domainpart(&opening.domain)
        .ok_or_else(|| format!("`{}` is no domain", opening.domain))?;
    make_folder(data)?;
    let stored = place.has_store().then(|| Stored::open(data)).transpose()?;
    let incarnation = begin_again(data)?;
    let mut config = place.config();
    config.bug = opening.bug;
    let wires = wires_of(place, &config)?;
    let file = stored.as_ref().map(|stored| stored.file.clone());
    let crew = place.crew(&config, file, incarnation);
    let trace = opening.trace.as_deref();
    let trace = trace.map(|folder| TraceFiles::create(folder, &crew.nodes(), incarnation));
    let trace = trace.transpose()?;
    let host = Host::new(config, &crew, seed(), trace.is_some());
    let host = host.map_err(|error| format!("{}: {error:?}", data.join(DATABASE).display()))?;
    let (all, rosters) = match &stored {
        Some(stored) => (stored.all.clone(), stored.rosters.clone()),
        None => (Vec::new(), Vec::new()),
    };
    let desk = Desk::new(&domain, host, Directory::new(all), rosters);
    let desk = desk.map_err(|user| {
        format!("{}: the roster of user {user} cannot be read", data.join(DATABASE).display())
    })?;
    let (doors, tls) = doors(opening, &domain)?;
    let control = stored.is_some().then(|| control_socket(data)).transpose()?;
    let admin = opening.admin.as_ref().map(bind).transpose()?;
    let claims = Claims::new(stored.iter().flat_map(|stored| stored.claims.iter().copied()));
    let stored = stored.map(|stored| (stored.accounts, stored.log));
    let me = (place.node(), incarnation);
    Server::new(Parts { doors, control, admin, tls, stored, claims, desk, trace, wires, me })
        .map_err(|error| error.to_string())
}

fn refuse_open_doors(opening: &Opening) -> Result<(), String> {
    if let Some(chat) = opening.place.chat().filter(|chat| !chat.ip().is_loopback())
        && opening.is_plaintext
    {
        return Err(format!("{chat} is no loopback address: plaintext is for loopback only"));
    }
    match opening.admin.filter(|admin| !admin.ip().is_loopback()) {
        Some(admin) => {
            Err(format!("{admin} is no loopback address: the admin port is for loopback only"))
        }
        None => Ok(()),
    }
}

fn bind(address: &SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).map_err(|error| format!("{address}: {error}"))
}

/// Where operators of the accounts connect.
fn control_socket(data: &Path) -> Result<std::os::unix::net::UnixListener, String> {
    let socket = control::socket_of(data);
    let _ = fs::remove_file(&socket); // of a server that was killed: the database is ours, so it does not run
    std::os::unix::net::UnixListener::bind(&socket)
        .map_err(|error| format!("{}: {error}", socket.display()))
}

/// Where chat clients come in, if they do.
fn doors(
    opening: &Opening,
    domain: &str,
) -> Result<(Vec<Door>, Option<Arc<ServerConfig>>), String> {
    let Some(listen) = opening.place.chat() else { return Ok((Vec::new(), None)) };
    let data = &opening.data;
    let tls = (!opening.is_plaintext).then(|| tls::configure(data, domain)).transpose()?;
    let tls_policy = if opening.is_plaintext { Tls::None } else { Tls::Required };
    let policy = Policy { domain: domain.to_owned(), tls: tls_policy, secret: secret(data)? };
    let direct = match (opening.listen_tls, &tls) {
        (None, _) => None,
        (Some(_), None) => return Err("without TLS nothing can begin with it".to_owned()),
        (Some(listen), Some(tls)) => {
            let policy = Policy { tls: Tls::Direct, ..policy.clone() };
            Some(door(listen, policy, Some(tls::direct(tls)))?)
        }
    };
    let chat = door(listen, policy, None)?;
    Ok(([Some(chat), direct].into_iter().flatten().collect(), tls))
}

/// What the store has.
struct Stored {
    accounts: Arc<Accounts<RedbStore>>,
    log: FileLog,
    file: Vec<u8>,
    all: Vec<(String, u16)>,
    rosters: Vec<(u16, Vec<u8>)>,
    claims: Vec<(u16, Claim)>,
}

impl Stored {
    fn open(data: &Path) -> Result<Stored, String> {
        let (store, disk) = open_store(data)?;
        let path = data.join(DATABASE);
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let accounts = Arc::new(Accounts::new(Arc::new(store), simple_name));
        let all = control::all(&accounts).map_err(|error| failed(&error))?;
        let (mut rosters, mut claims) = (Vec::new(), Vec::new());
        for (name, user) in &all {
            let kept = |what| accounts.get_private(*user, what).map_err(|error| failed(&error));
            rosters.extend(kept(ROSTER)?.map(|roster| (*user, roster.value)));
            if let Some(claim) = kept(SEAT)? {
                let claim = Claim::read(&claim.value)
                    .ok_or_else(|| failed(&format!("the seat of {name} cannot be read")))?;
                claims.push((*user, claim));
            }
        }
        let log = FileLog::open(disk).map_err(|error| failed(&error))?;
        let file = log.read().map_err(|error| failed(&error))?;
        Ok(Stored { accounts, log, file, all, rosters, claims })
    }
}

/// What all processes of a system are told.
pub fn shared_configuration(settings: &Settings) -> Config {
    let threshold = settings.thresholds.iter().copied().max().unwrap_or(1);
    let mut config = configuration(settings.query.len() as u16, threshold);
    config.communication_servers = settings.communication.len() as u16;
    let (knobs, said) = (&mut config.knobs, &settings.knobs);
    knobs.threshold = settings.thresholds.clone();
    if let Some(queue_max) = said.queue_max {
        knobs.queue_max = queue_max;
        // The same shares as without it.
        knobs.rooms = [8, 6, 4].map(|share| (queue_max / 8 * share).clamp(1, queue_max)).to_vec();
    }
    knobs.ledger_max = said.ledger_max.unwrap_or(knobs.ledger_max);
    knobs.pending_max = said.pending_max.unwrap_or(knobs.pending_max);
    knobs.relay_max = said.relay_max.unwrap_or(knobs.relay_max);
    knobs.strategy = said.strategy.unwrap_or(knobs.strategy);
    knobs.weights = said.weights.clone().unwrap_or_default();
    knobs.routing = said.routing.unwrap_or(knobs.routing);
    knobs.sharing = said.sharing.unwrap_or(knobs.sharing);
    if said.hand_over == Some(false) {
        knobs.threshold = vec![knobs.queue_max; settings.query.len()];
    }
    config
}

/// How a server of a system of several processes finds the others.
fn wires_of(place: &Place, config: &Config) -> Result<Option<WireParts>, String> {
    let Place::One { node, settings } = place else { return Ok(None) };
    let query = (0..).map(Node::query).zip(settings.query.iter().copied());
    let others = [(Node::GLOBAL, settings.global), (Node::CONTROL, settings.control)];
    let addresses: BTreeMap<Node, SocketAddr> = query.chain(others).collect();
    let tls = if settings.is_plaintext {
        None
    } else {
        let (folder, name) = (&settings.keys, node.to_string());
        let client = keys::client_config(folder, &name)?;
        Some(wires::Tls { client, server: keys::server_config(folder, &name)? })
    };
    let text = serde_json::to_string(config).expect("a configuration is JSON");
    Ok(Some(WireParts {
        configuration: xxhash_rust::xxh3::xxh3_64(text.as_bytes()),
        peers: peers(config, *node),
        listener: addresses.get(node).map(bind).transpose()?,
        addresses,
        tls,
    }))
}

/// How often the nodes of this data folder had begun before; that they begin once more is on the disk then.
fn begin_again(data: &Path) -> Result<u32, String> {
    let path = data.join(INCARNATION);
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let before = match fs::read_to_string(&path) {
        Ok(text) => text.trim().parse().map_err(|_| failed(&"a number is expected"))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0,
        Err(error) => return Err(failed(&error)),
    };
    let next = path.with_extension("new");
    let mut file = fs::File::create(&next).map_err(|error| failed(&error))?;
    writeln!(file, "{}", before + 1).map_err(|error| failed(&error))?;
    file.sync_all().map_err(|error| failed(&error))?;
    fs::rename(&next, &path).map_err(|error| failed(&error))?;
    let folder = fs::File::open(data).map_err(|error| failed(&error))?;
    folder.sync_all().map_err(|error| failed(&error))?;
    Ok(before)
}

/// Opens a door at an address.
fn door(
    listen: SocketAddr,
    policy: Policy,
    direct: Option<Arc<ServerConfig>>,
) -> Result<Door, String> {
    let opened = TcpListener::bind(listen).and_then(|listener| {
        listener.set_nonblocking(true)?;
        Ok(mio::net::TcpListener::from_std(listener))
    });
    let listener = opened.map_err(|error| format!("{listen}: {error}"))?;
    Ok(Door { listener, policy: Arc::new(policy), direct })
}

/// The accounts of a data folder whose server does not run.
///
/// # Errors
/// In words that name the file and what is wrong with it.
pub fn open_accounts(data: &Path) -> Result<Accounts<RedbStore>, String> {
    open_store(data).map(|(store, _)| Accounts::new(Arc::new(store), simple_name))
}

/// A folder that nobody else may look into: what passwords are checked with is nobody else's affair.
fn make_folder(data: &Path) -> Result<(), String> {
    let mut folder = fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(folder.recursive(true), 0o700);
    folder.create(data).map_err(|error| format!("{}: {error}", data.display()))
}

fn open_store(data: &Path) -> Result<(RedbStore, Disk), String> {
    make_folder(data)?;
    let path = data.join(DATABASE);
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let options = DiskOptions { cache_bytes_max: CACHE_BYTES_MAX, ..DiskOptions::default() };
    let disk = Disk::open(&path, options).map_err(|error| failed(&error))?;
    let store = RedbStore::open(disk.clone(), StoreLimits::default(), 0);
    Ok((store.map_err(|error| failed(&error))?, disk))
}

/// The secret of the data folder, drawn at the first start.
fn secret(data: &Path) -> Result<[u8; 32], String> {
    let path = data.join(SECRET);
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    if !path.exists() {
        let mut drawn = [0; 32];
        SystemRandom::new().fill(&mut drawn).map_err(|_| "the system gives no random bytes")?;
        tls::write_secret(&path, &drawn).map_err(|error| failed(&error))?;
    }
    let bytes = fs::read(&path).map_err(|error| failed(&error))?;
    bytes.try_into().map_err(|_| failed(&"32 bytes are expected"))
}

/// Fills with random bytes that are fit for secrets.
///
/// # Panics
/// The system gives none.
pub fn fill_random(bytes: &mut [u8]) {
    SystemRandom::new().fill(bytes).expect("the system gives random bytes");
}

fn seed() -> u64 {
    let mut bytes = [0; 8];
    fill_random(&mut bytes);
    u64::from_le_bytes(bytes)
}

/// The configuration of the nodes.
pub fn configuration(query_servers: u16, threshold: u32) -> Config {
    Config {
        clients: CLIENTS,
        communication_servers: 1,
        query_servers,
        control_servers: 1,
        knobs: Knobs {
            threshold: vec![threshold; query_servers.into()],
            unit: Unit::Count,
            queue_max: 8 * threshold,
            // Who waits for it finds room where others do not.
            rooms: vec![8 * threshold, 6 * threshold, 4 * threshold],
            pending_max: 65_536,
            relay_max: 16_384,
            ledger_max: 8 * threshold,
            ledger_rooms: Vec::new(),
            window_max: 256,
            routing: Routing::Home,
            returned: Returned::Queue,
            give_back: false,
            links: Links::Fifo,
            strategy: Strategy::LeastLoaded,
            binding: Binding::Early,
            weights: Vec::new(),
            accepts: Vec::new(),
            overtaken_max: 64,
            disk: config::Disk::Flushed,
            sharing: Rule::Contacts,
            sessions: true,
            sync_batch_max: 64,
            compact_after: LOG_REVISIONS_MAX,
        },
        timers: config::Timers::default(),
        bug: None,
    }
}
