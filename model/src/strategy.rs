//! Receiving strategies: which of the servers that may take a redundant task at all may be chosen for it now.
//!
//! A strategy says only which choices are legal; exploration makes all of them. The load that it reckons with is what
//! the control server knows: the tasks that it has assigned to a server and not yet seen finished.

use crate::mutant::Mutant;
use crate::protocol::Protocol;
use crate::rows::Entry;
use crate::scope::{Class, Scope, Strategy};
use crate::size::{Num, Size, Table};
use crate::state::State;

impl<S: Size> Protocol<S> {
    /// Whether a query server takes tasks of a class from others.
    pub(crate) fn takes_class(&self, server: u16, class: Class) -> bool {
        let knobs = &self.scope().knobs;
        knobs.strategy != Strategy::Classes
            || knobs.accepts[usize::from(server)].contains(&class)
            || self.has(Mutant::ClassFilterIgnored)
    }

    /// Whether the strategy chooses a query server for an entry, of those that [`Protocol::may_receive`] it.
    pub fn strategy_allows(&self, state: &State<S>, entry: Entry<S::Num>, to: u16) -> bool {
        let strategy = self.scope().knobs.strategy;
        if matches!(strategy, Strategy::Any | Strategy::Classes)
            || self.has(Mutant::StrategyIgnored)
        {
            return true;
        }
        if strategy == Strategy::RoundRobin {
            return self.next_in_turn(state, entry) == Some(to);
        }
        let load = |server: u16| self.assigned_load(state, entry.control, server);
        let others =
            || self.query_servers().filter(|c| *c != to && self.may_receive(state, entry, *c));
        let own = load(to);
        match strategy {
            Strategy::LeastLoaded => others().all(|c| own <= load(c)),
            // Drawn together with one that is not less loaded; alone, if there is no other.
            Strategy::TwoChoices => {
                let heavier = self.has(Mutant::HeavierChosen);
                others().next().is_none()
                    || others().any(|c| if heavier { own >= load(c) } else { own <= load(c) })
            }
            _ => others().all(|c| own * self.weight(c) <= load(c) * self.weight(to)),
        }
    }

    /// The first server after the one that was assigned to last that may receive an entry.
    fn next_in_turn(&self, state: &State<S>, entry: Entry<S::Num>) -> Option<u16> {
        let servers = self.query_servers().end;
        let turn = state.controls.get(entry.control.get() as usize).turn.get() as u16;
        (turn..turn + servers).map(|c| c % servers).find(|c| self.may_receive(state, entry, *c))
    }

    /// How many tasks a control server has assigned to a query server and not yet seen finished.
    fn assigned_load(&self, state: &State<S>, control: S::Num, server: u16) -> u32 {
        if self.has(Mutant::LoadForgotten) {
            return 0;
        }
        let to = u32::from(server) + 1;
        state.ledger.count(|e| e.control == control && e.to.get() == to) as u32
    }

    fn weight(&self, server: u16) -> u32 {
        match self.has(Mutant::WeightsIgnored) {
            true => 1,
            false => self.scope().knobs.weights[usize::from(server)],
        }
    }
}

/// Whether the strategy tells two query servers apart that are alike in all else.
pub(crate) fn tells_apart(scope: &Scope, a: u16, b: u16) -> bool {
    let (knobs, a, b) = (&scope.knobs, usize::from(a), usize::from(b));
    knobs.strategy == Strategy::RoundRobin
        || knobs.weights.get(a) != knobs.weights.get(b)
        || knobs.accepts.get(a) != knobs.accepts.get(b)
}
