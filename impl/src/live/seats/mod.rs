//! Where users have their seats, if there are several communication servers: each has one at most, and there are its client, its
//! roster and all of its sessions, whichever server they come in at. No sockets, no clock.
//!
//! - [`claims`]: what the global server keeps of it. [`whereabouts`]: what a communication server knows of it.
//!   [`parcel`]: what communication servers say to each other.

pub mod claims;
pub mod parcel;
pub mod whereabouts;

pub use claims::{Claim, Claims};
pub use parcel::Parcel;
pub use whereabouts::Whereabouts;
