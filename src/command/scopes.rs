//! `spillway scopes`: which scopes the program carries, and what is in one.

use serde::Serialize;
use spillway_model::Scope;
use spillway_model::scope::{BUILTIN, Body, Knobs, Request, Returned, Routing};
use spillway_properties::catalog;
use spillway_traces::{Node, RequestId};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::format::number::counted;
use crate::format::table::{Cell, table};
use crate::format::{self, Plain};
use crate::style::{faint, strong};
use crate::{output, source, style};

/// List the builtin scopes, or describe one.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// List the builtin scopes, a line each.
    List {
        /// How the result is written.
        #[arg(long, value_enum, default_value = "human")]
        format: Plain,
    },
    /// Describe a scope: its nodes, requests, knobs and faults, and what it is there to reach.
    Describe {
        /// A builtin scope, or the path of a scope file.
        scope: String,
        /// How the result is written.
        #[arg(long, value_enum, default_value = "human")]
        format: Plain,
    },
    /// Show the file of a scope, to start one of your own from.
    Show {
        /// A builtin scope, or the path of a scope file.
        scope: String,
    },
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let listed = What::List { format: Plain::Human };
    let text = match args.what.as_ref().unwrap_or(&listed) {
        What::List { format } => list(*format)?,
        What::Show { scope } => source::load(scope)?.text,
        What::Describe { scope, format: Plain::Human } => human(&source::load(scope)?.scope),
        What::Describe { scope, format: Plain::Json } => format::json(&source::load(scope)?.scope),
    };
    output::result(&text)?;
    Ok(Exit::Holds)
}

#[derive(Serialize)]
struct Listed {
    name: String,
    about: String,
}

fn list(format: Plain) -> Result<String, Failure> {
    let listed = |(name, _): &(&str, &str)| {
        let scope = source::load(name)?.scope;
        Ok(Listed { name: scope.name, about: scope.about })
    };
    let scopes = BUILTIN.iter().map(listed).collect::<Result<Vec<_>, Failure>>()?;
    Ok(match format {
        Plain::Json => format::json(&scopes),
        Plain::Human => {
            let row = |s: &Listed| vec![Cell::new(&s.name, style::STRONG), Cell::plain(&s.about)];
            table(&scopes.iter().map(row).collect::<Vec<_>>())
        }
    })
}

fn human(scope: &Scope) -> String {
    let parts = [
        section("nodes", nodes(scope)),
        section("requests", requests(scope)),
        section("knobs", knobs(scope)),
        section("faults", faults(scope)),
        section("must reach", must_reach(scope)),
    ];
    format!("{}\n{}\n\n{}", strong(&scope.name), faint(&scope.about), parts.join("\n"))
}

fn section(label: &str, rows: Vec<Vec<Cell>>) -> String {
    let none = || vec![vec![Cell::new("none", style::FAINT)]];
    let rows = if rows.is_empty() { none() } else { rows };
    format!("{}\n{}", strong(label), table(&rows))
}

fn nodes(scope: &Scope) -> Vec<Vec<Cell>> {
    let names = |count: u16, node: fn(u16) -> Node| {
        (0..count).map(|index| node(index).to_string()).collect::<Vec<_>>().join(" ")
    };
    let row = |count: u16, what: &str, names: String| {
        vec![Cell::plain(names), Cell::new(counted(usize::from(count), what), style::FAINT)]
    };
    let n = &scope.nodes;
    vec![
        row(n.clients, "client", names(n.clients, Node::client)),
        row(
            n.communication_servers,
            "communication server",
            names(n.communication_servers, Node::communication),
        ),
        row(n.query_servers, "query server", names(n.query_servers, Node::query)),
        row(1, "global server", Node::GLOBAL.to_string()),
        row(n.control_servers, "control server", names(n.control_servers, Node::control)),
    ]
}

fn requests(scope: &Scope) -> Vec<Vec<Cell>> {
    let home = scope.knobs.routing == Routing::Home;
    let row = |(id, request): (usize, &Request)| {
        let what = match request.body {
            Body::Query { user, class } => {
                format!("asks for the information of {}, {}", Node::client(user), word(&class))
            }
            Body::Publish => "publishes".to_owned(),
            Body::Delete => "deletes its information".to_owned(),
            Body::Share { rule } => format!("shares its information with {}", word(&rule)),
            Body::Contacts { contacts } => {
                let names: Vec<String> =
                    contacts.iter().map(|a| Node::client(a).to_string()).collect();
                let names = if names.is_empty() { "nobody".to_owned() } else { names.join(" ") };
                format!("has as contacts {names}")
            }
            Body::Restate { information, rule, contacts } => {
                let names: Vec<String> =
                    contacts.iter().map(|a| Node::client(a).to_string()).collect();
                let what = if information { "new information" } else { "no information" };
                let rule = word(&rule);
                format!("states anew: {what}, shared with {rule}, contacts {}", names.join(" "))
            }
        };
        let to = if home { Node::query(request.home).to_string() } else { "any".to_owned() };
        vec![
            Cell::plain(RequestId(id as u64).to_string()),
            Cell::plain(Node::client(request.client).to_string()),
            Cell::plain(what),
            Cell::plain(format!("→ {to}")),
        ]
    };
    scope.requests.iter().enumerate().map(row).collect()
}

fn knobs(scope: &Scope) -> Vec<Vec<Cell>> {
    let k = &scope.knobs;
    let row = |name: &str, value: String, what: &str| {
        vec![Cell::plain(name), Cell::plain(value), Cell::new(what, style::FAINT)]
    };
    let threshold = k.threshold.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
    let returned = match k.returned {
        Returned::Queue => "a task that all refused goes back into its source's queue",
        Returned::Busy => "a task that all refused is refused to the client",
    };
    let routing = match k.routing {
        Routing::Home => "a request goes to its home",
        Routing::Any => "a request goes to any query server",
    };
    let mut rows = vec![
        row("threshold", threshold, "tasks of each query server before it hands over"),
        row("queue-max", k.queue_max.to_string(), "tasks of a query server"),
        row("pending-max", k.pending_max.to_string(), "requests of a communication server"),
        row("relay-max", k.relay_max.to_string(), "publishes of a query server"),
        row("ledger-max", k.ledger_max.to_string(), "hand-overs of the control server"),
        row("window-max", k.window_max.to_string(), "unanswered requests of a client"),
        row("link-max", k.link_max.to_string(), "messages of one direction of a link"),
        row("routing", word(&k.routing), routing),
        row("returned", word(&k.returned), returned),
    ];
    let plain = Knobs::default();
    let list = |items: Vec<String>| items.join(" ");
    let features = [
        (
            k.give_back,
            "give-back",
            k.give_back.to_string(),
            "whether the control server may give a task back of itself",
        ),
        (k.links != plain.links, "links", word(&k.links), "what the links are"),
        (
            k.strategy != plain.strategy,
            "strategy",
            word(&k.strategy),
            "which server takes a redundant task",
        ),
        (
            !k.accepts.is_empty(),
            "accepts",
            list(
                k.accepts
                    .iter()
                    .map(|c| format!("[{}]", c.iter().map(word).collect::<Vec<_>>().join(" ")))
                    .collect(),
            ),
            "classes that each query server takes from others",
        ),
        (
            !k.weights.is_empty(),
            "weights",
            list(k.weights.iter().map(u32::to_string).collect()),
            "of each query server",
        ),
        (
            !k.rooms.is_empty(),
            "rooms",
            list(k.rooms.iter().map(u32::to_string).collect()),
            "tasks at which a new query of each class is refused",
        ),
        (
            !k.ledger_rooms.is_empty(),
            "ledger-rooms",
            list(k.ledger_rooms.iter().map(u32::to_string).collect()),
            "hand-overs at which a new one of each class is returned",
        ),
        (k.unit != plain.unit, "unit", word(&k.unit), "what a threshold counts"),
        (
            k.overtaken_max > 0,
            "overtaken-max",
            k.overtaken_max.to_string(),
            "times that a ready task is overtaken",
        ),
        (
            k.disk != plain.disk,
            "disk",
            word(&k.disk),
            "when what the global server writes is durable",
        ),
        (
            k.sharing != plain.sharing,
            "sharing",
            word(&k.sharing),
            "with whom users share until they say so",
        ),
    ];
    let on = features.into_iter().filter(|(on, ..)| *on);
    rows.extend(on.map(|(_, name, value, what)| row(name, value, what)));
    rows
}

fn faults(scope: &Scope) -> Vec<Vec<Cell>> {
    let happens = scope.faults.by_key().into_iter().filter(|(_, often)| *often > 0);
    let times = |often: u32| if often == 1 { "once".to_owned() } else { format!("{often} times") };
    happens.map(|(key, often)| vec![Cell::plain(key), Cell::plain(times(often))]).collect()
}

fn must_reach(scope: &Scope) -> Vec<Vec<Cell>> {
    let statement = |name: &str| catalog::find(name).map_or("", |known| known.statement);
    let row = |name: &String| vec![Cell::plain(name), Cell::new(statement(name), style::FAINT)];
    scope.sometimes.iter().map(row).collect()
}

/// The word that a scope file has for a choice.
fn word(choice: &impl Serialize) -> String {
    let word = serde_json::to_value(choice).ok();
    word.as_ref().and_then(|word| word.as_str()).unwrap_or_default().to_owned()
}
