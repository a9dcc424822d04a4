//! The refinement map: from the joint state of the nodes to the model's state.
//!
//! Budgets belong to the environment, which the nodes know nothing of, so that they are handed in. Of the log the model
//! keeps all and the nodes what they have not compacted: the map puts the checkpoint in place of the rest, as
//! [`State::forget`] leaves it.

use spillway_impl::nodes::control::Entry as Held;
use spillway_impl::nodes::query::{Handed as HandedOver, Task as Queued};
use spillway_impl::world::World;
use spillway_impl::world::abstraction::messages;
use spillway_model::rows::{
    Awaited, Client, Control, Entry, Feed, Handed, Outage, Pending, REFUSED, RUNNING, Relay,
    Replica, Revision, Server, Task, Waiting,
};
use spillway_model::size::{Num, Row, Size, Table};
use spillway_model::state::BUDGETS;
use spillway_model::{Growable, Protocol, State, wire};
use spillway_traces::{RequestId, Sessions};

use super::setting::Setting;

/// A cell of the growable state.
type Cell = <Growable as Size>::Num;

/// What the map, and the judgement of records beside it, go by.
pub struct Refinement {
    /// The model's initial state, which each mapped state begins with.
    initial: State<Growable>,
    /// Whether the model's state tells who asks.
    tells_askers: bool,
    /// Every user's records by version.
    pub(super) records: Vec<Vec<spillway_impl::profile::Record>>,
}

/// An index that may be absent, as a cell.
fn plus_one(index: Option<u16>) -> Cell {
    index.map_or(0, |index| u32::from(index) + 1)
}

/// Puts rows behind those that a table has.
fn extend<R: Row<Cell>, T: Table<Cell, R>>(table: &mut T, rows: impl IntoIterator<Item = R>) {
    for row in rows {
        let end = table.len();
        assert!(table.insert(end, row), "a table that grows has room");
    }
}

/// Puts rows in place of those that a table has.
fn replace<R: Row<Cell>, T: Table<Cell, R>>(table: &mut T, rows: impl IntoIterator<Item = R>) {
    let rows_before = table.len();
    table.remove_range(0, rows_before);
    extend(table, rows);
}

impl Refinement {
    /// The map for the nodes of a scope.
    pub fn new(protocol: &Protocol<Growable>, setting: &Setting) -> Refinement {
        let sharing = setting.config.knobs.sharing;
        Refinement {
            initial: protocol.initial(),
            tells_askers: protocol.tracks_askers(),
            records: protocol.clients().map(|user| setting.plan.records(user, sharing)).collect(),
        }
    }

    /// The model's state that the nodes are in.
    pub fn map(&self, world: &World, budgets: [u8; BUDGETS]) -> State<Growable> {
        let mut state = self.initial.clone();
        state.budgets = budgets;
        self.map_links(world, &mut state);
        map_clients(world, &mut state);
        self.map_query_servers(world, &mut state);
        self.map_control_servers(world, &mut state);
        map_global_server(world, &mut state);
        state
    }

    /// Askers as a cell, which is 0 while nobody needs to know.
    fn askers(&self, askers: Sessions) -> Cell {
        if self.tells_askers { askers.bits() } else { 0 }
    }

    fn map_links(&self, world: &World, state: &mut State<Growable>) {
        for (from, to) in world.links.directions() {
            for message in world.links.on(from, to) {
                messages(message, world.config(), |message| {
                    extend(&mut state.flight, [wire::seal(from, to, message)]);
                });
            }
        }
        let down = world.links.down().map(|node| (node, node));
        let mut outages: Vec<_> = down.chain(world.links.cuts()).collect();
        outages.sort();
        let rows = outages.into_iter();
        extend(
            &mut state.outages,
            rows.map(|(from, to)| Outage { from: Cell::of_node(from), to: Cell::of_node(to) }),
        );
    }

    fn map_query_servers(&self, world: &World, state: &mut State<Growable>) {
        let users = world.clients.len() as u16;
        let servers = || world.query.iter().zip(0..);
        replace(
            &mut state.servers,
            world.query.iter().map(|server| Server {
                applied: server.applied,
                incarnation: server.incarnation,
                sequence: server.sequence,
                epoch: server.epoch,
                late: u32::from(server.late),
            }),
        );
        let cells = world.query.iter().flat_map(|server| {
            let version = |user| server.replica.get(&user).map_or(0, |held| held.version);
            (0..users).map(move |user| Replica { version: version(user) })
        });
        replace(&mut state.replicas, cells);
        let queued = servers()
            .flat_map(|(server, at)| server.queue.iter().map(move |task| self.task(at, task)));
        extend(&mut state.queue, queued);
        let handed = servers().flat_map(|(server, at)| {
            server.handed.values().map(move |handed| self.handed(at, handed))
        });
        extend(&mut state.handed, handed);
        let relayed = servers().flat_map(|(server, at)| {
            server.relayed.iter().map(move |(request, relayed)| Relay {
                server: at,
                request: request.number(),
                sessions: self.askers(relayed.askers),
            })
        });
        extend(&mut state.relay, relayed);
    }

    fn task(&self, server: Cell, task: &Queued) -> Task<Cell> {
        let id = task.foreign.as_ref().map(|foreign| foreign.hand_over);
        let carried = task.foreign.as_ref().map_or(0, |foreign| self.askers(foreign.asked_there));
        Task {
            server,
            request: task.asked.ask.request.number(),
            token: task.asked.token,
            flags: u32::from(task.running) * RUNNING + u32::from(task.refused) * REFUSED,
            source: plus_one(id.map(|id| id.source.index)),
            incarnation: id.map_or(0, |id| id.incarnation),
            sequence: id.map_or(0, |id| id.sequence),
            sessions: self.askers(task.asked_here),
            carried,
            // Nobody asks any more once it runs, and the model forgets it.
            overtaken: if task.running { 0 } else { task.overtaken },
        }
    }

    fn handed(&self, server: Cell, handed: &HandedOver) -> Handed<Cell> {
        Handed {
            server,
            request: handed.asked.ask.request.number(),
            token: handed.asked.token,
            incarnation: handed.hand_over.incarnation,
            sequence: handed.hand_over.sequence,
            again: u32::from(handed.again),
            sessions: self.askers(handed.askers),
        }
    }

    fn map_control_servers(&self, world: &World, state: &mut State<Growable>) {
        let turns = world.control.iter();
        replace(
            &mut state.controls,
            turns.map(|control| Control { epoch: control.epoch, turn: plus_one(control.last) }),
        );
        let entries = world.control.iter().zip(0..).flat_map(|(control, at)| {
            let entries = control.ledger.iter();
            entries.map(move |((source, request), held)| self.entry(at, *source, *request, held))
        });
        extend(&mut state.ledger, entries);
    }

    fn entry(&self, control: Cell, source: u16, request: RequestId, held: &Held) -> Entry<Cell> {
        Entry {
            source: source.into(),
            request: request.number(),
            token: held.asked.token,
            incarnation: held.hand_over.incarnation,
            sequence: held.hand_over.sequence,
            to: plus_one(held.assigned),
            refused: held.refused.iter().fold(0, |bits, server| bits | 1 << server),
            sessions: self.askers(held.askers),
            control,
        }
    }
}

fn map_clients(world: &World, state: &mut State<Growable>) {
    let clients = world.clients.iter().zip(&world.issued);
    replace(
        &mut state.clients,
        clients.map(|(client, issued)| Client {
            token: client.token,
            issued: *issued,
            session: plus_one(client.session),
        }),
    );
    let mut waiting: Vec<_> = world
        .clients
        .iter()
        .flat_map(|client| client.waiting.iter())
        .map(|(request, asked)| Waiting { request: request.number(), token: asked.token })
        .collect();
    waiting.sort_by_key(|row| row.request);
    extend(&mut state.waiting, waiting);
    let pending = world.communication.iter().zip(0..).flat_map(|(server, at)| {
        server.pending.iter().map(move |(request, pending)| Pending {
            server: at,
            request: request.number(),
            token: pending.asked.token,
            at: plus_one(pending.at),
        })
    });
    extend(&mut state.pending, pending);
}

fn map_global_server(world: &World, state: &mut State<Growable>) {
    let global = &world.global;
    replace(
        &mut state.feeds,
        global.cursors.iter().map(|cursor| Feed { cursor: cursor.map_or(0, |sent| sent + 1) }),
    );
    let mut kept: Vec<_> = global.checkpoint.values().collect();
    kept.sort_by_key(|entry| entry.revision);
    let rows = kept.into_iter().chain(&global.log).map(|entry| Revision {
        revision: entry.revision,
        user: entry.user.into(),
        version: entry.version,
    });
    extend(&mut state.log, rows);
    state.base = global.base;
    state.unflushed = global.undurable;
    let awaited = global.awaited.iter();
    extend(
        &mut state.awaited,
        awaited
            .map(|waits| Awaited { server: waits.server.into(), request: waits.request.number() }),
    );
}
