//! What a user's record says, version by version: the information, with whom it is shared, and the contacts.
//!
//! Every change of a user's own information makes the next version and carries the whole record, so that what a
//! version says is fixed by the scope, and the state needs no more than its number.

use crate::protocol::Protocol;
use crate::scope::{Body, Rule, Users};
use crate::size::Size;

/// A user's record as of one version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// The version that published the information it shows; 0 if there is none, never or no more.
    pub data: u32,
    /// With whom it is shared.
    pub rule: Rule,
    /// The owner's contacts.
    pub contacts: Users,
}

impl Document {
    /// The record after one more change, which makes this version.
    #[must_use]
    pub fn changed(mut self, body: Body, version: u32) -> Document {
        match body {
            Body::Query { .. } => {}
            Body::Publish => self.data = version,
            Body::Delete => self.data = 0,
            Body::Share { rule } => self.rule = rule,
            Body::Contacts { contacts } => self.contacts = contacts,
            Body::Restate { information, rule, contacts } => {
                return Document { data: if information { version } else { 0 }, rule, contacts };
            }
        }
        self
    }

    /// Whether the owner shares it with whoever asks. With itself it always does.
    pub fn is_shared_with(&self, owner: u16, asker: u16) -> bool {
        let rule = match self.rule {
            Rule::Everyone => true,
            Rule::Contacts => self.contacts.contains(asker),
            Rule::Nobody => false,
        };
        rule || owner == asker
    }

    /// The version of the information that it shows to whoever asks; 0 if none: absent, deleted or hidden.
    pub fn shown_to(&self, owner: u16, asker: u16) -> u32 {
        if self.is_shared_with(owner, asker) { self.data } else { 0 }
    }
}

impl<S: Size> Protocol<S> {
    /// The record of a user before any change.
    pub fn unchanged(&self) -> Document {
        Document { rule: self.scope().knobs.sharing, ..Document::default() }
    }

    /// The version of a user's information that its record of a version shows to whoever asks; 0 if none.
    pub fn shown(&self, user: u16, version: u32, asker: u16) -> u32 {
        self.document(user, version).shown_to(user, asker)
    }

    /// Whether a version took the information away that there was.
    pub fn is_deletion(&self, user: u16, version: u32) -> bool {
        let before = self.document(user, version.saturating_sub(1)).data;
        self.document(user, version).data == 0 && before != 0
    }

    /// A record for people: its version, and whatever of it is out of the ordinary.
    pub(crate) fn described(&self, user: u16, version: u32) -> String {
        let document = self.document(user, version);
        let data = match document.data {
            0 => " without information".to_owned(),
            data if data == version => String::new(),
            data => format!(" with the information of {data}"),
        };
        let rule = match document.rule {
            Rule::Everyone => String::new(),
            Rule::Nobody => " for nobody".to_owned(),
            Rule::Contacts => {
                let contacts: Vec<String> =
                    document.contacts.iter().map(|user| user.to_string()).collect();
                format!(" for contacts {}", contacts.join("+")).trim_end().to_owned()
            }
        };
        format!("version {version}{data}{rule}")
    }
}

/// The records of each user by version, the one before any change included.
pub(crate) fn documents(
    clients: u16,
    first: Document,
    changes: &[(u16, Body)],
) -> Vec<Vec<Document>> {
    let mut documents = vec![vec![first]; clients.into()];
    for (user, body) in changes {
        let own = &mut documents[usize::from(*user)];
        let version = own.len() as u32;
        own.extend(own.last().copied().map(|last| last.changed(*body, version)));
    }
    documents
}
