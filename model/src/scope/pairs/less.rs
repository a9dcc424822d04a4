//! Pairs that would have more states than a pair may have: what is left out of them, as little as does.
//!
//! A strategy has something to decide with two tasks, ageing with three, and with many a fault that is too much.

use super::is_change;
use crate::scope::Scope;

/// What is left.
#[derive(Clone, Copy, Debug)]
enum Less {
    /// So many queries, those that were there first.
    Queries(usize),
    /// So many servers, the last ones, that take a task from another: the rest refuse. Builtin scopes have more of them
    /// take tasks.
    Receivers(usize),
}

const STRATEGIES: &[&str] = &["least-loaded", "round-robin", "two-choices", "weighted"];

/// Features, what is too much with each of them, and what is left then.
const LESS: &[(&[&str], &[&str], Less)] = &[
    (&["standby"], &["moving-client", "crash-query", "stop-query"], Less::Receivers(0)),
    (
        STRATEGIES,
        &[
            "crash-query",
            "crash-global",
            "deletion",
            "snapshot",
            "disk",
            "stop-query",
            "stop-global",
            "standby",
        ],
        Less::Queries(1),
    ),
    (STRATEGIES, &["crash-control", "stop-control"], Less::Receivers(1)),
    (
        STRATEGIES,
        &[
            "crash-communication",
            "reset-query",
            "reset-global",
            "reset-control",
            "moving-client",
            "stop-communication",
            "cut-query",
            "cut-control",
        ],
        Less::Receivers(0),
    ),
    (&["weighted"], &["drop"], Less::Receivers(0)),
    (&["classes"], &["snapshot"], Less::Queries(1)),
    (&["classes"], &["stop-query", "standby"], Less::Receivers(0)),
    (
        &["rooms"],
        &["crash-query", "snapshot", "moving-client", "stop-query", "cut-control", "standby"],
        Less::Receivers(0),
    ),
    (
        &["ageing"],
        &[
            "crash-communication",
            "crash-query",
            "moving-client",
            "stop-communication",
            "stop-query",
            "cut-control",
            "standby",
        ],
        Less::Receivers(0),
    ),
];

/// Leaves out of a pair what would be too much.
pub(super) fn less(scope: &mut Scope, is: impl Fn(&str) -> bool) {
    let any = |names: &[&str]| names.iter().any(|name| is(name));
    for (_, _, less) in LESS.iter().filter(|(features, others, _)| any(features) && any(others)) {
        match *less {
            Less::Queries(queries) => keep_queries(scope, queries),
            Less::Receivers(receivers) => {
                let refusing = scope.knobs.threshold.len() - receivers;
                scope.knobs.threshold[1..refusing].fill(0);
            }
        }
    }
}

fn keep_queries(scope: &mut Scope, max: usize) {
    let mut kept = 0;
    scope.requests.retain(|request| {
        let stays = is_change(request) || kept < max;
        kept += usize::from(!is_change(request));
        stays
    });
}
