//! `loads-differ`: a task is to be assigned, and two servers that may take it have different loads.
//!
//! Here a strategy that goes by load has something to decide.

use spillway_model::rows::Entry;
use spillway_model::size::{Num, Size, Table};

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct LoadsDiffer;

impl Sometimes for LoadsDiffer {
    const NAME: &'static str = "loads-differ";
    const STATEMENT: &'static str =
        "a task is to be assigned, and two servers that may take it have different loads";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        let load = |e: Entry<S::Num>, server: u16| {
            s.state
                .ledger
                .count(|other| other.control == e.control && other.assignee() == Some(server))
        };
        s.state.ledger.iter().filter(|e| e.assignee().is_none()).any(|e| {
            let able = |c: &u16| u32::from(*c) != e.source.get() && !e.was_refused_by(*c);
            let mut loads = s.protocol.query_servers().filter(able).map(|c| load(e, c));
            let first = loads.next();
            loads.any(|load| Some(load) != first)
        })
    }
}
