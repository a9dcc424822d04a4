//! Links between processes: what they say to each other, and what each knows of who is alive. No sockets, no clock.
//!
//! - [`frame`]: what is said, as bytes. [`news`]: who is alive, and which links are made. [`neighbours`]: the connections.
//!   `table`: what may be said to whom. [`asides`]: questions beside the protocol. [`between`]: what communication servers say
//!   to each other.

pub mod asides;
pub mod between;
pub mod frame;
pub mod neighbours;
pub mod news;
mod table;

pub use asides::Asides;
pub use between::Between;
pub use frame::{Aside, Frame, Frames};
pub use neighbours::{Deed, Neighbours};
pub use news::{Fact, News};
