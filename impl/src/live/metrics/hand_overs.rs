//! The last hand-overs and what became of each: what the status page lists. Older ones are forgotten, whatever became of
//! them.

use spillway_traces::{Node, RequestId};

/// Hand-overs that are remembered.
pub const HANDED_OVER_KEPT: usize = 32;

/// What became of a hand-over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The control server has it.
    Offered,
    /// The control server has asked a query server to take it on.
    Assigned,
    /// That query server has it in its queue.
    TakenOn,
    /// That query server has answered it.
    Answered,
    /// Nobody took it on, and it is in the queue that it came from.
    CameBack,
    /// It came back, and was answered where it came from.
    AnsweredAtHome,
    /// Whoever asked waits no more.
    GivenUp,
}

impl Fate {
    /// Whether nothing more comes of it.
    fn is_settled(self) -> bool {
        matches!(self, Fate::Answered | Fate::AnsweredAtHome | Fate::GivenUp)
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Fate::Offered => "offered",
            Fate::Assigned => "assigned",
            Fate::TakenOn => "taken on",
            Fate::Answered => "answered there",
            Fate::CameBack => "came back",
            Fate::AnsweredAtHome => "came back, answered at home",
            Fate::GivenUp => "given up",
        }
    }
}

/// A hand-over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handed {
    /// Which one since the start, from 0.
    pub number: u64,
    /// The request.
    pub request: RequestId,
    /// The query server that handed it over.
    pub from: Node,
    /// The query server that was last asked to take it on.
    pub to: Option<Node>,
    /// What became of it.
    pub fate: Fate,
    /// When it was handed over.
    pub at_us: u64,
}

/// The last ones.
#[derive(Clone, Debug, Default)]
pub(super) struct HandOvers {
    /// By number modulo [`HANDED_OVER_KEPT`].
    kept: Vec<Handed>,
    /// How many there were since the start.
    count: u64,
    /// Those kept that are not settled: without any, most steps need no look at the list.
    open: usize,
}

impl HandOvers {
    pub(super) fn offered(&mut self, request: RequestId, from: Node, now_us: u64) {
        let fate = Fate::Offered;
        let handed = Handed { number: self.count, request, from, to: None, fate, at_us: now_us };
        if self.kept.len() < HANDED_OVER_KEPT {
            self.kept.push(handed);
        } else {
            let forgotten = std::mem::replace(&mut self.kept[place(self.count)], handed);
            self.open -= usize::from(!forgotten.fate.is_settled());
        }
        self.count += 1;
        self.open += 1;
    }

    pub(super) fn assigned(&mut self, request: RequestId, to: Node) {
        self.change(request, |handed| (handed.to, handed.fate) = (Some(to), Fate::Assigned));
    }

    /// A task is queued: where it came from, or by who takes it on.
    pub(super) fn queued(&mut self, request: RequestId, server: Node) {
        self.change(request, |handed| match handed.from == server {
            true => handed.fate = Fate::CameBack,
            false => (handed.to, handed.fate) = (Some(server), Fate::TakenOn),
        });
    }

    pub(super) fn served(&mut self, request: RequestId, server: Node) {
        self.change(request, |handed| match handed.from == server {
            true => handed.fate = Fate::AnsweredAtHome,
            false => (handed.to, handed.fate) = (Some(server), Fate::Answered),
        });
    }

    pub(super) fn pulled_back(&mut self, request: RequestId) {
        self.change(request, |handed| handed.fate = Fate::CameBack);
    }

    pub(super) fn given_up(&mut self, request: RequestId) {
        self.change(request, |handed| handed.fate = Fate::GivenUp);
    }

    /// Changes the newest hand-over of a request, unless it is settled.
    fn change(&mut self, request: RequestId, change: impl FnOnce(&mut Handed)) {
        if self.open == 0 {
            return;
        }
        let open = |handed: &&mut Handed| handed.request == request && !handed.fate.is_settled();
        let newest = self.kept.iter_mut().filter(open).max_by_key(|handed| handed.number);
        if let Some(handed) = newest {
            change(handed);
            self.open -= usize::from(handed.fate.is_settled());
        }
    }

    pub(super) fn newest_first(&self) -> impl Iterator<Item = &Handed> {
        let first = self.count.saturating_sub(self.kept.len() as u64);
        (first..self.count).rev().map(|number| &self.kept[place(number)])
    }
}

fn place(number: u64) -> usize {
    (number % HANDED_OVER_KEPT as u64) as usize
}
