//! Why something cannot be done with accounts, as values.

use std::fmt;

use super::super::Error;
use super::record::RecordError;

/// Why an account or a document is not added, changed or read.
#[derive(Clone, Debug)]
pub enum AccountError {
    /// It is no name for an account: too long, empty, or against the rules.
    NoName,
    /// The name is taken.
    Taken,
    /// There is no such account.
    NoAccount,
    /// All numbers of the protocol were given.
    NumbersExhausted,
    /// It is no name for a document: too long or empty.
    NoDocumentName,
    /// The document has too many bytes.
    DocumentTooLarge {
        /// How many.
        bytes: usize,
    },
    /// The user has too many documents.
    TooManyDocuments,
    /// The document is not the one that was to be changed.
    Changed,
    /// Others came in between, again and again.
    Contended,
    /// A record is out of bounds or not understood.
    Record(RecordError),
    /// The store cannot.
    Store(Error),
}

impl From<Error> for AccountError {
    fn from(error: Error) -> AccountError {
        AccountError::Store(error)
    }
}

impl From<RecordError> for AccountError {
    fn from(error: RecordError) -> AccountError {
        AccountError::Record(error)
    }
}

impl fmt::Display for AccountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AccountError::NoName => write!(f, "this cannot be the name of an account"),
            AccountError::Taken => write!(f, "there is an account of this name already"),
            AccountError::NoAccount => write!(f, "there is no such account"),
            AccountError::NumbersExhausted => write!(f, "all numbers for accounts were given"),
            AccountError::NoDocumentName => write!(f, "this cannot be the name of a document"),
            AccountError::DocumentTooLarge { bytes } => {
                write!(f, "a document of {bytes} bytes is too large")
            }
            AccountError::TooManyDocuments => write!(f, "the account has too many documents"),
            AccountError::Changed => write!(f, "the document was changed by somebody else"),
            AccountError::Contended => write!(f, "others came in between again and again"),
            AccountError::Record(error) => write!(f, "a record of an account: {error}"),
            AccountError::Store(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for AccountError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            AccountError::Record(error) => Some(error),
            AccountError::Store(error) => Some(error),
            _ => None,
        }
    }
}
