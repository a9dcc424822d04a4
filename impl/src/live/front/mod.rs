//! The server side of an XMPP client stream, from bytes to stanzas: a pure layer, so that every
//! dialogue with a client can be replayed in a test without a socket or a clock.

pub mod bind;
pub mod error;
pub mod get;
pub mod login;
pub mod names;
pub mod prep;
pub mod sasl;
pub mod scope;
pub mod scram;
pub mod stream;
pub mod token;
pub mod write;
pub mod xml;
