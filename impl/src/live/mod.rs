//! The live system: the nodes on real sockets, with a real store, and chat clients in front.
//!
//! - [`host`]: the nodes of a process, their mail and timers; [`front`]: the stream of a chat client (RFC 6120), from bytes to
//!   stanzas; [`desk`]: what stanzas mean; [`store`]: what must not be lost. None of these has a socket or a clock.
//! - [`links`]: what processes say to each other; [`seats`]: where users are, if there are several communication servers.
//! - `teller`: what the nodes do, as lines of the files that `validate` takes; `trace_files` has them.
//! - [`metrics`]: what is counted meanwhile; `admin`: where that is to be got.
//! - `said`: what waits to be heeded, and what there is no time for.
//! - `server`, `door`, `connection`, `parting`, `operators`, `disk`, `tls`, `admin/listener`: sockets, time, the disk's thread.
//!   [`control`]: what an operator asks.
//! - [`open`] makes a [`Server`] of a data folder.

mod admin;
pub mod aside;
mod book;
mod connection;
pub mod control;
pub mod desk;
mod disk;
mod door;
pub mod front;
pub mod host;
mod joining;
pub mod keys;
pub mod links;
pub mod metrics;
mod open;
mod operators;
mod parting;
mod said;
pub mod seats;
mod server;
pub mod settings;
pub mod store;
mod teller;
mod timers;
mod tls;
mod trace_files;
mod wires;

pub use open::{
    Opening, Place, configuration, fill_random, open, open_accounts, shared_configuration,
};
pub use server::{Ended, Server};
