//! The contract between a node and whatever drives it.
//!
//! A node is a value. Its driver gives it one [`Input`] at a time with the time of its clock, and carries out the
//! [`Output`]s in their order. A node never reads a clock, draws a number or touches a socket of itself.
//!
//! Where the protocol leaves a choice open, the node lists what is legal as [`Candidate`]s and asks the [`Chooser`],
//! again and again until it declines. In the product that is the configured strategy; in lockstep with a trace it is the
//! action of the trace, or nothing.

use std::sync::Arc;

use rand_chacha::ChaCha8Rng;
use spillway_traces::{Action, Node, Note, RequestId};

use crate::profile::{Info, Profile, Rule};
use crate::search::{Page, Search};
use crate::wire::{Ask, Wire};

/// What a client's user wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Ask for something for the first time, as the next request of this client.
    Query {
        /// Its id, higher than all before.
        request: RequestId,
        /// Whose information.
        user: u16,
        /// Its priority.
        class: crate::config::Class,
        /// What is to be found besides; the user is the asker itself then.
        search: Option<Arc<Search>>,
        /// The query server that it goes to while routing is `home`.
        home: u16,
    },
    /// Change one's own record for the first time asked, as the next request of this client.
    Change {
        /// Its id, higher than all before.
        request: RequestId,
        /// What is changed.
        change: Change,
        /// The query server that it goes to while routing is `home`.
        home: u16,
    },
    /// Ask again for what the client still waits for.
    Retry(RequestId),
    /// Give a request up.
    Cancel(RequestId),
    /// End the session and begin one with another communication server. The driver closes the old connection, tells its
    /// other end by [`Input::Closed`], and only then gives this.
    Move {
        /// The communication server.
        to: Node,
    },
    /// End the session for good; as for a move the driver closes the connection first.
    Leave,
}

/// A change of one's own record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// New information.
    Publish(Profile),
    /// No information any more.
    Delete,
    /// Another rule of sharing.
    Share(Rule),
    /// Other contacts.
    Contacts(std::collections::BTreeSet<u16>),
    /// The whole record anew, whatever it was before.
    Restate {
        /// The information, as if it was published now; none if there is none.
        profile: Option<Profile>,
        /// The rule of sharing.
        rule: Rule,
        /// The contacts.
        contacts: std::collections::BTreeSet<u16>,
    },
}

/// What happens to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A message arrives.
    Message {
        /// Who sent it.
        from: Node,
        /// The message.
        message: Wire,
    },
    /// The connection to a peer is lost: it was reset, or the peer is down. Which of the two the next input tells:
    /// [`Input::Made`] after a reset, [`Input::Reachable`] if the peer has begun anew behind a cut, else
    /// [`Input::Turn`], since the loss lasts. Until then the node chooses nothing.
    Lost {
        /// The peer.
        peer: Node,
    },
    /// A connection to a peer is made anew. A reset is [`Input::Lost`], then this.
    Made {
        /// The peer.
        peer: Node,
    },
    /// Communication server: a client has ended its session.
    Closed {
        /// The client.
        client: Node,
    },
    /// The path to a peer, which is up, is seen to be out of order, or whole again: a partition. A driver in virtual time
    /// tells at once, one on sockets when nothing has been heard for long. After [`Input::Lost`] it says that the peer is
    /// back, but out of reach; [`Input::Made`] says that all is well again.
    Reachable {
        /// The peer.
        peer: Node,
        /// Whether it can be reached.
        reachable: bool,
    },
    /// A timer that was armed runs out.
    Timer(Timer),
    /// Client: the user wants something.
    Command(Command),
    /// Query server: the work of the running task is done.
    Worked,
    /// Global server: the disk has done what [`Output::Store`] asked for, or could not.
    Stored {
        /// Whether it has: synced, so that it survives a crash.
        done: bool,
    },
    /// Control server: what a query server has reported last. Reports are advice and no part of the protocol: they may be
    /// late, lost or overtaken.
    Report {
        /// Who reports.
        from: Node,
        /// How many tasks of others it would take on.
        room: u32,
    },
    /// Control server: it gets the lease of this epoch.
    Lease {
        /// The epoch.
        epoch: u32,
    },
    /// Nothing: the chooser is asked, as after every other input. On datagram links, where a node that starts is told
    /// nothing, it is given one to begin its timers.
    Turn,
}

impl Input {
    /// Whether the input is the first half of something that only the next one tells: in a reset nobody counts as down, so
    /// that what a node would choose in between is not what it may choose.
    pub fn is_half(&self) -> bool {
        matches!(self, Input::Lost { .. })
    }
}

/// A timer of a node. Armed again, it starts anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// Client: no reply yet.
    Retry(RequestId),
    /// Datagram links: no answer from this peer yet.
    Resend(Node),
    /// Query server: the leader has been out of reach while this task was handed over.
    PullBack(RequestId),
    /// Communication server: the query server of this request is out of reach.
    Reroute(RequestId),
    /// Query server: it is time to see whether the queue is late.
    Delay,
    /// Global server: try the disk again.
    StoreAgain,
    /// Control server: what was reported of room may be too old to count.
    Report,
}

/// What a node asks of its disk, one thing at a time. All or nothing of it survives a crash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Store {
    /// Append these bytes to the file, and sync.
    Append(Vec<u8>),
    /// Put these bytes in the place of the whole file, and sync.
    Replace(Vec<u8>),
}

/// What a node does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// A step of the protocol that the node does of itself begins here: what follows belongs to it. What comes before the
    /// first belongs to the input. An Update of several revisions is taken one by one: each but the first begins with the
    /// step that delivers it.
    Step(Action),
    /// Send a message.
    Send {
        /// To whom.
        to: Node,
        /// The message.
        message: Wire,
    },
    /// Query server: tell a control server how many tasks of others it would take on. It is sent beside the protocol's
    /// messages, may be lost, and the driver gives it as [`Input::Report`] there.
    Report {
        /// To whom.
        to: Node,
        /// How many.
        room: u32,
    },
    /// An outcome that traces tell.
    Note(Note),
    /// Client: the user gets the reply to a request.
    Reply {
        /// The request.
        request: RequestId,
        /// What the user sees, or why there is nothing to see.
        reply: Result<Shown, Refused>,
    },
    /// Give [`Input::Timer`] after this time on the node's clock.
    Arm {
        /// The timer.
        timer: Timer,
        /// Microseconds from now.
        after_us: u64,
    },
    /// Forget a timer.
    Disarm(Timer),
    /// Query server: work on this task, and give [`Input::Worked`] when it is done.
    Work(Ask),
    /// Global server: the disk is to do this; until [`Input::Stored`] no other input is to be given but a crash. What a
    /// publish asks of an immediate disk is there at once, before what follows is carried out, and no [`Input::Stored`]
    /// comes of it: such a disk has no way to say that it could not, so one that can fail is not immediate.
    Store(Store),
}

/// The reply to a request as its user sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The revision that it reflects.
    pub revision: u32,
    /// For a query the version that published the information, 0 if there is none to be seen; for a change the version
    /// that it made.
    pub version: u32,
    /// The information asked for.
    pub info: Option<Arc<Info>>,
    /// What a search has found.
    pub found: Option<Arc<Page>>,
}

/// Why a request has no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The system has no room for it.
    Busy {
        /// After how long the user may ask anew.
        retry_after_us: u64,
    },
    /// It was never sent: the client has no session, waits for as much as it may, or the change is too large.
    NotAsked,
}

/// Something that a node may do next of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The step.
    pub action: Action,
    /// Whether it is time for it by the node's own reckoning. Most steps are due as soon as they are legal; those that a
    /// timer stands for are due when it has run out.
    pub due: bool,
    /// What the choice may go by. For an assignment the receiver's assigned load; for an offer the place in the order of
    /// what is handed over first, from 0; else 0.
    pub cost: u64,
}

/// Makes the choices that the protocol leaves open.
pub trait Chooser {
    /// Which candidate the node does next, by its place; none if it is to wait for its next input. Any answer is legal.
    fn choose(&mut self, candidates: &[Candidate]) -> Option<usize>;

    /// Whether the answer is none whatever the candidates, so that they need not be listed.
    fn declines(&self) -> bool {
        false
    }

    /// Whether it chooses nothing but what is due, so that what is not need not be listed.
    fn only_due(&self) -> bool {
        false
    }
}

/// What a node is given with each input.
pub struct Context<'a> {
    /// The node's clock, in microseconds. It may jump.
    pub now_us: u64,
    /// Who chooses.
    pub chooser: &'a mut dyn Chooser,
    /// For the random part of timers.
    pub random: &'a mut ChaCha8Rng,
    /// What the node does, in order; it appends.
    pub out: &'a mut Vec<Output>,
}

/// Chooses nothing: the node does what its input asks for, and waits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Never;

impl Chooser for Never {
    fn choose(&mut self, _candidates: &[Candidate]) -> Option<usize> {
        None
    }

    fn declines(&self) -> bool {
        true
    }
}

/// Chooses one given step once, if it is legal.
#[derive(Clone, Debug)]
pub struct Force {
    action: Option<Action>,
}

impl Force {
    /// Forces this step.
    pub fn new(action: Action) -> Force {
        Force { action: Some(action) }
    }

    /// Whether the step was legal, and so was done.
    pub fn was_done(&self) -> bool {
        self.action.is_none()
    }
}

impl Chooser for Force {
    fn choose(&mut self, candidates: &[Candidate]) -> Option<usize> {
        let wanted = self.action?;
        let place = candidates.iter().position(|candidate| candidate.action == wanted)?;
        self.action = None;
        Some(place)
    }

    fn declines(&self) -> bool {
        self.action.is_none()
    }
}
