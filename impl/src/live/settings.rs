//! The one file that all processes of a system share, `spillway.toml`: who is where, and what the operator chose. It is read
//! without I/O, and whatever is wrong in it is told with its line, so that nobody starts half a system on a slip.

use core::net::SocketAddr;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use spillway_traces::Node;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::{Routing, Strategy};
use crate::profile::Rule;

/// A file with everything in it, to begin from.
pub const EXAMPLE: &str = r#"# The settings of a Spillway system. All of its servers read this one file.

domain = "localhost"           # of the users: alice@localhost
data = "spillway-data"         # each server keeps its things in a folder in here; relative to this file
keys = "spillway-keys"         # the certificates of the servers: `spillway keys` makes them

# Tasks that a query server holds before it hands over; or a list with a number for each query server.
query-threshold = 256

# No TLS, neither between servers nor for chat. Every address must be a loopback address then.
insecure-plaintext = false

control = { listen = "127.0.0.1:7301" }     # K, which moves tasks
global = { listen = "127.0.0.1:7300" }      # G, which stores what users publish

[[communication]]              # B0; 1 to 4 of these
chat = "127.0.0.1:5222"        # where chat clients connect

[[query]]                      # C0; 2 to 8 of these
listen = "127.0.0.1:7200"      # where the other servers connect

[[query]]                      # C1
listen = "127.0.0.1:7201"

[[query]]                      # C2
listen = "127.0.0.1:7202"

[knobs]                        # each may be left out
strategy = "least-loaded"      # any, least-loaded, round-robin, two-choices or weighted
# weights = [2, 1, 1]          # with weighted: a number for each query server
routing = "home"               # home or any
sharing = "contacts"           # with whom users share until they say otherwise: everyone, contacts or nobody
hand-over = true               # false: query servers keep what they have, to compare
# queue-max = 2048             # tasks that a query server holds at most
# ledger-max = 2048            # hand-overs that the control server holds at most
# pending-max = 65536          # requests that a communication server waits for at most
# relay-max = 16384            # publishes that a query server relays at a time at most
"#;

/// Largest text that is read. A file with everything in it has about 2 KiB.
const TEXT_BYTES_MAX: usize = 64 * 1024;
/// Communication servers of a system.
const COMMUNICATION: Servers = Servers { key: "communication", address: "chat", count: 1..=4 };
/// Query servers of a system: with one, nobody takes what it hands over.
const QUERY: Servers = Servers { key: "query", address: "listen", count: 2..=8 };
/// What sizes, thresholds and weights may be.
const SIZE: RangeInclusive<u32> = 1..=1_000_000;
/// The threshold if the file has none.
const THRESHOLD: u32 = 256;
/// The domain if the file has none.
const DOMAIN: &str = "localhost";
/// Where servers keep their things if the file does not say.
const DATA: &str = "spillway-data";
/// Where certificates are if the file does not say.
const KEYS: &str = "spillway-keys";
/// Longest domain (RFC 7622, section 3.2).
const DOMAIN_BYTES_MAX: usize = 1023;
/// Longest path that systems take.
const PATH_BYTES_MAX: usize = 4095;
/// How much of what is written in the file an error repeats.
const QUOTED_CHARS_MAX: usize = 40;
/// Longest key for which the nearest one is sought: the search takes time proportional to its length.
const KEY_CHARS_MAX: usize = 64;

/// Keys at the top of the file.
const TOP: &[&str] = &[
    "domain",
    "data",
    "keys",
    "query-threshold",
    "control",
    "global",
    "communication",
    "query",
    "knobs",
    "insecure-plaintext",
];
const KNOBS: &[&str] = &[
    "queue-max",
    "ledger-max",
    "pending-max",
    "relay-max",
    "strategy",
    "weights",
    "routing",
    "sharing",
    "hand-over",
];
const STRATEGIES: &[(&str, Strategy)] = &[
    ("any", Strategy::Any),
    ("least-loaded", Strategy::LeastLoaded),
    ("round-robin", Strategy::RoundRobin),
    ("two-choices", Strategy::TwoChoices),
    ("weighted", Strategy::Weighted),
];
const ROUTINGS: &[(&str, Routing)] = &[("home", Routing::Home), ("any", Routing::Any)];
const RULES: &[(&str, Rule)] =
    &[("everyone", Rule::Everyone), ("contacts", Rule::Contacts), ("nobody", Rule::Nobody)];

const ADDRESS: &str = "an IP address and a port such as \"127.0.0.1:7200\"";

/// What the file says, with what it leaves out filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The domain of the users.
    pub domain: String,
    /// The folder in which each server has one of its own.
    pub data: PathBuf,
    /// The folder of the servers' certificates.
    pub keys: PathBuf,
    /// Tasks that each query server holds before it hands over.
    pub thresholds: Vec<u32>,
    /// Where the control server listens.
    pub control: SocketAddr,
    /// Where the global server listens.
    pub global: SocketAddr,
    /// Where chat clients connect, for each communication server.
    pub communication: Vec<SocketAddr>,
    /// Where each query server listens.
    pub query: Vec<SocketAddr>,
    /// What is left to the servers where it is `None`.
    pub knobs: KnobSettings,
    /// No TLS. All addresses are loopback addresses then.
    pub is_plaintext: bool,
}

/// Knobs that the file sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnobSettings {
    /// Tasks that a query server holds at most; no threshold is above it.
    pub queue_max: Option<u32>,
    /// Hand-overs that the control server holds at most.
    pub ledger_max: Option<u32>,
    /// Requests that a communication server waits for at most.
    pub pending_max: Option<u32>,
    /// Publishes that a query server relays at a time at most.
    pub relay_max: Option<u32>,
    /// Which servers may take a redundant task; never [`Strategy::Classes`].
    pub strategy: Option<Strategy>,
    /// One for each query server, and only, and always, with [`Strategy::Weighted`].
    pub weights: Option<Vec<u32>>,
    /// Where communication servers send requests.
    pub routing: Option<Routing>,
    /// With whom users share until they say otherwise.
    pub sharing: Option<Rule>,
    /// Whether query servers hand over at all; they do unless this says otherwise.
    pub hand_over: Option<bool>,
}

/// Reads the text of a file of this name, which lies in this folder: relative paths in it are from there.
///
/// # Errors
/// The first thing that is wrong, as `FILE:LINE: what is wrong; expected what`.
pub fn read(text: &str, file: &str, folder: &Path) -> Result<Settings, String> {
    let source = Source { text, file };
    if text.len() > TEXT_BYTES_MAX {
        let expected = format!("{TEXT_BYTES_MAX} at most");
        return Err(source.error(0, format!("the file has {} bytes", text.len()), expected));
    }
    let (parsed, errors) = DeTable::parse_recoverable(text);
    // What comes after the first one often follows from it.
    let line = |error: &toml::de::Error| error.span().map(|span| source.line(span.start));
    if let Some(first) = errors.iter().min_by_key(|error| line(error)) {
        return Err(source.syntax(first));
    }
    let top = Table { source, of: String::new(), at: 0, entries: parsed.get_ref() };
    top.only(TOP)?;
    let control = top.server("control", Node::CONTROL)?;
    let global = top.server("global", Node::GLOBAL)?;
    let communication = top.servers(&COMMUNICATION, Node::communication)?;
    let query = top.servers(&QUERY, Node::query)?;
    let inner = [&control, &global].into_iter().chain(&query);
    inner.clone().try_for_each(|placed| placed.is_reachable(source))?;
    let placed: Vec<&Placed> = inner.chain(&communication).collect();
    all_different(source, &placed)?;
    let is_plaintext = top.get("insecure-plaintext").map(|field| field.boolean()).transpose()?;
    if is_plaintext == Some(true) {
        placed.iter().try_for_each(|placed| placed.is_loopback(source))?;
    }
    let thresholds = thresholds(&top, query.len())?;
    Ok(Settings {
        domain: top.get("domain").map_or(Ok(DOMAIN.to_owned()), |field| field.domain())?,
        data: folder.join(top.get("data").map_or(Ok(DATA), |field| field.path())?),
        keys: folder.join(top.get("keys").map_or(Ok(KEYS), |field| field.path())?),
        knobs: knobs(&top, &thresholds)?,
        thresholds,
        control: control.address,
        global: global.address,
        communication: communication.iter().map(|placed| placed.address).collect(),
        query: query.iter().map(|placed| placed.address).collect(),
        is_plaintext: is_plaintext.unwrap_or(false),
    })
}

fn thresholds(top: &Table<'_>, servers: usize) -> Result<Vec<u32>, String> {
    match top.get("query-threshold") {
        None => Ok(vec![THRESHOLD; servers]),
        Some(field) if field.value.is_array() => field.one_each(servers),
        Some(field) if field.value.is_integer() => Ok(vec![field.size()?; servers]),
        Some(field) => Err(field.is_no("a number, or a list with one for each query server")),
    }
}

fn knobs(top: &Table<'_>, thresholds: &[u32]) -> Result<KnobSettings, String> {
    let Some(field) = top.get("knobs") else { return Ok(KnobSettings::default()) };
    let table = field.table(" in [knobs]".to_owned(), "a table [knobs]")?;
    table.only(KNOBS)?;
    let size = |key: &str| table.get(key).map(|field| field.size()).transpose();
    let knobs = KnobSettings {
        queue_max: size("queue-max")?,
        ledger_max: size("ledger-max")?,
        pending_max: size("pending-max")?,
        relay_max: size("relay-max")?,
        strategy: table.get("strategy").map(|field| field.word(STRATEGIES)).transpose()?,
        weights: table.get("weights").map(|f| f.one_each(thresholds.len())).transpose()?,
        routing: table.get("routing").map(|field| field.word(ROUTINGS)).transpose()?,
        sharing: table.get("sharing").map(|field| field.word(RULES)).transpose()?,
        hand_over: table.get("hand-over").map(|field| field.boolean()).transpose()?,
    };
    are_weights_right(&table, &knobs)?;
    let largest = thresholds.iter().copied().max().unwrap_or(THRESHOLD);
    match table.get("queue-max").zip(knobs.queue_max) {
        Some((field, queue_max)) if queue_max < largest => {
            let what = format!("{} is {queue_max}, below `query-threshold`", field.name);
            let expected = format!("at least {largest}: a query server never hands over else");
            Err(field.error(what, expected))
        }
        _ => Ok(knobs),
    }
}

/// Weights and their strategy come together: either alone would silently do nothing, or not start.
fn are_weights_right(table: &Table<'_>, knobs: &KnobSettings) -> Result<(), String> {
    let is_weighted = knobs.strategy == Some(Strategy::Weighted);
    match (table.get("weights"), table.get("strategy")) {
        (Some(weights), _) if !is_weighted => {
            let what = format!("{} is there without its strategy", weights.name);
            Err(weights.error(what, "strategy = \"weighted\" with it"))
        }
        (None, Some(strategy)) if is_weighted => {
            let what = format!("{} is weighted, and there are no weights", strategy.name);
            Err(strategy.error(what, "`weights`, with a number for each query server"))
        }
        _ => Ok(()),
    }
}

/// The text, to tell lines.
#[derive(Clone, Copy)]
struct Source<'a> {
    text: &'a str,
    file: &'a str,
}

impl Source<'_> {
    /// The line of this byte, from 1. What is missing at the end of a text is missing in its last line.
    fn line(self, at: usize) -> usize {
        let before = &self.text.as_bytes()[..at.min(self.text.len())];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        line.min(self.text.lines().count()).max(1)
    }

    fn error(self, at: usize, what: impl Display, expected: impl Display) -> String {
        format!("{}:{}: {what}; expected {expected}", self.file, self.line(at))
    }

    fn syntax(self, error: &toml::de::Error) -> String {
        let at = error.span().map_or(0, |span| span.start);
        let message = error.message().replace('\n', " ");
        let (what, expected) = message.split_once(", expected ").unwrap_or((&message, "TOML"));
        let what = if what.is_empty() { "this is no TOML" } else { what };
        let expected = if expected == "nothing" { "nothing there" } else { expected };
        match what {
            "duplicate key" => self.error(at, "this key is there twice", "it once"),
            _ => self.error(at, what, expected),
        }
    }
}

/// A table of the file.
struct Table<'a> {
    source: Source<'a>,
    /// What follows the name of a key of this table, where an error names it.
    of: String,
    /// Where it begins.
    at: usize,
    entries: &'a DeTable<'a>,
}

/// What is written behind a key, or in a place of a list.
struct Field<'a> {
    source: Source<'a>,
    name: String,
    at: usize,
    value: &'a DeValue<'a>,
}

/// A list of servers in the file.
struct Servers {
    key: &'static str,
    address: &'static str,
    count: RangeInclusive<usize>,
}

/// An address, and where it is written.
struct Placed {
    name: String,
    at: usize,
    address: SocketAddr,
}

impl<'a> Table<'a> {
    fn get(&self, key: &str) -> Option<Field<'a>> {
        let (written, value) = self.entries.get_key_value(key)?;
        let name = format!("`{key}`{}", self.of);
        // A value begins in the line of its key, but a table may have its keys elsewhere.
        Some(Field { source: self.source, name, at: written.span().start, value: value.get_ref() })
    }

    fn need(&self, key: &str, expected: &str) -> Result<Field<'a>, String> {
        self.get(key).ok_or_else(|| {
            self.source.error(self.at, format!("there is no `{key}`{}", self.of), expected)
        })
    }

    /// Refuses keys that are not among these: a slip would else silently be a default.
    fn only(&self, known: &[&str]) -> Result<(), String> {
        let strangers = self.entries.keys().filter(|key| !known.contains(&key.get_ref().as_ref()));
        let Some(first) = strangers.min_by_key(|key| key.span().start) else { return Ok(()) };
        let (key, at) = (first.get_ref().as_ref(), first.span().start);
        let what = format!("{}{} is no key that is known", quoted(key), self.of);
        // In TOML, what follows a header belongs to it: easily forgotten, and no other name is meant then.
        let expected = match nearest(key, known) {
            _ if TOP.contains(&key) => format!("`{key}` at the top, above every [header]"),
            _ if KNOBS.contains(&key) => format!("`{key}` in [knobs]"),
            Some(near) => format!("`{near}`"),
            None => one_of(known.iter().map(|key| format!("`{key}`"))),
        };
        Err(self.source.error(at, what, expected))
    }

    fn server(&self, key: &str, node: Node) -> Result<Placed, String> {
        let form = format!("{key} = {{ listen = \"ADDRESS:PORT\" }}");
        let table = self.need(key, &form)?.table(format!(" of {node}"), &form)?;
        table.only(&["listen"])?;
        table.need("listen", ADDRESS)?.address()
    }

    fn servers(&self, servers: &Servers, node: fn(u16) -> Node) -> Result<Vec<Placed>, String> {
        let form = servers.form();
        let field = self.need(servers.key, &form)?;
        let Some(list) = field.value.as_array() else { return Err(field.is_no(&form)) };
        if !servers.count.contains(&list.len()) {
            let place = list.get(*servers.count.end()); // the first that is too much
            let at = place.map_or(field.at, |value| value.span().start);
            let what = format!("{} has {} entries", field.name, list.len());
            return Err(self.source.error(at, what, form));
        }
        let tables = (0..).zip(list.iter()).map(|(index, value)| {
            let node = node(index);
            let table = field.inner(node.to_string(), value).table(format!(" of {node}"), &form)?;
            table.only(&[servers.address])?;
            table.need(servers.address, ADDRESS)?.address()
        });
        tables.collect()
    }
}

impl Servers {
    fn form(&self) -> String {
        let Servers { key, address, count } = self;
        let (least, most) = (count.start(), count.end());
        format!("{least} to {most} entries [[{key}]], each with `{address}` of a server")
    }
}

impl<'a> Field<'a> {
    fn error(&self, what: impl Display, expected: impl Display) -> String {
        self.source.error(self.at, what, expected)
    }

    /// For a value of the wrong kind.
    fn is_no(&self, expected: &str) -> String {
        self.error(format!("{} is of type {}", self.name, self.value.type_str()), expected)
    }

    fn inner(&self, name: String, value: &'a Spanned<DeValue<'a>>) -> Field<'a> {
        Field { source: self.source, name, at: value.span().start, value: value.get_ref() }
    }

    fn table(&self, of: String, expected: &str) -> Result<Table<'a>, String> {
        let entries = self.value.as_table().ok_or_else(|| self.is_no(expected))?;
        Ok(Table { source: self.source, of, at: self.at, entries })
    }

    fn boolean(&self) -> Result<bool, String> {
        self.value.as_bool().ok_or_else(|| self.is_no("true or false"))
    }

    fn size(&self) -> Result<u32, String> {
        let expected = format!("an integer from {} to {}", SIZE.start(), SIZE.end());
        let written = self.value.as_integer().ok_or_else(|| self.is_no(&expected))?;
        let number = u32::from_str_radix(written.as_str(), written.radix()).ok();
        number.filter(|number| SIZE.contains(number)).ok_or_else(|| {
            let what = format!("{} is {}", self.name, clip(&written.to_string()));
            self.error(what, expected)
        })
    }

    fn one_each(&self, servers: usize) -> Result<Vec<u32>, String> {
        let expected = format!("a list of {servers} numbers, one for each query server");
        let list = self.value.as_array().ok_or_else(|| self.is_no(&expected))?;
        if list.len() != servers {
            return Err(self.error(format!("{} has {} entries", self.name, list.len()), expected));
        }
        let named = |index: usize| format!("entry {} of {}", index + 1, self.name);
        list.iter().enumerate().map(|(at, value)| self.inner(named(at), value).size()).collect()
    }

    fn word<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, String> {
        let expected = one_of(words.iter().map(|(word, _)| format!("{word:?}")));
        let written = self.value.as_str().ok_or_else(|| self.is_no(&expected))?;
        let found = words.iter().find(|(word, _)| *word == written);
        found
            .map(|(_, meant)| *meant)
            .ok_or_else(|| self.error(format!("{} is {}", self.name, quoted(written)), expected))
    }

    /// No more than keeps a slip out: what a domain may be in full is known where users' addresses are read.
    fn domain(&self) -> Result<String, String> {
        const EXPECTED: &str = "a domain such as \"example.org\"";
        let written = self.value.as_str().ok_or_else(|| self.is_no(EXPECTED))?;
        let is_odd = |c: char| c.is_whitespace() || c.is_control() || "@/\"'\\".contains(c);
        if written.is_empty() || written.len() > DOMAIN_BYTES_MAX || written.contains(is_odd) {
            return Err(self.error(format!("{} is {}", self.name, quoted(written)), EXPECTED));
        }
        Ok(written.to_owned())
    }

    fn path(&self) -> Result<&'a str, String> {
        const EXPECTED: &str = "the path of a folder";
        let written = self.value.as_str().ok_or_else(|| self.is_no(EXPECTED))?;
        if written.is_empty() || written.len() > PATH_BYTES_MAX || written.contains('\0') {
            return Err(self.error(format!("{} is {}", self.name, quoted(written)), EXPECTED));
        }
        Ok(written)
    }

    fn address(&self) -> Result<Placed, String> {
        let written = self.value.as_str().ok_or_else(|| self.is_no(ADDRESS))?;
        let Ok(address) = written.parse::<SocketAddr>() else {
            return Err(self.error(format!("{} is {}", self.name, quoted(written)), ADDRESS));
        };
        if address.port() == 0 {
            // Any free port, to the system; nobody could know which.
            return Err(self.error(format!("{} has port 0", self.name), "a port from 1 to 65535"));
        }
        Ok(Placed { name: self.name.clone(), at: self.at, address })
    }
}

impl Placed {
    /// Other servers connect to it, for which `0.0.0.0` is themselves.
    fn is_reachable(&self, source: Source<'_>) -> Result<(), String> {
        if !self.address.ip().is_unspecified() {
            return Ok(());
        }
        let what = format!("{} is {}, to which nobody can connect", self.name, self.address);
        Err(source.error(self.at, what, "the address at which the other servers find it"))
    }

    fn is_loopback(&self, source: Source<'_>) -> Result<(), String> {
        if self.address.ip().is_loopback() {
            return Ok(());
        }
        let what = format!("{} is {}, with `insecure-plaintext`", self.name, self.address);
        Err(source.error(self.at, what, "a loopback address such as 127.0.0.1, or TLS"))
    }
}

/// Refuses an address that two servers have.
fn all_different(source: Source<'_>, placed: &[&Placed]) -> Result<(), String> {
    let mut in_order = placed.to_vec();
    in_order.sort_by_key(|placed| placed.at);
    for (place, later) in in_order.iter().enumerate() {
        let same = in_order[..place].iter().find(|earlier| earlier.address == later.address);
        if let Some(earlier) = same {
            let line = source.line(earlier.at);
            let (name, address, other) = (&later.name, later.address, &earlier.name);
            let what = format!("{name} is {address}, as is {other} in line {line}");
            return Err(source.error(later.at, what, "an address of its own for each"));
        }
    }
    Ok(())
}

/// The known key that is most likely meant, if any is near: a third of the letters may differ.
fn nearest<'a>(key: &str, known: &[&'a str]) -> Option<&'a str> {
    let letters = key.chars().count();
    if letters > KEY_CHARS_MAX {
        return None;
    }
    let far = |known: &str| strsim::damerau_levenshtein(key, known);
    let near = known.iter().map(|known| (far(known), *known));
    near.filter(|(far, known)| *far <= (known.len().max(letters) / 3).max(1))
        .min_by_key(|(far, _)| *far)
        .map(|(_, known)| known)
}

/// "a, b or c".
fn one_of(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    match names.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => names.concat(),
    }
}

fn clip(written: &str) -> String {
    match written.char_indices().nth(QUOTED_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &written[..end]),
        None => written.to_owned(),
    }
}

/// What is written in the file, made fit for one line of a message: short, and nothing that moves a cursor.
fn quoted(written: &str) -> String {
    format!("{:?}", clip(written))
}

#[cfg(test)]
mod tests;
