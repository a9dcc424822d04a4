//! `published-anew`: a query server holds what a user published after it had deleted everything.
//!
//! A deletion is no ban.

use spillway_model::size::{Num, Size, Table};

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct PublishedAnew;

impl Sometimes for PublishedAnew {
    const NAME: &'static str = "published-anew";
    const STATEMENT: &'static str =
        "a query server holds what a user published after it had deleted everything";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        let users = s.protocol.clients().len();
        s.state.replicas.iter().enumerate().any(|(cell, row)| {
            let (user, held) = ((cell % users) as u16, row.version.get());
            let stored = s.state.log.iter().filter(|r| r.user.get() == u32::from(user));
            let older = stored.map(|r| r.version.get()).filter(|version| *version < held);
            s.protocol.document(user, held).data > 0
                && older.clone().any(|version| s.protocol.is_deletion(user, version))
        })
    }
}
