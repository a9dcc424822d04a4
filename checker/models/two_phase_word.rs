//! Its state as a `Copy` structure of bit sets, one bit a manager, and packed into eight bytes.

use spillway_checker::Pack;
use stateright::{Model, Property};

/// As many resource managers: 16 at most.
#[derive(Clone, Debug)]
pub struct TwoPhase(pub u32);

/// Bit sets over the managers: one that is in none of the first three is working.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct State {
    pub prepared: u16,
    pub committed: u16,
    pub aborted: u16,
    /// Who has sent `Prepared`.
    pub sent: u16,
    /// Whose `Prepared` the coordinator has.
    pub taken: u16,
    /// Of the coordinator, which says so to all at once: 0 undecided, 1 committed, 2 aborted.
    pub decision: u16,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    TakePrepared(u32),
    Commit,
    Abort,
    Prepare(u32),
    ChooseAbort(u32),
    TakeCommit(u32),
    TakeAbort(u32),
}

impl TwoPhase {
    fn all(&self) -> u16 {
        ((1u32 << self.0) - 1) as u16
    }
}

impl Model for TwoPhase {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State { prepared: 0, committed: 0, aborted: 0, sent: 0, taken: 0, decision: 0 }]
    }

    #[inline]
    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.decision == 0 {
            if state.taken == self.all() {
                actions.push(Action::Commit);
            }
            actions.push(Action::Abort);
        }
        let working = self.all() & !(state.prepared | state.committed | state.aborted);
        for manager in 0..self.0 {
            let bit = 1 << manager;
            if state.decision == 0 && state.sent & bit != 0 {
                actions.push(Action::TakePrepared(manager));
            }
            if working & bit != 0 {
                actions.push(Action::Prepare(manager));
                actions.push(Action::ChooseAbort(manager));
            }
            match state.decision {
                1 => actions.push(Action::TakeCommit(manager)),
                2 => actions.push(Action::TakeAbort(manager)),
                _ => {}
            }
        }
    }

    #[inline]
    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = *last;
        match action {
            Action::TakePrepared(manager) => state.taken |= 1 << manager,
            Action::Commit => state.decision = 1,
            Action::Abort => state.decision = 2,
            Action::Prepare(manager) => {
                state.prepared |= 1 << manager;
                state.sent |= 1 << manager;
            }
            Action::ChooseAbort(manager) | Action::TakeAbort(manager) => {
                state.prepared &= !(1 << manager);
                state.committed &= !(1 << manager);
                state.aborted |= 1 << manager;
            }
            Action::TakeCommit(manager) => {
                state.prepared &= !(1 << manager);
                state.aborted &= !(1 << manager);
                state.committed |= 1 << manager;
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::sometimes("all abort", |model: &Self, state: &State| {
                state.aborted == model.all()
            }),
            Property::sometimes("all commit", |model: &Self, state: &State| {
                state.committed == model.all()
            }),
            Property::always("consistent", |_, state: &State| {
                state.aborted == 0 || state.committed == 0
            }),
        ]
    }
}

impl Pack for TwoPhase {
    type Code = u64;

    /// Two bits a manager for what it is, one each for what it sent and what was taken, two for the decision: up to 15 managers
    /// fit into a word. What was sent is kept apart, since an aborted manager may have sent it or not.
    #[inline]
    fn pack(&self, state: &State) -> u64 {
        let managers = self.0;
        u64::from(state.prepared | state.committed)
            | u64::from(state.aborted | state.committed) << managers
            | u64::from(state.sent) << (2 * managers)
            | u64::from(state.taken) << (3 * managers)
            | u64::from(state.decision) << (4 * managers)
    }

    #[inline]
    fn unpack(&self, word: u64) -> State {
        let managers = self.0;
        let part = |at: u32| (word >> (at * managers)) as u16 & self.all();
        let (low, high) = (part(0), part(1));
        State {
            prepared: low & !high,
            committed: low & high,
            aborted: high & !low,
            sent: part(2),
            taken: part(3),
            decision: (word >> (4 * managers)) as u16,
        }
    }
}
