//! What the live system counts of itself while it runs, for those who operate it: cheap enough to be always on, of a size
//! that does not grow, and without a clock.
//!
//! The driver of nodes tells the steps and notes that it would write into a trace, the desk what became of requests.
//! `text` writes it all as Prometheus reads it.

mod hand_overs;
mod histogram;
mod peaks;
mod text;

use spillway_traces::{Action, Node, RequestId, Role};

use crate::config::Class;
use hand_overs::HandOvers;
use histogram::Histogram;
use peaks::{PEAK_SECONDS, Peaks};

pub use hand_overs::{Fate, HANDED_OVER_KEPT, Handed};
pub use text::{Now, exposition};

/// Seconds whose longest queue the status page shows: the one that runs and the one before.
const SHOWN_SECONDS: u64 = 2;

/// What a request is, as far as it is counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A query, of this class.
    Get(Class),
    /// A change of one's own record.
    Change,
}

impl Kind {
    /// Every kind, by its place.
    const ALL: [Kind; 4] = [
        Kind::Get(Class::Interactive),
        Kind::Get(Class::Normal),
        Kind::Get(Class::Bulk),
        Kind::Change,
    ];

    fn place(self) -> usize {
        match self {
            Kind::Get(class) => class as usize,
            Kind::Change => 3,
        }
    }

    /// As the label `class` has it.
    fn name(self) -> &'static str {
        match self {
            Kind::Get(Class::Interactive) => "interactive",
            Kind::Get(Class::Normal) => "normal",
            Kind::Get(Class::Bulk) => "bulk",
            Kind::Change => "publish",
        }
    }
}

/// What has been counted since the start.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// By query server.
    servers: Vec<OfServer>,
    /// How long those waited who were answered, by kind; their number is in it.
    waits: [Histogram; Kind::ALL.len()],
    /// By kind.
    refused: [u64; Kind::ALL.len()],
    retried: u64,
    disk_errors: u64,
    hand_overs: HandOvers,
}

/// What is counted of a query server.
#[derive(Clone, Debug, Default)]
struct OfServer {
    offers: u64,
    peaks: Peaks,
}

/// How a query server stands at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gauge {
    /// The query server.
    pub server: Node,
    /// Tasks in its queue.
    pub queued: usize,
    /// Tasks that it has handed over, and nothing has come of yet.
    pub handed_over: usize,
    /// Tasks that it holds before it hands over.
    pub threshold: u32,
    /// Revisions that the global server has and its replica has not.
    pub lag: u32,
}

impl Metrics {
    /// Nothing is counted yet.
    pub fn new(query_servers: u16) -> Metrics {
        Metrics {
            servers: vec![OfServer::default(); query_servers.into()],
            waits: Default::default(),
            refused: Default::default(),
            retried: 0,
            disk_errors: 0,
            hand_overs: HandOvers::default(),
        }
    }

    /// A node does a step of itself.
    pub fn step(&mut self, action: &Action, now_us: u64) {
        match *action {
            Action::Offer { server, request } => {
                if let Some(of) = self.servers.get_mut(usize::from(server.index)) {
                    of.offers += 1;
                }
                self.hand_overs.offered(request, server, now_us);
            }
            Action::Assign { request, to, .. } => self.hand_overs.assigned(request, to),
            Action::Serve { server, request } => self.hand_overs.served(request, server),
            Action::PullBack { request, .. } => self.hand_overs.pulled_back(request),
            Action::Retry { .. } => self.retried += 1,
            _ => {}
        }
    }

    /// A query server has queued a task, and its queue is that long now.
    pub fn queued(&mut self, server: Node, request: RequestId, length: usize, now_us: u64) {
        debug_assert_eq!(server.role, Role::Query);
        if let Some(of) = self.servers.get_mut(usize::from(server.index)) {
            of.peaks.reached(length as u64, now_us);
        }
        self.hand_overs.queued(request, server);
    }

    /// A request that was asked then is answered now.
    pub fn answered(&mut self, kind: Kind, asked_us: u64, now_us: u64) {
        self.waits[kind.place()].observe(now_us.saturating_sub(asked_us));
    }

    /// There was no room for a request.
    pub fn refused(&mut self, kind: Kind) {
        self.refused[kind.place()] += 1;
    }

    /// Nobody waits for a request any more.
    pub fn given_up(&mut self, request: RequestId) {
        self.hand_overs.given_up(request);
    }

    /// Something could not be stored.
    pub fn disk_failed(&mut self) {
        self.disk_errors += 1;
    }

    /// Requests that were answered, publishes among them.
    pub fn all_answered(&self) -> u64 {
        self.waits.iter().map(Histogram::count).sum()
    }

    /// Requests that were refused.
    pub fn all_refused(&self) -> u64 {
        self.refused.iter().sum()
    }

    /// Tasks that a query server has handed over.
    pub fn offers(&self, server: Node) -> u64 {
        self.servers.get(usize::from(server.index)).map_or(0, |of| of.offers)
    }

    /// The longest queue of a query server in the second that runs and the one before: a queue may come and go between two
    /// looks at it.
    pub fn peak_shown(&self, server: Node, now_us: u64) -> u64 {
        self.peak(server, SHOWN_SECONDS, now_us)
    }

    /// The last hand-overs, the newest first.
    pub fn hand_overs(&self) -> impl Iterator<Item = &Handed> {
        self.hand_overs.newest_first()
    }

    fn peak_kept(&self, server: Node, now_us: u64) -> u64 {
        self.peak(server, PEAK_SECONDS as u64, now_us)
    }

    fn peak(&self, server: Node, seconds: u64, now_us: u64) -> u64 {
        let of = self.servers.get(usize::from(server.index));
        of.map_or(0, |of| of.peaks.longest(seconds, now_us))
    }
}

#[cfg(test)]
mod tests;
