//! Which servers the receiving strategy lets the control server choose, worked out here without asking the model.

use spillway_model::rows::Entry;
use spillway_model::scope::{Class, Scope, Strategy};
use spillway_model::size::{Num, Size, Table};
use spillway_traces::Node;

use crate::judged::Stepped;

/// Whether a query server takes tasks of this class from others.
pub(super) fn takes_class(scope: &Scope, server: u16, class: Class) -> bool {
    match scope.knobs.strategy {
        Strategy::Classes => scope.knobs.accepts[usize::from(server)].contains(&class),
        _ => true,
    }
}

/// The servers that may be chosen for an entry before the step: of those that could take it at all, neither its source
/// nor one that refused or is down, the ones that the strategy prefers.
pub(super) fn choices<S: Size>(step: &Stepped<'_, S>, entry: Entry<S::Num>) -> Vec<u16> {
    let scope = step.protocol.scope();
    // Not the ledger's own record of refusals: that is what a bug would get wrong.
    let refused = step.ghost.refusals_of(entry);
    let class = step.protocol.class(entry.request);
    let mut able: Vec<u16> = step.protocol.query_servers().collect();
    able.retain(|c| u32::from(*c) != entry.source.get() && refused & (1 << c) == 0);
    able.retain(|c| takes_class(scope, *c, class) && !step.before.is_down(Node::query(*c)));
    let loads: Vec<u32> = able.iter().map(|c| load(step, entry.control, *c)).collect();
    let with_load = || able.iter().copied().zip(loads.iter().copied());
    match scope.knobs.strategy {
        Strategy::Any | Strategy::Classes => able,
        Strategy::LeastLoaded => {
            let least = loads.iter().min().copied();
            with_load().filter(|(_, load)| Some(*load) == least).map(|(c, _)| c).collect()
        }
        Strategy::TwoChoices => {
            // All but one that alone has the highest load of several.
            let most = loads.iter().max().copied();
            let alone = loads.iter().filter(|load| Some(**load) == most).count() == 1;
            let heaviest = alone && able.len() > 1;
            with_load().filter(|(_, l)| !heaviest || Some(*l) != most).map(|(c, _)| c).collect()
        }
        Strategy::Weighted => {
            let weight = |c: u16| scope.knobs.weights[usize::from(c)];
            let lightest = |c: u16, l: u32| {
                with_load().all(|(other, than)| l * weight(other) <= than * weight(c))
            };
            with_load().filter(|(c, l)| lightest(*c, *l)).map(|(c, _)| c).collect()
        }
        Strategy::RoundRobin => {
            // The first one above the last in turn, or the first of all.
            let last = step.ghost.last_turn(Node::control(entry.control.get() as u16));
            let next = able.iter().find(|c| last.is_none_or(|last| **c > last));
            next.or(able.first()).copied().into_iter().collect()
        }
    }
}

/// Tasks that a control server has assigned to a query server and not seen finished.
fn load<S: Size>(step: &Stepped<'_, S>, control: S::Num, server: u16) -> u32 {
    let own = |e: &Entry<S::Num>| e.control == control && e.assignee() == Some(server);
    step.before.ledger.iter().filter(own).count() as u32
}
