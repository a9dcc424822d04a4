//! `revocation-spreads`: one query server would still show a client what another hides from it already.
//!
//! The rule travels as the information does, and reaches one replica before the other.

use spillway_model::size::{Num, Size, Table};

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct RevocationSpreads;

impl Sometimes for RevocationSpreads {
    const NAME: &'static str = "revocation-spreads";
    const STATEMENT: &'static str =
        "one query server would still show a client what another hides from it already";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        let users = s.protocol.clients();
        let shown = |server: u16, user: u16, asker: u16| {
            let cell = usize::from(server) * users.len() + usize::from(user);
            let held = s.state.replicas.get(cell).version.get();
            let document = s.protocol.document(user, held);
            (held, document.data, document.is_shared_with(user, asker))
        };
        let servers = s.protocol.query_servers();
        let hides = |c: u16, d: u16, user: u16, asker: u16| {
            let (old, new) = (shown(c, user, asker), shown(d, user, asker));
            old.0 < new.0 && old.1 > 0 && old.2 && !new.2
        };
        let pairs = servers.clone().flat_map(|c| servers.clone().map(move |d| (c, d)));
        let mut askers =
            users.clone().flat_map(|user| users.clone().map(move |asker| (user, asker)));
        askers.any(|(user, asker)| pairs.clone().any(|(c, d)| hides(c, d, user, asker)))
    }
}
