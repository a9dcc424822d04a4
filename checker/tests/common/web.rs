//! Large graphs whose states are found from many sides at once, so that threads meet at them.

use stateright::{Model, Property};

/// Every state has so many successors, anywhere among the others: almost every state is found by several.
#[derive(Clone, Debug)]
pub struct Web {
    pub states: u32,
    pub degree: u32,
    /// Changes the successors, their order, and the states that are looked for.
    pub seed: u64,
}

/// How many states are looked for.
pub const TARGETS: usize = 16;
const NAMES: [&str; TARGETS] = [
    "t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9", "ta", "tb", "tc", "td", "te", "tf",
];

/// The finaliser of SplitMix64.
pub fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

impl Web {
    fn draw(&self, what: u64) -> u32 {
        (mix(what ^ mix(self.seed)) % u64::from(self.states)) as u32
    }
    fn is_target<const AT: usize>(&self, state: &u32) -> bool {
        *state == self.draw(u64::MAX - AT as u64)
    }
    pub fn target_names() -> [&'static str; TARGETS] {
        NAMES
    }
}

impl Model for Web {
    type State = u32;
    type Action = u32;

    fn init_states(&self) -> Vec<u32> {
        vec![0]
    }
    fn actions(&self, _: &u32, actions: &mut Vec<u32>) {
        actions.extend(0..self.degree);
    }
    fn next_state(&self, state: &u32, action: u32) -> Option<u32> {
        Some(self.draw(u64::from(*state) << 32 | u64::from(action)))
    }
    fn properties(&self) -> Vec<Property<Self>> {
        macro_rules! reach {
            ($($at:literal)*) => {
                vec![$(Property::sometimes(NAMES[$at], |web: &Web, state| web.is_target::<$at>(state))),*]
            };
        }
        let mut all = reach!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        all.push(Property::always("true", |_, _| true));
        all
    }
}

crate::packs_its_number!(Web, u32);
