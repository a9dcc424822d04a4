//! How states are kept between the level that finds them and the one that explores them: as they are, or packed.

use std::hash::Hash;

use stateright::Model;

use crate::code::Code;
use crate::code::sealed::Sealed;
use crate::hash::{fingerprint, fingerprint_of_bytes};

/// A model whose states can be packed into a few words and back: it is explored faster, in less memory, without an allocation
/// a state, and what does not fit into the memory goes to disk. See [`Checker::packed`](crate::Checker::packed).
///
/// `unpack(pack(state)) == state`, so states that differ have codes that differ; states that are equal have equal codes. The
/// checker asserts the first in its own debug builds. States of varying size are packed by a [`Packing`].
pub trait Pack: Model {
    /// The packed state: `u64`, `u128` or an array of `u64`.
    type Code: Code;

    /// The code of a state.
    fn pack(&self, state: &Self::State) -> Self::Code;
    /// The state of a code that [`Pack::pack`] gave.
    fn unpack(&self, code: Self::Code) -> Self::State;
}

/// Packs states of varying size into bytes, of this crate's models or another's: `unpack(pack(state)) == state`, and states that
/// are equal have equal bytes.
pub trait Packing<M: Model>: Send + Sync {
    /// Appends the bytes of a state: less than 4 GiB.
    fn pack(&self, model: &M, state: &M::State, bytes: &mut Vec<u8>);
    /// The state of these bytes, all of which [`Packing::pack`] appended.
    fn unpack(&self, model: &M, bytes: &[u8]) -> M::State;
}

/// A way to keep states.
pub(crate) trait Form<M: Model>: Sync {
    /// Whether kept states can be put aside on disk.
    const CAN_SPILL: bool;
    /// Whether states that differ have fingerprints that differ, all of them.
    const IS_EXACT: bool = false;
    /// Whether kept states have memory of their own, which is best freed by the thread that allocated it.
    const OWNS_MEMORY: bool = false;
    /// A kept state as it can be compared with another one.
    type Stored: PartialEq + ?Sized;
    /// The same, owned.
    type Owned: Send;
    /// States that are not yet decided on, in order.
    type Batch: Default + Send;
    /// States that are kept, in order.
    type Block: Default + Send + Sync;

    /// Puts a state, which is there, at the end of a batch, if its fingerprint is wanted. It is large, perhaps, and moved only
    /// where it must be.
    fn add(
        &self,
        model: &M,
        state: &mut Option<M::State>,
        batch: &mut Self::Batch,
        is_wanted: impl FnOnce(u64) -> bool,
    );
    /// Decides on all states of a batch in order, which empties it; moves to a block those that are to be kept.
    fn settle(
        &self,
        batch: &mut Self::Batch,
        block: &mut Self::Block,
        keep: impl FnMut(&Self::Stored) -> bool,
    );
    /// Shows those states of a block that count, in order; all if it is not said which do. If they are to go each is gone when
    /// it was seen, and the block is empty then.
    fn visit(
        &self,
        model: &M,
        block: &mut Self::Block,
        counts: &[bool],
        are_to_go: bool,
        see: impl FnMut(&M::State),
    );
    /// The bytes of a block, which is empty then; none if it cannot be put aside.
    fn take_bytes(block: &mut Self::Block) -> Option<Vec<u8>>;
    /// The block of these bytes.
    fn of_bytes(bytes: Vec<u8>) -> Self::Block;
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
    const OWNS_MEMORY: bool = std::mem::needs_drop::<M::State>();
    type Stored = M::State;
    type Owned = M::State;
    type Batch = Vec<M::State>;
    type Block = Vec<M::State>;

    #[inline(always)]
    fn add(
        &self,
        _model: &M,
        state: &mut Option<M::State>,
        batch: &mut Vec<M::State>,
        is_wanted: impl FnOnce(u64) -> bool,
    ) {
        if state.as_ref().is_some_and(|state| is_wanted(fingerprint(state))) {
            batch.extend(state.take());
        }
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
        block: &mut Vec<M::State>,
        counts: &[bool],
        are_to_go: bool,
        mut see: impl FnMut(&M::State),
    ) {
        let mut counts = counts.iter();
        let mut see = |state: &M::State| {
            if counts.next().is_none_or(|counts| *counts) {
                see(state);
            }
        };
        if are_to_go {
            block.drain(..).for_each(|state| see(&state));
        } else {
            block.iter().for_each(see);
        }
    }
    fn take_bytes(_block: &mut Vec<M::State>) -> Option<Vec<u8>> {
        None
    }
    fn of_bytes(_bytes: Vec<u8>) -> Vec<M::State> {
        unreachable!("states as they are cannot be put aside")
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

/// States packed into bytes, each after its length.
pub(crate) struct Bytes<P>(pub(crate) P);

impl<M, P> Form<M> for Bytes<P>
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
    fn add(
        &self,
        model: &M,
        state: &mut Option<M::State>,
        Codes { bytes: batch, good }: &mut Codes,
        is_wanted: impl FnOnce(u64) -> bool,
    ) {
        batch.truncate(*good); // something is left where a packing panicked
        let from = *good;
        batch.push(0); // its length, once that is known
        let Some(state) = &*state else { return };
        self.0.pack(model, state, batch);
        let length = batch.len() - from - 1;
        let code = match u8::try_from(length) {
            Ok(short) if short < LONG => {
                batch[from] = short;
                from + 1
            }
            _ => write_long(length, from, batch),
        };
        debug_assert!(
            self.0.unpack(model, &batch[code..]) == *state,
            "what was packed is unpacked"
        );
        if is_wanted(fingerprint_of_bytes(&batch[code..])) {
            *good = batch.len();
        }
    }
    #[inline(always)]
    fn settle(
        &self,
        Codes { bytes: batch, good }: &mut Codes,
        block: &mut Vec<u8>,
        mut keep: impl FnMut(&[u8]) -> bool,
    ) {
        let mut at = 0;
        while at < *good {
            let from = at;
            let length = read_length(batch, &mut at);
            let code = at;
            at += length;
            if keep(&batch[code..at]) {
                block.extend_from_slice(&batch[from..at]);
            }
        }
        batch.clear();
        *good = 0;
    }
    #[inline(always)]
    fn visit(
        &self,
        model: &M,
        block: &mut Vec<u8>,
        counts: &[bool],
        are_to_go: bool,
        mut see: impl FnMut(&M::State),
    ) {
        let (mut at, mut counts) = (0, counts.iter());
        while at < block.len() {
            let length = read_length(block, &mut at);
            if counts.next().is_none_or(|counts| *counts) {
                see(&self.0.unpack(model, &block[at..at + length]));
            }
            at += length;
        }
        if are_to_go {
            block.clear();
        }
    }
    fn take_bytes(block: &mut Vec<u8>) -> Option<Vec<u8>> {
        Some(std::mem::take(block))
    }
    fn of_bytes(bytes: Vec<u8>) -> Vec<u8> {
        bytes
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

/// Packed states that are not yet decided on, each after its length.
#[derive(Default)]
pub(crate) struct Codes {
    bytes: Vec<u8>,
    /// Where the last one that is whole and wanted ends.
    good: usize,
}

/// Lengths below this take one byte, others this byte and four more.
const LONG: u8 = u8::MAX;

/// Writes the length of a code whose first byte is behind that at a place, and gives the place where the code is then.
#[cold]
fn write_long(length: usize, at: usize, bytes: &mut Vec<u8>) -> usize {
    let long = u32::try_from(length).expect("a packed state has less than 4 GiB").to_le_bytes();
    bytes[at] = LONG;
    bytes.splice(at + 1..at + 1, long);
    at + 1 + long.len()
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

/// States packed into words.
pub(crate) struct Words;

impl<M> Form<M> for Words
where
    M: Pack<State: PartialEq> + Sync,
{
    const CAN_SPILL: bool = true;
    const IS_EXACT: bool = M::Code::IS_EXACT;
    type Stored = M::Code;
    type Owned = M::Code;
    type Batch = Vec<M::Code>;
    type Block = Vec<M::Code>;

    #[inline(always)]
    fn add(
        &self,
        model: &M,
        state: &mut Option<M::State>,
        batch: &mut Vec<M::Code>,
        is_wanted: impl FnOnce(u64) -> bool,
    ) {
        let Some(state) = &*state else { return };
        let code = model.pack(state);
        debug_assert!(model.unpack(code) == *state, "what was packed is unpacked");
        if is_wanted(code.fingerprint()) {
            batch.push(code);
        }
    }
    #[inline(always)]
    fn settle(
        &self,
        batch: &mut Vec<M::Code>,
        block: &mut Vec<M::Code>,
        mut keep: impl FnMut(&M::Code) -> bool,
    ) {
        for code in batch.iter() {
            if keep(code) {
                block.push(*code);
            }
        }
        batch.clear();
    }
    #[inline(always)]
    fn visit(
        &self,
        model: &M,
        block: &mut Vec<M::Code>,
        counts: &[bool],
        are_to_go: bool,
        mut see: impl FnMut(&M::State),
    ) {
        let mut counts = counts.iter();
        for code in block.iter() {
            if counts.next().is_none_or(|counts| *counts) {
                see(&model.unpack(*code));
            }
        }
        if are_to_go {
            block.clear();
        }
    }
    fn take_bytes(block: &mut Vec<M::Code>) -> Option<Vec<u8>> {
        let mut bytes = Vec::with_capacity(block.len() * size_of::<M::Code>());
        block.drain(..).for_each(|code| code.put(&mut bytes));
        *block = Vec::new();
        Some(bytes)
    }
    fn of_bytes(bytes: Vec<u8>) -> Vec<M::Code> {
        let (mut rest, mut block) = (bytes.as_slice(), Vec::new());
        while !rest.is_empty() {
            block.push(M::Code::take(&mut rest));
        }
        block
    }
    fn size_of(block: &Vec<M::Code>) -> usize {
        block.capacity() * size_of::<M::Code>()
    }
    fn own(stored: &M::Code) -> M::Code {
        *stored
    }
    fn is(owned: &M::Code, stored: &M::Code) -> bool {
        owned == stored
    }
}
