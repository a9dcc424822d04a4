//! Who may log in: names, their numbers in the protocol, and what their passwords are checked with.
//!
//! A number is an index into what the protocol keeps of its users. It is given once and never again, also when its
//! account is removed: what others keep of the number must not become that of somebody else.

mod documents;
mod error;
mod keys;
mod record;

use std::sync::Arc;

pub use self::error::AccountError;
use self::record::{AccountRecord, NextRecord, NumberRecord};
pub use self::record::{Credentials, RecordError, Verifier};
use super::limits::{ACCOUNT_NAME_BYTES_MAX, ACCOUNT_NUMBERS_MAX, TRIES_MAX};
use super::{Expected, Keys, Outcome, Revision, Store, Transaction};

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// Its number.
    pub number: u16,
    /// What its password is checked with.
    pub credentials: Credentials,
}

/// Who has, or had, a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The name of the account.
    pub name: String,
    /// Whether it is removed.
    pub removed: bool,
}

/// Some accounts, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The accounts.
    pub accounts: Vec<Account>,
    /// The name from which the next listing begins, if there may be more.
    pub next: Option<String>,
}

/// The accounts in a store.
#[derive(Debug)]
pub struct Accounts<S> {
    store: Arc<S>,
    is_name: fn(&str) -> bool,
}

/// Whether a name has nothing in it that an address or a log line would stumble over. It says nothing of capital
/// letters or of letters that look alike: whoever takes names from people settles that first.
pub fn simple_name(name: &str) -> bool {
    !name.contains(|c: char| matches!(c, '@' | '/') || c.is_whitespace() || c.is_control())
}

impl<S: Store> Accounts<S> {
    /// The accounts in this store. Their names are those that the rule lets pass, of 1 to [`ACCOUNT_NAME_BYTES_MAX`]
    /// bytes.
    pub fn new(store: Arc<S>, is_name: fn(&str) -> bool) -> Accounts<S> {
        Accounts { store, is_name }
    }

    /// Adds an account; returns its number.
    ///
    /// # Errors
    /// The name is taken or no name, the credentials are out of bounds, all numbers are given, or the store cannot.
    pub fn add(&self, name: &str, credentials: &Credentials) -> Result<u16, AccountError> {
        self.check_name(name)?;
        credentials.check()?;
        for _ in 0..TRIES_MAX {
            let (number, expected) = self.next_number()?;
            let account = AccountRecord { number, credentials: credentials.clone() };
            let holder = NumberRecord { name: name.to_owned(), removed: false };
            let transaction = Transaction::new()
                .absent(keys::account(name))
                .expect(keys::next(), expected)
                .put(keys::account(name), record::encode(&account)?)
                .put(keys::number(number), record::encode(&holder)?)
                .put(keys::next(), record::encode(&NextRecord { next: u32::from(number) + 1 })?)
                .put(keys::documents(number), record::encode(&Vec::<String>::new())?);
            match self.store.commit(transaction)? {
                Outcome::Committed { .. } => return Ok(number),
                Outcome::Conflict { which: 0 } => return Err(AccountError::Taken),
                Outcome::Conflict { .. } => {} // somebody else got the number
            }
        }
        Err(AccountError::Contended)
    }

    /// The number that is given next, and what must hold so that nobody else gets it.
    fn next_number(&self) -> Result<(u16, Expected), AccountError> {
        let (next, expected) = match self.store.get(&keys::next())? {
            None => (0, Expected::Absent),
            Some(kept) => {
                let NextRecord { next } = record::decode(&kept.value)?;
                (next, Expected::Modified(kept.modified))
            }
        };
        let number = u16::try_from(next).ok().filter(|_| next < ACCOUNT_NUMBERS_MAX);
        Ok((number.ok_or(AccountError::NumbersExhausted)?, expected))
    }

    /// Removes an account with its private documents. Its number stays its own.
    ///
    /// # Errors
    /// There is no such account, or the store cannot.
    pub fn remove(&self, name: &str) -> Result<(), AccountError> {
        for _ in 0..TRIES_MAX {
            let (account, modified) = self.find(name)?;
            let (documents, index) = self.documents(account.number)?;
            let holder = NumberRecord { name: name.to_owned(), removed: true };
            let mut transaction = Transaction::new()
                .unchanged(keys::account(name), modified)
                .unchanged(keys::documents(account.number), index)
                .delete(keys::account(name))
                .delete(keys::documents(account.number))
                .put(keys::number(account.number), record::encode(&holder)?);
            for document in &documents {
                transaction = transaction.delete(keys::document(account.number, document));
            }
            if let Outcome::Committed { .. } = self.store.commit(transaction)? {
                return Ok(());
            }
        }
        Err(AccountError::Contended)
    }

    /// Gives an account other credentials.
    ///
    /// # Errors
    /// There is no such account, the credentials are out of bounds, or the store cannot.
    pub fn set_credentials(
        &self,
        name: &str,
        credentials: &Credentials,
    ) -> Result<(), AccountError> {
        credentials.check()?;
        for _ in 0..TRIES_MAX {
            let (account, modified) = self.find(name)?;
            let account =
                AccountRecord { number: account.number, credentials: credentials.clone() };
            let transaction = Transaction::new()
                .unchanged(keys::account(name), modified)
                .put(keys::account(name), record::encode(&account)?);
            if let Outcome::Committed { .. } = self.store.commit(transaction)? {
                return Ok(());
            }
        }
        Err(AccountError::Contended)
    }

    /// The account of this name.
    ///
    /// # Errors
    /// The store cannot, or its record is not understood.
    pub fn get(&self, name: &str) -> Result<Option<Account>, AccountError> {
        match self.find(name) {
            Ok((account, _)) => Ok(Some(account)),
            Err(AccountError::NoAccount) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The account of this name, and when it was last changed.
    fn find(&self, name: &str) -> Result<(Account, Revision), AccountError> {
        if self.check_name(name).is_err() {
            return Err(AccountError::NoAccount);
        }
        let kept = self.store.get(&keys::account(name))?.ok_or(AccountError::NoAccount)?;
        Ok((account(name, &kept.value)?, kept.modified))
    }

    /// Who has, or had, this number.
    ///
    /// # Errors
    /// The store cannot, or its record is not understood.
    pub fn by_number(&self, number: u16) -> Result<Option<Holder>, AccountError> {
        let Some(kept) = self.store.get(&keys::number(number))? else {
            return Ok(None);
        };
        let NumberRecord { name, removed } = record::decode(&kept.value)?;
        Ok(Some(Holder { name, removed }))
    }

    /// The accounts from this name on, by the bytes of their names, at most so many.
    ///
    /// # Errors
    /// The limit is zero, the store cannot, or a record is not understood.
    pub fn list(&self, from: &str, limit: usize) -> Result<Listing, AccountError> {
        let range = Keys::prefix(keys::account("")).starting(keys::account(from));
        let page = self.store.range(&range, limit, None)?;
        let accounts = page
            .entries
            .iter()
            .map(|entry| account(keys::name(&entry.key)?, &entry.versioned.value));
        Ok(Listing {
            accounts: accounts.collect::<Result<_, AccountError>>()?,
            next: page.next.map(|key| keys::name(&key).map(str::to_owned)).transpose()?,
        })
    }

    fn check_name(&self, name: &str) -> Result<(), AccountError> {
        let within = (1..=ACCOUNT_NAME_BYTES_MAX).contains(&name.len());
        if within && (self.is_name)(name) { Ok(()) } else { Err(AccountError::NoName) }
    }
}

fn account(name: &str, bytes: &[u8]) -> Result<Account, AccountError> {
    let AccountRecord { number, credentials } = record::decode(bytes)?;
    credentials.check()?;
    Ok(Account { name: name.to_owned(), number, credentials })
}
