//! A state is packed whole: what is unpacked is equal and hashes the same, in every scope and both sizes, and states that
//! differ have bytes that differ. An engine that packs would otherwise explore something else.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::hash::{Hash, Hasher};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use spillway_model::scope::BUILTIN;
use spillway_model::scope::pairs::pairs;
use spillway_model::{Growable, Protocol, Scope, Size};
use spillway_properties::sizes::Tier;
use spillway_properties::{Checked, CheckedState, SOMETIMES_NAMES, with_tier};
use stateright::Model;

/// Walks a scope.
const WALKS: u64 = 5;
const STEPS: usize = 150;

/// What a hasher is given, byte for byte.
#[derive(Default)]
struct Written(Vec<u8>);

impl Hasher for Written {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
    fn finish(&self) -> u64 {
        0
    }
}

fn hashed(state: &impl Hash) -> Vec<u8> {
    let mut written = Written::default();
    state.hash(&mut written);
    written.0
}

fn walk<S: Size>(scope: &Scope) -> usize
where
    CheckedState<spillway_model::State<S>, S>: Debug,
{
    let model = Checked::new(Protocol::<S>::new(scope.clone(), None)).unlatched();
    // By what is hashed: which is all that a state is.
    let mut packed: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    for seed in 0..WALKS {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        let mut state = model.init_states().remove(0);
        for _ in 0..STEPS {
            let mut bytes = Vec::new();
            state.pack(&mut bytes);
            let unpacked = CheckedState::unpack(&bytes);
            assert_eq!(unpacked, state);
            assert_eq!(hashed(&unpacked), hashed(&state));
            let known = packed.entry(hashed(&state)).or_insert_with(|| bytes.clone());
            assert_eq!(*known, bytes, "the same state has the same bytes");
            let mut actions = Vec::new();
            model.actions(&state, &mut actions);
            if actions.is_empty() {
                break;
            }
            let at = generator.next_u32() as usize % actions.len();
            state = model.next_state(&state, actions[at]).unwrap();
        }
    }
    let (states, mut all) = (packed.len(), packed.into_values().collect::<Vec<_>>());
    all.sort();
    all.dedup();
    assert_eq!(all.len(), states, "states that differ have bytes that differ");
    states
}

#[test]
fn what_is_unpacked_is_what_was_packed() {
    let builtin = BUILTIN.iter().map(|(name, _)| Scope::builtin(name, SOMETIMES_NAMES).unwrap());
    let mut states = 0;
    for scope in builtin.chain(pairs().into_iter().step_by(11)) {
        states += walk::<Growable>(&scope);
        let tier = Tier::of(&scope).unwrap();
        states += with_tier!(tier, S => walk::<S>(&scope));
    }
    assert!(states > 20_000, "there is something to pack: {states} states");
}
