//! From a scope to what a run of the simulator takes of it: nodes, knobs, sessions and requests.
//!
//! Budgets bound an exploration, so that a run has none of them: whether something can go wrong follows from the knobs.
//! Only what is a feature of nodes is on if it has a budget: sessions, and a log that is compacted.

use spillway_impl::sim::swarm::{Cast, Script};
use spillway_impl::world::Planned;
use spillway_model::Scope;
use spillway_model::scope::Impossible;
use spillway_model::scope::limits::REQUESTS;
use spillway_traces::RequestId;

use super::setting::Setting;

/// What a run of this scope is of.
///
/// # Errors
/// Its rounds have more requests than a run may have.
pub fn cast_of(scope: &Scope) -> Result<Cast, Impossible> {
    let most = *REQUESTS.end();
    let requests = scope.requests.len() as u64 * u64::from(scope.rounds);
    if requests > u64::from(most) {
        return Err(Impossible {
            path: "rounds".to_owned(),
            message: format!("is {}, which makes {requests} requests", scope.rounds),
            expected: format!("{most} requests at most in a run of the simulator"),
        });
    }
    let Setting { config, plan, sessions } = Setting::of(scope);
    let planned = |id| plan.planned(RequestId::of(id)).cloned();
    let requests: Vec<Planned> = (0..plan.len()).filter_map(planned).collect();
    Ok(Cast {
        config: (*config).clone(),
        compacts: scope.faults.compact > 0,
        sessions,
        script: Script { name: scope.name.clone(), requests },
    })
}
