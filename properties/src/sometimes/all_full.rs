//! `all-full`: every query server is at its threshold or above, and one is above.
//!
//! Then no server may take anything over.

use spillway_model::size::Size;

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct AllFull;

impl Sometimes for AllFull {
    const NAME: &'static str = "all-full";
    const STATEMENT: &'static str =
        "every query server is at its threshold or above, and one is above";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        let load = |c: u16| s.state.load(c);
        let threshold = |c: u16| s.protocol.threshold(c);
        s.protocol.query_servers().all(|c| load(c) >= threshold(c))
            && s.protocol.query_servers().any(|c| load(c) > threshold(c))
    }
}
