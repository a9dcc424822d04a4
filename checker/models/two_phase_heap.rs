//! Its state on the heap: vectors and a set, as one writes it first.

use std::collections::BTreeSet;

use stateright::{Model, Property};

/// As many resource managers.
#[derive(Clone, Debug)]
pub struct TwoPhase(pub usize);

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Manager {
    Working,
    Prepared,
    Committed,
    Aborted,
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Coordinator {
    Init,
    Committed,
    Aborted,
}

#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Message {
    Prepared { manager: usize },
    Commit,
    Abort,
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct State {
    pub managers: Vec<Manager>,
    pub coordinator: Coordinator,
    /// Whose `Prepared` the coordinator has.
    pub prepared: Vec<bool>,
    pub messages: BTreeSet<Message>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    TakePrepared(usize),
    Commit,
    Abort,
    Prepare(usize),
    ChooseAbort(usize),
    TakeCommit(usize),
    TakeAbort(usize),
}

impl Model for TwoPhase {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            managers: vec![Manager::Working; self.0],
            coordinator: Coordinator::Init,
            prepared: vec![false; self.0],
            messages: BTreeSet::new(),
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let undecided = state.coordinator == Coordinator::Init;
        if undecided && state.prepared.iter().all(|prepared| *prepared) {
            actions.push(Action::Commit);
        }
        if undecided {
            actions.push(Action::Abort);
        }
        for manager in 0..self.0 {
            if undecided && state.messages.contains(&Message::Prepared { manager }) {
                actions.push(Action::TakePrepared(manager));
            }
            if state.managers[manager] == Manager::Working {
                actions.push(Action::Prepare(manager));
                actions.push(Action::ChooseAbort(manager));
            }
            if state.messages.contains(&Message::Commit) {
                actions.push(Action::TakeCommit(manager));
            }
            if state.messages.contains(&Message::Abort) {
                actions.push(Action::TakeAbort(manager));
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::TakePrepared(manager) => state.prepared[manager] = true,
            Action::Commit => {
                state.coordinator = Coordinator::Committed;
                state.messages.insert(Message::Commit);
            }
            Action::Abort => {
                state.coordinator = Coordinator::Aborted;
                state.messages.insert(Message::Abort);
            }
            Action::Prepare(manager) => {
                state.managers[manager] = Manager::Prepared;
                state.messages.insert(Message::Prepared { manager });
            }
            Action::ChooseAbort(manager) => state.managers[manager] = Manager::Aborted,
            Action::TakeCommit(manager) => state.managers[manager] = Manager::Committed,
            Action::TakeAbort(manager) => state.managers[manager] = Manager::Aborted,
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::sometimes("all abort", |_, state: &State| {
                state.managers.iter().all(|manager| *manager == Manager::Aborted)
            }),
            Property::sometimes("all commit", |_, state: &State| {
                state.managers.iter().all(|manager| *manager == Manager::Committed)
            }),
            Property::always("consistent", |_, state: &State| {
                let any = |is| state.managers.contains(&is);
                !(any(Manager::Aborted) && any(Manager::Committed))
            }),
        ]
    }
}
