//! The shared language of Spillway: ids, actions, messages and the trace file, and what is done with a trace:
//! record, write, read, replay, shrink, show, exchange.
//!
//! Everything but [`ids`] and [`spillway`] is generic over a [`Vocabulary`], so that any protocol can use it.
//! A protocol brings its words (a [`Vocabulary`]) and something that performs its actions (a [`Machine`]):
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use spillway_traces::{Header, Machine, Observed, Refusal, Sent, Source, Trace, Verdict, View, Vocabulary};
//! use spillway_traces::{record, replay};
//! use std::fmt;
//!
//! #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
//! #[serde(rename_all = "kebab-case")]
//! enum Player { Ping, Pong }
//!
//! #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
//! #[serde(rename_all = "kebab-case")]
//! enum Move { Serve, Return { from: Player, to: Player } }
//!
//! #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
//! struct Ball(u32);
//!
//! # impl fmt::Display for Player {
//! #     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{self:?}") }
//! # }
//! # impl fmt::Display for Move {
//! #     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{self:?}") }
//! # }
//! # impl fmt::Display for Ball {
//! #     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "ball {}", self.0) }
//! # }
//! #[derive(Clone, Debug, PartialEq)]
//! struct PingPong;
//!
//! impl Vocabulary for PingPong {
//!     type Node = Player;
//!     type Action = Move;
//!     type Message = Ball;
//!     type Note = String;
//!     const NAME: &'static str = "ping-pong";
//!     const ACTIONS: &'static [&'static str] = &["serve", "return"];
//!
//!     fn node(action: &Move) -> Player {
//!         match *action { Move::Serve => Player::Ping, Move::Return { to, .. } => to }
//!     }
//!     fn delivers(action: &Move) -> Option<(Player, Player)> {
//!         match *action { Move::Serve => None, Move::Return { from, to } => Some((from, to)) }
//!     }
//!     fn is_fault(_: &Move) -> bool { false }
//! }
//!
//! /// The ball in flight, if there is one: from whom, to whom, how often hit.
//! #[derive(Default)]
//! struct Table { ball: Option<(Player, Player, u32)> }
//!
//! impl Machine<PingPong> for Table {
//!     fn step(&mut self, action: &Move) -> Result<Observed<PingPong>, Refusal> {
//!         let refusal = |guard, reason: &str| Refusal { guard, reason: reason.into(), nearest: None };
//!         let hit = |from, to, count| vec![Sent { from, to, message: Ball(count) }];
//!         match (action, self.ball) {
//!             (Move::Serve, None) => {
//!                 self.ball = Some((Player::Ping, Player::Pong, 1));
//!                 Ok(Observed { sent: hit(Player::Ping, Player::Pong, 1), ..Observed::default() })
//!             }
//!             (Move::Return { from, to }, Some((f, t, count))) if (*from, *to) == (f, t) => {
//!                 self.ball = Some((t, f, count + 1));
//!                 let took = Some(Ball(count));
//!                 Ok(Observed { took, sent: hit(t, f, count + 1), ..Observed::default() })
//!             }
//!             (Move::Serve, Some(_)) => Err(refusal("one-ball", "a ball is already in flight")),
//!             (Move::Return { .. }, _) => Err(refusal("ball-there", "no ball flies that way")),
//!         }
//!     }
//!     fn view(&self) -> View<PingPong> { View::<PingPong>::new() }
//! }
//!
//! // Record what a machine does, and write it down.
//! let back = |from, to| Move::Return { from, to };
//! let actions = [Move::Serve, back(Player::Ping, Player::Pong), back(Player::Pong, Player::Ping)];
//! let events = record(&mut Table::default(), &actions).map_err(|(_, refusal)| refusal)?;
//! assert_eq!(events[2].cause, Some(1), "the ball that ping returns was hit in event 1");
//! let header = Header::new::<PingPong>(Source::Model, 0, serde_json::json!({ "balls": 1 }));
//! let trace = Trace::new(header, events).finish(Verdict::Holds, None)?;
//! let bytes = trace.to_bytes()?;
//!
//! // Read it back, and run it again.
//! let read = Trace::<PingPong>::from_bytes(&bytes)?;
//! assert_eq!(read, trace);
//! let replayed = replay(&read, &mut Table::default());
//! assert!(replayed.matched(), "{replayed}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Which module does what
//!
//! | module | does |
//! |---|---|
//! | [`vocabulary`], [`machine`], [`event`] | what a protocol brings, and one step of a run |
//! | [`file`](mod@file), [`reader`], [`writer`], [`error`] | the trace file, strictly read and never overwritten |
//! | [`record`](mod@record), [`replay`](mod@replay), [`shrink`](mod@shrink) | from actions to a trace, back, and smaller |
//! | [`validate`](mod@validate) | whether a system accepts what another has done, hidden steps included |
//! | [`nearest`](mod@nearest) | the nearest step allowed where one was refused, and how it differs |
//! | [`show`] | text, Mermaid, SVG, ShiViz, Perfetto, and a page of HTML to step through |
//! | [`itf`] | Apalache's and Quint's trace format, both ways |
//! | [`ids`], [`spillway`] | Spillway's own words |

pub mod error;
pub mod event;
pub mod file;
mod flight;
pub mod ids;
pub mod itf;
pub mod live;
pub mod machine;
pub mod nearest;
pub mod reader;
pub mod record;
mod renamed;
pub mod replay;
pub mod show;
pub mod shrink;
pub mod spillway;
mod strict;
pub mod validate;
pub mod vocabulary;
pub mod writer;

pub use error::{TraceError, WriteError};
pub use event::{Event, Observed, Sent};
pub use file::{End, Expect, Header, Source, Trace, Verdict};
pub use ids::{HandOver, Node, RequestId, Role, Sessions};
pub use itf::{ItfError, from_itf, to_itf};
pub use machine::{Machine, Refusal, View};
pub use nearest::{Nearest, nearest};
pub use reader::Reader;
pub use record::{Recorder, record};
pub use replay::{Outcome, Replayed, replay};
pub use show::{Remarks, show_html, show_mermaid, show_perfetto, show_shiviz, show_svg, show_text};
pub use shrink::{Attempt, Shrunk, leave_out, shrink};
pub use spillway::{Action, Message, Note, Spillway};
pub use validate::{Acceptor, Bounds, Judgement, Validated, validate};
pub use vocabulary::{Disturbance, Vocabulary};
pub use writer::Writer;
