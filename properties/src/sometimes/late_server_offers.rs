//! `late-server-offers`: a server whose queue is too slow has handed a task over.
//!
//! Here the threshold is one of delay.

use spillway_model::size::{Num, Size, Table};

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct LateServerOffers;

impl Sometimes for LateServerOffers {
    const NAME: &'static str = "late-server-offers";
    const STATEMENT: &'static str = "a server whose queue is too slow has handed a task over";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.state.handed.iter().any(|h| s.state.servers.get(h.server.get() as usize).late.get() != 0)
    }
}
