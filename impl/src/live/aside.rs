//! What a communication server asks of the global server's process beside the protocol: who has an account, what their
//! rosters are, and what is stored of a user who logs in. Query servers pass it on.

use serde::{Deserialize, Serialize};

use super::host::Recalled;
use super::store::Credentials;

/// What is asked. Each may be asked again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    /// What is stored of a user.
    Recall(u16),
    /// Accounts that have changed after a revision of the store, with their rosters; at revision 0 all of them.
    Accounts {
        /// The revision.
        after: u64,
    },
    /// A user's roster is to be stored.
    Roster {
        /// The user.
        user: u16,
        /// The roster.
        bytes: Vec<u8>,
    },
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// What is stored of a user.
    Recalled(u16, Recalled),
    /// Accounts.
    Accounts(Accounts),
    /// A roster is stored, or could not be.
    Roster(Result<(), String>),
}

/// Some accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accounts {
    /// Whether these are all: whoever is not among them has none.
    pub is_all: bool,
    /// Those there are.
    pub known: Vec<Account>,
    /// The revision of the store that this is as of.
    pub revision: u64,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// Its number.
    pub number: u16,
    /// What its password is checked with.
    pub credentials: Credentials,
    /// Its roster, if it has one.
    pub roster: Option<Vec<u8>>,
}
