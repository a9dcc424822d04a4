//! What a communication server asks of the global server's process beside the protocol: who has an account, where users have
//! their seats and what is stored of them. Query servers pass it on.

use serde::{Deserialize, Serialize};

use super::host::Recalled;
use super::links::news::Life;
use super::store::Credentials;

/// Users that one question is about, at most.
pub const USERS_MAX: usize = 4096;

/// What is asked. Each may be asked again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    /// A user is to have its seat where this comes from.
    Seat(u16),
    /// Where these users have their seats; [`USERS_MAX`] at most.
    Where(Vec<u16>),
    /// Accounts that have changed after a revision of the store; at revision 0 all of them.
    Accounts {
        /// The revision.
        after: u64,
    },
    /// A user's roster is to be stored: of one who has its seat where this comes from.
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
    /// Where a user has its seat.
    Seat(u16, Seat),
    /// Where users have their seats, each of those who have one.
    Where(Vec<(u16, Option<Life>)>),
    /// Accounts.
    Accounts(Accounts),
    /// A roster is stored, or could not be.
    Roster(Result<(), String>),
}

/// Where a user has its seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Seat {
    /// Where it was asked for.
    Here {
        /// What is stored of the user.
        recalled: Recalled,
        /// The roster, if it has one.
        roster: Option<Vec<u8>>,
    },
    /// There, already.
    There(Life),
    /// There is no such account any more.
    Nobody,
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
}
