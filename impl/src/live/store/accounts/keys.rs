//! Where accounts are in the store. What is removed and added again has another number, so documents go by number.

use super::AccountError;
use super::record::RecordError;

const ACCOUNT: &[u8] = b"accounts/name/";

/// An account, by its name.
pub(super) fn account(name: &str) -> Vec<u8> {
    [ACCOUNT, name.as_bytes()].concat()
}

/// The name of the account that has this key.
pub(super) fn name(key: &[u8]) -> Result<&str, AccountError> {
    let name = key.strip_prefix(ACCOUNT).and_then(|name| std::str::from_utf8(name).ok());
    name.ok_or(AccountError::Record(RecordError::Malformed))
}

/// Who has a number.
pub(super) fn number(number: u16) -> Vec<u8> {
    [b"accounts/number/".as_slice(), &number.to_be_bytes()].concat()
}

/// The number that is given next.
pub(super) fn next() -> Vec<u8> {
    b"accounts/next".to_vec()
}

/// The names of a user's documents.
pub(super) fn documents(number: u16) -> Vec<u8> {
    [b"private/index/".as_slice(), &number.to_be_bytes()].concat()
}

/// A document of a user.
pub(super) fn document(number: u16, name: &str) -> Vec<u8> {
    [b"private/document/".as_slice(), &number.to_be_bytes(), name.as_bytes()].concat()
}
