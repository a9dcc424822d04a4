//! The file of the global server: frames, each with its length and its checksum, each all or nothing.
//!
//! The first frame may be a checkpoint; all others are entries of the log, as they were written. A crash may leave the
//! last one torn, which is left out: nobody was told of it. Anything else that does not add up is damage, and refused:
//! what was acknowledged would be lost without a word.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::wire::Entry;

/// What a frame begins with; the digit is the version of the format.
const MAGIC: [u8; 8] = *b"spillwy1";
/// The bytes of a frame before its payload: the magic, the payload's length and its checksum.
pub const HEADER_BYTES: usize = 24;

/// The payload of a frame.
#[derive(Serialize, Deserialize)]
enum Frame<E> {
    /// The newest entry of each user as of a revision.
    Checkpoint {
        /// The revision.
        base: u32,
        /// The entries, by user.
        entries: Vec<E>,
    },
    /// Successive entries of the log.
    Log {
        /// The entries, at least one.
        entries: Vec<E>,
    },
}

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// The revision of the checkpoint.
    pub base: u32,
    /// The checkpoint, by user.
    pub checkpoint: BTreeMap<u16, Entry>,
    /// The log above the base.
    pub log: Vec<Entry>,
    /// Bytes of a torn write at the end.
    pub torn_bytes: usize,
}

/// Why a file is not read: it is damaged where no crash damages it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// The byte where the frame begins that is damaged.
    pub offset: usize,
    /// What is wrong there.
    pub reason: Reason,
}

/// What is wrong with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Its checksum does not agree, and whole frames follow.
    Checksum,
    /// Its checksum agrees, and it cannot be read.
    Payload,
    /// It is a checkpoint and not the first.
    Checkpoint,
    /// Its revisions or users do not follow from those before.
    Order,
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match self.reason {
            Reason::Checksum => "its checksum does not agree, and whole frames follow it",
            Reason::Payload => "its checksum agrees, but it cannot be read",
            Reason::Checkpoint => "it is a checkpoint, and those only come first",
            Reason::Order => "it does not follow from what comes before it",
        };
        write!(f, "the frame at byte {} is damaged: {reason}", self.offset)
    }
}

impl std::error::Error for Damaged {}

/// A frame with these entries of the log.
pub fn frame(entries: &[Entry]) -> Vec<u8> {
    debug_assert!(!entries.is_empty());
    encode(&Frame::Log { entries: entries.iter().collect() })
}

/// A whole file: the checkpoint if there is one, and what of the log is above it.
pub fn whole(base: u32, checkpoint: &BTreeMap<u16, Entry>, log: &[Entry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    if base > 0 {
        bytes = encode(&Frame::Checkpoint { base, entries: checkpoint.values().collect() });
    }
    if !log.is_empty() {
        bytes.extend(frame(log));
    }
    bytes
}

fn encode(frame: &Frame<&Entry>) -> Vec<u8> {
    let payload = postcard::to_stdvec(frame).expect("entries have no part that cannot be written");
    let mut bytes = Vec::with_capacity(HEADER_BYTES + payload.len());
    bytes.extend(MAGIC);
    bytes.extend((payload.len() as u64).to_le_bytes());
    bytes.extend(checksum(&payload).to_le_bytes());
    bytes.extend(payload);
    bytes
}

/// The length counts, so that zeros are no frame.
fn checksum(payload: &[u8]) -> u64 {
    xxh3_64_with_seed(payload, payload.len() as u64)
}

/// Reads a file; `checked` is whether checksums are looked at.
///
/// # Errors
/// It is damaged otherwise than by a write that a crash has cut short.
pub fn read(file: &[u8], checked: bool) -> Result<Content, Damaged> {
    let mut content = Content::default();
    let mut offset = 0;
    while offset < file.len() {
        let damaged = |reason| Damaged { offset, reason };
        let Some(payload) = payload(&file[offset..], checked) else {
            if is_torn(&file[offset..]) {
                content.torn_bytes = file.len() - offset;
                break;
            }
            return Err(damaged(Reason::Checksum));
        };
        let taken = postcard::take_from_bytes::<Frame<Entry>>(payload);
        let (frame, rest) = taken.map_err(|_| damaged(Reason::Payload))?;
        if !rest.is_empty() {
            return Err(damaged(Reason::Payload));
        }
        match frame {
            Frame::Checkpoint { .. } if offset > 0 => return Err(damaged(Reason::Checkpoint)),
            Frame::Checkpoint { base, entries } => content.begin(base, entries),
            Frame::Log { entries } => content.extend(entries),
        }
        .map_err(|OutOfOrder| damaged(Reason::Order))?;
        offset += HEADER_BYTES + payload.len();
    }
    Ok(content)
}

/// The payload of the frame that these bytes begin with, if it is whole.
fn payload(bytes: &[u8], checked: bool) -> Option<&[u8]> {
    let rest = bytes.strip_prefix(&MAGIC)?;
    let (length, rest) = rest.split_first_chunk::<8>()?;
    let (sum, rest) = rest.split_first_chunk::<8>()?;
    let payload = rest.get(..usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    (!checked || checksum(payload) == u64::from_le_bytes(*sum)).then_some(payload)
}

/// Whether a frame that is not whole is the last write, cut short: no whole frame follows it.
fn is_torn(bytes: &[u8]) -> bool {
    let places = 1..bytes.len().saturating_sub(HEADER_BYTES);
    !places.into_iter().any(|place| payload(&bytes[place..], true).is_some())
}

/// Entries do not follow from those before.
struct OutOfOrder;

impl Content {
    fn begin(&mut self, base: u32, entries: Vec<Entry>) -> Result<(), OutOfOrder> {
        self.base = base;
        for entry in entries {
            let first = self.checkpoint.keys().next_back().is_none_or(|&last| last < entry.user);
            if !first || entry.revision > base {
                return Err(OutOfOrder);
            }
            self.checkpoint.insert(entry.user, entry);
        }
        Ok(())
    }

    fn extend(&mut self, entries: Vec<Entry>) -> Result<(), OutOfOrder> {
        for entry in entries {
            let next = u64::from(self.base) + self.log.len() as u64 + 1;
            if u64::from(entry.revision) != next {
                return Err(OutOfOrder);
            }
            self.log.push(entry);
        }
        Ok(())
    }
}
