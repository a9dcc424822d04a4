//! Explores any [`stateright::Model`], level by level, and judges its properties.
//!
//! **The same whatever the number of threads**: counts, verdicts, and the paths that show them, for runs that are complete or
//! bounded by depth or states. A path is a shortest one, and of those the least by the places of its actions in the model's
//! lists: what breadth-first search on one thread finds first.
//!
//! ```
//! use spillway_checker::{Checker, Verdict};
//! use stateright::{Model, Property};
//!
//! /// A jug of three litres and one of five: are there ever four litres in one?
//! struct Jugs;
//!
//! #[derive(Clone, Copy, Debug, PartialEq)]
//! enum Pour { FillA, FillB, EmptyA, EmptyB, AToB, BToA }
//!
//! impl Model for Jugs {
//!     type State = (u8, u8);
//!     type Action = Pour;
//!     fn init_states(&self) -> Vec<(u8, u8)> {
//!         vec![(0, 0)]
//!     }
//!     fn actions(&self, _: &(u8, u8), actions: &mut Vec<Pour>) {
//!         actions.extend([Pour::FillA, Pour::FillB, Pour::EmptyA, Pour::EmptyB, Pour::AToB, Pour::BToA]);
//!     }
//!     fn next_state(&self, &(a, b): &(u8, u8), action: Pour) -> Option<(u8, u8)> {
//!         let (to_b, to_a) = (a.min(5 - b), b.min(3 - a));
//!         Some(match action {
//!             Pour::FillA => (3, b),
//!             Pour::FillB => (a, 5),
//!             Pour::EmptyA => (0, b),
//!             Pour::EmptyB => (a, 0),
//!             Pour::AToB => (a - to_b, b + to_b),
//!             Pour::BToA => (a + to_a, b - to_a),
//!         })
//!     }
//!     fn properties(&self) -> Vec<Property<Self>> {
//!         vec![Property::sometimes("four litres", |_, &(_, b)| b == 4)]
//!     }
//! }
//!
//! let report = Checker::new(Jugs).threads(2).run()?;
//! assert_eq!((report.unique_states, report.generated_states), (16, 97));
//! assert_eq!(report.verdict("four litres"), Some(Verdict::Reached));
//! let path = report.discovery("four litres").expect("it is reached");
//! assert_eq!(path.into_actions().len(), 6);
//! # Ok::<(), spillway_checker::Error>(())
//! ```
//!
//! States are counted as stateright's breadth-first search counts them where it does not stop early: initial states included,
//! those outside of the boundary not. (It stops once every property is decided, and explores nothing if there is none; this
//! one goes on to the end unless [`Checker::until`] says otherwise.) `always` and `sometimes` are judged; `eventually` is
//! reported as inconclusive.
//!
//! A model that implements [`Pack`] is explored in less memory and, when states are large, faster: [`Checker::packed`].
//!
//! What bounds a run is refused rather than suffered: time, memory, states, depth, a full disk and an interruption end it with
//! a report of what was covered. How it works is in the modules' first lines: `table.rs`, `worker.rs`, `parents.rs`.

mod actors;
mod births;
mod checker;
mod code;
mod form;
mod hash;
mod level;
mod lost;
mod memory;
mod parents;
mod path;
mod pool;
mod progress;
mod recent;
mod report;
mod run;
mod shared;
mod spill;
mod table;
mod task;
mod visited;
mod worker;

pub use actors::{Actors, ActorsAction, ActorsError, ActorsPacking, ActorsState};
pub use checker::{Checker, Error, THREADS_MAX, Until};
pub use code::Code;
pub use form::{Pack, Packing};
pub use hash::{StableHasher, fingerprint};
pub use progress::{Estimate, Go, Progress};
pub use report::{DEADLOCK, Judged, PANIC, Panicked, Report, Stop, Verdict};
pub use table::{FingerprintSet, Inserted};
