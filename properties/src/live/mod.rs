//! From what live nodes have written, a file each, to one trace that the model can follow.
//!
//! The files say what each node did, in its own order. [`merge()`] finds an order of all of it in which every message is
//! taken after it was sent; `names` gives everything the numbers that a scope has for it.
//!
//! What nobody could see is put in, marked as assumed: that a node stopped, that a link was cut by that, and healed. In the
//! model all peers of a node notice at once that it has stopped. Live nodes notice one after the other, but whoever has
//! noticed tells it ahead of all else that it says (`impl/src/live/news.rs`), so that there is an order in which it could
//! have been at once; files that leave none are refused.

mod heads;
mod merge;
mod names;

pub use merge::{Merged, Place, Trouble, merge};
