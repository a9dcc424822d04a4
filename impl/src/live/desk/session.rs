//! Who is connected: one session for each bound resource.

use std::collections::VecDeque;

use minidom::Element;

/// A bound resource.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) user: u16,
    pub(super) account: String,
    /// The full address.
    pub(super) jid: String,
    /// The last presence without an address, if it was not that of leaving.
    pub(super) presence: Option<Element>,
    /// Who was sent presence directly, and must hear of the end.
    pub(super) directed: std::collections::BTreeSet<String>,
    /// Whether it has asked for the roster, and so is told of changes.
    pub(super) wants_roster: bool,
    /// Gets that are under way.
    pub(super) gets: usize,
    /// Searches that are under way.
    pub(super) searches: usize,
    /// Changes that are under way.
    pub(super) changes: usize,
    /// Stanzas that wait for those.
    pub(super) held: VecDeque<Element>,
}

impl Session {
    pub(super) fn new(user: u16, account: &str, jid: String) -> Session {
        Session {
            user,
            account: account.to_owned(),
            jid,
            presence: None,
            directed: std::collections::BTreeSet::new(),
            wants_roster: false,
            gets: 0,
            searches: 0,
            changes: 0,
            held: VecDeque::new(),
        }
    }

    /// The priority of an available resource.
    pub(super) fn priority(&self) -> Option<i8> {
        let presence = self.presence.as_ref()?;
        let said = presence.children().find(|child| child.name() == "priority");
        Some(said.and_then(|said| said.text().trim().parse().ok()).unwrap_or(0))
    }
}
