//! `asked-again`: a query is asked again while it is handed over.
//!
//! The case for the mark that the source keeps.

use spillway_model::size::{Num, Size, Table};

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct AskedAgain;

impl Sometimes for AskedAgain {
    const NAME: &'static str = "asked-again";
    const STATEMENT: &'static str = "a query is asked again while it is handed over";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.state.handed.position(|h| h.again.get() != 0).is_some()
    }
}
