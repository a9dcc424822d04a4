//! `durable-publish`: an acknowledged publish stays.
//!
//! *To a user*: once told that your information is stored, it is, whatever crashes. *Source*: "the global server,
//! which stores it". *Not promised*: that it is stored before the acknowledgement arrives, nor that every query
//! server has it. *Broken by*: `acknowledged-before-stored`, `stored-in-memory`, `older-stored`,
//! `acknowledged-before-flushed`, `duplicate-before-flushed`, `awaited-kept`.

use spillway_model::size::{Num, Size, Table};

use crate::judged::{Always, Situation};

/// See the module.
pub struct DurablePublish;

impl Always for DurablePublish {
    const NAME: &'static str = "durable-publish";
    const STATEMENT: &'static str = "once a publish is acknowledged, the global server's version for that user \
        is at least that one, ever after";

    fn holds_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.protocol.clients().all(|user| {
            let acknowledged = s.ghost.known.get(user.into()).acknowledged.get();
            s.state.stored(user).0 >= acknowledged
        })
    }

    fn is_untouched<S: Size>(before: &Situation<'_, S>, after: &Situation<'_, S>) -> bool {
        before.state.log == after.state.log && before.ghost.known == after.ghost.known
    }
}
