//! Simpler scopes: one feature off at a time, no bound in the way, no more faults than are needed.

use std::collections::BTreeMap;

use spillway_model::Scope;
use spillway_model::scope::limits::{BOUND, LINK_MAX_DEFAULT};
use spillway_model::scope::{Disk, Faults, Links, Returned, Routing, Rule, Strategy, Unit};

/// Budgets that are tried for a fault, the least first.
const BUDGETS: [u32; 5] = [0, 1, 2, 4, 8];

/// One change that makes a scope simpler.
type Simpler = fn(&mut Scope);

/// What can be simpler about a scope's knobs, the largest first.
const SIMPLER: &[Simpler] = &[
    |scope| {
        if scope.knobs.links == Links::Datagram {
            scope.knobs.links = Links::Fifo;
            (scope.faults.drop, scope.faults.duplicate, scope.faults.reorder) = (0, 0, 0);
        }
    },
    |scope| (scope.faults.moves, scope.faults.leave, scope.faults.cancel) = (0, 0, 0),
    |scope| {
        scope.knobs.strategy = Strategy::Any;
        scope.knobs.accepts.clear();
        scope.knobs.weights.clear();
    },
    |scope| (scope.knobs.unit, scope.faults.slow) = (Unit::Count, 0),
    |scope| scope.knobs.disk = Disk::Immediate,
    |scope| scope.knobs.overtaken_max = 0,
    |scope| {
        scope.knobs.rooms.clear();
        scope.knobs.ledger_rooms.clear();
    },
    |scope| scope.knobs.give_back = false,
    |scope| scope.knobs.sharing = Rule::Everyone,
    |scope| scope.knobs.routing = Routing::Home,
    |scope| scope.knobs.returned = Returned::Queue,
    |scope| scope.knobs.queue_max = *BOUND.end(),
    |scope| scope.knobs.pending_max = *BOUND.end(),
    |scope| scope.knobs.relay_max = *BOUND.end(),
    |scope| scope.knobs.ledger_max = *BOUND.end(),
    |scope| scope.knobs.window_max = *BOUND.end(),
    |scope| scope.knobs.threshold.fill(scope.knobs.queue_max),
    |scope| scope.knobs.link_max = scope.knobs.link_max.min(LINK_MAX_DEFAULT),
];

/// The scope after a change; the same if there cannot be such a scope.
fn changed(scope: &Scope, change: impl Fn(&mut Scope)) -> Scope {
    let mut changed = scope.clone();
    change(&mut changed);
    if changed.check().is_ok() { changed } else { scope.clone() }
}

/// How many changes [`simpler_by`] knows.
pub(super) const CHANGES: usize = SIMPLER.len();

/// The scope after one of these changes; none if it is the same, or cannot be.
pub(super) fn simpler_by(scope: &Scope, change: usize) -> Option<Scope> {
    Some(changed(scope, SIMPLER[change])).filter(|simpler| simpler != scope)
}

/// The keys of a scope's faults.
pub(super) fn faults(scope: &Scope) -> Vec<&'static str> {
    scope.faults.by_key().into_iter().map(|(key, _)| key).collect()
}

/// The scope with fewer of a fault, the fewest first.
pub(super) fn fewer(scope: &Scope, key: &str) -> Vec<Scope> {
    let often: BTreeMap<&str, u32> = scope.faults.by_key().into();
    let with = |most: u32| {
        let spared =
            |known: &'static str| often[known].min(if known == key { most } else { u32::MAX });
        changed(scope, |scope: &mut Scope| scope.faults = Faults::from_keys(spared))
    };
    BUDGETS.into_iter().map(with).take_while(|fewer| fewer != scope).collect()
}
