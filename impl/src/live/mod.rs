//! The live system: the nodes on real sockets, with a real store, and chat clients in front.
//!
//! - [`host`]: the nodes of a process, their mail and timers; [`front`]: the stream of a chat client (RFC 6120), from bytes to
//!   stanzas; [`desk`]: what stanzas mean; [`store`]: what must not be lost. None of these has a socket or a clock.
//! - `server`, `door`, `connection`, `operators`, `disk`, `tls`: sockets, time, the disk's thread. [`control`]: what an operator asks.
//! - [`open`] makes a [`Server`] of a data folder.

mod connection;
pub mod control;
pub mod desk;
mod disk;
mod door;
pub mod front;
pub mod host;
mod open;
mod operators;
mod server;
pub mod store;
mod timers;
mod tls;

pub use open::{Opening, fill_random, open, open_accounts};
pub use server::Server;
