//! The shared language of Spillway: ids, actions, messages and the trace file.

pub mod event;
pub mod ids;
pub mod machine;
pub mod spillway;
pub mod vocabulary;

pub use event::{Event, Observed, Sent};
pub use ids::{HandOver, Node, RequestId, Role};
pub use machine::{Machine, Refusal, View};
pub use spillway::{Action, Message, Note, Spillway};
pub use vocabulary::Vocabulary;
