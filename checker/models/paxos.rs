//! Single-decree paxos behind a register that clients write and read once each, as actors of stateright.
//!
//! The protocol is that of Lamport, *Paxos Made Simple* (ACM SIGACT News 32/4, 2001), every server being proposer, acceptor
//! and learner at once. A write opens a ballot; its server asks for promises, then for votes, and tells everybody what was
//! chosen. It counts itself without a message. A read is answered by a server that knows what was chosen, and by no other.
//!
//! What is kept and sent is what stateright's own example of that name keeps and sends, so that both have as many states:
//! see [`OF_3_CLIENTS`].

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use spillway_checker::{Actors, ActorsError};
use stateright::Expectation;
use stateright::actor::register::{RegisterActor, RegisterMsg};
use stateright::actor::{Actor, ActorModel, Envelope, Id, Network, Out, model_peers};
use stateright::semantics::LinearizabilityTester;
use stateright::semantics::register::Register;

pub const SERVERS: usize = 3;
/// Unique states, generated states, and depth, on a network that loses and repeats nothing and keeps no order.
pub const OF_2_CLIENTS: [u64; 3] = [16_668, 32_971, 21];
pub const OF_3_CLIENTS: [u64; 3] = [1_194_428, 2_420_477, 28];

/// Rounds are counted; within one, servers take turns by their ids.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Ballot {
    pub round: u32,
    pub proposer: Id,
}

/// What a client wants written.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Wish {
    pub request: u64,
    pub client: Id,
    pub value: char,
}

/// An acceptor's vote.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Vote {
    pub ballot: Ballot,
    pub wish: Wish,
}

/// What servers say to each other: 1a, 1b, 2a and 2b of the paper, and what was learnt.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Word {
    /// Take part in no earlier ballot.
    Ask(Ballot),
    /// So be it; and how the sender voted last.
    Promise(Ballot, Option<Vote>),
    /// Vote so.
    Propose(Vote),
    Voted(Ballot),
    Chosen(Vote),
}

pub type Msg = RegisterMsg<u64, char, Word>;

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct State {
    /// The latest ballot it has heard of.
    pub ballot: Ballot,
    /// Of the proposer: what it is to get chosen, and who answered.
    pub wish: Option<Wish>,
    pub promises: BTreeMap<Id, Option<Vote>>,
    pub votes: BTreeSet<Id>,
    /// Of the acceptor: its last vote.
    pub voted: Option<Vote>,
    /// Of the learner: whether that vote is what was chosen.
    pub knows: bool,
}

#[derive(Clone, Debug)]
pub struct Server {
    pub others: Vec<Id>,
}

impl Server {
    /// Whether so many have just become a majority.
    fn is_quorum(&self, answers: usize) -> bool {
        answers == self.others.len().div_ceil(2) + 1
    }

    fn tell_others(&self, word: Word, out: &mut Out<Self>) {
        out.broadcast(&self.others, &RegisterMsg::Internal(word));
    }

    /// Opens a ballot for a client's wish.
    fn begin(&self, own: Id, state: &mut State, wish: Wish, out: &mut Out<Self>) {
        state.wish = Some(wish);
        state.ballot = Ballot { round: state.ballot.round + 1, proposer: own };
        state.promises = BTreeMap::from([(own, state.voted)]);
        state.votes = BTreeSet::new();
        self.tell_others(Word::Ask(state.ballot), out);
    }

    /// Takes note of a promise. A majority of them is told what to vote for: if one of it has voted in an earlier ballot
    /// that may have been chosen, so it is the latest of such votes, and only without any the client's wish.
    fn promised(
        &self,
        own: Id,
        state: &mut State,
        from: Id,
        last: Option<Vote>,
        out: &mut Out<Self>,
    ) {
        state.promises.insert(from, last);
        if !self.is_quorum(state.promises.len()) {
            return;
        }
        let latest = state.promises.values().flatten().max();
        let wish = latest.map(|vote| vote.wish).or(state.wish);
        state.wish = wish;
        if let Some(wish) = wish {
            let vote = Vote { ballot: state.ballot, wish };
            state.voted = Some(vote);
            state.votes.insert(own);
            self.tell_others(Word::Propose(vote), out);
        }
    }

    /// Takes note of a vote. A majority of them has chosen.
    fn has_vote(&self, state: &mut State, from: Id, out: &mut Out<Self>) {
        state.votes.insert(from);
        if !self.is_quorum(state.votes.len()) {
            return;
        }
        state.knows = true;
        if let Some(wish) = state.wish {
            self.tell_others(Word::Chosen(Vote { ballot: state.ballot, wish }), out);
            out.send(wish.client, RegisterMsg::PutOk(wish.request));
        }
    }
}

impl Actor for Server {
    type Msg = Msg;
    type State = State;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _own: Id, _storage: &Option<()>, _out: &mut Out<Self>) -> State {
        State {
            ballot: Ballot { round: 0, proposer: Id::from(0) },
            wish: None,
            promises: BTreeMap::new(),
            votes: BTreeSet::new(),
            voted: None,
            knows: false,
        }
    }

    fn on_msg(&self, own: Id, state: &mut Cow<'_, State>, from: Id, msg: Msg, out: &mut Out<Self>) {
        if state.knows {
            // All that is left to do is to answer those who read.
            if let (RegisterMsg::Get(request), Some(vote)) = (msg, state.voted) {
                out.send(from, RegisterMsg::GetOk(request, vote.wish.value));
            }
            return;
        }
        match msg {
            RegisterMsg::Put(request, value) if state.wish.is_none() => {
                self.begin(own, state.to_mut(), Wish { request, client: from, value }, out);
            }
            RegisterMsg::Internal(Word::Ask(ballot)) if ballot > state.ballot => {
                state.to_mut().ballot = ballot;
                out.send(from, RegisterMsg::Internal(Word::Promise(ballot, state.voted)));
            }
            RegisterMsg::Internal(Word::Promise(ballot, last)) if ballot == state.ballot => {
                self.promised(own, state.to_mut(), from, last, out);
            }
            RegisterMsg::Internal(Word::Propose(vote)) if vote.ballot >= state.ballot => {
                let state = state.to_mut();
                state.ballot = vote.ballot;
                state.voted = Some(vote);
                out.send(from, RegisterMsg::Internal(Word::Voted(vote.ballot)));
            }
            RegisterMsg::Internal(Word::Voted(ballot)) if ballot == state.ballot => {
                self.has_vote(state.to_mut(), from, out);
            }
            RegisterMsg::Internal(Word::Chosen(vote)) => {
                let state = state.to_mut();
                state.ballot = vote.ballot;
                state.voted = Some(vote);
                state.knows = true;
            }
            _ => {}
        }
    }
}

pub const LINEARIZABLE: &str = "linearizable";
pub const CHOSEN: &str = "value chosen";

pub type History = LinearizabilityTester<Id, Register<char>>;
pub type Paxos = ActorModel<RegisterActor<Server>, (), History>;

/// Three servers, and so many clients that write once and then read.
pub fn paxos(clients: usize, network: Network<Msg>) -> Paxos {
    let server = |at| RegisterActor::Server(Server { others: model_peers(at, SERVERS) });
    let client = |_| RegisterActor::Client { put_count: 1, server_count: SERVERS };
    ActorModel::new((), LinearizabilityTester::new(Register(char::default())))
        .actors((0..SERVERS).map(server))
        .actors((0..clients).map(client))
        .init_network(network)
        .record_msg_in(RegisterMsg::record_returns)
        .record_msg_out(RegisterMsg::record_invocations)
        .property(Expectation::Always, LINEARIZABLE, |_, state| {
            state.history.serialized_history().is_some()
        })
        .property(Expectation::Sometimes, CHOSEN, |_, state| {
            state.network.iter_deliverable().any(is_read)
        })
}

/// The same, interned; each history and each envelope is judged once.
pub fn interned(model: Paxos) -> Result<Actors<RegisterActor<Server>, (), History>, ActorsError> {
    Actors::new(model)?
        .unbounded()
        .by_history(LINEARIZABLE, |(), history| history.serialized_history().is_some())?
        .by_any_envelope(CHOSEN, |(), envelope| is_read(envelope))
}

/// Whether this tells somebody a value that somebody wrote.
fn is_read(envelope: Envelope<&Msg>) -> bool {
    matches!(envelope.msg, RegisterMsg::GetOk(_, value) if *value != char::default())
}
