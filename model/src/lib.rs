//! The Spillway protocol as a [`stateright::Model`]: clients, communication servers, query servers, the global and
//! the control server, at the level of messages on links, with every choice open that the guarantees leave open.
//!
//! [`PROTOCOL.md`](https://docs.rs/crate/spillway-model/latest/source/PROTOCOL.md) specifies it: messages, state, rules,
//! and for each rule the seeded bug ([`Mutant`]) that shows why it is needed. The source is the patent family
//! CN102209051B, WO2012159535.
//!
//! - [`Scope`] says what is explored: nodes, requests, knobs, faults. It is read from a TOML file.
//! - [`Protocol`] is the protocol of a scope: its actions, its steps, its guards.
//! - [`State`] is the joint state of nodes and links, over a [`Size`]: [`Fixed`] for exploration, [`Growable`] for
//!   runs of any length. The rules are written once, over both.
//! - [`ModelMachine`] replays traces.
//!
//! The model judges nothing: the guarantees are in `spillway-properties`, which wraps it.
//!
//! ```
//! use spillway_model::{Fixed, Protocol, Scope};
//! use stateright::Model;
//!
//! let scope = Scope::parse("tiny.toml", r#"
//!     name = "tiny"
//!     about = "One client asks for its own information."
//!     [nodes]
//!     clients = 1
//!     query-servers = 2
//!     [knobs]
//!     threshold = 1
//!     [[request]]
//!     client = 0
//!     kind = "query"
//!     user = 0
//!     class = "interactive"
//!     home = 0
//! "#, &[])?;
//! let protocol = Protocol::<Fixed<16, 6, 4, 8>>::new(scope, None);
//!
//! // Without a choice or a fault there is one run: issue, two hops, start, serve, two hops back.
//! let mut state = protocol.initial();
//! let (mut actions, mut steps) = (Vec::new(), 0);
//! loop {
//!     protocol.actions(&state, &mut actions);
//!     let Some(action) = actions.pop() else { break };
//!     assert!(actions.is_empty(), "{action} is the only step");
//!     state = protocol.next_state(&state, action).expect("an action of the state applies");
//!     steps += 1;
//! }
//! assert_eq!(steps, 7);
//! # Ok::<(), spillway_model::scope::ScopeError>(())
//! ```

pub mod actions;
pub mod datagram;
pub mod document;
pub mod explore;
pub mod guards;
pub mod log;
mod machine;
pub mod mutant;
pub mod outage;
pub mod pack;
pub mod protocol;
pub mod rows;
mod rules;
pub mod scope;
pub mod sessions;
pub mod size;
pub mod state;
pub mod step;
mod strategy;
pub mod universe;
pub mod view;
pub mod wire;

pub use document::Document;
pub use guards::Guard;
pub use machine::ModelMachine;
pub use mutant::Mutant;
pub use protocol::{Planned, Protocol};
pub use scope::{Class, Scope};
pub use size::{Fixed, Growable, Size};
pub use state::{Budget, Full, State};
pub use universe::universe;
