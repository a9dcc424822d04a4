//! The accounts as a process has them: in its store, or as a copy of those in the store of the global server's process.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::aside;
use super::front::sasl;
use super::store::{Accounts, Credentials, RedbStore};

/// The accounts.
pub(super) enum Book {
    /// In the store.
    Store(Arc<Accounts<RedbStore>>),
    /// A copy.
    Copy(Copied),
}

/// A copy of the accounts.
#[derive(Default)]
pub(super) struct Copied {
    known: BTreeMap<String, (u16, Credentials)>,
    /// The revision of the store that it is as of; none until there is a copy.
    pub(super) revision: Option<u64>,
}

/// What a newer copy has changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changed {
    /// Accounts that are new.
    pub(super) added: Vec<(String, u16)>,
    /// Accounts that are gone.
    pub(super) removed: Vec<String>,
}

impl Copied {
    /// Takes a newer copy.
    pub(super) fn take(&mut self, accounts: aside::Accounts) -> Changed {
        self.revision = Some(accounts.revision);
        let mut changed = Changed::default();
        if !accounts.is_all {
            return changed;
        }
        let mut known = BTreeMap::new();
        for account in accounts.known {
            let aside::Account { name, number, credentials } = account;
            if self.known.get(&name).is_none_or(|(old, _)| *old != number) {
                changed.added.push((name.clone(), number));
            }
            known.insert(name, (number, credentials));
        }
        let is_gone = |(name, (number, _)): (&String, &(u16, Credentials))| {
            let stays = known.get(name).is_some_and(|(new, _)| new == number);
            (!stays).then(|| name.clone())
        };
        changed.removed = self.known.iter().filter_map(is_gone).collect();
        self.known = known;
        changed
    }
}

impl sasl::Accounts for Book {
    fn verifier(&self, account: &str, hash: sasl::Hash) -> Option<sasl::Verifier> {
        let credentials = match self {
            Book::Store(accounts) => accounts.get(account).ok()??.credentials,
            Book::Copy(copied) => copied.known.get(account)?.1.clone(),
        };
        let kept = match hash {
            sasl::Hash::Sha256 => credentials.sha256,
            sasl::Hash::Sha1 => credentials.sha1,
        };
        Some(sasl::Verifier {
            hash,
            salt: kept.salt,
            iterations: kept.iterations,
            stored_key: kept.stored_key,
            server_key: kept.server_key,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::control::credentials;
    use super::*;

    fn account(name: &str, number: u16, password: &str) -> aside::Account {
        let credentials = credentials(password, |bytes| bytes.fill(7)).expect("a password");
        aside::Account { name: name.to_owned(), number, credentials }
    }

    fn copy(revision: u64, known: &[aside::Account]) -> aside::Accounts {
        aside::Accounts { is_all: true, known: known.to_vec(), revision }
    }

    fn added(name: &str, number: u16) -> Changed {
        Changed { added: vec![(name.to_owned(), number)], removed: Vec::new() }
    }

    #[test]
    fn a_newer_copy_tells_what_has_changed() {
        let (alice, bob) = (account("alice", 1, "secret"), account("bob", 2, "secret"));
        let mut copied = Copied::default();
        assert_eq!(copied.revision, None);
        assert_eq!(copied.take(copy(3, std::slice::from_ref(&alice))), added("alice", 1));
        assert_eq!(copied.take(copy(4, &[alice.clone(), bob.clone()])), added("bob", 2));
        assert_eq!(copied.revision, Some(4));
        // Who has another number is somebody else: the name was removed, and added again.
        let other = account("bob", 3, "secret");
        let changed = copied.take(copy(5, &[alice.clone(), other]));
        assert_eq!(changed, Changed { removed: vec!["bob".to_owned()], ..added("bob", 3) });
        let gone = Changed { removed: vec!["bob".to_owned()], ..Changed::default() };
        assert_eq!(copied.take(copy(6, &[alice])), gone);
    }

    #[test]
    fn nothing_new_is_no_empty_copy() {
        let mut copied = Copied::default();
        copied.take(copy(3, &[account("alice", 1, "secret")]));
        let same = aside::Accounts { revision: 3, ..aside::Accounts::default() };
        assert_eq!(copied.take(same), Changed::default());
        assert!(sasl::Accounts::verifier(&Book::Copy(copied), "alice", sasl::Hash::Sha1).is_some());
    }

    #[test]
    fn a_new_password_changes_what_it_is_checked_with_and_nothing_else() {
        let verifier = |book: &Book, hash| sasl::Accounts::verifier(book, "alice", hash);
        let mut copied = Copied::default();
        copied.take(copy(3, &[account("alice", 1, "secret")]));
        let mut book = Book::Copy(copied);
        let before = [sasl::Hash::Sha256, sasl::Hash::Sha1].map(|hash| verifier(&book, hash));
        let Book::Copy(copied) = &mut book else { return };
        let changed = copied.take(copy(4, &[account("alice", 1, "another")]));
        assert_eq!(changed, Changed::default());
        let after = [sasl::Hash::Sha256, sasl::Hash::Sha1].map(|hash| verifier(&book, hash));
        let keys = |verifiers: [Option<sasl::Verifier>; 2]| {
            verifiers.map(|verifier| verifier.expect("alice has an account").stored_key)
        };
        let (before, after) = (keys(before), keys(after));
        assert!(before[0] != after[0] && before[1] != after[1] && after[0] != after[1]);
        assert!(sasl::Accounts::verifier(&book, "bob", sasl::Hash::Sha1).is_none());
    }
}
