//! `replicas-differ`: two query servers have applied different revisions.
//!
//! Which server answers then matters.

use spillway_model::size::{Size, Table};

use crate::judged::{Situation, Sometimes};

/// See the module.
pub struct ReplicasDiffer;

impl Sometimes for ReplicasDiffer {
    const NAME: &'static str = "replicas-differ";
    const STATEMENT: &'static str = "two query servers have applied different revisions";

    fn reached_in<S: Size>(s: &Situation<'_, S>) -> bool {
        let first = s.state.servers.get(0).applied;
        s.state.servers.iter().any(|c| c.applied != first)
    }
}
