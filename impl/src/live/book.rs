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
