//! `client-refused`: a client is refused: busy.
//!
//! Some bound did bind, or a returned task was refused by policy.

use spillway_model::size::{Num, Size, Table};
use spillway_model::wire::kind;
use spillway_traces::Role;

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct ClientRefused;

impl Sometimes for ClientRefused {
    const NAME: &'static str = "client-refused";
    const STATEMENT: &'static str = "a client is refused: busy";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        let to_client = |cell: S::Num| cell.node().role == Role::Client;
        s.state.flight.iter().any(|e| e.kind.get() == kind::BUSY && to_client(e.to))
    }
}
