//! What users share about themselves: a profile with fields, with whom it is shared, and the contacts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Fields of a profile, at most.
pub const FIELDS_MAX: usize = 64;
/// Bytes of a profile's names and values together, at most.
pub const PROFILE_BYTES_MAX: usize = 64 * 1024;
/// Contacts of a user, at most.
pub const CONTACTS_MAX: usize = 4096;

/// A user's information: named fields, such as a full name or a telephone number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Profile {
    /// The fields by name, see [`FIELDS_MAX`] and [`PROFILE_BYTES_MAX`].
    pub fields: BTreeMap<String, String>,
}

impl Profile {
    /// Whether it keeps the limits.
    pub fn fits(&self) -> bool {
        let bytes: usize = self.fields.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.fields.len() <= FIELDS_MAX && bytes <= PROFILE_BYTES_MAX
    }
}

/// With whom a user shares information.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// With everyone.
    #[default]
    Everyone,
    /// With the users on its own contact list.
    Contacts,
    /// With nobody.
    Nobody,
}

/// Information as it was published.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Info {
    /// The version that published it.
    pub version: u32,
    /// What was published.
    pub profile: Profile,
}

/// A user's record: everything that a change carries, see "Sharing and deletion" in `PROTOCOL.md`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Record {
    /// The information; none before the first publish and after a deletion.
    pub info: Option<Arc<Info>>,
    /// With whom it is shared.
    pub rule: Rule,
    /// The owner's contacts.
    pub contacts: BTreeSet<u16>,
}
