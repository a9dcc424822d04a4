//! `two-leaders`: both control servers act as leaders at a time, each with tasks in its ledger.
//!
//! The old one has not heard yet that it is superseded.

use spillway_model::rows::Entry;
use spillway_model::size::{Num, Size, Table};

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct TwoLeaders;

impl Sometimes for TwoLeaders {
    const NAME: &'static str = "two-leaders";
    const STATEMENT: &'static str =
        "both control servers act as leaders at a time, each with tasks in its ledger";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.protocol.control_servers().len() > 1
            && s.protocol.control_servers().all(|k| {
                let own = |e: Entry<S::Num>| e.control.get() == u32::from(k);
                s.protocol.leads(s.state, k) && s.state.ledger.position(own).is_some()
            })
    }
}
