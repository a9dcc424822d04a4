//! Private documents: what the front keeps of a user, such as the roster. What they mean is its own affair.
//!
//! The names of a user's documents are in an index. Whoever adds one changes the index, so that neither the limit nor
//! the removal of the account can miss one that is added meanwhile.

use super::super::limits::{DOCUMENT_BYTES_MAX, DOCUMENT_NAME_BYTES_MAX, DOCUMENTS_MAX, TRIES_MAX};
use super::super::{Expected, Outcome, Revision, Store, Transaction, Versioned};
use super::{AccountError, Accounts, keys, record};

impl<S: Store> Accounts<S> {
    /// A document of a user.
    ///
    /// # Errors
    /// It is no name for a document, or the store cannot.
    pub fn get_private(&self, user: u16, name: &str) -> Result<Option<Versioned>, AccountError> {
        check_name(name)?;
        Ok(self.store.get(&keys::document(user, name))?)
    }

    /// Puts a document of a user, whatever it was or only in the place of one that is expected.
    ///
    /// # Errors
    /// There is no such user, the document is not the expected one, a limit is broken, or the store cannot.
    pub fn put_private(
        &self,
        user: u16,
        name: &str,
        bytes: &[u8],
        expected: Option<Expected>,
    ) -> Result<Revision, AccountError> {
        check_name(name)?;
        if bytes.len() > DOCUMENT_BYTES_MAX {
            return Err(AccountError::DocumentTooLarge { bytes: bytes.len() });
        }
        for _ in 0..TRIES_MAX {
            let (documents, index) = self.documents(user)?;
            let mut transaction = Transaction::new().unchanged(keys::documents(user), index);
            if let Some(expected) = expected {
                transaction = transaction.expect(keys::document(user, name), expected);
            }
            if let Some(documents) = with(documents, name)? {
                transaction = transaction.put(keys::documents(user), record::encode(&documents)?);
            }
            match self.store.commit(transaction.put(keys::document(user, name), bytes))? {
                Outcome::Committed { revision } => return Ok(revision),
                Outcome::Conflict { which: 0 } => {} // another document was added meanwhile
                Outcome::Conflict { .. } => return Err(AccountError::Changed),
            }
        }
        Err(AccountError::Contended)
    }

    /// The names of a user's documents, and when one was last added.
    pub(super) fn documents(&self, user: u16) -> Result<(Vec<String>, Revision), AccountError> {
        let kept = self.store.get(&keys::documents(user))?.ok_or(AccountError::NoAccount)?;
        Ok((record::decode(&kept.value)?, kept.modified))
    }
}

fn check_name(name: &str) -> Result<(), AccountError> {
    let within = (1..=DOCUMENT_NAME_BYTES_MAX).contains(&name.len());
    if within { Ok(()) } else { Err(AccountError::NoDocumentName) }
}

/// The documents with one more; none if it is among them.
fn with(mut documents: Vec<String>, name: &str) -> Result<Option<Vec<String>>, AccountError> {
    match documents.binary_search_by(|document| document.as_str().cmp(name)) {
        Ok(_) => Ok(None),
        Err(_) if documents.len() >= DOCUMENTS_MAX => Err(AccountError::TooManyDocuments),
        Err(place) => {
            documents.insert(place, name.to_owned());
            Ok(Some(documents))
        }
    }
}
