//! How the numbers of a state are packed.

use std::fmt::Debug;
use std::hash::Hash;

use stateright::actor::Actor;

use super::{Actors, ActorsState};
use crate::form::Packing;

/// Packs states of [`Actors`]: two bytes a number, as long as none is larger. That is some thirty bytes a state.
#[derive(Clone, Copy, Debug, Default)]
pub struct ActorsPacking;

impl<A, C, H> Packing<Actors<A, C, H>> for ActorsPacking
where
    A: Actor<Msg: Ord, Timer: Ord>,
    H: Clone + Debug + Hash + PartialEq,
{
    #[inline]
    fn pack(&self, _model: &Actors<A, C, H>, state: &ActorsState, bytes: &mut Vec<u8>) {
        let from = bytes.len();
        if state.numbers.iter().all(|number| number >> u16::BITS == 0) {
            bytes.resize(from + 2 * state.numbers.len(), 0);
            for (two, number) in bytes[from..].chunks_exact_mut(2).zip(&state.numbers) {
                two.copy_from_slice(&(*number as u16).to_le_bytes());
            }
        } else {
            bytes.push(0); // so the length is odd
            bytes.extend(state.numbers.iter().flat_map(|number| number.to_le_bytes()));
        }
    }

    #[inline]
    fn unpack(&self, _model: &Actors<A, C, H>, bytes: &[u8]) -> ActorsState {
        let numbers = if bytes.len().is_multiple_of(2) {
            bytes.chunks_exact(2).map(|two| u16::from_le_bytes([two[0], two[1]]).into()).collect()
        } else {
            let fours = bytes[1..].chunks_exact(4);
            fours.map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect()
        };
        ActorsState { numbers }
    }
}
