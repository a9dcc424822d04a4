//! What is explored: interned actors as a model, which lists and takes actions in the order of the model as it is.

use std::fmt::Debug;
use std::hash::Hash;

use stateright::actor::{Actor, LossyNetwork};
use stateright::{Model, Path, Property};

use super::steps::copy_without;
use super::{Action, Actors, ActorsAction, ActorsState, Input, PROPERTIES_MAX};

impl<A, C, H> Model for Actors<A, C, H>
where
    A: Actor<Msg: Ord, Timer: Ord>,
    H: Clone + Debug + Hash + PartialEq,
{
    type State = ActorsState;
    type Action = ActorsAction;

    fn init_states(&self) -> Vec<ActorsState> {
        self.model.init_states().into_iter().map(|state| self.intern(state)).collect()
    }

    fn actions(&self, state: &ActorsState, actions: &mut Vec<ActorsAction>) {
        let network = self.network_of(state);
        let distinct = || {
            let before = std::iter::once(&0).chain(network);
            network.iter().zip(before).filter(|(one, before)| one != before).map(|(one, _)| *one)
        };
        if self.model.lossy_network == LossyNetwork::Yes {
            actions.extend(distinct().map(|envelope| ActorsAction(Action::Drop { envelope })));
        }
        let actors = self.model.actors.len();
        let deliverable =
            distinct().filter(|one| usize::from(self.envelopes.get(*one).dst) < actors);
        actions.extend(deliverable.map(|envelope| ActorsAction(Action::Deliver { envelope })));

        let parts = self.parts_of(state).iter().map(|part| self.parts.get(*part));
        let parts = (0..).zip(parts);
        let mut crashed = 0;
        for (actor, part) in parts.clone() {
            crashed += usize::from(part.has_crashed);
            let events = part.timeouts.iter();
            actions.extend(events.map(|&event| ActorsAction(Action::Event { actor, event })));
        }
        if crashed < self.model.max_crashes {
            let up = parts.clone().filter(|(_, part)| !part.has_crashed);
            let event = self.crash;
            actions.extend(up.map(|(actor, _)| ActorsAction(Action::Event { actor, event })));
        }
        if crashed > 0 {
            let down = parts.clone().filter(|(_, part)| part.has_crashed);
            let event = self.recovery;
            actions.extend(down.map(|(actor, _)| ActorsAction(Action::Event { actor, event })));
        }
        for (actor, part) in parts {
            let events = part.selections.iter();
            actions.extend(events.map(|&event| ActorsAction(Action::Event { actor, event })));
        }
    }

    #[inline]
    fn next_state(&self, last: &ActorsState, action: ActorsAction) -> Option<ActorsState> {
        match action.0 {
            Action::Deliver { envelope } => {
                let actor = usize::from(self.envelopes.get(envelope).dst);
                self.after(last, actor, Input::Envelope(envelope))
            }
            Action::Event { actor, event } => self.after(last, actor as usize, Input::Event(event)),
            Action::Drop { envelope } => {
                let mut numbers = Vec::with_capacity(last.numbers.len());
                copy_without(&last.numbers, self.network_at(), envelope, &mut numbers);
                Some(ActorsState { numbers })
            }
        }
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let judges = judges();
        let properties = self.model.properties.iter().zip(judges);
        properties
            .map(|(property, condition)| Property {
                expectation: property.expectation.clone(),
                name: property.name,
                condition,
            })
            .collect()
    }

    fn within_boundary(&self, state: &ActorsState) -> bool {
        !self.is_bounded || (self.model.within_boundary)(&self.model.cfg, &self.state(state))
    }

    fn format_action(&self, action: &ActorsAction) -> String {
        self.model.format_action(&self.action(*action))
    }

    fn format_step(&self, last: &ActorsState, action: ActorsAction) -> Option<String> {
        self.model.format_step(&self.state(last), self.action(action))
    }

    fn as_svg(&self, path: Path<ActorsState, ActorsAction>) -> Option<String> {
        self.model.as_svg(self.path(path)?)
    }
}

type Condition<M> = fn(&M, &<M as Model>::State) -> bool;

/// Conditions that know which property they are of: stateright takes functions, which know nothing else.
fn judges<A, C, H>() -> [Condition<Actors<A, C, H>>; PROPERTIES_MAX]
where
    A: Actor<Msg: Ord, Timer: Ord>,
    H: Clone + Debug + Hash + PartialEq,
{
    fn judge<const AT: usize, A, C, H>(model: &Actors<A, C, H>, state: &ActorsState) -> bool
    where
        A: Actor<Msg: Ord, Timer: Ord>,
        H: Clone + Debug + Hash + PartialEq,
    {
        model.judge(AT, state)
    }
    macro_rules! judges {
        ($($at:literal)*) => { [$(judge::<$at, A, C, H>),*] };
    }
    judges!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31)
}
