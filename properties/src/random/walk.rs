//! One random walk: which step it takes next, what is judged after each, and where it ends.

use spillway_model::{Full, Protocol, Size, State};
use spillway_traces::Action;

use super::choice::Dice;
use crate::catalog::{ALWAYS, Known, SOMETIMES};
use crate::checked::{Checked, CheckedState};

/// Guarantees that are broken and situations that are reached, as bits.
pub(super) type Marks = u128;

/// The bit of the first situation. Those before are the guarantees', in the order of [`ALWAYS`].
const SOMETIMES_BIT: u32 = crate::checked::Broken::BITS;

const _: () = assert!(SOMETIMES_BIT as usize + SOMETIMES.len() <= Marks::BITS as usize);

/// The bits of every guarantee.
pub(super) const ALWAYS_MARKS: Marks = (1 << SOMETIMES_BIT) - 1;

/// The bit of a property that a walk can meet.
pub(super) fn mark(name: &str) -> Option<u32> {
    let at = |list: &[Known]| list.iter().position(|known| known.name == name);
    let always = at(ALWAYS).map(|at| at as u32);
    always.or_else(|| at(SOMETIMES).map(|at| at as u32 + SOMETIMES_BIT))
}

/// How every walk of a check goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// Steps, at most.
    pub(super) steps_max: u32,
    /// In how many cases of a hundred a fault is taken where there is one.
    pub(super) fault_percent: u32,
    /// The situations that are looked for.
    pub(super) asked: Marks,
    /// What ends a walk where it is met.
    pub(super) sought: Marks,
}

/// Why a walk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// There was no step left to take.
    Final,
    /// It had as many steps as it may have.
    Steps,
    /// What was sought was met.
    Met,
    /// A bound did not suffice.
    Full(Full),
}

/// A walk that was made.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    pub(super) seed: u64,
    pub(super) steps: u32,
    pub(super) end: End,
    /// What was met, each when it was met first: its bit, and after how many steps.
    pub(super) met: Vec<(u32, u32)>,
}

/// Makes walks. It keeps its room from one to the next.
pub(super) struct Walker<'a, S: Size> {
    pub(super) checked: &'a Checked<Protocol<S>>,
    pub(super) plan: Plan,
    actions: Vec<Action>,
    weights: Vec<u32>,
}

/// A state on a walk.
pub(super) type On<S> = CheckedState<State<S>, S>;

impl<'a, S: Size> Walker<'a, S> {
    pub(super) fn new(checked: &'a Checked<Protocol<S>>, plan: Plan) -> Self {
        Walker { checked, plan, actions: Vec::new(), weights: Vec::new() }
    }

    /// The walk of a seed. `visit` is shown every state on it with the step that led there, the initial one without.
    pub(super) fn walk(
        &mut self,
        seed: u64,
        mut visit: impl FnMut(Option<Action>, &On<S>),
    ) -> Walk {
        let mut dice = Dice::new(seed);
        let mut state = self.checked.start(self.checked.model().initial());
        let mut walk = Walk { seed, steps: 0, end: End::Steps, met: Vec::new() };
        let mut seen = 0;
        visit(None, &state);
        loop {
            let met = self.marks(&state, seen) & !seen;
            seen |= met;
            walk.met.extend(bits(met).map(|bit| (bit, walk.steps)));
            walk.end = match state.inner.full() {
                Some(full) => End::Full(full),
                None if met & self.plan.sought != 0 => End::Met,
                None if walk.steps == self.plan.steps_max => End::Steps,
                None => match self.next(&state, &mut dice) {
                    None => End::Final,
                    Some(action) => {
                        state = self.checked.step(&state, action, &mut ());
                        walk.steps += 1;
                        visit(Some(action), &state);
                        continue;
                    }
                },
            };
            return walk;
        }
    }

    /// The steps of the walk of a seed, and how it ended.
    pub(super) fn path(&mut self, seed: u64) -> (Vec<Action>, End) {
        let mut path = Vec::new();
        let walk = self.walk(seed, |action, _| path.extend(action));
        (path, walk.end)
    }

    /// What a state breaks, and what is asked for and was not seen before and it is.
    fn marks(&self, state: &On<S>, seen: Marks) -> Marks {
        let broken = Marks::from(self.checked.broken_bits(state));
        let asked = ((self.plan.asked & !seen) >> SOMETIMES_BIT) as u64;
        broken | Marks::from(self.checked.reached_bits(state, asked)) << SOMETIMES_BIT
    }

    /// The next step: first whether it is a fault, then which of those that there are, by the weights of this walk.
    ///
    /// Drawn from all actions alike, faults would spend their budgets in the first steps, where little is under way.
    /// Where only one kind is possible it is taken, but for faults that are not wanted at all.
    fn next(&mut self, state: &On<S>, dice: &mut Dice) -> Option<Action> {
        let wanted = dice.percent(self.plan.fault_percent);
        self.draw(state, wanted, dice)
    }

    /// A fault if one is wanted and possible, otherwise another action.
    pub(super) fn draw(&mut self, state: &On<S>, wanted: bool, dice: &mut Dice) -> Option<Action> {
        let protocol = self.checked.model();
        self.actions.clear();
        protocol.progress(&state.inner, &mut self.actions);
        let faults = self.actions.len();
        if self.plan.fault_percent > 0 && (wanted || faults == 0) {
            self.actions.clear();
            protocol.actions_of(&state.inner, &mut self.actions); // progress first, then faults
        }
        let from = if wanted && faults < self.actions.len() { faults } else { 0 };
        dice.weighted(&self.actions[from..], &mut self.weights).copied()
    }
}

/// The places of the bits that are set, the lowest first.
fn bits(mut marks: Marks) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let bit = marks.trailing_zeros();
        marks &= marks.wrapping_sub(1);
        (bit < Marks::BITS).then_some(bit)
    })
}
