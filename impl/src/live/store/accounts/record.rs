//! How accounts are written: a byte for the version, then postcard, within bounds on both ways.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::super::limits::{ITERATIONS_MAX, RECORD_BYTES_MAX, SALT_BYTES_MAX};

/// The version that is written. Others are refused.
const VERSION: u8 = 1;
/// Bytes of the keys that SCRAM-SHA-256 keeps.
const SHA256_BYTES: usize = 32;
/// Bytes of the keys that SCRAM-SHA-1 keeps.
const SHA1_BYTES: usize = 20;

/// What a password is checked with in SCRAM. The password does not follow from it, but who has it can guess offline:
/// it is not printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verifier {
    /// The salt.
    pub salt: Vec<u8>,
    /// How often the hash is iterated.
    pub iterations: u32,
    /// The hash of the client's key.
    pub stored_key: Vec<u8>,
    /// The server's key.
    pub server_key: Vec<u8>,
}

/// The verifiers of one password, for each mechanism.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// For SCRAM-SHA-256.
    pub sha256: Verifier,
    /// For SCRAM-SHA-1.
    pub sha1: Verifier,
}

/// What is kept under the name of an account.
#[derive(Serialize, Deserialize)]
pub(super) struct AccountRecord {
    pub(super) number: u16,
    pub(super) credentials: Credentials,
}

/// What is kept under a number.
#[derive(Serialize, Deserialize)]
pub(super) struct NumberRecord {
    pub(super) name: String,
    pub(super) removed: bool,
}

/// Which number is given next.
#[derive(Serialize, Deserialize)]
pub(super) struct NextRecord {
    pub(super) next: u32,
}

/// What is wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordError {
    /// It is written in a version that is not known.
    UnknownVersion {
        /// The version.
        version: u8,
    },
    /// It cannot be read.
    Malformed,
    /// It has too many bytes.
    TooLarge {
        /// How many.
        bytes: usize,
    },
    /// A salt is empty or too long.
    Salt,
    /// There are no iterations, or too many.
    Iterations,
    /// A key has not the length of its hash.
    Key,
}

impl Verifier {
    fn check(&self, key_bytes: usize) -> Result<(), RecordError> {
        if !(1..=SALT_BYTES_MAX).contains(&self.salt.len()) {
            return Err(RecordError::Salt);
        }
        if !(1..=ITERATIONS_MAX).contains(&self.iterations) {
            return Err(RecordError::Iterations);
        }
        if self.stored_key.len() != key_bytes || self.server_key.len() != key_bytes {
            return Err(RecordError::Key);
        }
        Ok(())
    }
}

impl Credentials {
    /// Whether they are within bounds.
    ///
    /// # Errors
    /// What is not.
    pub fn check(&self) -> Result<(), RecordError> {
        self.sha256.check(SHA256_BYTES)?;
        self.sha1.check(SHA1_BYTES)
    }
}

/// Writes a record.
pub(super) fn encode<T: Serialize>(record: &T) -> Result<Vec<u8>, RecordError> {
    let bytes = postcard::to_extend(record, vec![VERSION]).map_err(|_| RecordError::Malformed)?;
    if bytes.len() > RECORD_BYTES_MAX {
        Err(RecordError::TooLarge { bytes: bytes.len() })
    } else {
        Ok(bytes)
    }
}

/// Reads a record. It must be all of the bytes.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, RecordError> {
    if bytes.len() > RECORD_BYTES_MAX {
        return Err(RecordError::TooLarge { bytes: bytes.len() });
    }
    match bytes.split_first() {
        None => Err(RecordError::Malformed),
        Some((&VERSION, rest)) => match postcard::take_from_bytes(rest) {
            Ok((record, [])) => Ok(record),
            _ => Err(RecordError::Malformed),
        },
        Some((&version, _)) => Err(RecordError::UnknownVersion { version }),
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("iterations", &self.iterations).finish_non_exhaustive()
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecordError::UnknownVersion { version } => write!(f, "version {version} is not known"),
            RecordError::Malformed => write!(f, "it cannot be read"),
            RecordError::TooLarge { bytes } => {
                write!(f, "it has {bytes} bytes, which are too many")
            }
            RecordError::Salt => write!(f, "its salt is empty or too long"),
            RecordError::Iterations => write!(f, "it has no iterations, or too many"),
            RecordError::Key => write!(f, "a key has not the length of its hash"),
        }
    }
}

impl std::error::Error for RecordError {}
