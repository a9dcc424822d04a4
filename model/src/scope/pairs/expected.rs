//! What a pair must reach: hand-overs, and what shows each half, unless the other half rules that out.

use super::{Feature, is_change};
use crate::scope::{Links, Scope, Unit};

/// What every pair with hand-overs must reach.
const OVERFLOW: &str = "overflow-happens";

/// The situations that a pair must reach, each once.
pub(super) fn expected(scope: &Scope, halves: [&Feature; 2]) -> Vec<String> {
    let all = halves.iter().flat_map(|half| half.sometimes);
    let mut names: Vec<String> = Vec::new();
    for name in std::iter::once(&OVERFLOW).chain(all) {
        if !is_ruled_out(scope, name) && !names.iter().any(|listed| listed == name) {
            names.push((*name).to_owned());
        }
    }
    names
}

/// Whether a situation cannot be, as the scope is.
fn is_ruled_out(scope: &Scope, name: &str) -> bool {
    let late = scope.knobs.unit == Unit::Delay;
    let changes = scope.requests.iter().filter(|request| is_change(request)).count();
    let queries = scope.requests.len() - changes;
    let thresholds = || scope.knobs.threshold.iter().map(|threshold| *threshold as usize);
    let hands_over = late || thresholds().any(|threshold| threshold < queries);
    let takes = hands_over && (late || thresholds().skip(1).any(|threshold| threshold > 0));
    match name {
        OVERFLOW | "asked-again" => !hands_over,
        "crash-mid-handover" | "source-crash-mid-handover" => !takes,
        "given-back" => !takes,
        // Where no receiver ever has the task, nothing that one says of it is lost.
        "served-twice" => !takes && scope.faults.reset_control + scope.faults.drop > 0,
        // Who is not late takes any task.
        "task-returned" | "client-refused" => late,
        // A crash loses no datagram, so that nothing is sent again.
        "duplicate-publish" => {
            let loses = scope.faults.drop + scope.faults.duplicate > 0;
            changes == 0 || scope.knobs.links == Links::Datagram && !loses
        }
        "update-overtaken" => changes < 2,
        "class-not-accepted" | "room-refused" => queries < 2,
        // Of two tasks the one that is late with them keeps one.
        "loads-differ" | "turn-passed-over" => queries < 2 || late,
        "overtaken-to-the-bound" => queries < 3,
        _ => false,
    }
}
