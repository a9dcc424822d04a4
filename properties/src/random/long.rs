//! One walk of any length: on the state that grows, with its settled history forgotten now and then.
//!
//! The weights of a short walk last as long as it does, so that a link may be slow from its beginning to its end. A
//! long one gets others now and then: what is produced faster than it is taken would grow without end.

use spillway_model::{Growable, Protocol};
use spillway_traces::Action;

use super::choice::Dice;
use super::walk::{On, Plan, Walker};
use crate::checked::Checked;

/// After how many steps every action gets another weight.
const WEIGHTS_EVERY: u64 = 50;

/// How often what happens on a long walk that does not at every step.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// In one step of so many a fault is wanted: budgets are small, and are to last for more than the beginning.
    pub fault_every: u32,
    /// After so many steps settled history is forgotten; none ever is if nothing is said.
    pub forget_every: Option<u64>,
}

/// A walk under way.
pub struct LongWalk<'a> {
    walker: Walker<'a, Growable>,
    dice: Dice,
    pace: Pace,
    state: On<Growable>,
    steps: u64,
}

impl<'a> LongWalk<'a> {
    /// The walk of a seed, at its beginning.
    pub fn new(checked: &'a Checked<Protocol<Growable>>, seed: u64, pace: Pace) -> Self {
        // Faults are drawn below, not by the percentage, of which nothing matters but that it is not 0.
        let plan = Plan { steps_max: 0, fault_percent: 1, asked: 0, sought: 0 };
        let state = checked.start(checked.model().initial());
        let walker = Walker::new(checked, plan);
        LongWalk { walker, dice: Dice::new(seed), pace, state, steps: 0 }
    }

    /// The state that it is in.
    pub fn state(&self) -> &On<Growable> {
        &self.state
    }

    /// Steps taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Takes one more step. None if there is none to take.
    pub fn step(&mut self) -> Option<Action> {
        if self.steps.is_multiple_of(WEIGHTS_EVERY) {
            self.dice.weigh_anew();
        }
        let wanted = self.dice.below(self.pace.fault_every) == 0;
        let action = self.walker.draw(&self.state, wanted, &mut self.dice)?;
        self.state = self.walker.checked.step(&self.state, action, &mut ());
        self.steps += 1;
        if self.pace.forget_every.is_some_and(|every| self.steps.is_multiple_of(every)) {
            self.state.forget();
        }
        Some(action)
    }
}
