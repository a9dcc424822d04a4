//! Who found a state first, when two threads met at it: the earlier unit, whichever thread was faster.
//!
//! Units are handed out in order, so a thread can only be overtaken by those that were handed out while its own was not
//! done. A table's slot says which unit inserted it, modulo [`TAGS`]. Whoever finds a state already there, inserted, it
//! seems, by a unit ahead of its own that was handed out already, keeps it as contested. (A state from long ago may by chance
//! have the number of such a unit; that costs a look.) When the level is over, each contested state is looked for in the
//! unit that seemed to have it: if it is there it belongs to the first that contested it, and that unit has lost it.

use std::collections::BTreeMap;

use stateright::Model;

use crate::form::Form;
use crate::level::{Block, Claim};
use crate::table::Tag;

/// Tags that differ; 0 is none.
const TAGS: u64 = 255;
/// How far units may be handed out ahead of the first that is not done: numbers must not come round.
pub(crate) const AHEAD_MAX: u64 = 100;

/// The tag of a unit, by its number since the beginning.
pub(crate) fn tag(unit: u64) -> Tag {
    (unit % TAGS) as Tag + 1
}

/// How many units ahead of this one the one that inserted under a tag is, if it is one of those handed out.
#[inline(always)]
pub(crate) fn ahead(unit: u64, inserted: Tag, handed_out: u64) -> Option<u8> {
    let ahead = (u64::from(inserted) + TAGS - u64::from(tag(unit))) % TAGS;
    (ahead > 0 && unit + ahead < handed_out).then_some(ahead as u8)
}

/// What the units of a level found: element i is the unit number i of the level.
pub(crate) type Yield<M, F> = Vec<Vec<Block<M, F>>>;

/// A place: unit, block, state.
type Place = (usize, usize, usize);

/// Decides every contest, so that each state found counts once, at its first finder.
pub(crate) fn decide<M: Model, F: Form<M>>(found: &mut Yield<M, F>) {
    // By the unit that seems to have it, and the state: where it was first contested. Places come in order.
    let mut contested: BTreeMap<usize, BTreeMap<u64, Place>> = BTreeMap::new();
    for (unit, blocks) in found.iter_mut().enumerate() {
        for (at, block) in blocks.iter_mut().enumerate() {
            for (state, one) in block.found.iter_mut().enumerate() {
                if let Claim::Contested(ahead) = one.claim {
                    one.claim = Claim::Lost;
                    let holder = unit + usize::from(ahead);
                    let place = (unit, at, state);
                    contested.entry(holder).or_default().entry(one.fingerprint).or_insert(place);
                }
            }
        }
    }
    for (holder, states) in contested {
        let Some(blocks) = found.get_mut(holder) else { continue };
        let mut won = Vec::new();
        for one in blocks.iter_mut().flat_map(|block| &mut block.found) {
            if one.claim == Claim::Own && let Some(place) = states.get(&one.fingerprint) {
                one.claim = Claim::Lost;
                won.push(*place);
            }
        }
        for (unit, block, state) in won {
            found[unit][block].found[state].claim = Claim::Own;
        }
    }
}
