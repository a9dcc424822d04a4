//! What an operator asks of the accounts, whether the server runs or not: the same requests, carried out by the server over a
//! socket in its data folder, or by the program itself.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::aside;
use super::front::sasl;
use super::store::{AccountError, Accounts, Credentials, Store, Verifier};

/// The socket in the data folder of a server that runs.
pub const SOCKET: &str = "control.sock";
/// Bytes of a request or a reply, at most: names of all accounts fit.
const MESSAGE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Accounts that are listed at once.
const LIST_PAGE: usize = 1000;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// A new account.
    Add {
        /// Its name.
        name: String,
        /// What its password is checked with.
        credentials: Credentials,
    },
    /// Another password.
    Password {
        /// The account.
        name: String,
        /// What it is checked with.
        credentials: Credentials,
    },
    /// An account less.
    Remove {
        /// Its name.
        name: String,
    },
    /// All accounts.
    List,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// It is done: an account added, with its number.
    Added {
        /// Its name.
        name: String,
        /// Its number.
        number: u16,
    },
    /// It is done: an account removed.
    Removed {
        /// Its name.
        name: String,
    },
    /// It is done.
    Done,
    /// The names of all accounts.
    Accounts(Vec<String>),
    /// It could not be done, for this reason.
    Refused(String),
}

/// Does what is asked.
pub fn carry_out<S: Store>(request: &Request, accounts: &Accounts<S>) -> Reply {
    let done = match request {
        Request::Add { name, credentials } => accounts
            .add(name, credentials)
            .map(|number| Reply::Added { name: name.clone(), number }),
        Request::Password { name, credentials } => {
            accounts.set_credentials(name, credentials).map(|_| Reply::Done)
        }
        Request::Remove { name } => {
            accounts.remove(name).map(|_| Reply::Removed { name: name.clone() })
        }
        Request::List => all(accounts)
            .map(|all| Reply::Accounts(all.into_iter().map(|(name, _)| name).collect())),
    };
    done.unwrap_or_else(|error| Reply::Refused(error.to_string()))
}

/// All accounts with their numbers.
///
/// # Errors
/// The store cannot.
pub fn all<S: Store>(accounts: &Accounts<S>) -> Result<Vec<(String, u16)>, AccountError> {
    let (mut found, mut from) = (Vec::new(), Some(String::new()));
    while let Some(name) = from {
        let page = accounts.list(&name, LIST_PAGE)?;
        found.extend(page.accounts.into_iter().map(|account| (account.name, account.number)));
        from = page.next;
    }
    Ok(found)
}

/// All accounts, for a process that has no store.
///
/// # Errors
/// The store cannot, or a record is not understood.
pub fn everything<S: Store>(accounts: &Accounts<S>) -> Result<Vec<aside::Account>, AccountError> {
    let (mut found, mut from) = (Vec::new(), Some(String::new()));
    while let Some(name) = from {
        let page = accounts.list(&name, LIST_PAGE)?;
        for account in page.accounts {
            found.push(aside::Account {
                name: account.name,
                number: account.number,
                credentials: account.credentials,
            });
        }
        from = page.next;
    }
    Ok(found)
}

/// What a password is checked with.
///
/// # Errors
/// It is none, in words for whoever chose it.
pub fn credentials(
    password: &str,
    mut random: impl FnMut(&mut [u8]),
) -> Result<Credentials, String> {
    let mut of = |hash| {
        let mut salt = vec![0; sasl::SALT_BYTES];
        random(&mut salt);
        let made = sasl::Verifier::new(password, hash, &salt, sasl::ITERATIONS);
        let made = made.map_err(|error| error.to_string())?;
        Ok::<_, String>(Verifier {
            salt: made.salt,
            iterations: made.iterations,
            stored_key: made.stored_key,
            server_key: made.server_key,
        })
    };
    Ok(Credentials { sha256: of(sasl::Hash::Sha256)?, sha1: of(sasl::Hash::Sha1)? })
}

/// Where the socket of a data folder is.
pub fn socket_of(data: &Path) -> PathBuf {
    data.join(SOCKET)
}

/// Writes a message: its length in four bytes, then itself.
///
/// # Errors
/// It cannot be written.
pub fn write<T: Serialize>(message: &T, to: &mut impl Write) -> io::Result<()> {
    let bytes = postcard::to_stdvec(message).map_err(io::Error::other)?;
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(&bytes)
}

/// Reads a message.
///
/// # Errors
/// It cannot be read, or is none.
pub fn read<T: for<'a> Deserialize<'a>>(from: &mut impl Read) -> io::Result<T> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > MESSAGE_BYTES_MAX {
        return Err(io::Error::other("the message is too long"));
    }
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes)?;
    postcard::from_bytes(&bytes).map_err(io::Error::other)
}
