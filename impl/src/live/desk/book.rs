//! The books: who has an account, and whom each user has as a contact.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Contacts on a roster, at most.
pub(super) const CONTACTS_MAX: usize = 1000;
/// Groups of a contact, at most.
pub(super) const GROUPS_MAX: usize = 16;
/// Bytes of the address of a contact, of its name and of one of its groups, at most: a roster travels whole.
pub(super) const ADDRESS_BYTES_MAX: usize = 1023;
pub(super) const NAME_BYTES_MAX: usize = 256;
pub(super) const GROUP_BYTES_MAX: usize = 128;
/// The first byte of a stored roster.
const VERSION: u8 = 1;

/// Accounts by name and by number.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    numbers: BTreeMap<String, u16>,
    names: BTreeMap<u16, String>,
}

impl Directory {
    /// These accounts.
    pub fn new(accounts: impl IntoIterator<Item = (String, u16)>) -> Directory {
        let numbers: BTreeMap<String, u16> = accounts.into_iter().collect();
        let names = numbers.iter().map(|(name, number)| (*number, name.clone())).collect();
        Directory { numbers, names }
    }

    /// The number of an account.
    pub fn number(&self, name: &str) -> Option<u16> {
        self.numbers.get(name).copied()
    }

    /// An account more.
    pub fn add(&mut self, name: &str, number: u16) {
        self.numbers.insert(name.to_owned(), number);
        self.names.insert(number, name.to_owned());
    }

    /// An account less; gives its number.
    pub fn remove(&mut self, name: &str) -> Option<u16> {
        let number = self.numbers.remove(name)?;
        self.names.remove(&number);
        Some(number)
    }

    /// The account that has a number.
    pub fn name(&self, number: u16) -> Option<&str> {
        self.names.get(&number).map(String::as_str)
    }
}

/// How far presence goes between a user and a contact (RFC 6121 §2.1.2.5), and what is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Contact {
    pub(super) name: Option<String>,
    pub(super) groups: Vec<String>,
    /// The user sees the contact.
    pub(super) to: bool,
    /// The contact sees the user.
    pub(super) from: bool,
    /// The user has asked to see the contact.
    pub(super) asks: bool,
    /// The contact has asked to see the user, who has not answered.
    pub(super) asked: bool,
    /// Whether it is on the list that the user sees: one that has only asked is not.
    pub(super) is_listed: bool,
}

impl Contact {
    pub(super) fn subscription(&self) -> &'static str {
        match (self.to, self.from) {
            (true, true) => "both",
            (true, false) => "to",
            (false, true) => "from",
            (false, false) => "none",
        }
    }

    /// Whether its user sees something else than before: not that somebody asks who is not on the list (RFC 6121 §3.1.3).
    pub(super) fn looks_other_than(&self, before: &Contact) -> bool {
        let seen = |one: &Contact| one.is_listed.then(|| Contact { asked: false, ..one.clone() });
        seen(self) != seen(before)
    }

    /// Whether it says anything at all.
    pub(super) fn is_empty(&self) -> bool {
        *self == Contact::default()
    }
}

/// The contacts of a user, by account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Roster {
    pub(super) contacts: BTreeMap<String, Contact>,
}

impl Roster {
    /// As it is stored.
    pub(super) fn write(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        let body = postcard::to_stdvec(self).expect("a roster can be written");
        bytes.extend(body);
        bytes
    }

    /// The stored one; none if it is not one.
    pub(super) fn read(bytes: &[u8]) -> Option<Roster> {
        let (version, body) = bytes.split_first()?;
        (*version == VERSION).then(|| postcard::from_bytes(body).ok()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_roster_is_read_as_it_was_written() {
        let mut roster = Roster::default();
        let contact = Contact { to: true, groups: vec!["a".into()], ..Contact::default() };
        roster.contacts.insert("bob".into(), contact);
        assert_eq!(Roster::read(&roster.write()), Some(roster));
        assert_eq!(Roster::read(&[]), None);
        assert_eq!(Roster::read(&[VERSION + 1, 0]), None);
    }
}
