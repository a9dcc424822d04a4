//! How states are kept between the level that finds them and the one that explores them: as they are, or packed.

use std::hash::Hash;

use stateright::Model;

use crate::hash::{fingerprint, fingerprint_of_bytes};

/// A model whose states can be packed into bytes and back: it is explored in less memory, without an allocation a state,
/// and what does not fit into the memory goes to disk. See [`Checker::packed`](crate::Checker::packed).
///
/// `unpack(pack(state)) == state`, and states that are equal have equal bytes. The checker asserts the first in its own
/// debug builds. The model of another crate is packed from outside, by a [`Packing`].
pub trait Pack: Model {
    /// Appends the bytes of a state: at most 2^32 - 1 of them.
    fn pack(&self, state: &Self::State, bytes: &mut Vec<u8>);
    /// The state of these bytes, all of which [`Pack::pack`] appended.
    fn unpack(&self, bytes: &[u8]) -> Self::State;
}

/// Packs the states of a model that is somebody else's: see [`Pack`], which says what must hold.
pub trait Packing<M: Model>: Send + Sync {
    /// Appends the bytes of a state.
    fn pack(&self, model: &M, state: &M::State, bytes: &mut Vec<u8>);
    /// The state of these bytes.
    fn unpack(&self, model: &M, bytes: &[u8]) -> M::State;
}

/// Packs the states of a model as it says itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Own;

impl<M: Pack> Packing<M> for Own {
    #[inline(always)]
    fn pack(&self, model: &M, state: &M::State, bytes: &mut Vec<u8>) {
        model.pack(state, bytes);
    }
    #[inline(always)]
    fn unpack(&self, model: &M, bytes: &[u8]) -> M::State {
        model.unpack(bytes)
    }
}

/// A way to keep states.
pub(crate) trait Form<M: Model>: Sync {
    /// Whether kept states can be put aside on disk.
    const CAN_SPILL: bool;
    /// A kept state as it can be compared with another one.
    type Stored: PartialEq + ?Sized;
    /// The same, owned.
    type Owned: Send;
    /// States that are not yet decided on, in order.
    type Batch: Default + Send;
    /// States that are kept, in order.
    type Block: Default + Send + Sync;

    /// Puts a state at the end of a batch, and gives its fingerprint.
    fn add(&self, model: &M, state: M::State, batch: &mut Self::Batch) -> u64;
    /// Decides on all states of a batch in order, which empties it; moves to a block those that are to be kept.
    fn settle(
        &self,
        batch: &mut Self::Batch,
        block: &mut Self::Block,
        keep: impl FnMut(&Self::Stored) -> bool,
    );
    /// Shows those states of a block that count, in order; all if it is not said which do.
    fn visit(&self, model: &M, block: &Self::Block, counts: &[bool], see: impl FnMut(&M::State));
    /// The bytes of a block, if they are all that it is.
    fn bytes(block: &mut Self::Block) -> Option<&mut Vec<u8>>;
    /// What a block takes, in bytes, as far as is known.
    fn size_of(block: &Self::Block) -> usize;
    /// A copy to keep.
    fn own(stored: &Self::Stored) -> Self::Owned;
    /// Whether a copy is the same.
    fn is(owned: &Self::Owned, stored: &Self::Stored) -> bool;
}

/// States as they are.
pub(crate) struct Plain;

impl<M> Form<M> for Plain
where
    M: Model<State: Clone + Hash + PartialEq + Send + Sync> + Sync,
{
    const CAN_SPILL: bool = false;
    type Stored = M::State;
    type Owned = M::State;
    type Batch = Vec<M::State>;
    type Block = Vec<M::State>;

    #[inline(always)]
    fn add(&self, _model: &M, state: M::State, batch: &mut Vec<M::State>) -> u64 {
        let fingerprint = fingerprint(&state);
        batch.push(state);
        fingerprint
    }
    #[inline(always)]
    fn settle(
        &self,
        batch: &mut Vec<M::State>,
        block: &mut Vec<M::State>,
        mut keep: impl FnMut(&M::State) -> bool,
    ) {
        block.extend(batch.drain(..).filter(|state| keep(state)));
    }
    #[inline(always)]
    fn visit(
        &self,
        _model: &M,
        block: &Vec<M::State>,
        counts: &[bool],
        mut see: impl FnMut(&M::State),
    ) {
        let mut counts = counts.iter();
        for state in block {
            if counts.next().is_none_or(|counts| *counts) {
                see(state);
            }
        }
    }
    fn bytes(_block: &mut Vec<M::State>) -> Option<&mut Vec<u8>> {
        None
    }
    fn size_of(block: &Vec<M::State>) -> usize {
        block.capacity() * size_of::<M::State>()
    }
    fn own(stored: &M::State) -> M::State {
        stored.clone()
    }
    fn is(owned: &M::State, stored: &M::State) -> bool {
        owned == stored
    }
}

/// Packed states, each after its length.
pub(crate) struct Packed<P>(pub(crate) P);

impl<M, P> Form<M> for Packed<P>
where
    M: Model<State: PartialEq> + Sync,
    P: Packing<M>,
{
    const CAN_SPILL: bool = true;
    type Stored = [u8];
    type Owned = Box<[u8]>;
    type Batch = Codes;
    type Block = Vec<u8>;

    #[inline(always)]
    fn add(&self, model: &M, state: M::State, batch: &mut Codes) -> u64 {
        let from = batch.bytes.len();
        self.0.pack(model, &state, &mut batch.bytes);
        debug_assert!(
            self.0.unpack(model, &batch.bytes[from..]) == state,
            "what was packed is unpacked"
        );
        batch.ends.push(batch.bytes.len());
        fingerprint_of_bytes(&batch.bytes[from..])
    }
    #[inline(always)]
    fn settle(&self, batch: &mut Codes, block: &mut Vec<u8>, mut keep: impl FnMut(&[u8]) -> bool) {
        let mut from = 0;
        for to in batch.ends.drain(..) {
            let code = &batch.bytes[from..to];
            if keep(code) {
                write_length(code.len(), block);
                block.extend_from_slice(code);
            }
            from = to;
        }
        batch.bytes.clear();
    }
    #[inline(always)]
    fn visit(&self, model: &M, block: &Vec<u8>, counts: &[bool], mut see: impl FnMut(&M::State)) {
        let (mut at, mut counts) = (0, counts.iter());
        while at < block.len() {
            let length = read_length(block, &mut at);
            if counts.next().is_none_or(|counts| *counts) {
                see(&self.0.unpack(model, &block[at..at + length]));
            }
            at += length;
        }
    }
    fn bytes(block: &mut Vec<u8>) -> Option<&mut Vec<u8>> {
        Some(block)
    }
    fn size_of(block: &Vec<u8>) -> usize {
        block.capacity()
    }
    fn own(stored: &[u8]) -> Box<[u8]> {
        stored.into()
    }
    fn is(owned: &Box<[u8]>, stored: &[u8]) -> bool {
        &**owned == stored
    }
}

/// Packed states that are not yet decided on.
#[derive(Default)]
pub(crate) struct Codes {
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
}

/// Lengths below this take one byte, others this byte and four more.
const LONG: u8 = u8::MAX;

#[inline(always)]
fn write_length(length: usize, bytes: &mut Vec<u8>) {
    match u8::try_from(length) {
        Ok(short) if short < LONG => bytes.push(short),
        _ => {
            let long = u32::try_from(length).expect("a packed state has less than 4 GiB");
            bytes.push(LONG);
            bytes.extend_from_slice(&long.to_le_bytes());
        }
    }
}

#[inline(always)]
fn read_length(bytes: &[u8], at: &mut usize) -> usize {
    let short = bytes[*at];
    *at += 1;
    if short < LONG {
        return short.into();
    }
    let long = bytes[*at..*at + 4].try_into().expect("a long length has four bytes");
    *at += 4;
    u32::from_le_bytes(long) as usize
}
