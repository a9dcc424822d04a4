//! `overtaken-to-the-bound`: a task was overtaken as often as the scope allows, while a more urgent one is ready.
//!
//! Its turn has come, before all classes.

use spillway_model::rows::Task;
use spillway_model::size::{Num, Size, Table};

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct OvertakenToTheBound;

impl Sometimes for OvertakenToTheBound {
    const NAME: &'static str = "overtaken-to-the-bound";
    const STATEMENT: &'static str =
        "a task was overtaken as often as the scope allows, while a more urgent one is ready";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        let bound = s.protocol.scope().knobs.overtaken_max;
        let ready = |t: &Task<S::Num>| {
            !t.is_running() && t.token <= s.state.servers.get(t.server.get() as usize).applied
        };
        let class = |t: &Task<S::Num>| s.protocol.class(t.request);
        let due = |t: &Task<S::Num>| ready(t) && t.overtaken.get() == bound;
        bound > 0
            && s.state.queue.iter().filter(due).any(|old| {
                let urgent =
                    |t: &Task<S::Num>| t.server == old.server && ready(t) && class(t) < class(&old);
                s.state.queue.iter().any(|t| urgent(&t))
            })
    }
}
