//! A toy protocol that is not Spillway's, and arbitrary Spillway traces, for the tests of this crate.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)] // each test file uses its part

use std::collections::VecDeque;
use std::fmt;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use spillway_traces::spillway::{Action as Step, Message, Note};
use spillway_traces::{
    Event, HandOver, Header, Machine, Node, Observed, Refusal, RequestId, Sent, Sessions, Source,
    Spillway, Trace, Verdict, View, Vocabulary, nearest,
};

/// Who plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Player {
    Ping,
    Pong,
}

impl fmt::Display for Player {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Player::Ping { "ping" } else { "pong" })
    }
}

/// What they do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Move {
    /// Ping puts a ball into play.
    Serve,
    /// A player hits the ball that comes from the other.
    Return { from: Player, to: Player },
    /// A player rests.
    Rest { player: Player },
    /// Wind blows away what flies to this player.
    Wind { to: Player },
}

impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Move::Serve => write!(f, "ping serves"),
            Move::Return { from, to } => write!(f, "{to} returns the ball of {from}"),
            Move::Rest { player } => write!(f, "{player} rests"),
            Move::Wind { to } => write!(f, "wind blows at {to}"),
        }
    }
}

/// How often it was hit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ball {
    pub hits: u32,
}

impl fmt::Display for Ball {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ball #{}; spin <{}>", self.hits, self.hits % 2)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct PingPong;

impl Vocabulary for PingPong {
    type Node = Player;
    type Action = Move;
    type Message = Ball;
    type Note = String;
    const NAME: &'static str = "ping-pong";
    const ACTIONS: &'static [&'static str] = &["serve", "return", "rest", "wind"];

    fn node(action: &Move) -> Player {
        match *action {
            Move::Serve => Player::Ping,
            Move::Return { to, .. } | Move::Wind { to } => to,
            Move::Rest { player } => player,
        }
    }
    fn delivers(action: &Move) -> Option<(Player, Player)> {
        match *action {
            Move::Return { from, to } => Some((from, to)),
            _ => None,
        }
    }
    fn is_fault(action: &Move) -> bool {
        matches!(action, Move::Wind { .. })
    }
}

/// The table: balls flying to pong and to ping. `forgetful` seeds a bug: a ball keeps its count.
#[derive(Clone, Debug, Default)]
pub struct Table {
    pub to_pong: VecDeque<u32>,
    pub to_ping: VecDeque<u32>,
    pub rests: u32,
    pub forgetful: bool,
}

/// The most balls in play.
pub const BALLS_MAX: usize = 3;

impl Table {
    fn flying_to(&mut self, to: Player) -> &mut VecDeque<u32> {
        if to == Player::Ping { &mut self.to_ping } else { &mut self.to_pong }
    }

    fn hit(&mut self, from: Player, hits: u32) -> Vec<Sent<PingPong>> {
        let to = other(from);
        self.flying_to(to).push_back(hits);
        vec![Sent { from, to, message: Ball { hits } }]
    }
}

pub fn other(player: Player) -> Player {
    if player == Player::Ping { Player::Pong } else { Player::Ping }
}

impl Machine<PingPong> for Table {
    fn step(&mut self, action: &Move) -> Result<Observed<PingPong>, Refusal> {
        let mut observed = Observed::default();
        match *action {
            Move::Serve => {
                let balls = self.to_pong.len() + self.to_ping.len();
                if balls >= BALLS_MAX {
                    return Err(Refusal {
                        guard: "few-balls",
                        reason: format!("{balls} balls are in play"),
                        nearest: nearest::<PingPong>(action, [THERE]),
                    });
                }
                observed.sent = self.hit(Player::Ping, 1);
            }
            Move::Return { from, to } => {
                let Some(hits) = self.flying_to(to).pop_front().filter(|_| from != to) else {
                    let reason = format!("no ball flies to {to}");
                    return Err(Refusal { guard: "ball-there", reason, nearest: None });
                };
                observed.took = Some(Ball { hits });
                observed.sent = self.hit(to, if self.forgetful { hits } else { hits + 1 });
                observed.notes = vec![format!("hit {hits}")];
            }
            Move::Rest { .. } => self.rests += 1,
            Move::Wind { to } => {
                let from = other(to);
                let lost = self.flying_to(to).drain(..);
                let sent = lost.map(|hits| Sent { from, to, message: Ball { hits } });
                observed.lost = sent.collect();
            }
        }
        Ok(observed)
    }

    fn view(&self) -> View<PingPong> {
        let mut view = View::<PingPong>::new();
        for (player, balls) in [(Player::Ping, &self.to_ping), (Player::Pong, &self.to_pong)] {
            if !balls.is_empty() {
                view.entry(player).or_default().insert("incoming", format!("{balls:?}"));
            }
        }
        if self.rests > 0 {
            view.entry(Player::Ping).or_default().insert("rests", self.rests.to_string());
        }
        view
    }

    fn broken(&self) -> Vec<&'static str> {
        let long = self.to_ping.iter().chain(&self.to_pong).any(|hits| *hits > 3);
        let crowded = self.to_pong.len() > 1;
        let broken = [("short-rallies", long), ("one-ball", crowded)];
        broken.into_iter().filter(|(_, is)| *is).map(|(name, _)| name).collect()
    }
}

/// Pong returns.
pub const THERE: Move = Move::Return { from: Player::Ping, to: Player::Pong };
/// Ping returns.
pub const BACK: Move = Move::Return { from: Player::Pong, to: Player::Ping };
/// The wind takes what flies to pong.
pub const WIND: Move = Move::Wind { to: Player::Pong };

pub fn header() -> Header {
    Header::new::<PingPong>(Source::Model, 7, json!({ "balls": 3, "a": [1, { "c": 2, "b": -1 }] }))
}

/// A whole trace of these moves.
pub fn play(moves: &[Move]) -> Trace<PingPong> {
    let events = spillway_traces::record(&mut Table::default(), moves).unwrap();
    Trace::new(header(), events).finish(Verdict::Violated, Some("short-rallies")).unwrap()
}

/// A rally with everything in it: hits, a pause, a fault with a loss, a ball that stays in flight.
pub fn rally() -> Trace<PingPong> {
    let rest = Move::Rest { player: Player::Pong };
    play(&[Move::Serve, THERE, rest, BACK, WIND, Move::Serve, THERE])
}

prop_compose! {
    fn hand_over()(source in node(), incarnation: u32, sequence: u32) -> HandOver {
        HandOver { source, incarnation, sequence }
    }
}

pub fn node() -> impl Strategy<Value = Node> {
    use spillway_traces::Role;
    let index = prop_oneof![0u16..4, 0..=spillway_traces::ids::NODE_INDEX_MAX];
    (prop::sample::select(Role::ALL.to_vec()), index).prop_map(|(role, index)| Node { role, index })
}

fn request() -> impl Strategy<Value = RequestId> {
    any::<u64>().prop_map(RequestId)
}

fn step() -> impl Strategy<Value = Step> {
    let (n, r) = (node, request);
    prop_oneof![
        (n(), r()).prop_map(|(client, request)| Step::Issue { client, request }),
        (n(), r()).prop_map(|(client, request)| Step::Retry { client, request }),
        (n(), n()).prop_map(|(from, to)| Step::Deliver { from, to }),
        (n(), r(), n()).prop_map(|(server, request, to)| Step::Route { server, request, to }),
        (n(), r()).prop_map(|(server, request)| Step::Start { server, request }),
        (n(), r()).prop_map(|(server, request)| Step::Serve { server, request }),
        (n(), r()).prop_map(|(server, request)| Step::Offer { server, request }),
        (n(), r(), n(), n()).prop_map(|(source, request, to, by)| Step::Assign {
            source,
            request,
            to,
            by
        }),
        n().prop_map(|server| Step::Sync { server }),
        n().prop_map(|node| Step::Crash { node }),
        (n(), n()).prop_map(|(a, b)| Step::Reset { a, b }),
        later_step(),
    ]
}

/// The steps that the vocabulary grew by.
fn later_step() -> impl Strategy<Value = Step> {
    let (n, r) = (node, request);
    let between = (0..6usize, n(), n()).prop_map(|(kind, from, to)| match kind {
        0 => Step::Cut { from, to },
        1 => Step::Heal { from, to },
        2 => Step::Resend { from, to },
        3 => Step::Drop { from, to },
        4 => Step::Duplicate { from, to },
        _ => Step::Reorder { from, to },
    });
    prop_oneof![
        (n(), n()).prop_map(|(client, to)| Step::Move { client, to }),
        n().prop_map(|client| Step::Leave { client }),
        (n(), r()).prop_map(|(client, request)| Step::Cancel { client, request }),
        n().prop_map(|node| Step::Stop { node }),
        n().prop_map(|node| Step::Restart { node }),
        (n(), r()).prop_map(|(server, request)| Step::PullBack { server, request }),
        (n(), r(), n()).prop_map(|(source, request, by)| Step::GiveBack { source, request, by }),
        n().prop_map(|to| Step::Lease { to }),
        n().prop_map(|server| Step::Slow { server }),
        n().prop_map(|server| Step::Calm { server }),
        Just(Step::Compact {}),
        Just(Step::Flush {}),
        between,
    ]
}

fn message() -> impl Strategy<Value = Message> {
    let (r, h) = (request, hand_over);
    prop_oneof![
        (r(), any::<u32>()).prop_map(|(request, token)| Message::Request { request, token }),
        (r(), any::<u32>(), any::<u32>()).prop_map(|(request, revision, version)| {
            Message::Answer { request, revision, version }
        }),
        r().prop_map(|request| Message::Busy { request }),
        any::<u32>().prop_map(|applied| Message::Hello { applied }),
        any::<[u32; 3]>()
            .prop_map(|[revision, user, version]| { Message::Update { revision, user, version } }),
        (r(), any::<u32>(), h(), sessions()).prop_map(|(request, token, hand_over, sessions)| {
            Message::Offer { request, token, hand_over, sessions }
        }),
        (r(), h(), 0..3u32, sessions()).prop_map(|(request, hand_over, epoch, sessions)| {
            Message::Assign { request, token: 1, hand_over, sessions, epoch }
        }),
        (r(), h(), 0..3u32).prop_map(|(request, hand_over, epoch)| {
            Message::Return { request, hand_over, epoch }
        }),
        (r(), h()).prop_map(|(request, hand_over)| Message::Withdraw { request, hand_over }),
        any::<u32>().prop_map(|revision| Message::Snapshot { revision }),
        any::<u32>().prop_map(|epoch| Message::Lead { epoch }),
    ]
}

fn sessions() -> impl Strategy<Value = Sessions> {
    any::<u32>().prop_map(Sessions::from_bits)
}

fn note() -> impl Strategy<Value = Note> {
    prop_oneof![
        (request(), any::<u32>())
            .prop_map(|(request, version)| { Note::Given { request, revision: 1, version } }),
        request().prop_map(|request| Note::Queued { request }),
        Just(Note::Dropped),
    ]
}

fn mail() -> impl Strategy<Value = Vec<Sent<Spillway>>> {
    let sent =
        (node(), node(), message()).prop_map(|(from, to, message)| Sent { from, to, message });
    prop::collection::vec(sent, 0..3)
}

fn observed() -> impl Strategy<Value = Observed<Spillway>> {
    let notes = prop::collection::vec(note(), 0..3);
    let state = prop::option::of("[0-9a-f]{16}");
    (prop::option::of(message()), mail(), mail(), notes, state).prop_map(
        |(took, sent, lost, notes, state)| Observed {
            took,
            sent,
            lost,
            notes,
            state,
            assumed: false,
        },
    )
}

/// JSON without floats, keys of every kind included.
pub fn scope() -> impl Strategy<Value = Value> {
    let key = prop_oneof!["[a-z_]{0,6}", Just("#bigint".to_owned()), ".{0,3}"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Any Spillway trace that the format allows, whether or not any machine would.
pub fn spillway_trace() -> impl Strategy<Value = Trace<Spillway>> {
    let cause = prop::option::of(any::<u64>());
    let events = prop::collection::vec((step(), any::<u64>(), cause, observed()), 0..12);
    let end = prop::option::of(prop::option::of(".{0,12}"));
    let mutant = prop::option::of(".{0,12}");
    (scope(), any::<u64>(), mutant, events, end).prop_map(|(scope, seed, mutant, events, end)| {
        let mut header = Header::new::<Spillway>(Source::Simulator, seed, scope);
        header.mutant = mutant;
        let mut events = events;
        let mut times: Vec<u64> = events.iter().map(|(_, time, ..)| *time).collect();
        times.sort_unstable();
        events.iter_mut().zip(times).for_each(|(event, time)| event.1 = time);
        let events =
            events.into_iter().zip(0u64..).map(|((action, time, cause, observed), index)| {
                let cause = cause.and_then(|cause| cause.checked_rem(index));
                Event { index, time, node: action.node(), action, cause, observed }
            });
        let trace = Trace::new(header, events.collect());
        match end {
            Some(property) => trace.finish(Verdict::Holds, property.as_deref()).unwrap(),
            None => trace,
        }
    })
}
