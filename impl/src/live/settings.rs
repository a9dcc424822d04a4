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

[[communication]]              # B0; one for now
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
    let parsed = DeTable::parse(text).map_err(|error| source.syntax(&error))?;
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
mod tests {
    use proptest::prelude::*;
    use proptest::strategy::Strategy as _;

    use super::{Strategy, *};

    const FILE: &str = "spillway.toml";

    /// The least that is a file: its lines are numbered in the tests below.
    const LEAST: &str = "control.listen = '127.0.0.1:1'
global.listen = '127.0.0.1:2'
communication = [{ chat = '127.0.0.1:3' }]
[[query]]
listen = '127.0.0.1:4'
[[query]]
listen = '127.0.0.1:5'
";

    fn parse(text: &str) -> Result<Settings, String> {
        read(text, FILE, Path::new("/etc/spillway"))
    }

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    /// The least file with this above and this below it, and what is changed in it.
    fn refused(above: &str, change: (&str, &str), below: &str) -> String {
        assert!(LEAST.contains(change.0), "{}", change.0);
        let text = format!("{above}{}{below}", LEAST.replacen(change.0, change.1, 1));
        parse(&text).expect_err(&text)
    }

    const NONE: (&str, &str) = ("", "");

    #[test]
    fn the_example_is_read() {
        let settings = parse(EXAMPLE).expect("the example");
        assert_eq!(settings.query, [at(7200), at(7201), at(7202)]);
        assert_eq!(settings.communication, [at(5222)]);
        assert_eq!((settings.global, settings.control), (at(7300), at(7301)));
        assert_eq!(settings.knobs.strategy, Some(Strategy::LeastLoaded));
        assert_eq!(settings.knobs.sharing, Some(Rule::Contacts));
        assert_eq!(settings.knobs.hand_over, Some(true));
        // What is commented out is right, too.
        let full = EXAMPLE.replace("# weights", "weights").replace("-loaded\" ", "-loaded\"");
        let full = full.replace("strategy = \"least-loaded\"", "strategy = \"weighted\"");
        let knobs = ["queue", "ledger", "pending", "relay"].map(|name| format!("{name}-max"));
        let full = knobs.iter().fold(full, |text, name| text.replace(&format!("# {name}"), name));
        let knobs = parse(&full).expect("the full example").knobs;
        assert_eq!(knobs.weights, Some(vec![2, 1, 1]));
        assert_eq!((knobs.queue_max, knobs.relay_max), (Some(2048), Some(16384)));
    }

    #[test]
    fn what_is_left_out_has_a_default() {
        let expected = Settings {
            domain: "localhost".to_owned(),
            data: PathBuf::from("/etc/spillway/spillway-data"),
            keys: PathBuf::from("/etc/spillway/spillway-keys"),
            thresholds: vec![256, 256],
            control: at(1),
            global: at(2),
            communication: vec![at(3)],
            query: vec![at(4), at(5)],
            knobs: KnobSettings::default(),
            is_plaintext: false,
        };
        assert_eq!(parse(LEAST), Ok(expected));
    }

    #[test]
    fn everything_can_be_said() {
        let above = "domain = 'münchen.example'\ndata = '/var/data'\nkeys = '../keys'
            query-threshold = [1_000, 0x10]\ninsecure-plaintext = true\n";
        let below = "[knobs]\nqueue-max = 1000\nledger-max = 1\npending-max = 1_000_000
            relay-max = +3\nstrategy = 'weighted'\nweights = [1, 2]\nrouting = 'any'
            sharing = 'nobody'\nhand-over = false\n";
        let settings = parse(&format!("{above}{LEAST}{below}")).expect("a file");
        assert_eq!(settings.domain, "münchen.example");
        assert_eq!(settings.data, Path::new("/var/data"));
        assert_eq!(settings.keys, Path::new("/etc/spillway/../keys"));
        assert_eq!(settings.thresholds, [1000, 16]);
        assert!(settings.is_plaintext);
        let expected = KnobSettings {
            queue_max: Some(1000),
            ledger_max: Some(1),
            pending_max: Some(1_000_000),
            relay_max: Some(3),
            strategy: Some(Strategy::Weighted),
            weights: Some(vec![1, 2]),
            routing: Some(Routing::Any),
            sharing: Some(Rule::Nobody),
            hand_over: Some(false),
        };
        assert_eq!(settings.knobs, expected);
    }

    #[test]
    fn every_word_is_known() {
        for (key, words) in [
            ("strategy", &["any", "least-loaded", "round-robin", "two-choices"][..]),
            ("routing", &["home", "any"]),
            ("sharing", &["everyone", "contacts", "nobody"]),
        ] {
            for word in words {
                parse(&format!("{LEAST}knobs.{key} = '{word}'"))
                    .expect_err("below [[query]] it is a key of the query server");
                parse(&format!("{LEAST}[knobs]\n{key} = '{word}'")).expect(word);
            }
        }
    }

    #[test]
    fn tables_may_be_written_in_any_form() {
        let text = "[control]\nlisten = '[::1]:1'\n[global]\nlisten = '10.0.0.1:2'
            [[communication]]\nchat = '0.0.0.0:5222'\n[[query]]\nlisten = '10.0.0.2:4'
            [[query]]\nlisten = '10.0.0.3:4'";
        let settings = parse(text).expect("a file");
        assert_eq!(settings.communication[0].to_string(), "0.0.0.0:5222");
        assert_eq!(settings.control.to_string(), "[::1]:1");
    }

    #[test]
    fn what_is_no_toml_is_told_with_its_line() {
        for (text, expected) in [
            ("a = 1\nb = \nc = 1\n", "spillway.toml:2: "),
            ("a = 'x", "spillway.toml:1: invalid literal string; expected `'`"),
            ("[control]\n[[control", "spillway.toml:2: unclosed array table; expected `]]`"),
            ("\n\na = 1\na = 2\n", "spillway.toml:4: this key is there twice; expected it once"),
            ("\u{0}", "spillway.toml:1: "),
            ("control = {", "spillway.toml:1: "),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.starts_with(expected) && error.contains("; expected "), "{error}");
        }
    }

    #[test]
    fn what_is_missing_is_told_with_the_line_of_its_table() {
        let cases = [
            ("", ":1: there is no `control`; expected control = { listen = \"ADDRESS:PORT\" }"),
            (
                "\ncontrol.listen = '[::1]:9'",
                ":1: there is no `global`; expected global = { listen",
            ),
            ("\n\n[control]\n", ":3: there is no `listen` of K; expected an IP address"),
            ("\ncontrol = {}\n", ":2: there is no `listen` of K; expected an IP address"),
        ];
        for (text, expected) in cases {
            let error = parse(text).expect_err(text);
            assert!(error.starts_with(&format!("{FILE}{expected}")), "{error}");
        }
        let error = refused("\n", ("communication = [{ chat = '127.0.0.1:3' }]\n", ""), "");
        assert!(error.starts_with("spillway.toml:1: there is no `communication`; "), "{error}");
        let error = refused("\n", NONE, "\n[[query]]\n");
        assert!(error.starts_with("spillway.toml:10: there is no `listen` of C2; "), "{error}");
    }

    #[test]
    fn keys_that_are_not_known_are_refused_with_the_nearest() {
        let top = |above: &str| refused(above, NONE, "");
        let knob = |below: &str| refused("", NONE, &format!("[knobs]\n{below}"));
        let cases = [
            (top("\ndomian = 'x'\n"), "2: \"domian\" is no key that is known; expected `domain`"),
            (
                knob("\nqeue-max = 1"),
                "10: \"qeue-max\" in [knobs] is no key that is known; expected `queue-max`",
            ),
            (
                knob("handover = true"),
                "9: \"handover\" in [knobs] is no key that is known; expected `hand-over`",
            ),
            (
                knob("data = 'x'"),
                "9: \"data\" in [knobs] is no key that is known; expected `data` at the top, above",
            ),
            (
                top("strategy = 'any'\n"),
                "1: \"strategy\" is no key that is known; expected `strategy` in [knobs]",
            ),
            (
                refused("", NONE, "lisen = 1"),
                "8: \"lisen\" of C1 is no key that is known; expected `listen`",
            ),
            (
                refused("", ("chat", "listen"), ""),
                "3: \"listen\" of B0 is no key that is known; expected `chat`",
            ),
            (
                top("\"\\u001b\\n\" = 1\n"),
                "1: \"\\u{1b}\\n\" is no key that is known; expected `domain`, `data`",
            ),
            (
                top("control.port = 1\n"),
                "1: \"port\" of K is no key that is known; expected `listen`",
            ),
        ];
        for (error, expected) in cases {
            assert!(error.starts_with(&format!("{FILE}:{expected}")), "{error}\n{expected}");
        }
    }

    #[test]
    fn values_that_are_wrong_are_refused() {
        let top = |above: &str| refused(above, NONE, "");
        let knob = |below: &str| refused("", NONE, &format!("[knobs]\n{below}"));
        let cases = [
            (top("domain = 1\n"), "1: `domain` is of type integer; expected a domain such as"),
            (top("\ndomain = 'a b'\n"), "2: `domain` is \"a b\"; expected a domain"),
            (top("domain = ''\n"), "1: `domain` is \"\"; expected a domain"),
            (top("data = ''\n"), "1: `data` is \"\"; expected the path of a folder"),
            (top("keys = \"\\u0000\"\n"), "1: `keys` is \"\\0\"; expected the path"),
            (
                top("insecure-plaintext = 1\n"),
                "1: `insecure-plaintext` is of type integer; expected true or false",
            ),
            (
                top("query-threshold = 0\n"),
                "1: `query-threshold` is 0; expected an integer from 1 to 1000000",
            ),
            (
                top("query-threshold = 'x'\n"),
                "1: `query-threshold` is of type string; expected a number, or a list",
            ),
            (
                top("query-threshold = [1]\n"),
                "1: `query-threshold` has 1 entries; expected a list of 2 numbers",
            ),
            (
                top("query-threshold = [1,\n-2]\n"),
                "2: entry 2 of `query-threshold` is -2; expected an integer from",
            ),
            (top("knobs = 1\n"), "1: `knobs` is of type integer; expected a table [knobs]"),
            (
                knob("queue-max = 1_000_001"),
                "9: `queue-max` in [knobs] is 1000001; expected an integer from 1",
            ),
            (
                knob("relay-max = 99999999999999999999999"),
                "9: `relay-max` in [knobs] is 99999999999999999999999;",
            ),
            (
                knob("relay-max = 1.5"),
                "9: `relay-max` in [knobs] is of type float; expected an integer",
            ),
            (
                knob("routing = 'hom'"),
                "9: `routing` in [knobs] is \"hom\"; expected \"home\" or \"any\"",
            ),
            (
                knob("strategy = 'classes'"),
                "9: `strategy` in [knobs] is \"classes\"; expected \"any\", \"least",
            ),
            (
                knob("sharing = true"),
                "9: `sharing` in [knobs] is of type boolean; expected \"everyone\", \"con",
            ),
            (
                knob("hand-over = 'no'"),
                "9: `hand-over` in [knobs] is of type string; expected true or false",
            ),
            (
                knob("queue-max = 255"),
                "9: `queue-max` in [knobs] is 255, below `query-threshold`; expected at least 256",
            ),
            (
                knob("weights = [1, 2]"),
                "9: `weights` in [knobs] is there without its strategy; expected strategy = \"we",
            ),
            (
                knob("strategy = 'weighted'"),
                "9: `strategy` in [knobs] is weighted, and there are no weights; expected",
            ),
            (
                knob("strategy = 'weighted'\nweights = [1]"),
                "10: `weights` in [knobs] has 1 entries; expected a list of 2",
            ),
        ];
        for (error, expected) in cases {
            assert!(error.starts_with(&format!("{FILE}:{expected}")), "{error}\n{expected}");
        }
    }

    #[test]
    fn addresses_that_are_wrong_are_refused() {
        let to = |from: &str, to: &str| refused("\n", (from, to), "");
        let many = |count: usize, entry: &str| refused("", NONE, &entry.repeat(count));
        let plain = |from: &str, to: &str| refused("insecure-plaintext = true\n", (from, to), "");
        let chats = "[{ chat = '127.0.0.1:3' }]";
        let cases = [
            (
                to("127.0.0.1:1", "localhost:1"),
                "2: `listen` of K is \"localhost:1\"; expected an IP address and a",
            ),
            (
                to("127.0.0.1:2", "127.0.0.1"),
                "3: `listen` of G is \"127.0.0.1\"; expected an IP address and a port",
            ),
            (
                to("'127.0.0.1:5'", "5"),
                "8: `listen` of C1 is of type integer; expected an IP address and a port",
            ),
            (
                to("127.0.0.1:3", "127.0.0.1:0"),
                "4: `chat` of B0 has port 0; expected a port from 1 to 65535",
            ),
            (
                to("127.0.0.1:4", "0.0.0.0:4"),
                "6: `listen` of C0 is 0.0.0.0:4, to which nobody can connect; expected",
            ),
            (
                to("127.0.0.1:1", "127.0.0.1:5"),
                "8: `listen` of C1 is 127.0.0.1:5, as is `listen` of K in line 2; exp",
            ),
            (
                to("127.0.0.1:3", "127.0.0.1:2"),
                "4: `chat` of B0 is 127.0.0.1:2, as is `listen` of G in line 3; exp",
            ),
            (
                to(chats, "[]"),
                "4: `communication` has 0 entries; expected 1 to 4 entries [[communication]], each with `chat` of a",
            ),
            (
                to(chats, "{ chat = '[::1]:3' }"),
                "4: `communication` is of type table; expected 1 to 4 entr",
            ),
            (to(chats, "['[::1]:3']"), "4: B0 is of type string; expected 1 to 4 entries [[comm"),
            (
                to("[[query]]\nlisten = '127.0.0.1:5'\n", ""),
                "5: `query` has 1 entries; expected 2 to 8 entries [[query]], each",
            ),
            (
                many(7, "[[query]]\n"),
                "14: `query` has 9 entries; expected 2 to 8 entries [[query]], each",
            ),
            (
                plain("127.0.0.1:3", "0.0.0.0:3"),
                "4: `chat` of B0 is 0.0.0.0:3, with `insecure-plaintext`; expected a",
            ),
            (
                plain("127.0.0.1:5", "10.0.0.1:5"),
                "8: `listen` of C1 is 10.0.0.1:5, with `insecure-plaintext`; expect",
            ),
        ];
        for (error, expected) in cases {
            assert!(error.starts_with(&format!("{FILE}:{expected}")), "{error}\n{expected}");
        }
    }

    #[test]
    fn what_is_long_is_refused_or_clipped() {
        let error = parse(&"#\n".repeat(TEXT_BYTES_MAX)).expect_err("128 KiB");
        assert_eq!(error, "spillway.toml:1: the file has 131072 bytes; expected 65536 at most");
        let long = "x".repeat(60_000);
        for above in [format!("{long} = 1\n"), format!("domain = '{long}'\n")] {
            let error = refused(&above, NONE, "");
            assert!(error.starts_with("spillway.toml:1: ") && error.len() < 300, "{error}");
        }
        let deep = format!("domain = {}", "[".repeat(60_000));
        assert!(parse(&deep).expect_err("deep").starts_with("spillway.toml:1: "));
        parse(&format!("{LEAST}{}", "#".repeat(TEXT_BYTES_MAX - LEAST.len()))).expect("64 KiB");
    }

    /// Either it is read, or the error begins with a line of the file and is itself one line.
    fn is_told(text: &str) -> Result<(), TestCaseError> {
        let Err(error) = parse(text) else { return Ok(()) };
        let place = error.strip_prefix("spillway.toml:").and_then(|rest| rest.split_once(": "));
        let line = place.and_then(|(line, _)| line.parse::<usize>().ok());
        let lines = 1..=text.lines().count().max(1);
        prop_assert!(line.is_some_and(|line| lines.contains(&line)), "{error}");
        prop_assert!(
            error.contains("; expected ") && !error.contains(char::is_control),
            "{error:?}"
        );
        Ok(())
    }

    fn piece() -> impl proptest::strategy::Strategy<Value = String> {
        let words = ["\n", "[[query]]\n", "[knobs]\n", "=", "'", "\"\"\"", "{", "}", "[", "]", ","]
            .map(str::to_owned);
        prop_oneof![
            proptest::sample::select(words.to_vec()),
            proptest::sample::select([TOP, KNOBS].concat()).prop_map(|key| format!("{key} = ")),
            any::<i64>().prop_map(|number| number.to_string()),
            any::<SocketAddr>().prop_map(|address| format!("'{address}'")),
            ".{0,4}",
        ]
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in any::<String>()) {
            is_told(&text)?;
        }

        #[test]
        fn arbitrary_pieces_never_panic(pieces in proptest::collection::vec(piece(), 0..24)) {
            is_told(&pieces.concat())?;
        }

        #[test]
        fn a_mutated_example_never_panics(
            mutations in proptest::collection::vec((any::<prop::sample::Index>(), 0..40usize, piece()), 1..4),
        ) {
            let mut chars: Vec<char> = EXAMPLE.chars().collect();
            for (place, length, piece) in mutations {
                let from = place.index(chars.len());
                let to = (from + length).min(chars.len());
                chars.splice(from..to, piece.chars());
            }
            is_told(&chars.into_iter().collect::<String>())?;
        }
    }
}
