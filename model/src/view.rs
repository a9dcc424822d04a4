//! The state as people read it, and the digest that a trace keeps of it.

use std::collections::BTreeMap;

use spillway_traces::ids::RequestId;
use spillway_traces::machine::{IN_FLIGHT, ITEMS_BETWEEN};
use spillway_traces::{Node, Sessions, Spillway, View};
use xxhash_rust::xxh3::Xxh3;

use crate::protocol::Protocol;
use crate::rows::{Entry, Task};
use crate::size::{Num, Size, Table};
use crate::state::State;
use crate::wire;

/// Fields of one node.
type Fields = BTreeMap<&'static str, String>;

impl<S: Size> Protocol<S> {
    /// Every node with what it holds. A field that holds nothing is left out.
    pub fn view(&self, state: &State<S>) -> View<Spillway> {
        let mut view = View::<Spillway>::new();
        for client in self.clients() {
            view.insert(Node::client(client), self.client_fields(state, client));
        }
        for server in self.communication_servers() {
            view.insert(Node::communication(server), communication_fields(state, server));
        }
        for server in self.query_servers() {
            view.insert(Node::query(server), self.query_fields(state, server));
        }
        view.insert(Node::GLOBAL, self.global_fields(state));
        for server in self.control_servers() {
            view.insert(Node::control(server), self.control_fields(state, server));
        }
        for row in state.outages.iter() {
            let (from, to) = (row.from.node(), row.to.node());
            let fields = view.entry(from).or_default();
            match from == to {
                true => drop(fields.insert("is down", "yes".into())),
                false => add(fields.entry("not heard by").or_default(), to.to_string()),
            }
        }
        for envelope in state.flight.iter() {
            let (from, to) = (envelope.from.node(), envelope.to.node());
            let field = view.entry(from).or_default().entry(IN_FLIGHT).or_default();
            add(field, format!("{} → {to}", wire::open(envelope)));
        }
        view
    }

    /// 16 hexadecimal digits over the [`Protocol::view`], the same for every size of the state.
    pub fn digest(&self, state: &State<S>) -> String {
        let mut hash = Xxh3::new();
        for (node, fields) in self.view(state) {
            for (field, value) in fields {
                hash.update(format!("{node}.{field}={value}\n").as_bytes());
            }
        }
        format!("{:016x}", hash.digest())
    }

    fn client_fields(&self, state: &State<S>, client: u16) -> Fields {
        let row = state.clients.get(client.into());
        let own = |id: u32| self.planned(RequestId::of(id)).client == client;
        let waiting = state.waiting.iter().filter(|w| own(w.request.get()));
        fields([
            ("token", number(row.token)),
            ("issued", number(row.issued)),
            ("session", self.session_field(state, client)),
            ("waiting", list(waiting.map(|w| format!("{}{}", id(w.request), token(w.token))))),
        ])
    }

    fn query_fields(&self, state: &State<S>, server: u16) -> Fields {
        let row = state.servers.get(server.into());
        let own = u32::from(server);
        let users = self.clients().len();
        let cells = self.clients().map(|user| {
            (user, state.replicas.get(usize::from(server) * users + usize::from(user)).version)
        });
        let cells = cells.filter(|(_, version)| version.get() > 0);
        let queue = state.queue.iter().filter(|t| t.server.get() == own);
        let handed = state.handed.iter().filter(|h| h.server.get() == own);
        let relay = state.relay.iter().filter(|r| r.server.get() == own);
        fields([
            ("applied", number(row.applied)),
            (
                "replica",
                list(cells.map(|(u, v)| format!("user {u} {}", self.described(u, v.get())))),
            ),
            ("incarnation", number(row.incarnation)),
            ("epoch", number(row.epoch)),
            ("late", String::from(if row.late.get() == 0 { "" } else { "yes" })),
            ("offers", number(row.sequence)),
            ("queue", list(queue.map(|t| self.task(t)))),
            (
                "handed over",
                list(handed.map(|h| {
                    let again = if h.again.get() != 0 { ", asked again" } else { "" };
                    let hand_over = format!("C{own}.{}.{}", h.incarnation.get(), h.sequence.get());
                    let asked = askers(" for ", h.sessions);
                    format!("{}{} as {hand_over}{again}{asked}", id(h.request), token(h.token))
                })),
            ),
            ("relays", list(relay.map(|r| id(r.request) + &askers(" for ", r.sessions)))),
        ])
    }

    fn task(&self, task: Task<S::Num>) -> String {
        let mut text =
            format!("{} {:?}{}", id(task.request), self.class(task.request), token(task.token));
        if let Some(source) = task.source.get().checked_sub(1) {
            let (incarnation, sequence) = (task.incarnation.get(), task.sequence.get());
            text += &format!(" for C{source}.{incarnation}.{sequence}");
        }
        if task.is_running() {
            text += " running";
        }
        if task.is_refused() {
            text += " refused";
        }
        match task.overtaken.get() {
            0 => {}
            1 => text += " overtaken once",
            often => text += &format!(" overtaken {often} times"),
        }
        text + &askers(", asked by ", task.sessions) + &askers(", asked there by ", task.carried)
    }

    /// Shown where sessions end.
    fn session_field(&self, state: &State<S>, client: u16) -> String {
        let faults = &self.scope().faults;
        match self.current_session(state, client) {
            Some(session) if faults.moves + faults.leave > 0 => session.to_string(),
            Some(_) => String::new(),
            None => "gone".to_owned(),
        }
    }

    fn control_fields(&self, state: &State<S>, server: u16) -> Fields {
        let row = state.controls.get(server.into());
        let own = state.ledger.iter().filter(|e| e.control.get() == u32::from(server));
        let last = row.turn.get().checked_sub(1);
        fields([
            ("epoch", number(row.epoch)),
            ("last assigned to", last.map_or(String::new(), |c| format!("C{c}"))),
            ("ledger", list(own.map(|e| self.entry(e)))),
        ])
    }

    fn global_fields(&self, state: &State<S>) -> Fields {
        let base = state.base.get() as usize;
        let described =
            |user: u16, version: u32| format!("user {user} {}", self.described(user, version));
        let kept = self.clients().map(|user| (user, state.stored_at(user, base).0));
        let kept = kept.filter(|(_, version)| *version > 0);
        let log = state.log_after(base).map(|r| {
            let revision = r.revision.get();
            let pending = if revision as usize <= state.durable() { "" } else { ", not durable" };
            format!("{revision}: {}{pending}", described(r.user.get() as u16, r.version.get()))
        });
        let awaited = state.awaited.iter();
        let feeds = state.feeds.iter().enumerate();
        let feeds = feeds.map(|(c, feed)| match feed.cursor.get().checked_sub(1) {
            Some(sent) => format!("C{c} sent {sent}"),
            None => format!("C{c} unknown"),
        });
        fields([
            ("compacted", number(state.base)),
            ("checkpoint", list(kept.map(|(user, version)| described(user, version)))),
            ("log", list(log)),
            ("awaited", list(awaited.map(|a| format!("{} of C{}", id(a.request), a.server.get())))),
            ("feeds", list(feeds)),
        ])
    }

    fn entry(&self, e: Entry<S::Num>) -> String {
        let hand_over = format!("C{}.{}.{}", e.source.get(), e.incarnation.get(), e.sequence.get());
        let mut text = format!("{} {:?}{}", id(e.request), self.class(e.request), token(e.token));
        text += &format!(" as {hand_over}");
        match e.assignee() {
            Some(server) => text += &format!(" → C{server}"),
            None => text += " unassigned",
        }
        for server in self.query_servers().filter(|c| e.was_refused_by(*c)) {
            text += &format!(", refused by C{server}");
        }
        text + &askers(" for ", e.sessions)
    }
}

fn communication_fields<S: Size>(state: &State<S>, server: u16) -> Fields {
    let own = state.pending.iter().filter(|p| p.server.get() == u32::from(server));
    let pending = own.map(|p| match p.at.get().checked_sub(1) {
        Some(at) => format!("{}{} at C{at}", id(p.request), token(p.token)),
        None => format!("{}{}", id(p.request), token(p.token)),
    });
    fields([("pending", list(pending))])
}

fn fields<const N: usize>(all: [(&'static str, String); N]) -> Fields {
    all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

fn id(request: impl Num) -> String {
    RequestId::of(request.get()).to_string()
}

fn token(token: impl Num) -> String {
    match token.get() {
        0 => String::new(),
        token => format!(" token {token}"),
    }
}

fn askers(lead: &str, noted: impl Num) -> String {
    match Sessions::from_bits(noted.get()) {
        none if none.is_empty() => String::new(),
        sessions => format!("{lead}{sessions}"),
    }
}

fn number(cell: impl Num) -> String {
    match cell.get() {
        0 => String::new(),
        value => value.to_string(),
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    let mut text = String::new();
    items.for_each(|item| add(&mut text, item));
    text
}

fn add(text: &mut String, item: String) {
    if !text.is_empty() {
        text.push_str(ITEMS_BETWEEN);
    }
    text.push_str(&item);
}
