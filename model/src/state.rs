//! The joint state of all nodes and links: tables of small rows, so that it copies and hashes as a few slices.

use std::hash::{Hash, Hasher};

use spillway_traces::Node;

use crate::rows::{
    Awaited, Client, Control, Entry, Envelope, Feed, Handed, Outage, Pending, Relay, Replica,
    Revision, Server, Task, Waiting,
};
pub use crate::scope::{BUDGETS, Budget};
use crate::size::{Fixed, Growable, Num, Size, Table};

/// A bound of the scope that did not suffice. Exploration stops there: a send that is silently skipped would
/// hide behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// A direction of a link holds `link-max` messages.
    Link {
        /// Sender.
        from: Node,
        /// Receiver.
        to: Node,
    },
    /// All links together hold as many messages as the fixed-size state has room for.
    Flight,
    /// A table of the fixed-size state is full.
    Table,
    /// A query server has numbered as many hand-overs since it started as a cell can count.
    Sequence,
}

/// The state.
#[derive(Debug, PartialEq)]
#[allow(missing_docs)] // each table is described at its row
pub struct State<S: Size> {
    pub flight: S::Flight<Envelope<S::Num>>,
    pub clients: S::Nodes<Client<S::Num>>,
    pub waiting: S::Held<Waiting<S::Num>>,
    pub pending: S::Held<Pending<S::Num>>,
    pub servers: S::Nodes<Server<S::Num>>,
    pub feeds: S::Nodes<Feed<S::Num>>,
    pub replicas: S::Replicas<Replica<S::Num>>,
    pub queue: S::Held<Task<S::Num>>,
    pub handed: S::Held<Handed<S::Num>>,
    pub relay: S::Held<Relay<S::Num>>,
    pub ledger: S::Held<Entry<S::Num>>,
    pub log: S::Held<Revision<S::Num>>,
    pub awaited: S::Held<Awaited<S::Num>>,
    pub controls: S::Nodes<Control<S::Num>>,
    pub outages: S::Nodes<Outage<S::Num>>,
    /// Revisions at the end of the log that are written and not yet durable.
    pub unflushed: S::Num,
    /// The revision up to which the global server has forgotten its log.
    pub base: S::Num,
    /// How often each fault may still happen.
    pub budgets: [u8; BUDGETS],
    /// The bound that did not suffice: 0 none, else one of the codes of [`State::full`]; and its link.
    full: [S::Num; 3],
}

impl<S: Size> State<S> {
    pub(crate) fn empty() -> Self {
        State {
            flight: Default::default(),
            clients: Default::default(),
            waiting: Default::default(),
            pending: Default::default(),
            servers: Default::default(),
            feeds: Default::default(),
            replicas: Default::default(),
            queue: Default::default(),
            handed: Default::default(),
            relay: Default::default(),
            ledger: Default::default(),
            log: Default::default(),
            awaited: Default::default(),
            controls: Default::default(),
            outages: Default::default(),
            unflushed: S::Num::of(0),
            base: S::Num::of(0),
            budgets: [0; BUDGETS],
            full: [S::Num::of(0); 3],
        }
    }

    /// The bound of the scope that did not suffice on the way here, if one did not.
    pub fn full(&self) -> Option<Full> {
        match self.full[0].get() {
            0 => None,
            1 => Some(Full::Link { from: self.full[1].node(), to: self.full[2].node() }),
            2 => Some(Full::Flight),
            3 => Some(Full::Table),
            _ => Some(Full::Sequence),
        }
    }

    /// The cells that are in no table.
    pub(crate) fn single_cells(&self) -> [S::Num; 5] {
        let [full, from, to] = self.full;
        [full, from, to, self.unflushed, self.base]
    }

    pub(crate) fn set_single_cells(&mut self, [full, from, to, unflushed, base]: [S::Num; 5]) {
        self.full = [full, from, to];
        (self.unflushed, self.base) = (unflushed, base);
    }

    pub(crate) fn set_full(&mut self, full: Full) {
        if self.full().is_some() {
            return; // the first one is the one to report
        }
        let code = match full {
            Full::Link { from, to } => {
                self.full[1] = S::Num::of_node(from);
                self.full[2] = S::Num::of_node(to);
                1
            }
            Full::Flight => 2,
            Full::Table => 3,
            Full::Sequence => 4,
        };
        self.full[0] = S::Num::of(code);
        assert!(self.full().is_some(), "a full bound is remembered");
    }

    /// How often a fault may still happen.
    pub fn budget(&self, budget: Budget) -> u8 {
        self.budgets[budget as usize]
    }

    /// How many tasks a query server holds: queued, running, waiting and foreign ones, not those handed over.
    pub fn load(&self, server: u16) -> usize {
        let server = S::Num::of(server.into());
        self.queue.count(|task| task.server == server)
    }

    /// How many tasks a query server has handed over and still holds.
    pub fn handed_count(&self, server: u16) -> usize {
        let server = S::Num::of(server.into());
        self.handed.count(|handed| handed.server == server)
    }

    /// The messages in flight from one node to another, the oldest first, as a range of the flight table.
    pub fn link(&self, from: Node, to: Node) -> std::ops::Range<usize> {
        let (from, to) = (S::Num::of_node(from), S::Num::of_node(to));
        let rows = self.flight.raw().len();
        let start = self.flight.position(|e| (e.from, e.to) >= (from, to)).unwrap_or(rows);
        let mut end = start;
        while end < rows {
            let e = self.flight.get(end);
            if (e.from, e.to) != (from, to) {
                break;
            }
            end += 1;
        }
        start..end
    }
}

// A derived `Clone` copies table by table. A state of fixed size is one block of memory and is copied as one, which
// makes a quarter more successors a second.
impl<S: Size> Clone for State<S> {
    #[inline]
    fn clone(&self) -> Self {
        S::clone_state(self)
    }
}

impl<const FLIGHT: usize, const HELD: usize, const NODES: usize, const CELLS: usize> Copy
    for State<Fixed<FLIGHT, HELD, NODES, CELLS>>
{
}

impl State<Growable> {
    pub(crate) fn clone_tables(&self) -> Self {
        State {
            flight: self.flight.clone(),
            clients: self.clients.clone(),
            waiting: self.waiting.clone(),
            pending: self.pending.clone(),
            servers: self.servers.clone(),
            feeds: self.feeds.clone(),
            replicas: self.replicas.clone(),
            queue: self.queue.clone(),
            handed: self.handed.clone(),
            relay: self.relay.clone(),
            ledger: self.ledger.clone(),
            log: self.log.clone(),
            awaited: self.awaited.clone(),
            controls: self.controls.clone(),
            outages: self.outages.clone(),
            unflushed: self.unflushed,
            base: self.base,
            budgets: self.budgets,
            full: self.full,
        }
    }
}

/// Tables whose length varies.
const LENGTHS: usize = 11;

impl<S: Size> Hash for State<S> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        // All lengths and budgets in one write, then the cells of each table in one write: a hash of a state is
        // a dozen calls, whatever it holds.
        let lengths = [
            self.flight.len(),
            self.clients.len(),
            self.waiting.len(),
            self.pending.len(),
            self.queue.len(),
            self.handed.len(),
            self.relay.len(),
            self.ledger.len(),
            self.log.len(),
            self.awaited.len(),
            self.outages.len(),
        ];
        let mut head = [0u8; LENGTHS + BUDGETS];
        for (byte, length) in head.iter_mut().zip(lengths) {
            *byte = length as u8; // wraps in the growable size, where equality decides
        }
        head[LENGTHS..].copy_from_slice(&self.budgets);
        hasher.write(&head);
        S::Num::hash_slice(&self.single_cells(), hasher);
        self.flight.hash_cells(hasher);
        self.clients.hash_cells(hasher);
        self.waiting.hash_cells(hasher);
        self.pending.hash_cells(hasher);
        self.servers.hash_cells(hasher);
        self.feeds.hash_cells(hasher);
        self.replicas.hash_cells(hasher);
        self.queue.hash_cells(hasher);
        self.handed.hash_cells(hasher);
        self.relay.hash_cells(hasher);
        self.ledger.hash_cells(hasher);
        self.log.hash_cells(hasher);
        self.awaited.hash_cells(hasher);
        self.controls.hash_cells(hasher);
        self.outages.hash_cells(hasher);
    }
}
