//! `heard-one-way`: a message travels a link whose other direction is cut.
//!
//! Its sender does not hear the receiver, and does not know.

use spillway_model::size::{Num, Size, Table};

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct HeardOneWay;

impl Sometimes for HeardOneWay {
    const NAME: &'static str = "heard-one-way";
    const STATEMENT: &'static str = "a message travels a link whose other direction is cut";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        s.state.flight.iter().any(|e| s.state.is_cut(e.to.node(), e.from.node()))
    }
}
