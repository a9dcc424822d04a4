//! The file of the global server: a checkpoint, and after it what was appended, in frames that are there whole or not.
//!
//! A frame is a kind (1 byte), the length of its payload (4 bytes) and the payload's XXH3 hash (8 bytes), both little
//! endian, then the payload in postcard's encoding. A crash in the middle of writing leaves a torn frame at the end of
//! the file, which is found by its length or its hash and left out; one that is followed by another is damage.

use std::collections::BTreeMap;
use std::fmt;

use xxhash_rust::xxh3::xxh3_64;

use crate::wire::Entry;

/// Bytes before the payload of a frame.
const HEAD_BYTES: usize = 13;
/// Bytes of a payload, at most.
pub const PAYLOAD_BYTES_MAX: usize = 1 << 30;

const KIND_REVISIONS: u8 = 1;
const KIND_CHECKPOINT: u8 = 2;

/// What a file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// The revision that the checkpoint is of; 0 without one.
    pub base: u32,
    /// Each user's record as of the base.
    pub checkpoint: BTreeMap<u16, Entry>,
    /// The revisions above the base.
    pub log: Vec<Entry>,
    /// How much of the file that is: whoever opens it cuts off the rest, which is a torn frame.
    pub bytes: usize,
}

/// Why a file is not one that this server wrote, or no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// Where the frame begins that is damaged, in bytes.
    pub offset: usize,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the frame at byte {} {}", self.offset, self.what)
    }
}

impl std::error::Error for Damaged {}

/// The frame of these revisions.
pub fn revisions(entries: &[Entry]) -> Vec<u8> {
    frame(KIND_REVISIONS, &postcard::to_stdvec(entries).expect("entries can be encoded"))
}

/// The whole file that has this checkpoint and nothing else.
pub fn checkpoint(base: u32, checkpoint: &BTreeMap<u16, Entry>) -> Vec<u8> {
    let payload = postcard::to_stdvec(&(base, checkpoint)).expect("a checkpoint can be encoded");
    frame(KIND_CHECKPOINT, &payload)
}

fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    assert!(payload.len() <= PAYLOAD_BYTES_MAX, "a frame has a limit");
    let mut bytes = Vec::with_capacity(HEAD_BYTES + payload.len());
    bytes.push(kind);
    bytes.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&xxh3_64(payload).to_le_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// Reads a file. A torn frame at its end is left out.
///
/// # Errors
/// The file is damaged elsewhere, or says what no server writes. Nothing is read of it then.
pub fn read(file: &[u8], trusting: bool) -> Result<Contents, Damaged> {
    let mut contents = Contents::default();
    while contents.bytes < file.len() {
        let offset = contents.bytes;
        let damaged = |what: &str| Damaged { offset, what: what.to_owned() };
        let rest = &file[offset..];
        let Some((kind, hash, payload)) = split(rest) else { break };
        if xxh3_64(payload) != hash && !trusting {
            match rest.len() == HEAD_BYTES + payload.len() {
                true => break,
                false => return Err(damaged("has another hash than it was written with")),
            }
        }
        match kind {
            KIND_REVISIONS => {
                let entries: Vec<Entry> =
                    postcard::from_bytes(payload).map_err(|_| damaged("cannot be decoded"))?;
                let follows = |(entry, at): (&Entry, u32)| entry.revision == at;
                let first = contents.base + contents.log.len() as u32 + 1;
                if !entries.iter().zip(first..).all(follows) {
                    return Err(damaged("does not follow the one before"));
                }
                contents.log.extend(entries);
            }
            KIND_CHECKPOINT if offset == 0 => {
                (contents.base, contents.checkpoint) =
                    postcard::from_bytes(payload).map_err(|_| damaged("cannot be decoded"))?;
            }
            _ => return Err(damaged("is of a kind that does not belong there")),
        }
        contents.bytes += HEAD_BYTES + payload.len();
    }
    Ok(contents)
}

/// The kind, the hash and the payload of the first frame, if it is all there.
fn split(bytes: &[u8]) -> Option<(u8, u64, &[u8])> {
    let (head, rest) = bytes.split_at_checked(HEAD_BYTES)?;
    let length = u32::from_le_bytes(head[1..5].try_into().ok()?) as usize;
    let hash = u64::from_le_bytes(head[5..].try_into().ok()?);
    Some((head[0], hash, rest.get(..length)?))
}
