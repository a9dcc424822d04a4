//! The admin port: metrics, health and a status page over HTTP, for whoever operates the server, on its own machine.
//!
//! - `request` and `response`: as much of HTTP/1.1 as that takes, from bytes and to bytes. `routes`: what is there to be
//!   got. `health`: whether all is well. `status`: what the page is told each second. None of these has a socket or a clock.
//! - `listener`: sockets, beside the server's loop, which a client here never stops.

mod health;
mod listener;
mod request;
mod response;
mod routes;
mod status;

pub(super) use health::Health;
pub(super) use listener::{Listener, PEERS_MAX};
pub(super) use routes::{Status, respond};
