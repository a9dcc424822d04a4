//! `classes-compete`: the control server holds unassigned tasks of two classes.
//!
//! Only then does priority mean anything there.

use spillway_model::size::{Size, Table};

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct ClassesCompete;

impl Sometimes for ClassesCompete {
    const NAME: &'static str = "classes-compete";
    const STATEMENT: &'static str = "the control server holds unassigned tasks of two classes";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        let held = || s.state.ledger.iter().filter(|e| e.assignee().is_none());
        let classes = || held().map(|e| s.protocol.class(e.request));
        classes().min() != classes().max()
    }
}
