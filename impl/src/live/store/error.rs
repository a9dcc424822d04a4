//! What can go wrong with the store, as values.

use std::fmt;
use std::sync::Arc;

use super::{LeaseId, Revision};

/// Why the store has not done what it was asked for.
#[derive(Clone, Debug)]
pub enum Error {
    /// It will never do it: a limit is broken.
    Refused(Refused),
    /// What is asked for is forgotten.
    Compacted {
        /// The revision that is asked for.
        asked: Revision,
        /// The oldest that can be read.
        compacted: Revision,
    },
    /// What is asked for has not been yet.
    Future {
        /// The revision that is asked for.
        asked: Revision,
        /// The newest there is.
        newest: Revision,
    },
    /// There is no such lease, or it has run out.
    UnknownLease(LeaseId),
    /// A table is full.
    Full {
        /// What it holds.
        what: &'static str,
        /// How many of it fit.
        max: u64,
    },
    /// The disk failed. A change is not acknowledged: it may be there after the next start, wholly, or not at all. The
    /// store takes no more changes until it is opened anew.
    Disk {
        /// What was being done.
        doing: &'static str,
        /// What the disk says.
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The disk holds what this store cannot have written.
    Damaged {
        /// What does not add up.
        what: &'static str,
    },
    /// The disk was written by a version of the store that this one does not know.
    UnknownFormat {
        /// Its number.
        found: u64,
    },
}

/// Which limit is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// A transaction changes nothing.
    Nothing,
    /// A transaction puts or deletes a key twice.
    KeyTwice,
    /// A key is empty.
    EmptyKey,
    /// There are too many bytes or items.
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How many are allowed.
        max: usize,
        /// How many there are.
        found: usize,
    },
    /// A page of no entries is asked for.
    NoLimit,
    /// The time of a lease is zero or too long.
    Ttl {
        /// The time.
        ttl_us: u64,
    },
}

impl Error {
    pub(super) fn disk(
        doing: &'static str,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Error {
        Error::Disk { doing, source: Arc::new(source) }
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Error {
        Error::Refused(refused)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Refused(refused) => write!(f, "{refused}"),
            Error::Compacted { asked, compacted } => {
                write!(f, "{asked} is asked for, and what was before {compacted} is forgotten")
            }
            Error::Future { asked, newest } => {
                write!(f, "{asked} is asked for, and the newest is {newest}")
            }
            Error::UnknownLease(lease) => write!(f, "there is no {lease}, or it has run out"),
            Error::Full { what, max } => {
                write!(f, "the store is full: it holds {max} {what} already")
            }
            Error::Disk { doing, source } => write!(f, "the disk failed while {doing}: {source}"),
            Error::Damaged { what } => write!(f, "the store is damaged: {what}"),
            Error::UnknownFormat { found } => {
                write!(f, "the store has format {found}, which is not known")
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Disk { source, .. } => Some(source.as_ref()),
            Error::Refused(refused) => Some(refused),
            _ => None,
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Nothing => write!(f, "the transaction changes nothing"),
            Refused::KeyTwice => write!(f, "the transaction changes a key twice"),
            Refused::EmptyKey => write!(f, "a key is empty"),
            Refused::TooMuch { what, max, found } => {
                write!(f, "there are {found} {what}, and {max} are allowed")
            }
            Refused::NoLimit => write!(f, "a page of no entries is asked for"),
            Refused::Ttl { ttl_us } => write!(f, "a lease cannot last {ttl_us} us"),
        }
    }
}

impl std::error::Error for Refused {}
