//! Where the states of a block came from, as it will be written: see `parents.rs`.

/// What a varint takes at most, in bytes.
const VARINT_MAX: usize = 10;

/// Where a state came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Birth {
    /// The state before, by its number; within a block by its place in the unit.
    pub(crate) parent: u64,
    /// The place of the action in what the model lists there.
    pub(crate) action: u32,
}

/// A list of births, in the order of parents.
#[derive(Clone, Debug, Default)]
pub(crate) struct Births {
    first: Option<Birth>,
    last_parent: u64,
    length: usize,
    /// The records after the first: how far its parent is behind that of the record before, and the action.
    records: Vec<u8>,
}

impl Births {
    /// None yet, to be kept in an empty buffer.
    pub(crate) fn in_buffer(records: Vec<u8>) -> Births {
        debug_assert!(records.is_empty());
        Births { records, ..Births::default() }
    }

    /// The buffer, emptied.
    pub(crate) fn into_buffer(mut self) -> Vec<u8> {
        self.records.clear();
        self.records
    }

    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// Bytes of the records.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.records
    }

    pub(crate) fn first(&self) -> Option<Birth> {
        self.first
    }

    pub(crate) fn last_parent(&self) -> u64 {
        self.last_parent
    }

    #[inline]
    pub(crate) fn push(&mut self, birth: Birth) {
        match self.first {
            None => self.first = Some(birth),
            Some(_) => write(self.last_parent, birth, &mut self.records),
        }
        self.last_parent = birth.parent;
        self.length += 1;
    }

    /// Only those that count, in an empty buffer.
    pub(crate) fn only(&self, counts: &[bool], buffer: Vec<u8>) -> Births {
        let mut only = Births::in_buffer(buffer);
        let counting = self.iter().zip(counts).filter(|(_, counts)| **counts);
        counting.for_each(|(birth, _)| only.push(birth));
        only
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Birth> + '_ {
        let (mut rest, mut parent) = (self.records.as_slice(), 0);
        (0..self.length).map(move |at| {
            let birth = match self.first.filter(|_| at == 0) {
                Some(first) => first,
                None => read(parent, &mut rest).expect("what was written is read"),
            };
            parent = birth.parent;
            birth
        })
    }
}

/// Writes a record after one with this parent.
#[inline]
pub(crate) fn write(last_parent: u64, birth: Birth, bytes: &mut Vec<u8>) {
    let ahead = birth.parent.checked_sub(last_parent);
    let ahead = ahead.expect("states are found in the order of their parents");
    if ahead < 0x80 && birth.action < 0x80 {
        bytes.extend_from_slice(&[ahead as u8, birth.action as u8]); // nearly all
    } else {
        put(ahead, bytes);
        put(birth.action.into(), bytes);
    }
}

/// Reads a record after one with this parent; none if the bytes are not one.
pub(crate) fn read(last_parent: u64, bytes: &mut &[u8]) -> Option<Birth> {
    let parent = last_parent.checked_add(take(bytes)?)?;
    let action = u32::try_from(take(bytes)?).ok()?;
    Some(Birth { parent, action })
}

/// Writes a number seven bits a byte, the low ones first.
fn put(mut number: u64, bytes: &mut Vec<u8>) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for at in 0..VARINT_MAX {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}
